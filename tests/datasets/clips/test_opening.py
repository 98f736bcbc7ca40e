import json

import numpy as np
import pytest

from datasets.clips.small_clips import (
    CLASSES,
    LINES,
    N_SEGMENTS,
    features,
    write_array,
    write_lines,
)
from hearsight.datasets.clips import open_clips
from hearsight.datasets.clips.opening import holds_clips
from hearsight.datasets.clips.ordering import reference_order
from hearsight.errors import DatasetError, InputError
from hearsight.events.sounding import SoundingBoxes


def touch(path):
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def test_labels(root):
    clips = open_clips(root)
    assert (clips.classes, clips.n_segments, clips.background) == (CLASSES, N_SEGMENTS, 4)
    assert [clips.labels(row).tolist() for row in range(5)] == [
        [0, 0, 0, 0, 0],
        [4, 1, 1, 4, 4],
        [4, 4, 4, 4, 4],
        [4, 4, 4, 4, 0],
        [4, 4, 3, 3, 4],
    ]
    assert [clips.video_label(row) for row in range(5)] == [0, 1, 2, 0, 3]
    assert [clips.has_boundary(row) for row in range(5)] == [False, True, False, True, True]
    one_hot = clips.one_hot([1, 4])
    assert (one_hot.shape, one_hot.dtype) == ((2, 5, 5), np.float32)
    np.testing.assert_array_equal(one_hot.argmax(axis=-1), [clips.labels(1), clips.labels(4)])
    assert one_hot.sum() == 10
    assert clips.one_hot([]).shape == (0, 5, 5)


def test_the_class_list_and_the_seconds_may_be_given(root):
    clips = open_clips(root, classes=("Cat", *reversed(CLASSES)), n_segments=7)
    assert clips.classes[0] == "Cat"
    assert clips.labels(4).tolist() == [5, 5, 1, 1, 5, 5, 5]
    with pytest.raises(InputError, match="of the class 'Bark'; did you mean Barks"):
        open_clips(root, classes=(*CLASSES[:3], "Barks"))
    with pytest.raises(InputError, match="its event ends at 5 s, but clips have 4 seconds"):
        open_clips(root, n_segments=4)


def test_a_set_with_nothing_but_rows_without_event(tmp_path):
    write_lines(tmp_path / "Annotations.txt", ("bell&a&good&0&0",))
    with pytest.raises(InputError, match="clips have 0 seconds"):
        open_clips(tmp_path)
    assert open_clips(tmp_path, n_segments=2).labels(0).tolist() == [1, 1]


def test_any_text_file_of_such_lines(tmp_path):
    assert not holds_clips(tmp_path)
    path = write_lines(tmp_path / "mine.txt")
    write_lines(tmp_path / "readme.txt", ("Clips & their rows.",))
    assert holds_clips(tmp_path)
    assert len(open_clips(tmp_path).annotations) == len(LINES)
    write_lines(tmp_path / "yours.txt", LINES[:2])
    with pytest.raises(DatasetError, match=r"mine.txt, yours.txt all hold lines"):
        open_clips(tmp_path)
    assert len(open_clips(tmp_path, annotations=path).annotations) == len(LINES)
    write_lines(tmp_path / "data" / "Annotations.txt", LINES[:3])
    assert len(open_clips(tmp_path).annotations) == 3


def test_folders_without_annotations(tmp_path):
    with pytest.raises(DatasetError, match="does not exist; give a folder of clips"):
        open_clips(tmp_path / "none")
    with pytest.raises(DatasetError, match=r"is a file; give a folder"):
        open_clips(touch(tmp_path / "file"))
    with pytest.raises(DatasetError, match=r"has no Annotations.txt, and no other"):
        open_clips(tmp_path)
    touch(tmp_path / "Annotations.txt")
    with pytest.raises(DatasetError, match=r"Annotations.txt: holds no row"):
        open_clips(tmp_path)


