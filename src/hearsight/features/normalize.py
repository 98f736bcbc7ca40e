"""Mean and deviation of features over a training set, channel by channel and band by band.

Sums are kept in float64 and merged pairwise, so that recordings can be measured one after the
other, or in parallel and put together in any order.

References
----------
.. [1] T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for
   computing sample variances", Stanford STAN-CS-79-773, 1979.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from hearsight.errors import InputError, WeightsError
from hearsight.recording.files import replacing

_CONSTANT = 1e-6
"""A deviation below this part of the mean is rounding noise: the band is constant."""

_FORMAT = "hearsight feature statistics 1"


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Statistics of features over all frames seen.

    Parameters
    ----------
    count : int
        Frames seen.
    mean : Tensor of float64, shape (channels, bins)
    squares : Tensor of float64, shape (channels, bins)
        Sums of squared differences from the mean.
    origin : dict of str to str
        What the statistics were made from: settings of the feature, files, anything that shall be
        saved along.

    Raises
    ------
    InputError
        If the shapes differ or `count` is negative.
    """

    count: int
    mean: torch.Tensor
    squares: torch.Tensor
    origin: dict[str, str]

    def __post_init__(self) -> None:
        if self.mean.shape != self.squares.shape or self.mean.ndim != 2 or self.count < 0:
            msg = (
                f"got {self.count} frames, mean of shape {tuple(self.mean.shape)} and squares of "
                f"shape {tuple(self.squares.shape)}; expected (channels, bins) for both"
            )
            raise InputError(msg)

    @classmethod
    def of(cls, features: torch.Tensor) -> Self:
        """Measure features.

        Parameters
        ----------
        features : Tensor, shape (..., channels, frames, bins)
            All leading axes are pooled with the frames.

        Raises
        ------
        InputError
            If there are fewer than three axes, or values are not finite.
        """
        if features.ndim < 3:
            msg = f"features must have shape (..., channels, frames, bins), got {features.shape}"
            raise InputError(msg)
        channels, bins = features.shape[-3], features.shape[-1]
        values = features.double().movedim(-3, 0).reshape(channels, -1, bins)
        count = values.shape[1]
        mean = values.sum(dim=1) / max(count, 1)
        squares = (values - mean[:, None]).square().sum(dim=1)
        if not bool(torch.isfinite(squares).all()):
            msg = "features hold values that are not finite; look for NaN in the recording"
            raise InputError(msg)
        return cls(count, mean, squares, {})

    @classmethod
    def fit(cls, recordings: Iterable[torch.Tensor], **origin: str) -> Self:
        """Measure the features of many recordings, one at a time.

        Parameters
        ----------
        recordings : iterable of Tensor, each of shape (..., channels, frames, bins)
            Features of equal channels and bins, of any length.
        **origin : str
            Saved along.

        Raises
        ------
        InputError
            If there are none, or their channels or bins differ.
        """
        total: Self | None = None
        for features in recordings:
            one = cls.of(features)
            total = one if total is None else total.merged(one)
        if total is None or total.count == 0:
            msg = "statistics need features of one frame or more, got none; check the file list"
            raise InputError(msg)
        return cls(total.count, total.mean, total.squares, origin)

    def merged(self, other: Self) -> Self:
        """Return the statistics of what both have seen; keeps the origin of this one.

        Raises
        ------
        InputError
            If channels or bins differ.
        """
        if self.mean.shape != other.mean.shape:
            msg = (
                f"statistics of {tuple(self.mean.shape)} (channels, bins) cannot be merged with "
                f"those of {tuple(other.mean.shape)}; use one feature for all"
            )
            raise InputError(msg)
        count = self.count + other.count
        share = other.count / max(count, 1)
        step = other.mean.to(self.mean.device) - self.mean
        squares = self.squares + other.squares.to(self.mean.device)
        return type(self)(
            count,
            self.mean + share * step,
            squares + step.square() * (self.count * share),
            self.origin,
        )

    @property
    def deviation(self) -> torch.Tensor:
        """Population standard deviation in float64, shape (channels, bins); constant bands give 1.

        So that a band without information is only shifted to zero, and never divided by zero.
        """
        deviation = (self.squares / max(self.count, 1)).sqrt()
        is_constant = deviation <= _CONSTANT * self.mean.abs()
        return torch.where(is_constant, torch.ones_like(deviation), deviation)

    def normalize(self, features: torch.Tensor, n_channels: int | None = None) -> torch.Tensor:
        """Shift and scale features to zero mean and unit deviation.

        Parameters
        ----------
        features : Tensor, shape (..., channels, frames, bins)
        n_channels : int, optional
            Leave all but the first `n_channels` as they are, as SALSA does with its spatial
            channels; default: normalize all.

        Returns
        -------
        Tensor, of the shape and type of `features`

        Raises
        ------
        InputError
            If channels or bins are not those measured.
        """
        if (*features.shape[-3:-2], *features.shape[-1:]) != tuple(self.mean.shape):
            msg = (
                f"features of shape {tuple(features.shape)} do not fit statistics of "
                f"{tuple(self.mean.shape)} (channels, bins); use the feature they were fitted on"
            )
            raise InputError(msg)
        mean, deviation = self.mean.clone(), self.deviation
        if n_channels is not None:
            mean[n_channels:], deviation[n_channels:] = 0.0, 1.0
        mean, deviation = (value[:, None].to(features) for value in (mean, deviation))
        return (features - mean).div_(deviation)

    def save(self, path: str | Path) -> None:
        """Write the statistics as safetensors.

        Raises
        ------
        MediaError
            If the file cannot be written.
        """
        tensors = {
            "count": torch.tensor(self.count),
            "mean": self.mean.cpu().contiguous(),
            "squares": self.squares.cpu().contiguous(),
        }
        about = {"format": _FORMAT, "origin": json.dumps(self.origin, sort_keys=True)}
        with replacing(path) as temporary:
            temporary.write_bytes(save(tensors, about))  # whose errors are those of files

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        WeightsError
            If the file is missing, damaged, or holds something else.
        """
        try:
            with safe_open(path, "pt") as file:
                about = file.metadata() or {}
                if about.get("format") != _FORMAT:
                    msg = f"{path}: holds no feature statistics; give the file that save wrote"
                    raise WeightsError(msg)
                count, mean, squares = (file.get_tensor(k) for k in ("count", "mean", "squares"))
                return cls(int(count), mean, squares, json.loads(about["origin"]))
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            reason = (str(error).splitlines() or ["unknown"])[0]
            msg = f"{path}: cannot be read as feature statistics ({reason}); fit them again"
            raise WeightsError(msg) from error


def file_list_hash(names: Iterable[str]) -> str:
    """Return a short name for a set of files, whatever their order.

    Saved with statistics, it tells which recordings they were fitted on.

    Examples
    --------
    >>> file_list_hash(["b.wav", "a.wav"]) == file_list_hash(["a.wav", "b.wav"])
    True
    """
    listed = "\n".join(sorted(names))
    return hashlib.sha256(listed.encode()).hexdigest()[:16]
