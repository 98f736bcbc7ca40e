import numpy as np
import pytest

from datasets.pairs.small_pairs import NAMES, picture_of, sound_of, write_pairs, write_vggss
from hearsight.datasets.pairs import open_pairs
from hearsight.datasets.pairs.folders import FolderPairs, find_pairs
from hearsight.datasets.pairs.lmdb import LmdbPairs, write_lmdb
from hearsight.datasets.pairs.shards import ShardPairs
from hearsight.datasets.pairs.videos import VideoPairs
from hearsight.datasets.pairs.writing import write_shards
from hearsight.errors import DatasetError, InputError
from hearsight.events.sounding import SoundingBoxes
from hearsight.recording.video import write_video
from hearsight.scenes.pair_sets import PairSetSettings
from hearsight.scenes.pair_sets import write_pairs as write_pair_set

WHOLE = [[0.0, 0.0, 1.0, 1.0]]
XML = "<a><b><bbox><c>1</c><c>0</c><c>0</c><c>128</c><c>256</c></bbox></b></a>"


def write_lines(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def test_without_annotation_all_pairs_are_learned(root):
    pairs = open_pairs(root)
    assert (pairs.kind, pairs.train, pairs.test) == ("pairs", NAMES, ())
    assert (pairs.truth, pairs.labels, pairs.silent, pairs.problems()) == ({}, {}, (), ())


def test_annotated_pairs_are_judged_and_the_others_learned(root):
    write_vggss(root / "vggss.json", {NAMES[2]: WHOLE, NAMES[0]: WHOLE})
    pairs = open_pairs(root)
    assert (pairs.kind, pairs.test, pairs.train) == (
        "vggsound",
        (NAMES[2], NAMES[0]),
        (NAMES[1], NAMES[3]),
    )
    assert pairs.truth[NAMES[2]] == SoundingBoxes(((0.0, 0.0, 1.0, 1.0),))
    assert pairs.labels == {NAMES[2]: "dog", NAMES[0]: "dog"}


def test_flickr_annotations_are_found(root):
    for name in NAMES[:3]:
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{name}.xml").write_text(XML)
    (root / "Annotations" / f"{NAMES[1]}.xml").write_text("<a>")
    test_list = write_lines(root / "test.csv", [f"{name},7" for name in NAMES[1:3]])
    pairs = open_pairs(root)
    assert (pairs.kind, pairs.test) == ("flickr-soundnet", (NAMES[2],))
    assert pairs.train == (NAMES[0], NAMES[3])  # annotated, but not judged
    assert pairs.truth[NAMES[2]] == SoundingBoxes(((0.0, 0.0, 0.5, 1.0),), by_annotators=True)
    first, second = pairs.problems()
    assert f"{NAMES[1]}.xml: cannot be read" in first
    assert second == f"{NAMES[1]}: is to be judged, but has no annotation"
    test_list.unlink()
    assert open_pairs(root).test == (NAMES[0], NAMES[2])


def test_lists_are_followed_and_judged_names_are_not_learned(root, tmp_path):
    write_vggss(root / "vggss.json", dict.fromkeys(NAMES[:2], WHOLE))
    train = write_lines(tmp_path / "10k.txt", [NAMES[3], NAMES[1], NAMES[2]])
    pairs = open_pairs(root, train_list=train)
    assert (pairs.train, pairs.dropped) == ((NAMES[3], NAMES[2]), (NAMES[1],))
    assert pairs.problems() == ()
    pairs = open_pairs(root, train_list=train, drop_test_ids=False)
    assert (pairs.train, pairs.dropped) == ((NAMES[3], NAMES[1], NAMES[2]), ())
    (problem,) = pairs.problems()
    assert problem == (f"both learned and judged: 1 pair ({NAMES[1]}); leave them out of training")


@pytest.mark.parametrize("which", ["train_list", "test_list"])
def test_lists_of_other_sets_are_refused(root, tmp_path, which):
    foreign = write_lines(tmp_path / "notes.txt", ["a line of text", "another"])
    with pytest.raises(DatasetError, match=r"notes\.txt: none of its names is a pair of .*'a line"):
        open_pairs(root, **{which: foreign})
    write_lines(root / "train.txt", ["lost"])  # not all of a set need be there
    assert open_pairs(root).train == ()


def test_lists_lie_beside_the_pairs(root):
    write_vggss(root / "vggss.json", dict.fromkeys(NAMES, WHOLE))
    write_lines(root / "train.txt", NAMES[2:])
    write_lines(root / "test.csv", NAMES[:2])
    write_lines(root / "test_plus_silent.csv", ["video,audio,label", f"{NAMES[0]},{NAMES[1]},x"])
    write_lines(
        root / "vggsound.csv", [f"{name[:11]},{int(name[12:])},cat,train" for name in NAMES]
    )
    (root / "vggsound.csv").write_text(
        (root / "vggsound.csv").read_text() + "abcdefghijk,7,cow,test"
    )
    pairs = open_pairs(root)
    assert (pairs.train, pairs.test, pairs.silent) == (
        NAMES[2:],
        NAMES[:2],
        ((NAMES[0], NAMES[1]),),
    )
    assert pairs.labels[NAMES[3]] == "dog"  # the boxes' own class comes first
    assert pairs.labels["abcdefghijk_000007"] == "cow"


def test_what_is_missing_is_named(root):
    write_vggss(root / "vggss.json", dict.fromkeys([*NAMES[:2], "gone"], WHOLE))
    (root / "audio" / f"{NAMES[0]}.wav").unlink()
    write_lines(root / "train.txt", [NAMES[2], "lost"])
    write_lines(root / "test_plus_silent.csv", ["video,audio,label", f"{NAMES[1]},absent,x"])
    pairs = open_pairs(root)
    assert (pairs.train, pairs.test, pairs.silent) == ((NAMES[2],), (NAMES[1],), ())
    assert pairs.problems() == (
        f"{NAMES[0]}: its sound is missing",
        *(
            f"{n}: its {k} is missing"
            for n in ("gone", "lost", "absent")
            for k in ("picture", "sound")
        ),
    )


def test_unusable_boxes_are_named(root):
    boxes = {NAMES[0]: [[0.5, 0, 0.5, 1]], NAMES[1]: [*WHOLE, [0, 0, -2.88e16, 1]], NAMES[2]: WHOLE}
    write_vggss(root / "vggss.json", {**boxes, NAMES[3]: []})
    assert open_pairs(root).problems() == (
        f"{NAMES[0]}: no usable box; every heat map fails on it",
        f"{NAMES[1]}: 1 of its 2 boxes mark no pixel",
        f"{NAMES[3]}: no usable box; every heat map fails on it",
    )


def test_every_way_of_storing_is_told_from_the_folder(root, tmp_path):
    pytest.importorskip("lmdb")
    source = find_pairs(root, "007")
    list(write_lmdb(source, NAMES, tmp_path / "lmdb"))
    list(write_shards(source, NAMES, tmp_path / "shards"))
    for index, name in enumerate(NAMES):
        frames = [picture_of(index)] * 10
        sound = sound_of(index), 16_000
        path = tmp_path / "videos/videos" / f"{name}.mp4"
        write_video(path, frames, 1, size=(40, 30), audio=sound)
    readers = {
        "set": FolderPairs, "lmdb": LmdbPairs, "shards": ShardPairs, "videos": VideoPairs
    }  # fmt: skip
    for folder, reader in readers.items():
        pairs = open_pairs(tmp_path / folder)
        assert type(pairs.reader) is reader
        assert pairs.train == NAMES
        for index, name in enumerate(NAMES):
            assert pairs.reader.picture(name).shape[0] == 3
            assert pairs.reader.picture(name)[2].mean() == pytest.approx(40 * index, abs=15)
    (root / "videos").mkdir()
    (tmp_path / "videos/videos" / f"{NAMES[0]}.mp4").rename(root / "videos/new.mp4")
    assert open_pairs(root).train == NAMES
    assert open_pairs(root, stored="videos").train == ("new",)


def test_an_interactive_set_has_a_row_for_each_sound(root):
    rows = (
        f'{{"image": "{NAMES[0]}.png", "audio": "{name}.wav", "gt_box": [0, 0, 112, 112]}}'
        for name in NAMES[:2]
    )
    path = root / "rows.json"
    path.write_text(f"[{', '.join(rows)}]")
    pairs = open_pairs(root, annotations=path)
    assert (pairs.kind, pairs.test) == ("rows", NAMES[:2])
    for index, name in enumerate(NAMES[:2]):
        np.testing.assert_array_equal(pairs.reader.picture(name), picture_of(0))
        np.testing.assert_array_equal(pairs.reader.sound(name)[0], sound_of(index))


@pytest.mark.parametrize("layout", ["vggsound", "flickr-soundnet"])
def test_generated_sets_are_whole(tmp_path, layout):
    settings = PairSetSettings(layout, n_train=3, n_test=2, duration=1.0, size_px=32)
    list(write_pair_set(tmp_path, settings))
    pairs = open_pairs(tmp_path)
    assert (pairs.kind, len(pairs.train), len(pairs.test)) == (layout, 3, 2)
    assert pairs.problems() == ()
    inner = tmp_path / "interactive"
    heard = open_pairs(inner, annotations=inner / "interactive.json")
    assert len(heard.test) == 2
    assert set(heard.labels) == set(heard.test)


def test_what_cannot_be_opened(root, tmp_path):
    with pytest.raises(DatasetError, match="none: does not exist; give a folder of pairs"):
        open_pairs(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file: is a file"):
        open_pairs(tmp_path / "file")
    write_pairs(tmp_path / "other", ["a"], sounds="audio/b{}.wav")
    with pytest.raises(DatasetError, match=r"holds no pair.*found audio, frames"):
        open_pairs(tmp_path / "other")
    with pytest.raises(InputError, match="'folder'; did you mean folders"):
        open_pairs(root, stored="folder")
    with pytest.raises(DatasetError, match=r"boxes\.json: cannot be read as annotations"):
        open_pairs(root, annotations=root / "boxes.json")


def test_a_frame_is_its_number_however_written(tmp_path):
    write_pairs(tmp_path, pictures="video_frames/{}/007.jpg", sounds="audios/{}.wav")
    assert open_pairs(tmp_path, frame="7").frame == "007"
    assert open_pairs(tmp_path, frame="7").train == open_pairs(tmp_path).train
    assert open_pairs(tmp_path, frame="center").frame == "center"
