"""What the channels of a recording are: `ChannelLayout`, and its names on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError, nearest
from hearsight.spatial.ambisonics import (
    FOA_CHANNELS,
    NORMALIZATIONS,
    Normalization,
    gains_to_sn3d,
)
from hearsight.spatial.arrays import check_positions, tetrahedron

LayoutKind = Literal["mono", "stereo", "mid-side", "foa", "array"]
LAYOUT_KINDS: tuple[LayoutKind, ...] = get_args(LayoutKind)


@dataclass(frozen=True)
class ChannelLayout:
    """What each channel of a file is.

    Parameters
    ----------
    kind : {"mono", "stereo", "mid-side", "foa", "array"}
        "stereo" is left, right; "mid-side" is M, S with S positive to the left.
    order : tuple of int
        The file's channel that holds each channel of the kind, in the kind's own order: W, Y, Z, X
        for "foa", left, right for "stereo", the microphones in the order of `positions` for
        "array". All different.
    n_channels : int
        How many channels the file has; those not in `order` are left out.
    normalization : {"sn3d", "n3d", "fuma"}, optional
        For "foa" alone.
    positions : tuple of (float, float, float), optional
        For "array": metres, x front, y left, z up. For "stereo" a spaced pair may be given; None
        then means that delays are read with an assumed spacing.
    """

    kind: LayoutKind
    order: tuple[int, ...]
    n_channels: int
    normalization: Normalization | None = None
    positions: tuple[tuple[float, float, float], ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in LAYOUT_KINDS:
            msg = (
                f"unknown kind of channel layout {self.kind!r}; {nearest(self.kind, LAYOUT_KINDS)}"
            )
            raise InputError(msg)
        expected = {"mono": 1, "stereo": 2, "mid-side": 2, "foa": 4}.get(self.kind)
        if expected is not None and len(self.order) != expected:
            msg = f"a {self.kind} layout has {expected} channels, got {len(self.order)}"
            raise InputError(msg)
        if len(set(self.order)) != len(self.order) or not all(
            0 <= index < self.n_channels for index in self.order
        ):
            msg = f"channel order must name different channels of {self.n_channels}: {self.order}"
            raise InputError(msg)
        if (self.normalization is not None) != (self.kind == "foa"):
            msg = "a normalization belongs to a foa layout, and a foa layout needs one"
            raise InputError(msg)
        if self.normalization is not None and self.normalization not in NORMALIZATIONS:
            msg = (
                f"unknown normalization {self.normalization!r}; "
                f"{nearest(self.normalization, NORMALIZATIONS)}"
            )
            raise InputError(msg)
        if self.kind == "array" and self.positions is None:
            msg = "an array layout needs the microphones' positions; give a geometry file"
            raise InputError(msg)
        if self.positions is not None:
            check_positions(self.positions)
            if len(self.positions) != len(self.order):
                msg = (
                    f"the geometry has {len(self.positions)} microphones but "
                    f"{len(self.order)} channels are used; give one position for each"
                )
                raise InputError(msg)

    @property
    def name(self) -> str:
        """A short name; `parse_layout` turns it into an equal layout, except for arrays."""
        if self.kind == "foa":
            letters = ["-"] * self.n_channels
            for letter, index in zip(FOA_CHANNELS, self.order, strict=True):
                letters[index] = letter
            return f"{''.join(letters)}:{self.normalization}"
        if self.kind == "array":
            return f"array of {len(self.order)} microphones"
        return self.kind

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The names of the arranged channels."""
        if self.kind == "foa":
            return FOA_CHANNELS
        names = {"mono": ("mono",), "stereo": ("L", "R"), "mid-side": ("M", "S")}
        return names.get(self.kind) or tuple(f"mic {i + 1}" for i in range(len(self.order)))

    def arrange(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring a file's channels into the kind's own order and scale.

        Parameters
        ----------
        waveform : ndarray, shape (n_channels, samples)

        Returns
        -------
        ndarray of float32, shape (channels of the kind, samples)
            FOA comes out as W, Y, Z, X in SN3D; mid-side comes out as left, right.

        Raises
        ------
        InputError
            If the waveform has another number of channels.
        """
        if waveform.ndim != 2 or waveform.shape[0] != self.n_channels:
            msg = (
                f"waveform must have shape ({self.n_channels}, samples) for layout {self.name}, "
                f"got {waveform.shape}"
            )
            raise InputError(msg)
        arranged = waveform[list(self.order)]
        if self.normalization is not None:
            arranged = arranged * gains_to_sn3d(self.normalization)[:, None].astype(np.float32)
        elif self.kind == "mid-side":
            arranged = np.stack([arranged[0] + arranged[1], arranged[0] - arranged[1]])
        return np.asarray(arranged, dtype=np.float32)


def mono() -> ChannelLayout:
    """Return the layout of a file with one channel."""
    return ChannelLayout("mono", (0,), 1)


def stereo() -> ChannelLayout:
    """Return the layout of a left-right file."""
    return ChannelLayout("stereo", (0, 1), 2)


def foa(
    letters: str = "WYZX", normalization: Normalization = "sn3d", *, n_channels: int | None = None
) -> ChannelLayout:
    """Return a first-order Ambisonics layout from the letters of its channels.

    Parameters
    ----------
    letters : str
        One sign per channel of the file: W, X, Y, Z once each; `-`, `0` or `_` for a channel that
        is left out.
    normalization : {"sn3d", "n3d", "fuma"}
    n_channels : int, optional
        The file's number of channels if it goes on after `letters` (higher orders); default: as
        many as letters.

    Examples
    --------
    >>> foa("XYW-Z-").order
    (2, 1, 4, 0)
    """
    upper = letters.upper()
    if sorted(upper.translate(str.maketrans("", "", "-0_"))) != sorted(FOA_CHANNELS):
        msg = f"channel letters must hold W, X, Y, Z once each and - for unused, got {letters!r}"
        raise InputError(msg)
    order = tuple(upper.index(letter) for letter in FOA_CHANNELS)
    return ChannelLayout("foa", order, n_channels or len(letters), normalization)


def array(positions: ArrayLike) -> ChannelLayout:
    """Return the layout of a microphone array, one channel per microphone.

    Parameters
    ----------
    positions : array_like, shape (microphones, 3)
        Metres, x front, y left, z up.
    """
    xyz = check_positions(positions)
    points = tuple((float(x), float(y), float(z)) for x, y, z in xyz)
    return ChannelLayout("array", tuple(range(len(points))), len(points), positions=points)


def tetrahedral() -> ChannelLayout:
    """Return the layout of STARSS23's MIC format."""
    return array(tetrahedron())


_NAMED: dict[str, Callable[[], ChannelLayout]] = {
    "mono": mono,
    "stereo": stereo,
    "mid-side": lambda: ChannelLayout("mid-side", (0, 1), 2),
    "ambix": foa,
    "foa": foa,
    "fuma": lambda: foa("WXYZ", "fuma"),
    "n3d": lambda: foa("WYZX", "n3d"),
    "mic": tetrahedral,
}

LAYOUT_NAMES = tuple(_NAMED)
"""Names that `parse_layout` knows, beside explicit letters such as `XYW-Z-:sn3d`."""


def parse_layout(text: str, n_channels: int | None = None) -> ChannelLayout:
    """Read a channel layout as written on the command line.

    Parameters
    ----------
    text : str
        One of `LAYOUT_NAMES` ("ambix" is `WYZX:sn3d`, "fuma" is `WXYZ:fuma`, "mic" the tetrahedral
        array of STARSS23), or the file's channels as letters, `-` for unused ones, with an
        optional normalization: `XYW-Z-:sn3d`.
    n_channels : int, optional
        The file's number of channels. A foa layout may leave later channels out (higher orders).

    Returns
    -------
    ChannelLayout

    Raises
    ------
    InputError
        If the text is not understood or does not fit the number of channels.

    Examples
    --------
    >>> parse_layout("fuma").name
    'WXYZ:fuma'
    """
    name = text.strip()
    if name.lower() in _NAMED:
        layout = _NAMED[name.lower()]()
    elif match := re.fullmatch(r"([WXYZwxyz0_-]{4,})(?::(\w+))?", name):
        normalization = (match[2] or "sn3d").lower()
        if normalization not in NORMALIZATIONS:
            msg = f"unknown normalization {match[2]!r}; {nearest(normalization, NORMALIZATIONS)}"
            raise InputError(msg)
        layout = foa(match[1], normalization)
    else:
        msg = (
            f"unknown channel layout {text!r}; {nearest(name.lower(), LAYOUT_NAMES)}, or letters "
            "such as XYW-Z-:sn3d"
        )
        raise InputError(msg)
    if n_channels is None or n_channels == layout.n_channels:
        return layout
    if layout.kind == "foa" and n_channels > layout.n_channels:
        return ChannelLayout("foa", layout.order, n_channels, layout.normalization)
    msg = (
        f"layout {text!r} has {layout.n_channels} channels but the file has {n_channels}; name a "
        "layout that has as many"
    )
    raise InputError(msg)
