import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.pairs.small_pairs import picture_of, sound_of, write_picture, write_vggss
from hearsight.datasets.pairs.truth import (
    SoundingMask,
    read_annotations,
    read_flickr_boxes,
    row_files,
)
from hearsight.errors import DatasetError
from hearsight.recording.audio import write_audio

DATA = Path(__file__).parents[4] / "shared/reference/visual-context/data"


def flickr(*annotators):
    """Boxes in the XML of Flickr-SoundNet; a text stands for another element."""
    body = "".join(
        "<annotator>"
        + "".join(
            box
            if isinstance(box, str)
            else "<bbox><label>x</label>" + "".join(f"<c> {v} </c>" for v in box) + "</bbox>"
            for box in boxes
        )
        + "</annotator>"
        for boxes in annotators
    )
    return f'<?xml version="1.0"?>\n<annotation>{body}</annotation>\n'


def test_flickr_boxes_are_read_by_their_place(tmp_path):
    file = tmp_path / "1.xml"
    file.write_text(flickr([(0, 32, 128, 256), "<note>a</note>"], [(-8, 0, 300, 64)], []))
    truth = read_flickr_boxes(file)
    assert truth.by_annotators
    assert truth.boxes == ((0.0, 0.125, 0.5, 1.0), (-0.03125, 0.0, 1.171875, 0.25))


@pytest.mark.parametrize("value", range(257))
def test_flickr_pixels_are_those_of_the_published_readers(tmp_path, value):
    file = tmp_path / "1.xml"
    file.write_text(flickr([(0, 0, value, value)]))
    assert read_flickr_boxes(file).to_map().sum() == 0.5 * int(224 * value / 256) ** 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<a><b>", "cannot be read"),
        (flickr([(1, 2, 3)]), "a bbox holds 5 elements"),
        (flickr([(1, 2, 3, "x")]), "invalid literal"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>\n<a>&b;</a>', "declares a document type"),
        ("", "cannot be read"),
    ],
)
def test_a_bad_xml_is_named_and_the_others_are_read(tmp_path, text, said):
    (tmp_path / "1.xml").write_text(flickr([(0, 0, 128, 128)]))
    (tmp_path / "2.xml").write_text(text)
    with pytest.raises(DatasetError, match=rf"2\.xml.*{said}"):
        read_flickr_boxes(tmp_path / "2.xml")
    found = read_annotations(tmp_path)
    assert (found.kind, list(found.truth)) == ("flickr-soundnet", ["1"])
    (fault,) = found.faults
    assert "2.xml" in fault


def test_entities_are_refused_in_any_encoding(tmp_path):
    bomb = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    (tmp_path / "1.xml").write_bytes(bomb.encode("utf-16"))
    (tmp_path / "2.xml").write_bytes(bomb.encode("utf-16-le"))
    for name in ("1.xml", "2.xml"):
        with pytest.raises(DatasetError, match=rf"{name}: (cannot be read|declares)"):
            read_flickr_boxes(tmp_path / name)


def test_vggss_rows(tmp_path):
    boxes = {"a": [[0.1, 0.2, 0.5, 0.6]], "b": [[0, 0, -2.88e16, 1], [0, 0, 1, 1]]}
    found = read_annotations(write_vggss(tmp_path / "vggss.json", boxes))
    assert (found.kind, found.labels) == ("vggsound", {"a": "dog", "b": "dog"})
    assert found.truth["b"].is_usable() == (False, True)
    assert not found.truth["b"].by_annotators


