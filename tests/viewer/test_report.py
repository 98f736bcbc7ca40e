"""The page: self-contained, escaped, complete."""

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from hearsight import Event, Events, HeatMap, MediaError, Projection, Scene, Track
from hearsight.pictures.palette import event_colors
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.copying import is_widely_playable
from hearsight.recording.layout import foa, stereo
from hearsight.recording.media import VideoStream, probe
from hearsight.recording.video import write_video
from hearsight.viewer.preview import Preview
from hearsight.viewer.report import MAX_ROWS, render_page, write_report

PANORAMA = Projection("equirectangular", 64, 32)


class Page(HTMLParser):
    """What a browser makes of a page: elements, attributes, texts by element."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self._open = [], [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open.append((tag, dict(attrs).get("id")))

    def handle_data(self, data):
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def handle_endtag(self, tag):
        if tag in [name for name, _ in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def text(self, tag, identifier=None):
        return "".join(self.texts.get((tag, identifier), []))

    def data(self, identifier):
        return json.loads(self.text("script", identifier))


def a_scene(**changes):
    track = Track(np.arange(10) / 10, np.linspace(80, 100, 10), np.zeros(10))
    values = np.zeros((10, 8, 16), np.float16)
    values[:, 4, 4] = np.linspace(0.1, 1.0, 10)
    content = {
        "events": Events([Event("speech", 0.0, 1.0, 0.75, track)], duration=1.0),
        "layout": foa(),
        "projection": None,
        "heatmaps": (HeatMap(values, np.arange(10) / 10, "acoustic", PANORAMA),),
        "notes": ("A note.",),
    }
    return Scene(**(content | changes))


def a_video(path, width=64, height=32, audio=None):
    frames = [np.full((3, height, width), 90, np.uint8)] * 10
    write_video(path, frames, 10.0, size=(width, height), audio=audio)
    return path


def test_the_page_loads_nothing_from_elsewhere(tmp_path):
    scene = a_scene(media=a_video(tmp_path / "clip.mp4"), projection=PANORAMA)
    out = tmp_path / "result"
    out.mkdir()
    (out / "a file & more.csv").write_text("x")
    text = write_report(scene, out).read_text(encoding="utf-8")
    page = Page(text)
    assert "base" not in page.tags
    loads = [(tag, value) for tag, name, value in page.attributes if name in ("src", "href")]
    assert loads == [
        ("link", "data:,"),
        ("video", "preview.mp4"),
        ("a", "./a%20file%20%26%20more.csv"),
    ]
    style = page.text("style")
    assert "url(" not in style
    assert "@import" not in style
    script = page.text("script")
    for opener in ("import(", "import ", "fetch(", "XMLHttpRequest", "http://", "https://"):
        assert opener not in script
    assert (out / "preview.mp4").is_file()


def test_only_the_pages_own_script_may_run():
    text = render_page(a_scene(), Preview("none"))
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policies = [v for _, name, v in Page(text).attributes if name == "content" and "script" in v]
    assert len(policies) == 1
    assert f"script-src 'sha256-{digest}'" in policies[0]


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'{{script}}"


def test_texts_from_files_are_never_markup(tmp_path):
    events = Events([Event(EVIL, 0.0, 1.0, 0.5)], duration=1.0)
    media = tmp_path / "<b>bold&quot;.wav"
    write_audio(media, np.full((1, 16_000), 0.1, np.float32), 16_000)
    (tmp_path / "<i>.json").write_text("{}")
    scene = a_scene(events=events, notes=(EVIL, "--> <!--"), media=media, layout=None)
    text = write_report(scene, tmp_path).read_text(encoding="utf-8")
    page = Page(text)
    count = {tag: page.tags.count(tag) for tag in ("script", "img", "b", "i")}
    assert count == {
        "script": 3,
        "img": 0,
        "b": 0,
        "i": 1,
    }  # 3: data, maps, the script; i: a swatch
    assert page.data("data")["events"][0]["name"] == EVIL
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize("notes", [(), ("It is silent.",)])
def test_without_events_the_page_says_so(notes):
    scene = Scene(Events(duration=3.0), notes=notes)
    page = Page(render_page(scene, Preview("none")))
    assert page.text("h2", "notes-title") == "Nothing located"
    assert page.data("data")["events"] == []
    assert page.data("maps") == {}
    assert notes == () or "It is silent." in page.text("li")


def test_events_tracks_and_colors_are_in_the_data():
    scene = a_scene()
    data = Page(render_page(scene, Preview("none"))).data("data")
    (event,) = data["events"]
    assert event["color"] == event_colors(scene.events)[0]
    assert (event["onset"], event["offset"], event["confidence"]) == (0.0, 1.0, 0.75)
    assert event["t"][:2] == [0.0, 0.1]
    assert event["az"][0] == 80.0
    assert event["box"] is None
    assert data["duration"] == 1.0
    assert len(data["colors"]) == 768


def test_the_table_says_where():
    text = render_page(a_scene(), Preview("none"))
    assert "left <small>+90°, 0°</small>" in text
    many = Events([Event("tick", i / 10, i / 10 + 0.05) for i in range(MAX_ROWS + 5)])
    page = render_page(a_scene(events=many), Preview("none"))
    assert page.count("<tr data-event=") == MAX_ROWS
    assert "and 5 more" in page


def test_packed_maps_unpack_to_the_heat_map():
    scene = a_scene()
    packed = Page(render_page(scene, Preview("none"))).data("maps")["acoustic"]
    raw = zlib.decompress(base64.b64decode(packed["data"]))
    values = np.frombuffer(raw, np.uint8).reshape(
        packed["frames"], packed["height"], packed["width"]
    )
    expected = scene.heatmaps[0].values.astype(float)
    np.testing.assert_allclose(values / 252, expected, atol=1 / 60)
    assert (values[expected == 0.0] == 0).all()
    assert (values[expected > 0.0] > 0).all()
    assert packed["times"] is None
    assert (packed["start"], packed["hop"]) == (0.0, pytest.approx(0.1))


def test_a_panorama_video_is_copied_with_its_sound(tmp_path):
    tone = np.full((2, 16_000), 0.1, np.float32)
    source = a_video(tmp_path / "clip.mp4", audio=(tone, 16_000))
    scene = a_scene(media=source, projection=PANORAMA, layout=stereo())
    write_report(scene, tmp_path / "out")
    preview = probe(tmp_path / "out" / "preview.mp4")
    assert preview.chosen_video.width == 64
    assert preview.chosen_audio.codec == "aac"
    assert preview.duration == pytest.approx(probe(source).duration, abs=0.01)


def test_a_large_or_odd_video_becomes_a_small_one(tmp_path):
    source = a_video(tmp_path / "odd.mp4", 1201, 301)
    projection = Projection("perspective", 1201, 301)
    write_report(a_scene(media=source, projection=projection), tmp_path / "out")
    stream = probe(tmp_path / "out" / "preview.mp4").chosen_video
    assert (stream.width, stream.height, stream.pixel_format) == (960, 240, "yuv420p")


def test_a_turned_video_is_not_merely_copied():
    stream = VideoStream(0, "h264", 64, 32, 10.0, 1.0, pixel_format="yuv420p")
    assert is_widely_playable(stream)
    assert not is_widely_playable(replace(stream, rotation=90))
    assert not is_widely_playable(replace(stream, sample_aspect=Fraction(4, 3)))
    assert not is_widely_playable(replace(stream, codec="hevc"))


def test_a_still_picture_is_shown_with_its_sound(tmp_path):
    Image.new("RGB", (80, 40)).save(tmp_path / "still.png")
    write_audio(tmp_path / "sound.wav", np.full((1, 16_000), 0.1, np.float32), 16_000)
    scene = a_scene(media=tmp_path / "still.png", audio=tmp_path / "sound.wav", layout=None,
                    projection=Projection("perspective", 80, 40))  # fmt: skip
    page = Page(write_report(scene, tmp_path / "out").read_text(encoding="utf-8"))
    sources = {value for _, name, value in page.attributes if name == "src"}
    assert sources == {"preview.jpg", "preview.m4a"}
    assert page.data("data")["picture"] == "still"
    assert {f.name for f in (tmp_path / "out").iterdir()} == sources | {"report.html"}


def test_ambisonics_is_heard_from_its_side(tmp_path):
    tone = 0.4 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    from_right = np.stack([tone, -tone, 0 * tone, 0 * tone]).astype(np.float32)  # W, Y, Z, X
    write_audio(tmp_path / "foa.wav", from_right, 16_000)
    write_report(a_scene(media=tmp_path / "foa.wav"), tmp_path / "out")
    waveform, rate = read_audio(tmp_path / "out" / "preview.m4a")
    left, right = np.square(waveform).mean(axis=1)
    assert right > 1000 * left
    assert waveform.shape[1] / rate == pytest.approx(2.0, abs=0.1)


def test_missing_media_leaves_no_page(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.wav"):
        write_report(a_scene(media=tmp_path / "gone.wav"), tmp_path / "out")
    assert not (tmp_path / "out" / "report.html").exists()
