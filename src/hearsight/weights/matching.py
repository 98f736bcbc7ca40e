"""The published matching network of Keras as ours.

    the first two dense layers     512 -> 128 -> 64 in the original     video_branch.{0,2}
    the other two                  128 -> 128 -> 64                     audio_branch.{0,2}

Keras counts layers as they are made, and lists them as they are passed through: their numbers tell
the branch, not their order in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import WeightsError
from hearsight.models.matching import MatchingNet
from hearsight.weights.files import load_strictly
from hearsight.weights.heatmap import Published
from hearsight.weights.keras import read_keras

_OURS = ("video_branch.0", "video_branch.2", "audio_branch.0", "audio_branch.2")


def import_matching(path: str | Path) -> Published:
    """Read the published weights of the matching network.

    Parameters
    ----------
    path : str or Path
        HDF5 of Keras: `cmm_model_weights.h5`.

    Returns
    -------
    Published
        Of the system `avdln`; its sizes are the arguments of `MatchingNet`.

    Raises
    ------
    MissingExtraError
        If h5py is not installed.
    WeightsError
        If the file cannot be read, or holds another network.
    """
    layers = read_keras(path)
    if len(layers) != len(_OURS) or not all(map(_is_dense, layers.values())):
        msg = (
            f"{path}: holds the layers {', '.join(layers) or 'of no network'}, expected four dense "
            "ones, two of a branch; give the weights of the matching network"
        )
        raise WeightsError(msg)
    ordered = sorted(layers, key=_number)
    (n_video, n_hidden), _, (n_audio, _), (_, n_embedding) = (
        layers[name]["kernel"].shape for name in ordered
    )
    sizes = {
        "n_video": n_video,
        "n_audio": n_audio,
        "n_hidden": n_hidden,
        "n_embedding": n_embedding,
    }
    state = {}
    for ours, name in zip(_OURS, ordered, strict=True):
        state[f"{ours}.weight"] = torch.from_numpy(layers[name]["kernel"].T.copy())
        state[f"{ours}.bias"] = torch.from_numpy(layers[name]["bias"])
    load_strictly(MatchingNet(**sizes), state, path)
    return Published("avdln", sizes, state, ())


def _number(name: str) -> int:
    """Return the number at the end of a layer's name; without one it is the first."""
    return int(re.search(r"\d*$", name).group() or 0)  # type: ignore[union-attr]


def _is_dense(arrays: Mapping[str, NDArray[np.float32]]) -> bool:
    return arrays.keys() == {"kernel", "bias"} and arrays["kernel"].ndim == 2
