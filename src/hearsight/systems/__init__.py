"""One file per system: its features, model and settings tied together, with the paper."""

from hearsight.systems import seldnet as seldnet  # registers itself
from hearsight.systems.registry import find, names

__all__ = ["find", "names"]
