"""Pairs: a picture and the sound that goes with it, many of them, by name.

corpus   what a corpus holds: which pairs teach, which are judged, what is known of them
reader   what every way of storing pairs offers: folders, videos, lmdb, shards
lists, truth   the published lists and annotation files
check    decoding to see whether pairs can be used
"""

from hearsight.datasets.pairs.corpus import PairSet, open_pairs
from hearsight.datasets.pairs.reader import PairReader
from hearsight.events.sounding import Truth

__all__ = ["PairReader", "PairSet", "Truth", "open_pairs"]
