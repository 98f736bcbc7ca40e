"""Weights that Keras has written as HDF5: arrays by layer, by whatever name it gave the layers.

The file of `save_weights`, or of `save`, whose description of the network is not read. Kernels come
as Keras has them: those of dense layers (inputs, outputs).
"""

from __future__ import annotations

import types
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import MissingExtraError, WeightsError

Layers = dict[str, dict[str, NDArray[np.float32]]]


def read_keras(path: str | Path) -> Layers:
    """Read the layers of a Keras network that have weights.

    Parameters
    ----------
    path : str or Path
        HDF5 of Keras 2.

    Returns
    -------
    dict of str to dict of str to ndarray
        By layer, in the order of the file, then by what the layer calls them: `kernel`, `bias`.

    Raises
    ------
    MissingExtraError
        If h5py is not installed.
    WeightsError
        If the file is missing, damaged or not of Keras.
    """
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            layers = {
                name: {
                    _plain(inside): np.asarray(root[name][inside], dtype=np.float32)
                    for inside in _text(root[name].attrs["weight_names"])
                }
                for name in _text(root.attrs["layer_names"])
            }
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        # What h5py says of the inside of other files means nothing to a person.
        reason = getattr(error, "strerror", None) or "damaged, or not of Keras's save_weights"
        msg = f"{path}: cannot be read as weights of Keras ({reason}); copy the file again"
        raise WeightsError(msg) from error
    return {name: arrays for name, arrays in layers.items() if arrays}


def _text(names: NDArray[np.bytes_]) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _plain(name: str) -> str:
    """Return "kernel" for "dense_1/kernel:0"."""
    return name.rpartition("/")[2].partition(":")[0]


def _h5py() -> types.ModuleType:
    try:
        import h5py
    except ImportError as error:
        msg = "weights of Keras are read by the package h5py; pip install 'hearsight[legacy]'"
        raise MissingExtraError(msg) from error
    return h5py