@pytest.mark.skipif(not DATA.is_dir(), reason="the published annotations are not here")
def test_the_published_boxes_of_vggss():
    found = read_annotations(DATA / "vggss.json")
    usable = [truth.is_usable() for truth in found.truth.values()]
    assert len(usable) == 5158
    assert sum(map(len, usable)) == 5941
    assert sum(each.count(False) for each in usable) == 18
    assert sum(not any(each) for each in usable) == 2
    assert len(set(found.labels.values())) == 221


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "expected a list of rows"),
        ("[1]", "expected a list of rows"),
        ('[{"file": "a"}]', "expected rows with bbox"),
        ('[{"file": 1, "class": "x", "bbox": []}]', "row 1: file must be text"),
        ('[{"file": "a", "class": "x", "bbox": 1}]', "row 1: bbox must be a list"),
        ('[{"file": "a", "class": "x", "bbox": [[1, 2, 3]]}]', "row 1: a box must be four"),
        ('[{"file": "a", "class": "x", "bbox": [[1, 2, 3, NaN]]}]', "row 1: .*finite"),
        ('[{"file": "a", "class": "x", "bbox": []}, {"file": "a", "class": "x", '
         '"bbox": []}]', "row 2: a comes twice"),
        ('[{"image": "a.jpg", "gt_box": [0, 0, 1, 1]}]', "row 1: audio must be text"),
        ('[{"image": "a", "audio": "a", "gt_box": [0, 0, NaN, 1]}]', "row 1: .*finite"),
        ('[{"image": "a", "audio": "a", "gt_box": [0, 0, 1e400, 1]}]', "row 1: .*finite"),
        ('[{"image": "a.jpg", "audio": "a.wav", "gt_box": "a.png"}]', "row 1: offset"),
    ],
)  # fmt: skip
def test_bad_rows_are_named(tmp_path, rows, said):
    (tmp_path / "rows.json").write_text(rows)
    with pytest.raises(DatasetError, match=rf"rows\.json.*{said}"):
        read_annotations(tmp_path / "rows.json")


def test_rows_are_named_by_what_differs(tmp_path):
    rows = [
        {"image": "cat_dog_7.jpg", "audio": f"cat_dog_7_{each}.wav", "gt_box": [0, 0, 112, 224]}
        for each in ("cat", "dog")
    ]
    path = tmp_path / "is3.json"
    path.write_text(json.dumps(rows))
    found = read_annotations(path)
    assert found.kind == "rows"
    assert found.files["cat_dog_7_dog"] == ("cat_dog_7.jpg", "cat_dog_7_dog.wav")
    assert found.labels == {"cat_dog_7_cat": "cat", "cat_dog_7_dog": "dog"}
    path.write_text(json.dumps([rows[0], rows[0]]))
    with pytest.raises(DatasetError, match="neither its pictures nor its sounds differ"):
        read_annotations(path)


def test_frames_of_a_clip_are_not_taken_for_things(tmp_path):
    names = [f"aBcD_fGhIjK_1000_6000_{number}" for number in (1, 2)]
    rows = [{"image": f"{name}.png", "audio": "a.wav", "gt_box": [0, 0, 9, 9]} for name in names]
    (tmp_path / "s4.json").write_text(json.dumps(rows))
    found = read_annotations(tmp_path / "s4.json")
    assert list(found.truth) == names
    assert found.labels == {}


@pytest.mark.parametrize("start", [0, -20])
def test_boxes_of_224_pixels_come_back_exactly(tmp_path, start):
    corners = [(v, v, v + 1, v + 1) for v in range(start, 260)]
    rows = [{"image": f"{i}.jpg", "audio": "a.wav", "gt_box": box} for i, box in enumerate(corners)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    truth = read_annotations(tmp_path / "rows.json").truth
    for i, box in enumerate(corners):
        assert [int(224 * value) for value in truth[str(i)].boxes[0]] == list(box)


def test_masks(tmp_path):
    pixels = np.zeros((4, 8), np.uint8)
    pixels[1:3, 4:] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    row = {"image": "a.jpg", "audio": "a.wav", "gt_box": "mask.png", "offset": 3}
    (tmp_path / "rows.json").write_text(json.dumps([row]))
    truth = read_annotations(tmp_path / "rows.json").truth["a"]
    assert truth == SoundingMask(tmp_path / "mask.png", 3)
    expected = np.zeros((4, 4), np.float32)
    expected[1:3, 2:] = 1.0
    np.testing.assert_array_equal(truth.to_map(4), expected)
    assert truth.to_map(224).sum() == 112 * 112


def test_files_of_rows_are_found_with_and_without_suffix(tmp_path):
    write_picture(tmp_path / "images/1/a.png", picture_of(0))
    write_audio(tmp_path / "audio_wav/a.wav", sound_of(0), 16_000)
    files = {"a": ("1/a.png", "a"), "b": ("1/a", "a.wav"), "c": ("1/none", "a.wav")}
    reader = row_files(tmp_path, files)
    assert reader.names == ("a", "b")
    np.testing.assert_array_equal(reader.picture("b"), picture_of(0))
    assert reader.missing("c") == ("c: its picture is missing",)
