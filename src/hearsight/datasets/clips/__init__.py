"""Clips: short videos with sound, of which some seconds are annotated with what is seen and heard.

corpus   what a corpus holds: rows, classes, splits, videos, stored features
opening   finding that out: `open_clips`
annotations, splits, truth   the published annotation file and lists; boxes of generated sets
files, writing   stored features in the published HDF5 layout, read and written a row at a time
ordering   that of the original code, for comparison
check    what is missing or wrong
"""

from hearsight.datasets.clips.annotations import Annotation
from hearsight.datasets.clips.corpus import ClipSet
from hearsight.datasets.clips.files import ClipFiles
from hearsight.datasets.clips.opening import open_clips
from hearsight.datasets.clips.splits import Split

__all__ = ["Annotation", "ClipFiles", "ClipSet", "Split", "open_clips"]
