"""What readers say to broken files: one line with the file, the row and the cure."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import HearsightError, InputError, MediaError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats import FORMATS, find_format, read_events, read_heatmaps, write_events
from hearsight.events.formats.dcase import read_dcase, write_dcase

HEADER = json.dumps({"schema": {"name": "hearsight-scene", "version": 1}})
EVENT = '{"label": "knock", "onset": 1.0, "offset": 2.0}'
DIRECTIONS = "time,label,source,azimuth,elevation,distance,confidence\n"
RAVEN = "Selection\tBegin Time (s)\tEnd Time (s)\tLabel\n"

BAD = [
    ("dcase", "0,1,0,10,0\n1,x,0,10,0\n", "row 2: class must be a finite number, got 'x'"),
    ("dcase", "0,1,0,nan,0\n", "row 1: azimuth must be a finite number, got 'nan'"),
    ("dcase", "0,1,0,10,inf\n", "row 1: elevation must be a finite number"),
    ("dcase", "0.5,1,0,10,0\n", "row 1: frame must be a whole number"),
    ("dcase", "-1,1,0,10,0\n", "row 1: frame must be a whole number from 0"),
    ("dcase", "0,1\n", "row 1: 2 columns; a DCASE row has 4 to 7"),
    ("dcase", "0,1,2,3,4,5,6,7\n", "row 1: 8 columns"),
    ("dcase", "0,1,0,10,95\n", r"row 1: elevation must lie in \[-90, 90\]"),
    ("dcase", "0,1,0,200,0\n", r"row 1: azimuth must lie in \[-180, 180\]"),
    ("dcase", "0,1,0,10,0,-5\n", "row 1: distance must not be negative"),
    ("dcase", "0,1,-3,10,0\n", "row 1: source must be a whole number"),
    ("dcase", "0,5000,0,10,0\n", "row 1: unknown class 5000"),
    ("dcase", "0,1,0,0.0,0.0,0.0\n1,1,0,1.0,0.0,0.0\n", "row 1: x, y, z must be a direction"),
    ("dcase", "frame,label\n0,1\n", "row 1: unknown header 'frame,label'; only the 2025 format"),
    ("dcase", "frame,class,source,azimuth,distance,onscreen\n0,1,0,5,100,2\n", "row 2: onscreen"),
    (
        "dcase",
        "frame,class,source,azimuth,distance,onscreen\n0,1,0,5,100\n",
        "5 columns, but stereo",
    ),
    ("directions", "time,label\n", "row 1: the header must be time,label"),
    ("directions", DIRECTIONS + "0.0,a,0,1,,\n", "row 2: 6 columns, expected 7"),
    ("directions", DIRECTIONS + "-1,a,0,1,,,\n", "row 2: time must be seconds"),
    (
        "directions",
        DIRECTIONS + "0,a,0,1,,,\n0.1,a,0,,5,,\n",
        "row 3: an elevation needs an azimuth",
    ),
    ("directions", DIRECTIONS + "0,a,0,1,,,7\n", r"row 2: confidence must lie in \[0, 1\]"),
    ("directions", DIRECTIONS + "0, ,0,1,,,\n", "row 2: label must be printable"),
    ("json", "", "not valid JSON"),
    ("json", "[]", "the document must be an object, got a list"),
    ("json", '{"events": []}', "schema must be an object, got nothing"),
    ("json", '{"schema": {"name": "other"}}', "not a hearsight-scene document"),
    ("json", HEADER.replace("1", "2"), "this hearsight reads version 1; use the hearsight"),
    ("json", HEADER, "events must be a list, got nothing"),
    ("json", f'{HEADER[:-1]}, "events": [{EVENT}, 3]}}', "event 2: an event must be an object"),
    ("json", f'{HEADER[:-1]}, "events": [{EVENT.replace("2.0", "NaN")}]}}', "NaN is not JSON"),
    (
        "json",
        f'{HEADER[:-1]}, "events": [{EVENT.replace("2.0", "0.5")}]}}',
        "event 1: an event needs",
    ),
    ("json", f'{HEADER[:-1]}, "labels": ["a"], "events": [{EVENT}]}}', "not in the class list"),
    ("json", f'{HEADER[:-1]}, "duration": true, "events": []}}', "duration must be a number"),
    ("jsonl", "", "empty; the first line must be the header"),
    ("jsonl", f"{HEADER}\n{EVENT}\n{EVENT[:-1]}\n", "line 3: not valid JSON"),
    ("jsonl", f"{HEADER}\n\n{EVENT.replace('1.0', 'null')}\n", "line 3: onset must be a number"),
    ("audacity", "1.0\t2.0\n", "line 1: 2 columns, expected start, end and label"),
    ("audacity", "1.0\t1.0\tpoint\n", "line 1: an event needs 0 <= onset < offset"),
    ("audacity", "1.0\t2.0\ta\nx\t2.0\ta\n", "line 2: start must be a finite number"),
    ("audacity", "0\t1e9\ta [azimuth=3]\n", "line 1: an event needs .* at most a day"),
    ("webvtt", "1\n00:00:01.000 --> 00:00:02.000\nhello\n", "begins with WEBVTT"),
    ("webvtt", "WEBVTT\n\n00:00 --> 00:02.000\nhello\n", "line 3: expected times such as"),
    ("webvtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n", "line 3: a cue needs"),
    ("srt", "1\n00:00:02,000 --> 00:00:01,000\nhello\n", "line 1: an event needs"),
    ("rttm", "SPEAKER a 1 0.0\n", "line 1: 4 fields, a SPEAKER line"),
    (
        "rttm",
        "SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\nSPEAKER b 1 0 1 <NA> <NA> x <NA> <NA>\n",
        "a, b",
    ),
    ("rttm", "SPEAKER a 1 0 0 <NA> <NA> x <NA> <NA>\n", "line 1: an event needs"),
    ("raven", "", "no column 'Begin Time"),
    ("raven", "Selection\tBegin Time (s)\tEnd Time (s)\n", "no column 'Label'"),
    ("raven", RAVEN + "1\t0.0\t1.0\n", "row 2: 3 columns, but the header has 4"),
    ("raven", RAVEN + "1\t0.0\t1.0\t\n", "row 2: label must be printable"),
    ("coco", "{}", "annotations must be a list|images must be a list"),
    (
        "coco",
        '{"images": [{"id": 1}], "categories": [], "annotations": []}',
        "time must be a number",
    ),
    (
        "coco",
        '{"images": [], "categories": [], "annotations": [{"image_id": 1, "category_id": 1}]}',
        "annotation 1: image_id or category_id names nothing",
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_a_broken_file_is_named_with_its_row(tmp_path, name, text, message):
    path = tmp_path / f"broken{FORMATS[name].suffix}"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_events(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_reader_is_given_a_broken_file():
    assert {name for name, *_ in BAD} == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_missing_and_binary_files(tmp_path, name):
    with pytest.raises(MediaError, match="absent"):
        read_events(tmp_path / "absent", name)
    with pytest.raises(MediaError, match=tmp_path.name):
        read_events(tmp_path, name)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80" * 10)
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        read_events(tmp_path / "binary", name)


def test_the_class_list_bounds_the_classes(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("0,0,0,10,0\n1,2,0,10,0\n")
    with pytest.raises(
        InputError, match=r"row 2: unknown class 2; the class list has 2 \(0 to 1\)"
    ):
        read_dcase(path, labels=["a", "b"])


def test_wrong_options_are_refused(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("0,0,0,10,0\n")
    with pytest.raises(InputError, match="did you mean polar6"):
        read_dcase(path, format="polar66")
    with pytest.raises(InputError, match="polar6 has 6: frame, class"):
        read_dcase(path, format="polar6")
    with pytest.raises(InputError, match="unknown units 'mm'"):
        read_dcase(path, units="mm")
    with pytest.raises(InputError, match="no DCASE format for the year 2019"):
        write_dcase(Events(), path, year=2019)
    with pytest.raises(InputError, match="polar7 is only read"):
        write_dcase(Events(), path, format="polar7")
    with pytest.raises(InputError, match="did you mean raven"):
        find_format("x", "ravn")
    with pytest.raises(InputError, match="the suffix says no format"):
        write_events(Events(), tmp_path / "events.xyz")
    assert path.read_text() == "0,0,0,10,0\n"


def test_what_stood_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "boxes.coco.json"
    path.write_text("old")
    events = Events([Event("a", 0.0, 1.0, track=Track([0.0], boxes=[[0, 0, 1, 1]]))])
    with pytest.raises(InputError, match="size of the picture"):
        write_events(events, path)
    assert [each.name for each in tmp_path.iterdir()] == ["boxes.coco.json"]
    assert path.read_text() == "old"


# Pieces of all formats, so that random text gets past the first line.
PIECES = [
    "WEBVTT\n\n",
    "00:00:01.000 --> 00:00:02.000\n",
    "SPEAKER a 1 0 1 <NA> <NA> x <NA>\n",
    DIRECTIONS,
    RAVEN,
    "frame,class,source,azimuth,distance,onscreen\n",
    HEADER,
    EVENT,
    "{",
    "[",
    '"',
    "\t",
    ",",
    "\n",
    "0",
    "1",
    "-7",
    "1e308",
    "1e999",
    "9" * 400,
    "nan",
    "null",
    "x",
    "\0",
    "\r",
    "\u2028",
    "[azimuth=5]",
]
junk = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map(lambda parts: "".join(parts).encode()),
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=80),
)
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["times", "azimuth", "boxes", "kind", "order", "id", "time", "name", "bbox"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
SECTIONS = ["duration", "layout", "projection", "notes", "labels", "media", "audio"]
SECTIONS += ["images", "annotations", "categories", "info"]
FIELDS = ["azimuth", "elevation", "distance", "box", "confidence", "source", "track", "label"]


@pytest.fixture(scope="session")
def junk_path(tmp_path_factory):
    return tmp_path_factory.mktemp("junk") / "junk"


@given(name=st.sampled_from(sorted(FORMATS)), content=junk)
def test_readers_raise_nothing_but_our_errors(junk_path, name, content):
    junk_path.write_bytes(content)
    try:
        found = read_events(junk_path, name)
    except HearsightError as error:
        assert str(junk_path) in str(error)  # noqa: PT017 - most junk is refused, some is valid
    else:
        assert isinstance(found, Events)


@given(
    sections=st.dictionaries(st.sampled_from(SECTIONS), json_values),
    event=st.dictionaries(st.sampled_from(FIELDS), json_values),
    is_coco=st.booleans(),
)
def test_json_readers_raise_nothing_but_our_errors(junk_path, sections, event, is_coco):
    record = {"label": "a", "onset": 0.0, "offset": 1.0, **event}
    document = {**json.loads(HEADER), "events": [record], **sections}
    junk_path.write_text(json.dumps(document))
    try:
        read_events(junk_path, "coco" if is_coco else "json")
    except HearsightError as error:
        assert str(junk_path) in str(error)  # noqa: PT017


@given(content=junk)
def test_the_reader_of_heat_maps_raises_nothing_but_our_errors(junk_path, content):
    junk_path.write_bytes(content)
    with pytest.raises(HearsightError, match="junk"):
        read_heatmaps(junk_path)
