from hearsight.events.events import Event, Events, Track
from hearsight.events.formats import read_events, write_events

FRONT_LEFT = Track([0.0], [40.0], [10.0])
EVENTS = Events(
    [Event("R & B, <loud>", 0.0, 3661.2345, track=FRONT_LEFT), Event("applause, left", 5.0, 5.0001)]
)


def test_webvtt_is_escaped_and_never_ambiguous(tmp_path):
    write_events(EVENTS, tmp_path / "a.vtt")
    assert (tmp_path / "a.vtt").read_text() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 01:01:01.234\nR &amp; B, &lt;loud&gt;, front left\n\n"
        "00:00:05.000 --> 00:00:05.001\napplause, left, direction unknown\n"
    )
    found = read_events(tmp_path / "a.vtt")
    assert [event.label for event in found] == ["R & B, <loud>", "applause, left"]
    assert [event.azimuth for event in found] == [45.0, None]


def test_srt_is_numbered(tmp_path):
    write_events(EVENTS, tmp_path / "a.srt")
    assert (tmp_path / "a.srt").read_text() == (
        "1\n00:00:00,000 --> 01:01:01,234\nR & B, <loud>, front left\n\n"
        "2\n00:00:05,000 --> 00:00:05,001\napplause, left, direction unknown\n"
    )
    assert read_events(tmp_path / "a.srt").labels == ("R & B, <loud>", "applause, left")


def test_webvtt_of_others(tmp_path):
    path = tmp_path / "a.vtt"
    path.write_text(
        "WEBVTT - with a title\r\nKind: captions\r\n\r\n"
        "NOTE\nnothing to hear\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.500 align:start line:0\n<v Anna>two\nlines</v>\n"
    )
    assert read_events(path) == Events([Event("two lines", 1.0, 2.5)])


def test_empty_captions(tmp_path):
    for name in ("a.vtt", "a.srt"):
        write_events(Events(), tmp_path / name)
        assert read_events(tmp_path / name) == Events()