def test_videos_wherever_they_lie(root):
    beside = touch(root / "-fry0000000.webm")
    first = touch(root / "AVE" / "bell-000000.mp4")
    touch(root / "videos" / "bell-000000.mkv")
    touch(root / "AVE" / "other.mp4")
    touch(root / "AVE" / "bell-000001.jpg")
    touch(root / "AVE" / "bell-000001.info.json")
    clips = open_clips(root)
    assert clips.videos == {"-fry0000000": beside, "bell-000000": first}
    assert clips.name(4) == "bell-000000"


def test_names_may_have_a_suffix(tmp_path):
    write_lines(tmp_path / "Annotations.txt", ("bell&a.mp4&good&0&2",))
    path = touch(tmp_path / "videos" / "a.mp4")
    assert open_clips(tmp_path).videos == {"a.mp4": path}


def test_clips_without_any_event(root):
    path = touch(root / "noisy" / "b.mp4")
    touch(root / "noisy" / "a.mp4")
    clips = open_clips(root)
    assert (clips.negatives, clips.negative_rows) == (("a", "b"), (5, 6))
    write_lines(root / "noisy.txt", ("b", "", "c", "b"))
    clips = open_clips(root)
    assert (clips.negatives, clips.negative_rows) == (("b", "c"), (5, 6))
    assert (clips.name(5), clips.videos["b"], "c" in clips.videos) == ("b", path, False)
    assert clips.labels(6).tolist() == [4] * 5
    assert clips.video_label(6) == 4
    assert not clips.has_boundary(6)
    assert reference_order(clips, 2, with_negatives=True) == ((0, 1), (2, 3), (4, 5))
    assert reference_order(clips, 2) == ((0, 1), (2, 3))
    assert reference_order(clips, 9) == ()


def test_features_tell_the_seconds(root):
    video, audio = features(len(LINES))
    write_lines(root / "Annotations.txt", (*LINES[1:3], *LINES[1:3], LINES[1]))
    write_array(root / "visual_feature.h5", video)
    write_array(root / "audio_feature.h5", audio)
    clips = open_clips(root)
    assert clips.n_segments == N_SEGMENTS
    assert clips.features is not None
    with pytest.raises(InputError, match="has 5 seconds a clip, not 6"):
        open_clips(root, n_segments=6)
    write_lines(root / "Annotations.txt", LINES[:4])
    with pytest.raises(DatasetError, match=r"audio_feature.h5: holds 5 rows, 4 are annotated"):
        open_clips(root)


def test_stored_clips_without_event_have_made_up_names(root):
    for ending, n_rows in (("", len(LINES)), ("_noisy", 3)):
        for kind, values in zip(("visual", "audio"), features(n_rows), strict=True):
            write_array(root / "data" / f"{kind}_feature{ending}.h5", values)
    assert open_clips(root).negatives == ("noisy 0", "noisy 1", "noisy 2")
    write_lines(root / "noisy.txt", ("x", "y", "z"))
    assert open_clips(root).negatives == ("x", "y", "z")
    write_lines(root / "noisy.txt", ("x", "y"))
    with pytest.raises(DatasetError, match=r"features of 3 clips without event, but names of 2"):
        open_clips(root)


def test_boxes_of_generated_sets(root):
    box = [0.1, 0.2, 0.3, 0.4]
    path = root / "truth.json"
    path.write_text(json.dumps([{"name": "bell-000001", "boxes": [None] * 4 + [box]}]))
    boxes = open_clips(root).boxes
    empty = SoundingBoxes(())
    assert boxes == {"bell-000001": (empty, empty, empty, empty, SoundingBoxes((tuple(box),)))}
    with pytest.raises(DatasetError, match="boxes of 5 seconds, expected 6"):
        open_clips(root, n_segments=6)
    path.write_text('[{"name": "a"}]')
    with pytest.raises(DatasetError, match="cannot be read as boxes of clips"):
        open_clips(root)
