"""The corpora that systems learn from and are judged by: one file a corpus.

A dataset finds files and reads annotations; it computes nothing and loads no sound.
"""

from hearsight.datasets.catalog import open_dataset
from hearsight.datasets.clips import open_clips
from hearsight.datasets.pairs import open_pairs

__all__ = ["open_clips", "open_dataset", "open_pairs"]
