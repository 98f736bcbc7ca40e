"""The corpora that systems learn from and are judged by: one file a corpus.

A dataset finds files and reads annotations; it computes nothing and loads no sound.
"""

from hearsight.datasets.catalog import open_dataset

__all__ = ["open_dataset"]
