"""Tensors in safetensors files; pickles, which may run code when they are read, are refused."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from hearsight.errors import WeightsError
from hearsight.recording.files import replacing

_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""What files of `torch.save` begin with: a zip of pickles, or a bare one."""

_HOW_TO_CONVERT = (
    "if you trust it, write it as safetensors, in Python: "
    'safetensors.torch.save_file(torch.load("in.pth", weights_only=True), "out.safetensors")'
)


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Read all tensors of a safetensors file.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, or a pickle.
    """
    if is_pickle(path):
        msg = f"{path}: is a pickle, which can run code when it is read; {_HOW_TO_CONVERT}"
        raise WeightsError(msg)
    try:
        return load_file(path)
    except FileNotFoundError as error:
        msg = f"{path}: there is no such file; check the name"
        raise WeightsError(msg) from error
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(_unreadable(path, error)) from error


def write_network(path: str | Path, network: nn.Module, **about: str) -> None:
    """Write all parameters and buffers of a network, whole or not at all.

    Parameters
    ----------
    path : str or Path
    network : Module
    **about : str
        Notes in the file's head.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    state = network.state_dict()
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with replacing(path) as temporary:
        # Not by save_file, whose error for a full disk is no OSError.
        temporary.write_bytes(save(tensors, about))


def write_once(path: str | Path, network: nn.Module, fingerprint: str) -> None:
    """Write a network that does not learn, unless it is there: such are large.

    Parameters
    ----------
    path : str or Path
    network : Module
    fingerprint : str
        By which the file is known again.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    with contextlib.suppress(OSError, SafetensorError), safe_open(path, "pt") as file:
        if (file.metadata() or {}).get("fingerprint") == fingerprint:
            return
    write_network(path, network, fingerprint=fingerprint)


def is_pickle(path: str | Path) -> bool:
    """Tell whether a file begins as those of `torch.save` do.

    Raises
    ------
    WeightsError
        If it cannot be read.
    """
    try:
        with Path(path).open("rb") as opened:
            return opened.read(4).startswith(_PICKLES)
    except OSError as error:
        raise WeightsError(_unreadable(path, error)) from error


def _unreadable(path: str | Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or (str(error).splitlines() or ["unreadable"])[0]
    return f"{path}: cannot be read as safetensors ({reason}); copy it again"


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Give a network all of its parameters and buffers, and no others.

    Parameters
    ----------
    network : Module
        Is changed.
    state : mapping of str to Tensor
    source : str or Path
        Where they come from, for messages.

    Raises
    ------
    WeightsError
        If names are missing or unknown, or shapes differ; the message lists them. If a value is not
        finite.
    """
    try:
        network.load_state_dict(dict(state), strict=True)
    except RuntimeError as error:
        # The first line only names the class.
        reasons = " ".join(" ".join(str(error).splitlines()[1:]).split())
        msg = f"{source}: does not fit {type(network).__name__}: {reasons}"
        raise WeightsError(msg) from error
    broken = [name for name, value in state.items() if not bool(value.isfinite().all())]
    if broken:
        msg = f"{source}: {broken[0]} is not finite; copy the file again or train again"
        raise WeightsError(msg)
