import re

import numpy as np
import pytest

from hearsight.datasets import open_dataset
from hearsight.datasets.starss23 import Starss23
from hearsight.errors import DatasetError, InputError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.audio import write_audio
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, entry, write_starss23


def put(root, *paths):
    """Make files that listing only looks for."""
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("" if file.suffix == ".csv" else "x")
    return root


def test_a_generated_corpus_is_whole(tmp_path):
    settings = Starss23Settings(scene=SceneSettings(duration=1.0, n_sources=2), width=16)
    list(write_starss23(tmp_path, 4, settings))
    data = Starss23(tmp_path, "mic")
    assert {each.name for each in data.recordings} == {entry(index).name for index in range(4)}
    assert data.problems() == ()
    for each in data.recordings:
        assert each.audio.parts[-3] == "mic_dev"
        assert each.video is not None
        events = each.events(DCASE_2022, duration=1.0)
        assert events.duration == 1.0
        assert {event.label for event in events} <= set(DCASE_2022)


def test_splits_rooms_and_files_come_from_names_and_folders(tmp_path):
    put(
        tmp_path,
        "foa_dev/dev-train-tau/fold3_room12_mix007.wav",
        "foa_dev/dev-train-synth/clips/a/fold1_room1_mix100.wav",
        "foa_dev/dev-test-sony/fold4_room23_mix001.wav",
        "foa_dev/dev-test-sony/._fold4_room23_mix001.wav",
        "foa_eval/mix001.wav",
        "metadata_dev/dev-train-synth/clips/a/fold1_room1_mix100.csv",
        "video_dev/dev-test-sony/fold4_room23_mix001.mp4",
        "video_eval/mix001.mp4",
    )
    found = {each.name: each for each in Starss23(tmp_path).recordings}
    assert {name: (each.split, each.room) for name, each in found.items()} == {
        "fold3_room12_mix007": ("train", 12),
        "fold1_room1_mix100": ("train", 1),
        "fold4_room23_mix001": ("test", 23),
        "mix001": ("eval", 0),
    }
    assert [name for name, each in found.items() if each.metadata] == ["fold1_room1_mix100"]
    assert [name for name, each in found.items() if each.video] == ["fold4_room23_mix001", "mix001"]
    with pytest.raises(DatasetError, match="mix001: has no annotations"):
        found["mix001"].events(DCASE_2022)


def test_what_is_missing_is_named(tmp_path):
    put(
        tmp_path,
        "foa_dev/dev-train-tau/fold3_room4_mix001.wav",
        "foa_dev/dev-train-tau/fold3_room4_mix002.wav",
        "foa_dev/dev-test-tau/fold4_room2_mix001.wav",
        "metadata_dev/dev-train-tau/fold3_room4_mix001.csv",
        "metadata_dev/dev-train-tau/fold3_room4_mix003.csv",
        "video_dev/dev-train-tau/fold3_room4_mix004.mp4",
    )
    (tmp_path / "foa_dev/dev-test-tau/fold4_room2_mix001.wav").write_bytes(b"")
    lines = "foa_dev/dev-train-tau/fold3_room4_mix001.wav\nfoa_dev/dev-test-tau/a b.wav\n"
    (tmp_path / "dcase2023t3_foa_devtrain.txt").write_text(lines)
    (tmp_path / "dcase2023t3_mic_devtrain.txt").write_text("mic_dev/dev-train-tau/no.wav\n")
    problems = Starss23(tmp_path).problems()
    assert [problem.partition(":")[0] for problem in problems] == [
        "fold4_room2_mix001",
        "fold3_room4_mix002",
        "fold3_room4_mix003",
        "fold3_room4_mix004",
        "a b",
    ]
    assert "metadata_dev/dev-train-tau/fold3_room4_mix002.csv is missing" in problems[1]
    assert "foa_dev/dev-train-tau/fold3_room4_mix003.wav is missing" in problems[2]


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("data", "did you mean .*starss23"),
        ("data/starss23/foa_dev", "did you mean .*starss23"),
        ("data/starss23/foa_dev/dev-train-tau", "did you mean .*starss23"),
        ("nothing", "looked for the folder foa_dev or foa_eval there, found nothing"),
        ("missing", "does not exist"),
        ("file.txt", "is a file"),
        ("mic", "holds mic_dev, not foa_dev or foa_eval; choose the format mic"),
        ("hollow", "holds no .wav"),
        ("astray", "extra, which is neither dev-train"),
        ("twice", "has the name of .*dev-train-sony.fold3_room4_mix001.wav"),
    ],
)
def test_a_wrong_folder_gets_one_line(tmp_path, root, expected):
    put(
        tmp_path,
        "data/starss23/foa_dev/dev-train-tau/fold3_room4_mix001.wav",
        "mic/mic_dev/dev-train-tau/fold3_room4_mix001.wav",
        "astray/foa_dev/extra/fold3_room4_mix001.wav",
        "twice/foa_dev/dev-train-sony/fold3_room4_mix001.wav",
        "twice/foa_dev/dev-train-tau/fold3_room4_mix001.wav",
        "file.txt",
    )
    (tmp_path / "nothing").mkdir()
    (tmp_path / "hollow/foa_dev").mkdir(parents=True)
    with pytest.raises(DatasetError) as caught:
        Starss23(tmp_path / root)
    message = str(caught.value)
    assert re.search(expected, message)
    assert message.startswith(str(tmp_path))
    assert "\n" not in message


def test_wrong_rows_are_named_when_annotations_are_read(tmp_path):
    put(tmp_path, "foa_dev/dev-train-tau/x.wav", "metadata_dev/dev-train-tau/x.csv")
    (tmp_path / "metadata_dev/dev-train-tau/x.csv").write_text("0,1,0,10,0,100\n1,99,0,10,0,100\n")
    (listed,) = Starss23(tmp_path).recordings
    with pytest.raises(InputError, match=r"x\.csv.*2"):
        listed.events(DCASE_2022)


def test_the_format_chooses_the_corpus(tmp_path):
    sound = np.zeros((4, 240), np.float32)
    write_audio(tmp_path / "mic_dev/dev-test-tau/fold4_room2_mix001.wav", sound, 24000)
    data = open_dataset(tmp_path, "mic")
    assert isinstance(data, Starss23)
    assert data.format == "mic"
    with pytest.raises(DatasetError, match="choose the format mic"):
        open_dataset(tmp_path)
    with pytest.raises(InputError, match="did you mean mic"):
        open_dataset(tmp_path, "mics")
    with pytest.raises(InputError, match="valid: foa, mic"):
        Starss23(tmp_path, "stereo")
