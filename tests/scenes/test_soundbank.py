import numpy as np
import pytest
from PIL import Image

from hearsight.errors import InputError, MediaError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.audio import write_audio
from hearsight.scenes.soundbank import ProceduralSounds, SoundFolder


@pytest.fixture
def folder(tmp_path):
    tone = np.sin(np.arange(16000) / 5.0).astype(np.float32)
    padded = np.concatenate([np.zeros(4000, np.float32), 0.1 * tone, np.zeros(4000, np.float32)])
    for name in ("dog", "cat"):
        (tmp_path / name).mkdir()
    write_audio(tmp_path / "dog" / "bark.wav", np.stack([padded, padded]), 16000)
    write_audio(tmp_path / "cat" / "meow.flac", padded[None], 16000)
    Image.new("RGB", (600, 300), (200, 10, 10)).save(tmp_path / "dog" / "dog.png")
    (tmp_path / "no sounds").mkdir()
    (tmp_path / "dog" / "notes.txt").write_text("not a sound")
    return tmp_path


def test_procedural_sounds_cover_the_classes_of_starss23():
    bank = ProceduralSounds()
    assert bank.labels == bank.class_list == DCASE_2022
    clip = bank.draw("knock", np.random.default_rng(0), 1.0, 16000)
    assert clip.picture is None
    assert len(clip.sound) <= 16000


def test_a_folder_gives_its_classes_resampled_trimmed_and_normalized(folder):
    bank = SoundFolder(folder)
    assert bank.labels == bank.class_list == ("cat", "dog")
    clip = bank.draw("dog", np.random.default_rng(0), 5.0, 24000)
    assert len(clip.sound) == pytest.approx(24000, abs=50)
    assert np.abs(clip.sound).max() == pytest.approx(1.0)
    assert clip.picture.shape == (128, 256, 4)
    assert clip.picture[60, 60].tolist() == [200, 10, 10, 255]
    assert bank.draw("cat", np.random.default_rng(0), 5.0, 24000).picture is None


def test_long_sounds_are_cut_at_a_random_place(folder):
    bank = SoundFolder(folder)
    cuts = [bank.draw("cat", np.random.default_rng(seed), 0.25, 16000).sound for seed in (0, 0, 1)]
    np.testing.assert_array_equal(cuts[0], cuts[1])
    assert len(cuts[0]) == pytest.approx(4000, abs=20)
    assert not np.array_equal(cuts[0][:3000], cuts[2][:3000])


def test_classes_of_starss23_keep_its_class_list(folder):
    (folder / "dog").rename(folder / "bell")
    (folder / "cat").rename(folder / "knock")
    bank = SoundFolder(folder)
    assert bank.labels == ("bell", "knock")
    assert bank.class_list == DCASE_2022


def test_what_cannot_be_used_is_named(folder, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        SoundFolder(tmp_path / "missing")
    with pytest.raises(InputError, match="no sounds"):
        SoundFolder(folder / "dog")
    write_audio(folder / "cat" / "meow.flac", np.zeros((1, 8000), np.float32), 16000)
    with pytest.raises(MediaError, match=r"meow.flac: holds only silence"):
        SoundFolder(folder).draw("cat", np.random.default_rng(0), 1.0, 16000)
    (folder / "dog" / "dog.png").write_bytes(b"not a picture")
    with pytest.raises(MediaError, match=r"dog.png: not a readable picture"):
        SoundFolder(folder).draw("dog", np.random.default_rng(0), 1.0, 16000)
