import collections
import json

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.audio import read_audio
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames
from hearsight.scenes.clip_sets import ClipSetSettings, write_clips


def small(**changes):
    sizes = {"n_train": 13, "n_validation": 3, "n_test": 3, "n_negatives": 4}
    return ClipSetSettings(**{**sizes, "n_segments": 4, "size_px": 64, "fps": 4} | changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return folder, list(write_clips(folder, small()))


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def assert_same_video(first, second):
    """Compare sounds and pictures; the encoder's bytes are now and then others."""
    assert np.array_equal(read_audio(first)[0], read_audio(second)[0])
    for (_, one), (_, other) in zip(iterate_frames(first), iterate_frames(second), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 1.0


def test_every_clip_has_its_video_and_nothing_else_is_there(made):
    folder, clips = made
    lists = {"Annotations.txt", "trainSet.txt", "valSet.txt", "testSet.txt", "noisy.txt"}
    notes = {"truth.json", "simulation.json"}
    assert set(texts(folder)) == lists | notes
    assert {file.name for file in (folder / "AVE").iterdir()} == {f"{c.name}.mp4" for c in clips}
    assert len(clips) == small().n_clips == 23
    assert {len(clip.name) for clip in clips} == {11}
    media = probe(folder / "AVE" / f"{clips[0].name}.mp4")
    assert (media.chosen_video.width, media.chosen_video.height) == (64, 64)
    assert (media.chosen_audio.sample_rate, media.chosen_audio.n_channels) == (16000, 1)
    assert media.duration == pytest.approx(4.0, abs=0.1)
    assert len(list(iterate_frames(media.path))) == 16


def test_lists_are_as_ave_has_them(made):
    folder, clips = made
    header, *lines = (folder / "Annotations.txt").read_text().splitlines()
    assert header == "Category&VideoID&Quality&StartTime&EndTime"
    rows = [line.split("&") for line in lines]
    by_name = {clip.name: clip for clip in clips}
    assert {row[1] for row in rows} == {clip.name for clip in clips if clip.split != "noisy"}
    for label, name, quality, start, end in rows:
        clip = by_name[name]
        assert (label, quality, int(start), int(end)) == (clip.label, "good", clip.start, clip.end)
    order = [DCASE_2022.index(row[0]) for row in rows]
    assert order == sorted(order)
    for split, count in (("train", 13), ("val", 3), ("test", 3)):
        listed = (folder / f"{split}Set.txt").read_text().splitlines()
        assert len(listed) == count
        names = [line.split("&")[1] for line in listed]
        assert listed == [
            line for line, row in zip(lines, rows, strict=True) if row[1] in set(names)
        ]
        assert all(by_name[name].split == split for name in names)
    noisy = (folder / "noisy.txt").read_text().splitlines()
    assert noisy == [f"noisy{index:06d}" for index in range(4)]


def test_classes_are_equally_frequent_and_a_third_of_the_events_is_shorter(made):
    train = [clip for clip in made[1] if clip.split == "train"]
    assert collections.Counter(clip.label for clip in train) == dict.fromkeys(DCASE_2022, 1)
    whole = [clip for clip in train if (clip.start, clip.end) == (0, 4)]
    assert len(whole) == 9
    assert {clip.kind for clip in whole} == {"whole"}


def test_truth_tells_what_is_seen_and_heard(made):
    folder, clips = made
    truth = json.loads((folder / "truth.json").read_text())
    assert [row["name"] for row in truth] == [clip.name for clip in clips]
    for row in truth:
        for second in range(4):
            event = row["start"] <= second < row["end"]
            common = set(row["seen"][second]) & set(row["heard"][second])
            assert common == ({row["label"]} if event else set())
            assert (row["boxes"][second] is not None) == event
    assert {row["kind"] for row in truth if row["split"] == "noisy"} == {
        "unmatched", "heard", "seen", "empty",
    }  # fmt: skip
    assert all(row["label"] is None for row in truth if row["split"] == "noisy")


def test_a_video_shows_and_sounds_as_truth_says(tmp_path):
    """The picture changes in the box, and the level at the second, where an event begins."""
    settings = small(n_train=30, n_validation=0, n_test=1, n_negatives=0, n_things=(1, 1))
    clips = [c for c in write_clips(tmp_path, settings) if c.kind == "part"]
    checked = collections.Counter()
    for clip in clips:
        path = tmp_path / "AVE" / f"{clip.name}.mp4"
        frames = np.stack([frame for _, frame in iterate_frames(path)]).astype(float)
        sound = read_audio(path)[0][0, : 4 * 16000].reshape(4, 16000)[:, 1600:-1600]
        seen = [clip.label in names for names in clip.seen]
        heard = [clip.label in names for names in clip.heard]
        box = next(box for box in clip.boxes if box is not None)
        left, top, right, bottom = (round(64 * edge) for edge in box)
        shown = frames[:, :, top:bottom, left:right].reshape(4, 4, -1).mean(axis=1)
        for second in range(1, 4):
            changes = np.abs(shown[second] - shown[second - 1]).mean()
            if seen[second] != seen[second - 1]:
                checked["picture"] += 1
                assert changes > 10.0
            is_alone = len(clip.heard[second]) + len(clip.heard[second - 1]) == 1
            if heard[second] != heard[second - 1] and is_alone:
                checked["sound"] += 1
                assert (sound[second].std() > 3.0 * sound[second - 1].std()) == heard[second]
    assert min(checked["picture"], checked["sound"]) >= 3


def test_a_clip_is_the_same_again_however_many_there_are(made, tmp_path):
    folder, clips = made
    fewer = list(write_clips(tmp_path, small(n_train=3, n_negatives=1)))
    assert [clip for clip in clips if clip in fewer] == fewer
    for clip in fewer:
        name = f"AVE/{clip.name}.mp4"
        assert_same_video(tmp_path / name, folder / name)


def test_another_seed_gives_other_clips(made, tmp_path):
    assert next(write_clips(tmp_path, small(seed=1))) != made[1][0]


def test_an_interrupted_run_goes_on_where_it_stopped(made, tmp_path):
    folder, clips = made
    begun = write_clips(tmp_path, small())
    first = next(begun)
    begun.close()
    video = tmp_path / "AVE" / f"{first.name}.mp4"
    written = video.stat().st_mtime_ns
    assert list(write_clips(tmp_path, small())) == clips
    assert video.stat().st_mtime_ns == written
    assert texts(tmp_path) == texts(folder)


def test_a_set_of_other_settings_is_not_mixed_in(made):
    with pytest.raises(InputError, match=r"other settings \(seed\)"):
        write_clips(made[0], small(seed=4))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_train": -1}, "training clips must be 0 to 999999, got -1"),
        ({"n_test": 0}, "test clips"),
        ({"n_negatives": -1}, "without event"),
        ({"n_segments": 3}, "seconds of a clip must be 4 to 60"),
        ({"n_things": (0, 2)}, "1 to 5 things"),
        ({"n_things": (3, 2)}, "3 to 2"),
        ({"size_px": 65}, "even"),
        ({"size_px": 16}, "32 to 1024"),
        ({"fps": 0}, "pictures a second"),
        ({"snr_db": float("nan")}, "signal-to-noise"),
        ({"aside_db": 30.0}, "off screen"),
    ],
)
def test_what_the_settings_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        small(**changes)
