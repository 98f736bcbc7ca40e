import json

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.coco import read_coco, write_coco
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene
from hearsight.spatial.projection import Projection

PANORAMA = Projection("equirectangular", 640, 320)


def heatmap(kind="acoustic"):
    values = np.zeros((3, 4, 8), np.float32)
    values[0, 1, 2:4] = 0.75
    values[2, 0, 0] = values[2, 0, 7] = 1.0  # one region over the seam
    values[2, 3, 3] = 0.5
    return HeatMap(values, np.array([0.0, 0.2, 0.4]), kind, PANORAMA)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "boxes.coco.json"


def test_boxes_of_a_heat_map(path):
    write_coco(Scene(Events(), heatmaps=(heatmap(),)), path)
    document = json.loads(path.read_text())
    assert [image["time"] for image in document["images"]] == [0.0, 0.2, 0.4]
    assert {(image["width"], image["height"]) for image in document["images"]} == {(640, 320)}
    assert document["categories"] == [{"id": 1, "name": "sound"}]
    assert [
        (each["image_id"], each["bbox"], each["score"]) for each in document["annotations"]
    ] == [
        (1, [160.0, 80.0, 160.0, 80.0], 0.75),
        (3, [560.0, 0.0, 160.0, 80.0], 1.0),
        (3, [240.0, 240.0, 80.0, 80.0], 0.5),
    ]
    events = read_coco(path)
    assert [(event.onset, event.offset) for event in events] == [(0.0, 0.2), (0.4, 0.6), (0.4, 0.6)]
    assert [event.confidence for event in events] == [0.75, 1.0, 0.5]
    assert [event.source for event in events] == [0, 0, 1]
    assert [list(event.box) for event in events] == [
        each["bbox"] for each in document["annotations"]
    ]


def test_the_most_telling_map_and_another_by_name(path):
    empty = HeatMap(np.zeros((1, 4, 8)), np.zeros(1), "combined", PANORAMA)
    scene = Scene(Events(), heatmaps=(heatmap(), empty))
    write_coco(scene, path)
    assert len(read_coco(path)) == 0
    write_coco(scene, path, kind="acoustic", threshold=0.9)
    assert len(read_coco(path)) == 1
    with pytest.raises(InputError, match="has no synchrony map"):
        write_coco(scene, path, boxes="heatmap", kind="synchrony")


def test_without_a_map_the_events_give_the_boxes(path):
    track = Track([0.0, 0.1], boxes=[[1, 2, 3, 4], [np.nan] * 4])
    scene = Scene(Events([Event("bell", 0.0, 0.2, 0.5, track)]), projection=PANORAMA)
    write_coco(scene, path)
    (event,) = read_coco(path)
    assert (event.label, event.box, event.confidence) == ("bell", (1, 2, 3, 4), 0.5)


def test_one_track_has_one_box_in_an_image(path):
    track = Track([0.0, 0.1], boxes=[[1, 2, 3, 4]] * 2)
    write_coco(Scene(Events([Event("bell", 0.0, 0.2, None, track)]), projection=PANORAMA), path)
    document = json.loads(path.read_text())
    document["annotations"][1]["image_id"] = 1
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="annotation 2: track_id 1 has two boxes in one image"):
        read_coco(path)


def test_the_picture_must_be_known(path):
    with pytest.raises(InputError, match="no projection"):
        write_coco(Scene(Events()), path)
    assert not path.exists()
