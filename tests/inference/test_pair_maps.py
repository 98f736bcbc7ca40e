"""Heat maps of pairs: which sound is heard with which picture, and what is read for it."""

from collections import Counter

import numpy as np
import torch

from hearsight.inference import pair_maps
from hearsight.inference.pair_maps import map_pairs, map_sounds
from hearsight.systems import find

NAMES = tuple("abcde")


class Noises:
    """A picture and a sound for each letter, counting what is read."""

    names = NAMES

    def __init__(self):
        self.n_seen = Counter()

    def picture(self, name):
        self.n_seen[name] += 1
        return np.random.default_rng(ord(name)).integers(0, 256, (3, 64, 64), np.uint8)

    def sound(self, name, _sample_rate=None):
        return np.random.default_rng(ord(name)).standard_normal((1, 8000), np.float32), 8000


def test_pictures_are_read_once_for_all_sounds(monkeypatch):
    monkeypatch.setattr(pair_maps, "PAIRS_AT_ONCE", 3)
    torch.manual_seed(0)
    registration = find("ez-vsl")
    system = registration.build(registration.small[0])
    system.network.eval()
    reader, others = Noises(), NAMES[::-1]
    heard = {"own": NAMES, "off_screen": others, "silence": NAMES, "noise": NAMES}
    found = list(map_sounds(system, reader, NAMES, heard, np.random.default_rng(1)))
    assert reader.n_seen == dict.fromkeys(NAMES, 1)
    for kind, clips in heard.items():
        pairs, rng = list(zip(NAMES, clips, strict=True)), np.random.default_rng(1)
        alone = list(map_pairs(system, reader, pairs, heard=kind, rng=rng))
        np.testing.assert_array_equal([each[kind] for each in found], alone)
    assert list(map_sounds(system, reader, (), {"own": ()})) == []
    first, middle = found[0], found[2]
    np.testing.assert_array_equal(middle["own"], middle["off_screen"])
    for kind in ("off_screen", "silence", "noise"):
        assert not np.array_equal(first["own"], first[kind])
