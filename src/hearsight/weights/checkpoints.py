"""Published checkpoints: their tensors, whatever file and wrapping they come in.

Safetensors are read as they are, and files of `torch.save` by its restricted reader alone, which
knows tensors, numbers and their containers and runs no code of the file. A file that asks for
anything else is refused as a whole.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hearsight.errors import WeightsError
from hearsight.weights.files import is_pickle, read_tensors

_WRAPPERS = ("model_state_dict", "state_dict", "model")
"""What the originals call the parameters beside epochs, scores and the state of an optimizer."""
_PARALLEL = "module."
"""What training on several devices puts before each name."""


class _LeftOut:
    """Stands for a NumPy number, as a score beside the weights: it is built, and means nothing."""

    def __init__(self, *args: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


_HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    (_LeftOut, name)
    for name in ("numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
]


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """Read the parameters and buffers of a published network.

    Parameters
    ----------
    path : str or Path
        Safetensors, or a file of `torch.save`: tensors by name, or a mapping that holds them as
        `model_state_dict`, `state_dict` or `model`.

    Returns
    -------
    dict of str to Tensor
        On the CPU, by the original's names without the prefix of training in parallel.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, holds something that only code could make, or no tensors.
    """
    content: Any = _restricted(path) if is_pickle(path) else read_tensors(path)
    if isinstance(content, Mapping):
        inside = (content[name] for name in _WRAPPERS if isinstance(content.get(name), Mapping))
        content = next(inside, content)
    if not isinstance(content, Mapping) or not content:
        msg = f"{path}: holds no tensors by name; give the state dict of a network"
        raise WeightsError(msg)
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            msg = (
                f"{path}: {name!r} is {type(value).__name__}, no tensor; give the state dict of a "
                f"network, or a mapping that holds it as {', '.join(_WRAPPERS)}"
            )
            raise WeightsError(msg)
    return {name.removeprefix(_PARALLEL): value.detach() for name, value in content.items()}


def _restricted(path: str | Path) -> object:
    """Read a file of `torch.save` without running anything in it."""
    try:
        with torch.serialization.safe_globals(_HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that are refused all the same
            return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except pickle.UnpicklingError as error:
        msg = (
            f"{path}: holds more than tensors and numbers, or is damaged; nothing in it was run: "
            "save the network's state dict alone, or copy the file again"
        )
        raise WeightsError(msg) from error
    # A damaged file breaks the reader anywhere, with errors of all kinds that nobody lists.
    except Exception as error:
        msg = f"{path}: cannot be read: it is damaged, or not of torch.save; copy it again"
        raise WeightsError(msg) from error
