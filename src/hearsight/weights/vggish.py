"""Published weights of VGGish: of its port to PyTorch, and of TensorFlow.

    port             features.{0,3,6,8,11,13}, embeddings.{0,2,4}: weight, bias     here the same
    TensorFlow       vggish/conv1 ... vggish/fc2: weights, biases                   in that order

Those of TensorFlow come as .npz, every variable by its name.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearsight.errors import InputError, WeightsError
from hearsight.models.vggish import AudioSetCodes, Vggish
from hearsight.weights.checkpoints import read_checkpoint
from hearsight.weights.files import load_strictly

_log = logging.getLogger(__name__)

_TENSORFLOW = {
    "vggish/conv1": "features.0",
    "vggish/conv2": "features.3",
    "vggish/conv3/conv3_1": "features.6",
    "vggish/conv3/conv3_2": "features.8",
    "vggish/conv4/conv4_1": "features.11",
    "vggish/conv4/conv4_2": "features.13",
    "vggish/fc1/fc1_1": "embeddings.0",
    "vggish/fc1/fc1_2": "embeddings.2",
    "vggish/fc2": "embeddings.4",
}
_KINDS = {"weights": "weight", "biases": "bias"}
_CODES = "pproc."
"""What the port may hold beside the network: how vectors become bytes."""
_SIZES = {
    "n_filters": "features.0.bias",
    "n_hidden": "embeddings.0.bias",
    "n_channels": "embeddings.4.bias",
}


def load_vggish(path: str | Path, *, relu_last: bool = True) -> Vggish:
    """Read VGGish; what was dropped is logged.

    Parameters
    ----------
    path : str or Path
        The state dict of the PyTorch port, as safetensors or of `torch.save`; or TensorFlow's
        variables as .npz.
    relu_last : bool
        See `Vggish`.

    Returns
    -------
    Vggish
        In evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        If the file is missing, damaged or unsafe, or is not that of VGGish.
    """
    if Path(path).suffix.lower() == ".npz":
        state = from_tensorflow(_read_npz(path), path)
    else:
        whole = read_checkpoint(path)
        state = {name: whole[name] for name in whole if not name.startswith(_CODES)}
        if len(state) < len(whole):
            _log.info("%s: dropped %s", path, ", ".join(whole.keys() - state.keys()))
    missing = [name for name in _SIZES.values() if name not in state]
    if missing:
        msg = (
            f"{path}: holds no VGGish, for {missing[0]} is missing; give weights with the names of "
            "its port to PyTorch, or of TensorFlow"
        )
        raise WeightsError(msg)
    sizes = {size: max(1, len(state[name])) for size, name in _SIZES.items()}
    network = Vggish(**sizes, relu_last=relu_last)
    load_strictly(network, state, path)
    return network.eval()


def from_tensorflow(
    variables: Mapping[str, NDArray[np.float32]], source: str | Path = "these weights"
) -> dict[str, Tensor]:
    """Turn TensorFlow's variables into a state dict.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By name, with or without ":0" at the end.
    source : str or Path
        For messages.

    Returns
    -------
    dict of str to Tensor
        For `load_state_dict`, which finds what is missing.

    Raises
    ------
    WeightsError
        If there are other variables.
    """
    state = {}
    for name, array in variables.items():
        layer, _, kind = name.removesuffix(":0").rpartition("/")
        if layer not in _TENSORFLOW or kind not in _KINDS:
            msg = f"{source}: the variable {name} is none of VGGish; give the weights of VGGish"
            raise WeightsError(msg)
        # Outputs come last there and first here, inputs before them.
        axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(array.ndim, range(array.ndim))
        tensor = torch.from_numpy(array).permute(*axes).contiguous()
        state[f"{_TENSORFLOW[layer]}.{_KINDS[kind]}"] = tensor
    return state


def load_audioset_codes(path: str | Path) -> AudioSetCodes:
    """Read how vectors become bytes.

    Parameters
    ----------
    path : str or Path
        The .npz published with VGGish, of `pca_eigen_vectors` and `pca_means`.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, or another one.
    """
    arrays = _read_npz(path)
    try:
        return AudioSetCodes(
            arrays["pca_eigen_vectors"].astype(np.float64),
            arrays["pca_means"].astype(np.float64).ravel(),
        )
    except (KeyError, InputError) as error:
        msg = f"{path}: has no proper pca_eigen_vectors and pca_means ({error}); give others"
        raise WeightsError(msg) from error


def _read_npz(path: str | Path) -> dict[str, NDArray[np.float32]]:
    try:
        # Opened here: NumPy leaves a damaged file open.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        reason = getattr(error, "strerror", None) or "damaged, or no numbers alone"
        msg = f"{path}: cannot be read as .npz ({reason}); copy the file again"
        raise WeightsError(msg) from error
