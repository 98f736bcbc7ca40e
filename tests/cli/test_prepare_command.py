import numpy as np
import pytest
import soundfile
from safetensors.torch import save_file

from hearsight.cli import run
from hearsight.datasets.catalog import CATALOG, PAIRS
from hearsight.models.blocks.resnet import resnet18
from hearsight.recording.video import write_video


@pytest.fixture
def root(tmp_path):
    for path in (
        "foa_dev/dev-train-tau/fold3_room4_mix001",
        "foa_dev/dev-test-tau/fold4_room2_mix001",
        "mic_dev/dev-train-tau/fold3_room4_mix001",
        "mic_dev/dev-test-tau/fold4_room2_mix001",
    ):
        file = tmp_path / f"{path}.wav"
        file.parent.mkdir(parents=True)
        soundfile.write(file, np.random.default_rng(0).uniform(-0.1, 0.1, (24000, 4)), 24000)
        table = tmp_path / f"metadata_dev/{'/'.join(path.split('/')[1:])}.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("0,1,0,10,0,100\n")
    return tmp_path


def prepare(*arguments):
    return run(["prepare", *map(str, arguments), "--workers", "0"])


def test_features_are_made_and_kept(root, capsys):
    assert prepare("starss23", root) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == f"{root}: 2 recordings (foa), 2 with annotations, 0 with a picture"
    assert "features of 2 of 2 recordings (0.00 h of sound): 0.2 MB into" in lines[1]
    assert lines[2].startswith(f"{root}/features/log-intensity-")
    made = sorted(path.name for path in (root / "features").rglob("*") if path.is_file())
    assert made == [
        "fold3_room4_mix001.safetensors",
        "fold4_room2_mix001.safetensors",
        "settings.json",
    ]
    assert prepare("starss23", root) == 0
    assert "features of 2 of 2" not in capsys.readouterr().out


def test_settings_and_folder_can_be_chosen(root, tmp_path, capsys):
    options = ["--set", "system.audio_format=mic", "--features", tmp_path / "elsewhere"]
    assert prepare("starss23", root, *options) == 0
    assert "2 recordings (mic), 2 with" in capsys.readouterr().out
    assert len(list((tmp_path / "elsewhere").glob("log-gcc-*/*.safetensors"))) == 2
    assert not (root / "features").exists()


def test_what_is_missing_is_named_and_the_rest_prepared(root, capsys):
    (root / "metadata_dev/dev-train-tau/fold3_room9_mix001.csv").write_text("")
    assert prepare("starss23", root) == 2
    said = capsys.readouterr()
    assert "fold3_room9_mix001: " in said.err
    assert "1 file is missing, empty or wrong" in said.err
    assert "features of all recordings" in said.out


def test_annotations_are_read_before_anyone_trains_on_them(root, capsys):
    (wrong, *_) = sorted((root / "metadata_dev").rglob("*.csv"))
    wrong.write_text("0,0,0,10,20\n1,99,0,10,20\n")
    assert prepare("starss23", root) == 2
    said = capsys.readouterr()
    assert f"hearsight: {wrong}: row 2: unknown class 99" in said.err
    assert "features of all recordings" in said.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["starss32", "."], "did you mean starss23"),
        (["starss23", "nowhere"], "nowhere: does not exist"),
        (["starss23", ".", "--system", "seldnot"], "did you mean seldnet"),
        (["starss23", ".", "--set", "system.audio_fromat=mic"], "did you mean system.audio_format"),
        (
            ["starss23", ".", "--set", "system.year=2024", "--set", "system.sees=true"],
            "--set data.eyes=FILE",
        ),
        (["dcase2025", "."], "add --set system.audio_format=stereo"),
    ],
)
def test_mistakes_get_one_line(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    assert prepare(*arguments) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1


def test_pictures_are_looked_at_by_systems_that_see(root, tmp_path, capsys):
    eyes = tmp_path / "resnet.safetensors"
    save_file(resnet18().state_dict(), eyes)
    video = root / "video_dev/dev-train-tau/fold3_room4_mix001.mp4"
    pictures = np.zeros((15, 3, 64, 128), np.uint8)
    write_video(video, pictures, 10.0, size=(128, 64))
    seeing = ("system.year=2024", "system.sees=true", f"data.eyes={eyes}")
    options = [option for change in seeing for option in ("--set", change)]
    assert prepare("starss23", root, *options) == 0
    assert "maps of the pictures of 1 of 1 recordings" in capsys.readouterr().out
    assert len(list((root / "features").glob("visual-map-*/*.safetensors"))) == 1


def test_a_recording_that_cannot_be_read_is_named(root, capsys):
    soundfile.write(
        root / "foa_dev/dev-train-tau/fold3_room4_mix001.wav", np.zeros((24000, 2)), 24000
    )
    assert prepare("starss23", root) == 2
    assert "1 of 2 recordings have no features: fold3_room4_mix001" in capsys.readouterr().err


def test_all_datasets_are_listed(capsys):
    assert run(["datasets"]) == 0
    said = capsys.readouterr().out
    assert CATALOG
    assert PAIRS
    for known in (*CATALOG, *PAIRS):
        assert known.name in said
        assert all(word in said for word in known.place.replace(";", "").split())
