"""`hearsight prepare ave`: clips encoded into what training reads, and into the published files."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from datasets.clips.small_clips import N_SEGMENTS, write_lines
from datasets.clips.test_splits import write_text_lists
from hearsight.cli import run
from hearsight.datasets.clips import open_clips
from hearsight.features.picture_input import CaffeFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.recording.video import write_video
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder, encode_clip
from hearsight.training.fit import train
from hearsight.weights.encoders import save_encoders

CLIPS = ("bell-000000", "-fry0000000", "_speech0000", "bell-000001")
NEGATIVES = ("quiet000000", "quiet000001")


@pytest.fixture(scope="module")
def encoders():
    torch.manual_seed(0)
    return ClipEncoders(
        VisualEncoder("vgg19", Vgg19(n_filters=2).eval(), CaffeFit(32)),
        SoundEncoder("vggish", Vggish(n_filters=2, n_hidden=4, n_channels=4).eval(), VggishInput()),
        frames_per_segment=1,
    )


@pytest.fixture(scope="module")
def eyes_and_ears(encoders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    save_encoders(folder, encoders)
    return folder


def write_clip(path, seed):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (2 * N_SEGMENTS, 3, 16, 16), dtype=np.uint8)
    sound = rng.uniform(-0.3, 0.3, (1, 8000 * N_SEGMENTS)).astype(np.float32), 8000
    write_video(path, pictures, 2, size=(16, 16), audio=sound)


@pytest.fixture
def root(tmp_path):
    """Five rows of four clips, and two clips without any event, all with videos."""
    folder = tmp_path / "set"
    write_lines(folder / "Annotations.txt")
    write_text_lists(folder, ([0, 1, 2], [3], [4]))
    for seed, name in enumerate((*CLIPS, *NEGATIVES)):
        write_clip(folder / ("noisy" if name in NEGATIVES else "AVE") / f"{name}.mp4", seed)
    return folder


@pytest.fixture
def prepare(root, eyes_and_ears):
    def run_it(*options, workers=0):
        chosen = (f"data.encoders=[{eyes_and_ears}]", "data.frames_per_second=1")
        changes = [each for change in chosen for each in ("--set", change)]
        arguments = ["prepare", "ave", root, *changes, "--workers", workers, *options]
        return run(list(map(str, arguments)))

    return run_it


def stored(root):
    return {
        f"{path.parent.name}/{path.stem}": path.read_bytes()
        for path in (root / "features").rglob("*.safetensors")
    }


def test_all_clips_are_encoded_once(root, prepare, capsys):
    assert prepare() == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[3:6] == [
        "videos: 4 of 4 clips",
        "stored features: none",
        f"6 of 6 videos to encode; features in {next((root / 'features').iterdir())}",
    ]
    assert said.out.splitlines()[6].endswith("features of 6 clips, 0.0 MB")
    made = stored(root)
    assert {name.partition("/")[2] for name in made} == {*CLIPS, *NEGATIVES}
    assert len(made) == 12
    assert prepare() == 0
    assert "to encode" not in capsys.readouterr().out
    assert stored(root) == made


def test_several_at_a_time_give_the_same(root, prepare, tmp_path):
    assert prepare() == 0
    assert prepare("--features", tmp_path / "others", workers=3) == 0
    (tmp_path / "others").rename(tmp_path / "features")
    assert stored(tmp_path) == stored(root)


def test_training_takes_what_is_there(root, prepare, eyes_and_ears, tmp_path):
    assert prepare() == 0
    told = []
    changes = (
        f"data.encoders=[{eyes_and_ears}]",
        "data.frames_per_second=1",
        "system.n_hidden=8",
        "system.supervision=weak",
        "training.epochs=1",
    )
    train("av-att", root, out=tmp_path / "run", changes=changes, tell=told.append)
    assert not [line for line in told if "encode" in line]
    assert any("5 clips (2 without events) to learn from" in line for line in told)


def test_what_is_missing_is_named_and_the_rest_encoded(root, prepare, capsys):
    (root / "AVE" / f"{CLIPS[2]}.mp4").unlink()
    (root / "noisy.txt").write_text("\n".join([*NEGATIVES, "quiet000002"]))
    assert prepare() == 2
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"hearsight: {CLIPS[2]}: its video is missing",
        "hearsight: quiet000002: its video is missing",
    ]
    assert "features of 5 clips" in said.out


def test_what_cannot_be_encoded_is_named_and_mended(root, prepare, capsys):
    broken = root / "AVE" / f"{CLIPS[1]}.mp4"
    broken.write_bytes(broken.read_bytes()[:200])
    assert prepare(workers=2) == 2
    said = capsys.readouterr().err
    assert f"1 of 6 videos cannot be encoded ({broken}" in said
    assert said.count("\n") == 1
    assert len(stored(root)) == 10
    write_clip(broken, 1)
    assert prepare() == 0
    assert "1 of 6 videos to encode" in capsys.readouterr().out
    assert len(stored(root)) == 12


def test_damaged_features_are_made_again(root, prepare):
    assert prepare() == 0
    made = stored(root)
    path = next((root / "features").rglob(f"audio/{CLIPS[0]}.safetensors"))
    path.write_bytes(b"damaged")
    assert prepare() == 0
    assert stored(root) == made


def test_published_files_hold_every_row(root, prepare, encoders, tmp_path, capsys):
    import h5py

    assert prepare("--hdf5", tmp_path / "files") == 0
    assert "features of all 7 rows as published" in capsys.readouterr().out
    with h5py.File(tmp_path / "files" / "visual_feature.h5") as file:
        assert file["avadataset"].shape == (5, N_SEGMENTS, 1, 1, 16)
        assert file["avadataset"].dtype == np.float32
    write_lines(tmp_path / "files" / "Annotations.txt")
    (tmp_path / "files" / "noisy.txt").write_text("\n".join(NEGATIVES))
    clips = open_clips(tmp_path / "files")
    assert (clips.features.n_rows, clips.features.n_negatives) == (5, 2)
    for row in clips.rows:
        folder = "AVE" if row < 5 else "noisy"
        expected = encode_clip(encoders, root / folder / f"{clips.name(row)}.mp4", N_SEGMENTS)
        for found, wanted in zip(
            clips.features.read(row), (expected.video, expected.audio), strict=True
        ):
            assert wanted.any()
            np.testing.assert_allclose(found, wanted, rtol=2**-11, atol=1e-6)
    assert prepare("--hdf5", tmp_path / "files") == 0  # nothing is left to do


def test_published_files_lack_no_row(root, prepare, tmp_path, capsys):
    (root / "AVE" / f"{CLIPS[3]}.mp4").unlink()
    assert prepare("--hdf5", tmp_path / "files") == 2
    said = capsys.readouterr().err
    assert f"but videos are missing ({CLIPS[3]}); get these, or leave out --hdf5" in said
    assert not (tmp_path / "files").exists()


def test_published_files_of_other_rows_are_not_gone_on_with(root, prepare, tmp_path, capsys):
    assert prepare("--hdf5", tmp_path / "files") == 0
    lines = (root / "Annotations.txt").read_text().splitlines()
    write_lines(root / "Annotations.txt", tuple(reversed(lines)))
    assert prepare("--hdf5", tmp_path / "files") == 2
    assert "made with other settings (clips)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ave", "."], 'with --set "data.encoders='),
        (["ave", ".", "--system", "lvs"], "lvs does not learn from clips; give --system av-att"),
        (["starss23", ".", "--hdf5", "files"], "--hdf5 is for clips; leave it out, or give ave"),
        (["avee", "."], "did you mean ave"),
    ],
)
def test_mistakes_get_one_line(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    assert run(["prepare", *arguments]) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1


def test_a_set_without_videos_is_refused(root, prepare, capsys):
    for path in root.rglob("*.mp4"):
        path.unlink()
    assert prepare() == 2
    assert f"none of its clips has a video; put them into {root / 'AVE'}" in capsys.readouterr().err
