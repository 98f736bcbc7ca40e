"""Whole networks, saved as objects: their tensors, without the code that they ask for.

Some originals save their network as it is, so that the file names the classes it is made of, which
only its own code has. What matters in it are tensors by name; they are found by the plan that all
modules of PyTorch follow. `hearsight.weights.inert` reads the file, and runs nothing.

Files of both kinds are read: zip, and the stream that PyTorch wrote before 1.6.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hearsight.errors import WeightsError
from hearsight.weights.checkpoints import read_checkpoint
from hearsight.weights.files import is_pickle
from hearsight.weights.inert import Kept, Machine, Name, Note

_ZIP = b"PK"
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
"""What a stream begins with."""
_TENSORS = frozenset({"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2"})
_PARAMETERS = frozenset({"torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter"})
_MEANINGLESS = frozenset(
    {"builtins.set", "__builtin__.set", "torch.device", "torch.Size"}
    | {"numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}
    | {"_codecs.encode"}
    # In every module before PyTorch 1.2: what computed it.
    | {"torch.nn.backends.thnn._get_thnn_function_backend"}
)
_PARALLEL = "torch.nn.parallel.data_parallel.DataParallel"
_DTYPES = {
    f"torch.{name}Storage": dtype
    for name, dtype in {
        "Float": torch.float32,
        "Double": torch.float64,
        "Half": torch.float16,
        "BFloat16": torch.bfloat16,
        "Long": torch.int64,
        "Int": torch.int32,
        "Short": torch.int16,
        "Char": torch.int8,
        "Byte": torch.uint8,
        "Bool": torch.bool,
    }.items()
}
_LONGEST_NAME = 1000
_MOST_AXES = 64
_MOST_TENSORS = 100_000
_MISSHAPEN = "a tensor that its numbers do not fill"
_MISNAMED = "names that no network has"


@dataclass(frozen=True)
class StoredModule:
    """What a file says of a network.

    Parameters
    ----------
    kind : str or None
        The class it was an object of, `module.Class`; None: the file has tensors by name only.
    state : dict of str to Tensor
        Parameters and buffers, on the CPU. A module that is used twice counts once.
    settings : dict of str to bool, int, float or str
        Plain attributes of the network.
    """

    kind: str | None
    state: dict[str, Tensor]
    settings: dict[str, bool | int | float | str] = field(default_factory=dict)


def read_module(path: str | Path) -> StoredModule:
    """Read a network saved as a whole, or its tensors.

    Parameters
    ----------
    path : str or Path
        A file of `torch.save` with a module, or what `read_checkpoint` takes.

    Returns
    -------
    StoredModule

    Raises
    ------
    WeightsError
        If the file is missing, damaged, holds no network, or asks for a call that no network needs.
    """
    if not is_pickle(path):
        return StoredModule(None, read_checkpoint(path))
    content = Path(path).read_bytes()
    try:
        machine = Machine(_TENSORS | _PARAMETERS | _MEANINGLESS)
        opened = _unzipped if content.startswith(_ZIP) else _streamed
        top, numbers = opened(content, machine)
        if isinstance(top, Note):
            return _module(top, numbers)
    except WeightsError as error:
        msg = f"{path}: {error}; nothing in it was run: save the network's state dict alone"
        raise WeightsError(msg) from error
    # A damaged file breaks the reader anywhere, with errors of all kinds that nobody lists.
    except Exception as error:
        msg = f"{path}: cannot be read: it is damaged, or holds no network; copy it again"
        raise WeightsError(msg) from error
    return StoredModule(None, read_checkpoint(path))


@dataclass(frozen=True, eq=False)
class _Numbers:
    """What tensors are made of; `raw` gives the bytes of a storage by its key."""

    raw: Callable[[str], bytes]
    storages: dict[str, Tensor] = field(default_factory=dict)

    def tensor(self, note: Any) -> Tensor:
        """Return a tensor, or that of a parameter, as a part of its storage."""
        if isinstance(note, Note) and note.maker.path in _PARAMETERS:
            note = note.arguments[0]
        if not isinstance(note, Note) or note.maker.path not in _TENSORS:
            msg = "has a parameter that is no plain tensor"
            raise WeightsError(msg)
        kept, offset, size, stride = note.arguments[:4]
        flat = self._storage(kept)
        if len(size) > _MOST_AXES or not all(
            type(number) is int and 0 <= number <= len(flat) for number in (offset, *size, *stride)
        ):
            raise ValueError(_MISSHAPEN)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        # No more numbers than there are, so that nothing grows when it is copied.
        if max(last + 1, math.prod(size)) > len(flat):
            raise ValueError(_MISSHAPEN)
        return flat.as_strided(size, stride, offset)

    def _storage(self, kept: Kept) -> Tensor:
        dtype, key, n_numbers = _described(kept)
        if key not in self.storages:
            raw = bytearray(self.raw(key))
            if len(raw) != n_numbers * dtype.itemsize:
                raise ValueError(_MISSHAPEN)
            self.storages[key] = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0)
        return self.storages[key]


def _described(kept: Kept) -> tuple[torch.dtype, str, int]:
    """Return of what kind a storage is, its key, and how many numbers it has."""
    kind, storage, key, _, n_numbers, *view = kept.where
    is_known = isinstance(storage, Name) and storage.path in _DTYPES
    is_told = isinstance(key, str) and isinstance(n_numbers, int) and view in ([], [None])
    if kind != "storage" or not is_known or not is_told:
        msg = "keeps numbers in a way that is not known"
        raise WeightsError(msg)
    return _DTYPES[storage.path], key, n_numbers


def _unzipped(content: bytes, machine: Machine) -> tuple[Any, _Numbers]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    # Entries may overlap, or unpack to any size: then they say to hold more than the file has.
    if sum(entry.file_size for entry in entries) > len(content):
        msg = "says to hold more than it has"
        raise WeightsError(msg)
    names = archive.namelist()
    root = next(name for name in names if name.endswith("/data.pkl")).removesuffix("data.pkl")
    order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
    _check_order(is_little=order == b"little")
    top = machine.read(io.BytesIO(archive.read(f"{root}data.pkl")))
    return top, _Numbers(lambda key: archive.read(f"{root}data/{key}"))


def _streamed(content: bytes, machine: Machine) -> tuple[Any, _Numbers]:
    stream = io.BytesIO(content)
    magic, version, computer = (Machine().read(stream) for _ in range(3))
    if (magic, version) != (_MAGIC, _VERSION):
        raise ValueError(version)
    _check_order(is_little=computer["little_endian"])
    top, keys = machine.read(stream), Machine().read(stream)
    sizes = {key: dtype.itemsize for dtype, key, _ in map(_described, machine.kept)}
    raw = {}
    for key in filter(lambda key: isinstance(key, str), keys):
        n_numbers = int.from_bytes(stream.read(8), "little")
        raw[key] = stream.read(n_numbers * sizes[key])
    return top, _Numbers(raw.__getitem__)


def _check_order(*, is_little: bool) -> None:
    if not is_little:
        msg = "has the byte order of another kind of computer"
        raise WeightsError(msg)


def _module(top: Note, numbers: _Numbers) -> StoredModule:
    if top.maker.path == _PARALLEL:
        top = top.state["_modules"]["module"]
    state: dict[str, Tensor] = {}
    waiting, seen = [("", top)], {id(top)}
    while waiting:
        prefix, module = waiting.pop()
        attributes = module.state
        if len(state) > _MOST_TENSORS:
            raise ValueError(_MISNAMED)
        for group in ("_parameters", "_buffers"):
            for name, value in attributes[group].items():
                if value is not None:
                    state[_joined(prefix, name)] = numbers.tensor(value)
        for name, inner in attributes["_modules"].items():
            if inner is not None and id(inner) not in seen:
                seen.add(id(inner))
                waiting.append((_joined(prefix, name) + ".", inner))
    plain = (bool, int, float, str)
    settings = {name: value for name, value in top.state.items() if isinstance(value, plain)}
    return StoredModule(top.maker.path, state, settings)


def _joined(prefix: str, name: Any) -> str:
    if len(prefix) + len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError(_MISNAMED)
    return prefix + name
