"""Vectors that the original implementations computed: finding them, reading them, filling tensors.

A folder of vectors (environment variable `HEARSIGHT_REFERENCE`, default `tests/reference`) holds
one folder for each system, with one `<stem>.json` and often a `<stem>.npz` for each thing compared.
The json says what the arrays are: shapes, salts, hyperparameters and cases are read from it and
never written into a test, so that another folder with other cases runs through the same tests.
"""

from __future__ import annotations

import functools
import json
import os
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DEFAULT_SALT = "v1"


def reference_root() -> Path:
    """Return the folder that holds one folder of vectors for each system."""
    here = Path(__file__).resolve().parent.parent / "reference"
    return Path(os.environ.get("HEARSIGHT_REFERENCE", here))


def stems_of(system: str) -> list[str]:
    """Return the stems of all vectors of a system, sorted; data folders and notes are none."""
    folder = reference_root() / system
    if not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix != ".md")
    return sorted({path.name.split(".")[0] for path in files})


def systems() -> list[str]:
    """Return the names of all folders of vectors, sorted."""
    folders = (path for path in reference_root().iterdir() if path.is_dir())
    return sorted(path.name for path in folders if path.name[0] not in "._")


def known_stem(name: str, known: Collection[str]) -> str | None:
    """Return the longest known stem that a name is, or begins with before a variant's suffix."""
    fitting = [stem for stem in known if name == stem or name.startswith((f"{stem}_", f"{stem}-"))]
    return max(fitting, key=len, default=None)


def fill(name: str, shape: Collection[int], salt: str) -> np.ndarray:
    """Return float32 standard-normal noise that depends on salt, name and shape alone."""
    seed = zlib.crc32(f"{salt}/{name}".encode())
    return np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)


def fill_parameter(name: str, shape: Collection[int], salt: str) -> np.ndarray:
    """Return a parameter or buffer of sensible size, by what its state-dict name says it is.

    Matrices and kernels: noise over the root of the fan-in. Gains: about 1. Running variances:
    1 and more. Batch counters: 0. All else (biases, running means): small noise.
    """
    kind = name.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return np.zeros(tuple(shape), dtype=np.int64)
    noise = fill(name, shape, salt)
    if noise.ndim >= 2:
        return noise / np.float32(np.sqrt(max(1, int(np.prod(noise.shape[1:])))))
    if kind == "running_var":
        return 1 + 0.1 * np.abs(noise)
    return 1 + 0.1 * noise if kind == "weight" else 0.1 * noise


@dataclass(frozen=True)
class Reference:
    """The vectors of one stem.

    Parameters
    ----------
    system : str
        Name of the folder.
    stem : str
        Name of the files without suffix, with that of a variant if it has one.
    """

    system: str
    stem: str

    def path(self, suffix: str) -> Path:
        """Return the file with this suffix, which may not exist."""
        return reference_root() / self.system / f"{self.stem}{suffix}"

    @functools.cached_property
    def spec(self) -> dict[str, Any]:
        """What the json says."""
        return json.loads(self.path(".json").read_text(encoding="utf-8"))

    @functools.cached_property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """All arrays of the npz."""
        with np.load(self.path(".npz"), allow_pickle=False) as stored:
            return dict(stored)

    @functools.cached_property
    def salt(self) -> str:
        """What makes the filled tensors of these vectors differ from those of others.

        Where the json does not say it, that of all others in the folder, if they agree.
        """
        if "salt" in self.spec:
            return self.spec["salt"]
        others = (Reference(self.system, stem) for stem in stems_of(self.system))
        salts = {other.spec["salt"] for other in others if "salt" in other.spec}
        return salts.pop() if len(salts) == 1 else DEFAULT_SALT

    def fill(self, name: str, shape: Collection[int]) -> np.ndarray:
        """Return `fill` with the salt of these vectors."""
        return fill(name, shape, self.salt)

    def filled_state_dict(self, shapes: Mapping[str, Collection[int]]) -> dict[str, np.ndarray]:
        """Return a filled tensor for each name and shape of a state dict."""
        return {name: fill_parameter(name, shape, self.salt) for name, shape in shapes.items()}


Check = Callable[[Reference], None]
