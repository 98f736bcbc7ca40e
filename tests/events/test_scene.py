import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats import FORMATS, read_events, read_heatmaps
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene, as_scene
from hearsight.spatial.projection import Projection

PANORAMA = Projection("equirectangular", 640, 320)
KNOCK = Event("knock", 0.0, 0.1, 0.5, Track([0.0], [90.0], boxes=[[1, 2, 3, 4]]))


def heatmap(kind):
    return HeatMap(np.zeros((1, 4, 8)), np.zeros(1), kind, PANORAMA)


def test_a_scene_is_a_sequence_of_its_events():
    scene = Scene(Events([KNOCK]))
    assert list(scene) == [KNOCK]
    assert len(scene) == 1
    assert scene.to_dicts() == Events([KNOCK]).to_dicts()
    assert scene.duration == 0.1
    assert Scene(Events([KNOCK], duration=3.0)).duration == 3.0
    assert Scene(Events()).duration == 0.0


def test_one_heat_map_of_each_kind():
    scene = Scene(Events(), heatmaps=(heatmap("acoustic"), heatmap("combined")))
    assert scene.heatmap("combined") is scene.heatmaps[1]
    assert scene.heatmap("synchrony") is None
    with pytest.raises(InputError, match="at most one heat map of each kind"):
        Scene(Events(), heatmaps=(heatmap("acoustic"), heatmap("acoustic")))


def test_events_alone_are_a_scene():
    scene = Scene(Events([KNOCK]), notes=("a doubt",))
    assert as_scene(scene) is scene
    assert as_scene(scene.events).events == scene.events


def test_every_format_has_its_method(tmp_path):
    scene = Scene(Events([KNOCK]), projection=PANORAMA, heatmaps=(heatmap("acoustic"),))
    methods = {
        "json": scene.to_json,
        "jsonl": scene.to_jsonl,
        "dcase": scene.to_csv,
        "directions": scene.to_directions,
        "audacity": scene.to_audacity,
        "webvtt": scene.to_webvtt,
        "srt": scene.to_srt,
        "rttm": scene.to_rttm,
        "raven": scene.to_raven,
        "coco": scene.to_coco,
    }
    assert set(methods) == set(FORMATS)
    for name, each in FORMATS.items():
        options = {"boxes": "events"} if name == "coco" else {}
        methods[name](tmp_path / f"method{each.suffix}", **options)
        scene.write(tmp_path / f"named{each.suffix}", name, **options)
        written = [(tmp_path / f"{stem}{each.suffix}").read_bytes() for stem in ("method", "named")]
        assert written[0] == written[1]
        assert len(read_events(tmp_path / f"named{each.suffix}")) == 1


def test_heat_maps_are_written_beside(tmp_path):
    scene = Scene(Events(), heatmaps=(heatmap("acoustic"), heatmap("combined")))
    scene.to_npz(tmp_path / "maps.npz")
    assert [each.kind for each in read_heatmaps(tmp_path / "maps.npz")] == ["acoustic", "combined"]


@given(st.from_type(Scene))
def test_a_notebook_shows_any_scene(scene):
    text = scene._repr_html_()
    assert text.startswith("<div")
    assert text.endswith("</div>")
