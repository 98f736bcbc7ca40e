import numpy as np
import soundfile

from datasets.pairs.small_pairs import NAMES, sound_of
from hearsight.datasets.pairs.check import Heard, media_problems, read_pairs
from hearsight.datasets.pairs.folders import find_pairs
from hearsight.recording.audio import write_audio


def test_pairs_are_described(root):
    found = list(read_pairs(find_pairs(root, "007"), NAMES, threads=2))
    assert found == [(name, Heard((40, 30), 16_000, 1, 1.0, is_silent=False)) for name in NAMES]
    assert media_problems(found) == ()


def test_a_sound_with_nan_is_named(root):
    sound = sound_of(0)
    sound[0, 7] = np.nan
    soundfile.write(root / f"audio/{NAMES[0]}.wav", sound.T, 16_000, "FLOAT")
    (said,) = media_problems(list(read_pairs(find_pairs(root, "007"), NAMES)))
    assert said.startswith(f"{NAMES[0]}: its sound holds values that are not finite")


def test_what_cannot_be_used_is_named(root):
    (root / "frames" / f"{NAMES[0]}.png").write_bytes(b"bad")
    write_audio(root / f"audio/{NAMES[1]}.wav", sound_of(1, rate=8000), 8000)
    write_audio(root / f"audio/{NAMES[2]}.wav", np.zeros((1, 16_000), np.float32), 16_000)
    unreadable, silent, low, other = media_problems(
        list(read_pairs(find_pairs(root, "007"), NAMES))
    )
    assert unreadable.startswith(f"{NAMES[0]}: {root}/frames/{NAMES[0]}.png: cannot be read")
    assert silent == f"sound is silent: 1 pair ({NAMES[2]})"
    assert low == f"sound below 16000 Hz: 1 pair ({NAMES[1]})"
    assert other.startswith("sound is not at 16000 Hz as most")
    assert f"1 pair ({NAMES[1]})" in other
    assert media_problems([]) == ()
