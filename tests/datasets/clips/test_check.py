import numpy as np
import pytest

from datasets.clips.small_clips import LINES, features, write_array, write_lines
from datasets.clips.test_splits import write_orders
from hearsight.datasets.clips import open_clips
from hearsight.datasets.clips.check import (
    check_clips,
    describe_clips,
    watch_clips,
    watched_problems,
)
from hearsight.recording.audio import write_audio
from hearsight.recording.video import write_video

NO_SECOND = "row 2, _speech0000: its event (Male speech, man speaking) lasts no second"


@pytest.fixture
def split(root):
    """All rows learned and judged apart: nothing to complain of but a row without event."""
    write_lines(root / "Annotations.txt", (*LINES[:4], "Church bell&bell-000002&good&0&1"))
    write_orders(root, ([0, 1, 2], [3], [4]))
    return root


def test_what_a_set_holds(root):
    assert describe_clips(open_clips(root)) == (
        f"{root}: 5 rows of 4 clips of 5 s; clips with several rows: 1",
        "4 classes: 1 (Frying (food)) to 2 (Church bell) rows each",
        "learned: 5, to choose weights by: 0, judged: 0; without any event: 0",
        "videos: 0 of 4 clips",
        "stored features: none",
    )
    (root / "-fry0000000.mp4").touch()
    for kind, values in zip(("visual", "audio"), features(5), strict=True):
        write_array(root / f"{kind}_feature.h5", values)
    assert describe_clips(open_clips(root))[-2:] == (
        "videos: 1 of 4 clips",
        "stored features: maps of (5, 2, 3, 4) and sounds of (5, 3) a row",
    )


def test_a_row_without_event(split):
    assert check_clips(open_clips(split)) == (NO_SECOND,)


def test_a_row_twice(split):
    write_lines(split / "Annotations.txt", (*LINES[:4], LINES[3]))
    problems = check_clips(open_clips(split))
    assert problems[1] == "bell-000001: the same row (Church bell) comes 2 times"


def test_names_that_contradict(split):
    write_lines(split / "Annotations.txt", (*LINES[:4], "background&bell-000002&good&0&1"))
    (split / "noisy.txt").write_text("bell-000002\n")
    problems = check_clips(open_clips(split))
    assert "a class is called background" in problems[0]
    assert problems[1] == "bell-000002: is said to be without any event, and annotated with one"


def test_splits_that_overlap_or_lack_something(root):
    write_orders(root, ([0, 2], [2], [4]))
    assert check_clips(open_clips(root))[1:] == (
        "in no part of the split: 2 rows (1, 3)",
        "both learned and to choose by: 1 row (2)",
        "bell-000000: learned as Church bell (row 0), judged as Bark (row 4)",
        "Bark: is judged, but no row of it is learned",
    )


def test_missing_videos_are_named_if_there_are_any(split):
    (split / "bell-000000.mp4").touch()
    write_lines(split / "noisy.txt", ("bird",))
    assert check_clips(open_clips(split))[1:] == (
        "-fry0000000: its video is missing",
        "_speech0000: its video is missing",
        "bell-000001: its video is missing",
        "bell-000002: its video is missing",
        "bird: its video is missing",
    )


def test_stored_labels_are_compared(split):
    write_lines(split / "noisy.txt", ("bird", "rain"))
    clips = open_clips(split)
    one_hot = clips.one_hot(range(5))
    right = {
        "labels.h5": one_hot,
        "mil_labels.h5": np.eye(4)[[0, 1, 2, 0, 0]],
        "labels_closs.h5": one_hot[..., :-1].sum(axis=-1),
        "labels_noisy.h5": np.eye(4)[[3, 3]],
    }
    for name, values in right.items():
        write_array(split / "data" / name, values)
    assert check_clips(clips) == (NO_SECOND,)
    wrong = one_hot.copy()
    wrong[[1, 3], 0] = 0.0
    write_array(split / "data" / "labels.h5", wrong)
    write_array(split / "data" / "mil_labels.h5", right["mil_labels.h5"][:4])
    (split / "data" / "labels_closs.h5").write_text("nothing")
    labels, of_videos, of_seconds = check_clips(clips)[1:]
    assert labels.endswith("labels.h5: differs from the annotations in 2 rows (1, 3)")
    assert of_videos.endswith("has shape (4, 4), the annotations make (5, 4)")
    assert "labels_closs.h5: cannot be read as HDF5" in of_seconds


def test_features_unlike_the_published_ones(split):
    video = np.abs(np.random.default_rng(0).standard_normal((5, 5, 1, 1, 512)))
    audio = np.abs(np.random.default_rng(1).standard_normal((5, 5, 128)))
    write_array(split / "visual_feature.h5", video)
    write_array(split / "audio_feature.h5", audio)
    assert check_clips(open_clips(split)) == (NO_SECOND,)
    write_array(split / "audio_feature.h5", audio - 0.1)
    (problem,) = check_clips(open_clips(split))[1:]
    assert problem.startswith("features of sounds are negative in places, unlike the published")
    video[[1, 3]] = 0.0
    write_array(split / "visual_feature.h5", video)
    assert "features of pictures are all 0 in 2 rows (1, 3) of 5 looked at" in check_clips(
        open_clips(split)
    )
    write_array(split / "audio_feature.h5", np.full((5, 5, 128), np.nan))
    assert check_clips(open_clips(split))[-1].endswith(
        "row 0 holds a number that is not finite; extract it again"
    )
    # Other encoders may say what they like.
    video, audio = features(5)
    write_array(split / "visual_feature.h5", video)
    write_array(split / "audio_feature.h5", audio)
    assert check_clips(open_clips(split)) == (NO_SECOND,)


def test_features_without_their_partner(split):
    write_array(split / "audio_feature.h5", features(5)[1])
    write_array(split / "visual_feature_noisy.h5", features(2)[0])
    problems = check_clips(open_clips(split))[1:]
    assert [problem.split(":")[0] for problem in problems] == [
        "audio_feature.h5",
        "visual_feature_noisy.h5",
    ]


def test_videos_are_watched(split):
    def film(name, seconds, level):
        frames = np.zeros((seconds * 2, 3, 16, 16), np.uint8)
        sound = None if level is None else (np.full((1, seconds * 8000), level, np.float32), 8000)
        write_video(split / "AVE" / f"{name}.mp4", frames, 2, size=(16, 16), audio=sound)

    film("bell-000000", 5, 0.1)
    film("-fry0000000", 5, 0.0)
    film("_speech0000", 5, None)
    film("bell-000001", 3, 0.1)
    (split / "AVE" / "bell-000002.mp4").write_bytes(b"nothing")
    clips = open_clips(split)
    problems = dict(
        problem.split(": ", 1)
        for problem in watched_problems(clips, watch_clips(clips, sorted(clips.videos)))
    )
    assert problems.keys() == clips.videos.keys() - {"bell-000000"}
    assert problems["-fry0000000"] == "its sound is silent"
    assert problems["_speech0000"].endswith("has no sound; events are both seen and heard")
    assert problems["bell-000001"] == "lasts 3.0 s of 5"
    assert "bell-000002.mp4" in problems["bell-000002"]


def test_sound_without_picture(split):
    path = split / "AVE" / "bell-000000.mp4"
    path.parent.mkdir()
    write_audio(path.with_suffix(".wav"), np.zeros((1, 100), np.float32), 8000)
    path.with_suffix(".wav").rename(path)
    clips = open_clips(split)
    (problem,) = watched_problems(clips, watch_clips(clips, ["bell-000000"]))
    assert problem.endswith("has no picture; events are both seen and heard")
