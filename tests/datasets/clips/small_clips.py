"""A small corpus of clips: four classes of two kinds of names, five seconds, no videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hearsight.datasets.clips.hdf5 import import_h5py

N_SEGMENTS = 5
LINES = (
    "Church bell&bell-000000&good&0&5",
    "Frying (food)&-fry0000000&good&1&3",
    "Male speech, man speaking&_speech0000&good&0&0",
    "Church bell&bell-000001&good&4&5",
    "Bark&bell-000000&good&2&4",
)
CLASSES = ("Church bell", "Frying (food)", "Male speech, man speaking", "Bark")


def write_lines(path: Path, lines: tuple[str, ...] = LINES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_array(path: Path, values: object, key: str = "avadataset") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with import_h5py().File(path, "w") as file:
        file.create_dataset(key, data=np.asarray(values))
    return path


def features(n_rows: int, n_channels: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return maps of 2 x 3 cells and sounds, as float64 like the released ones."""
    random = np.random.default_rng(n_rows)
    video = random.standard_normal((n_rows, N_SEGMENTS, 2, 3, n_channels)).astype(np.float32)
    audio = random.standard_normal((n_rows, N_SEGMENTS, 3)).astype(np.float32)
    return video.astype(np.float64), audio.astype(np.float64)
