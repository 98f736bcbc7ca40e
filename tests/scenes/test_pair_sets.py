import collections
import csv
import hashlib
import json
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from PIL import Image

from hearsight.datasets.pairs import open_pairs
from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames
from hearsight.scenes.pair_sets import LAYOUTS, PairSetSettings, write_pairs

SMALL = PairSetSettings(n_train=26, n_test=13, duration=1.0, size_px=64, seed=3)


def small(**changes):
    return PairSetSettings(
        **{"n_train": 4, "n_test": 2, "duration": 1.0, "size_px": 64, "seed": 3} | changes
    )


@pytest.fixture(scope="module")
def vggsound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vggsound")
    return folder, list(write_pairs(folder, SMALL))


@pytest.fixture(scope="module")
def flickr(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flickr")
    return folder, list(write_pairs(folder, small(layout="flickr-soundnet", n_train=40)))


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def of(pairs, split):
    return [pair for pair in pairs if pair.split == split]


def test_every_pair_has_its_files_and_nothing_else_is_there(vggsound):
    folder, pairs = vggsound
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    files = {
        f"{'interactive/' * (pair.split == 'interactive')}{kind}/{pair.name}.{suffix}"
        for pair in pairs
        for kind, suffix in (("frames", "jpg"), ("audio", "wav"))
    }
    lists = {
        "vggss.json", "vggsound.csv", "train.txt", "test.csv", "test_plus_silent.csv",
        "truth.json", "simulation.json", "interactive/interactive.json",
    }  # fmt: skip
    assert found == files | lists
    assert len(pairs) == SMALL.n_pairs == 26 + 13 + 2 * 7
    with Image.open(folder / "frames" / f"{pairs[0].name}.jpg") as image:
        assert (image.size, image.mode) == ((64, 64), "RGB")
    info = soundfile.info(folder / "audio" / f"{pairs[0].name}.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (
        16000,
        1,
        16000,
        "PCM_16",
    )


def test_lists_and_boxes_are_as_vggsound_has_them(vggsound):
    folder, pairs = vggsound
    train, test = of(pairs, "train"), of(pairs, "test")
    assert (folder / "train.txt").read_text().splitlines() == [pair.name for pair in train]
    assert rows(folder / "test.csv") == [[pair.name] for pair in test]
    annotations = json.loads((folder / "vggss.json").read_text())
    assert [row["file"] for row in annotations] == [pair.name for pair in test]
    assert [row["class"] for row in annotations] == [pair.heard.label for pair in test]
    assert [row["bbox"] for row in annotations] == [[list(pair.heard.box)] for pair in test]
    for (video, start, label, split), pair in zip(
        rows(folder / "vggsound.csv"), [*train, *test], strict=True
    ):
        assert len(video) == 11
        assert (f"{video}_{int(start):06d}", label, split) == (
            pair.name, pair.heard.label, pair.split
        )  # fmt: skip


def test_classes_are_balanced_and_silent_things_are_of_other_ones(vggsound):
    _, pairs = vggsound
    for split, times in (("train", 2), ("test", 1)):
        heard = collections.Counter(pair.heard.label for pair in of(pairs, split))
        assert heard == dict.fromkeys(DCASE_2022, times)
    for pair in pairs:
        assert 1 <= len(pair.others) <= 3
        assert len(pair.labels) == 1 + len(pair.others)
    assert len({len(pair.others) for pair in pairs}) == 3


def test_splits_share_no_picture_and_no_sound(vggsound):
    folder, pairs = vggsound
    for kind in ("frames", "audio"):
        files = sorted(folder.rglob(f"{kind}/*"))
        different = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        n_twice = len(of(pairs, "interactive")) // 2 if kind == "frames" else 0
        assert len(different) == len(files) - n_twice


def test_sounds_without_a_visible_source(vggsound):
    folder, pairs = vggsound
    by_name = {pair.name: pair for pair in of(pairs, "test")}
    header, *listed = rows(folder / "test_plus_silent.csv")
    assert header == ["video", "audio", "label"]
    assert [row[0] for row in listed] == list(by_name)
    for video, audio, label in listed:
        assert by_name[audio].heard.label not in by_name[video].labels
        assert label == "non-sounding"


def test_interactive_pictures_are_heard_twice(vggsound):
    folder, pairs = vggsound
    place = folder / "interactive"
    listed = json.loads((place / "interactive.json").read_text())
    groups = collections.defaultdict(list)
    for row, pair in zip(listed, of(pairs, "interactive"), strict=True):
        assert row["gt_box"] == [round(224 * edge) for edge in pair.heard.box]
        assert row["image"].removesuffix(".jpg").rpartition("_")[2] == pair.heard.label.replace(
            " ", "-"
        )
        groups[row["image"].rpartition("_")[0]].append(row)
    assert len(groups) == 7
    for one, other in groups.values():
        pictures = [(place / "frames" / row["image"]).read_bytes() for row in (one, other)]
        sounds = [(place / "audio" / row["audio"]).read_bytes() for row in (one, other)]
        assert pictures[0] == pictures[1]
        assert sounds[0] != sounds[1]
        assert one["gt_box"] != other["gt_box"]


def test_three_annotators_agree_on_most_boxes(flickr):
    folder, pairs = flickr
    far = 0
    for pair in of(pairs, "train") + of(pairs, "test"):
        assert len(pair.name) == 10
        annotators = ElementTree.parse(folder / "Annotations" / f"{pair.name}.xml").getroot()
        assert len(annotators) == 3
        for annotator in annotators:
            (box,) = annotator
            assert box.tag == "bbox"
            corners = np.array([int(field.text) for field in box[1:]])
            assert ((corners >= 0) & (corners <= 256)).all()
            assert (corners[:2] < corners[2:]).all()
            far += np.abs(corners / 256 - pair.heard.box).max() > 0.2
    assert 1 <= far <= 0.15 * 3 * 42
    assert not (folder / "vggss.json").exists()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_gives_the_same_set(tmp_path, layout):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        list(write_pairs(tmp_path / name, small(layout=layout, seed=seed)))
    first, second, other = (
        {
            str(p.relative_to(tmp_path / name)): p.read_bytes()
            for p in (tmp_path / name).rglob("*.*")
        }
        for name in "abc"
    )
    assert first == second
    assert all(first[n] != other[n] for n in first if n.endswith((".wav", ".jpg")) and n in other)


def test_a_pair_does_not_depend_on_how_many_there_are(vggsound, tmp_path):
    folder, pairs = vggsound
    assert list(write_pairs(tmp_path, small()))[:4] == pairs[:4]
    for kind in ("frames", "audio"):
        for file in (tmp_path / kind).iterdir():
            assert file.read_bytes() == (folder / kind / file.name).read_bytes()


def test_truth_tells_of_everything(vggsound):
    folder, pairs = vggsound
    truth = json.loads((folder / "truth.json").read_text())
    assert [row["name"] for row in truth] == [pair.name for pair in pairs]
    assert [row["heard"]["area"] for row in truth] == [pair.heard.area for pair in pairs]
    assert [[thing["label"] for thing in row["others"]] for row in truth] == [
        [thing.label for thing in pair.others] for pair in pairs
    ]


def test_a_video_shows_the_picture_in_its_middle_and_sounds_as_the_pair(tmp_path):
    settings = small(has_videos=True, n_train=2, duration=2.0, size_px=128)
    pairs = list(write_pairs(tmp_path, settings))
    videos = sorted((tmp_path / "videos").iterdir())
    assert len(videos) == 4
    name = pairs[0].name
    video = tmp_path / "videos" / f"{name}.mp4"
    assert probe(video).duration == pytest.approx(2.0, abs=0.1)
    frames = dict(iterate_frames(video))
    assert len(frames) == 24
    with Image.open(tmp_path / "frames" / f"{name}.jpg") as image:
        picture = np.moveaxis(np.asarray(image, float), -1, 0)
    differences = {time: np.abs(frame - picture).mean() for time, frame in frames.items()}
    assert differences[1.0] < 6.0
    assert max(differences.values()) > differences[1.0] + 1.0


def test_the_readers_of_published_sets_find_nothing_wrong(vggsound, flickr):
    for (folder, pairs), kind in ((vggsound, "vggsound"), (flickr, "flickr-soundnet")):
        opened = open_pairs(folder)
        assert (opened.kind, opened.problems()) == (kind, ())
        assert list(opened.train) == [pair.name for pair in of(pairs, "train")]
        assert list(opened.test) == [pair.name for pair in of(pairs, "test")]
        inside = folder / "interactive"
        rows_of_boxes = open_pairs(inside, annotations=inside / "interactive.json")
        assert rows_of_boxes.problems() == ()
        assert set(rows_of_boxes.test) == {pair.name for pair in of(pairs, "interactive")}


def test_a_set_of_other_settings_is_not_mixed_in(tmp_path):
    list(write_pairs(tmp_path, small()))
    with pytest.raises(InputError, match=r"other settings \(seed\)"):
        write_pairs(tmp_path, small(seed=4))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layout": "vggsond"}, "did you mean vggsound"),
        ({"n_train": -1}, "training pairs must be 0 to 999999, got -1"),
        ({"n_test": 0}, "test pairs"),
        ({"duration": float("nan")}, "seconds"),
        ({"n_things": (3, 2)}, "3 to 2"),
        ({"n_things": (0, 2)}, "1 to 5 things"),
        ({"n_things": (2, 6)}, "1 to 5 things"),
        ({"size_px": 16}, "32 to 1024"),
        ({"size_px": 65}, "even"),
        ({"snr_db": float("inf")}, "signal-to-noise"),
    ],
)
def test_what_the_settings_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        small(**changes)
