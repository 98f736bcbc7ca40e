"""How a heat map becomes a marked area: the four choices in which published evaluations differ.

A `Style` says how a map is up-sampled to the size of the truth, how its values are normalized,
which threshold they meet, and how they are compared with it. `STYLES` holds those of the papers.
Half-area thresholds mark half of the picture, so nothing smaller than a quarter of it can be found
with a ciou of 0.5; the adaptive one marks as many pixels as the truth has. The styles differ by a
pixel where all values differ, and by everything where many are equal: of a constant map most mark
the whole picture, SSLalignment marks nothing.

References
----------
.. [1] X. Zhou et al., "Exploiting visual context semantics for sound source localization", WACV
   2023.
.. [2] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021 (LVS).
.. [3] S. Mo, P. Morgado, "Localizing visual sounds the easy way", ECCV 2022 (EZ-VSL), and "A
   closer look at weakly-supervised audio-visual source localization", NeurIPS 2022 (SLAVC).
.. [4] A. Senocak et al., "Sound source localization is all about cross-modal alignment", ICCV 2023
   (SSLalignment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.metrics.heatmaps.upsampling import UPSAMPLINGS, Upsampling, upsample

Normalization = Literal["none", "min_max", "negated_min_max", "fixed_range"]
Threshold = Literal["median", "rank_half", "adaptive", "absolute"]
Comparison = Literal["at_least", "above", "above_or_one"]
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "upsampling": UPSAMPLINGS,
    "normalization": get_args(Normalization),
    "threshold": get_args(Threshold),
    "comparison": get_args(Comparison),
}


@dataclass(frozen=True)
class Style:
    """A way to mark what a heat map says.

    The default is for our own reports: half-pixel interpolation keeps the centers of a network's
    cells where they are in the picture; the adaptive threshold asks where the sound comes from and
    not how large its source is, so that small things count as well; `at_least` gives a perfect map
    a ciou of 1.

    Parameters
    ----------
    upsampling : str
        `half_pixel`, `aligned`, `bicubic`, `aligned_bicubic`: see `upsample`.
    normalization : str
        `none`; `min_max` to [0, 1], which leaves a constant map as it is; `negated_min_max`, which
        is 1 minus `min_max` of the negated map; `fixed_range`, a cosine from [-1, 1] to [0, 1].
    threshold : str
        `median` (mean of the two middle values), `rank_half` (the upper of the two), `adaptive`
        (the value of that rank which marks as many pixels as the truth has, half of them if it has
        none), or `absolute` (`level`).
    comparison : str
        Marked is what is `at_least` or `above` the threshold; `above_or_one` marks values from 1 on
        in any case.
    level : float
        The absolute threshold, on the normalized scale.

    Raises
    ------
    InputError
        If a choice is unknown.
    """

    upsampling: Upsampling = "half_pixel"
    normalization: Normalization = "min_max"
    threshold: Threshold = "adaptive"
    comparison: Comparison = "at_least"
    level: float = 0.5

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                msg = f"unknown {name} {value!r}; {nearest(str(value), choices)}"
                raise InputError(msg)

    def enlarge(self, values: NDArray[np.floating], size: int) -> NDArray[np.float32]:
        """Up-sample a map.

        Parameters
        ----------
        values : ndarray, shape (height, width)
            Finite; cosines in [-1, 1] for `fixed_range`.
        size : int
            Pixels a side.

        Returns
        -------
        ndarray of float32, shape (size, size)

        Raises
        ------
        InputError
            If `fixed_range` is given what are no cosines.
        """
        if self.normalization == "fixed_range" and np.abs(values).max() > 1.001:
            msg = (
                f"a map has values up to {np.abs(values).max():.3g}, and this style expects "
                "cosines in [-1, 1]; multiply the map by the network's temperature"
            )
            raise InputError(msg)
        return upsample(values, size, self.upsampling)

    def normalize(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring the values of an up-sampled map to the scale of the threshold.

        Parameters
        ----------
        values : ndarray of float32, shape (height, width)

        Returns
        -------
        ndarray of float32, shape (height, width)
        """
        match self.normalization:
            case "none":
                return values
            case "min_max":
                return _min_max(values)
            case "negated_min_max":
                return np.float32(1.0) - _min_max(-values)
            case "fixed_range":
                return (values + np.float32(1.0)) / np.float32(2.0)

    def mask(self, values: NDArray[np.float32], area: int) -> NDArray[np.bool_]:
        """Mark what an up-sampled map says, by all but the up-sampling of the style.

        Parameters
        ----------
        values : ndarray of float32, shape (height, width)
            As `enlarge` gives them.
        area : int
            Pixels of the truth, for the adaptive threshold.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        scaled = self.normalize(values)
        threshold = self.threshold_of(scaled, area)
        if self.comparison == "at_least":
            return scaled >= threshold
        if self.comparison == "above":
            return scaled > threshold
        # Reference quirk (LVS): what is 1 or more is never set to 0, so that of a constant map, and
        # of one whose upper half is all at the maximum, the threshold itself is marked.
        return (scaled > threshold) | (scaled >= 1.0)

    def threshold_of(self, scaled: NDArray[np.float32], area: int) -> np.float32:
        """Compute the threshold of a normalized map.

        Parameters
        ----------
        scaled : ndarray of float32, shape (height, width)
        area : int
            Pixels of the truth, for the adaptive threshold.
        """
        match self.threshold:
            case "absolute":
                return np.float32(self.level)
            case "adaptive":
                return _sorted_at(scaled, scaled.size - (area or scaled.size // 2))
            case "rank_half":
                return _sorted_at(scaled, scaled.size // 2)
            case "median":
                half = scaled.size // 2
                parted = np.partition(scaled, half, axis=None)
                # Twice as fast as np.median, which asks for two ranks and looks for NaN.
                lower = parted[:half].max() if scaled.size % 2 == 0 else parted[half]
                return np.float32((lower + parted[half]) / np.float32(2.0))


def _min_max(values: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = values.min(), values.max()
    return values if low == high else (values - low) / (high - low)


def _sorted_at(values: NDArray[np.float32], rank: int) -> np.float32:
    """Return the value that sorting would bring to a place."""
    return np.float32(np.partition(values, rank, axis=None)[rank])


_EZ_VSL = Style("aligned", "min_max", "rank_half", "at_least")
_SLAVC = Style("aligned_bicubic", "fixed_range", "rank_half", "at_least")
_SSLALIGN = Style("aligned", "min_max", "rank_half", "above")

STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "hearsight": Style(),
        "visual-context": Style("half_pixel", "none", "median", "at_least"),
        "lvs": Style("half_pixel", "negated_min_max", "rank_half", "above_or_one"),
        "ez-vsl": _EZ_VSL,
        "ez-vsl-validation": replace(_EZ_VSL, upsampling="bicubic"),
        "slavc": _SLAVC,
        "slavc-validation": replace(_SLAVC, upsampling="bicubic"),
        "slavc-absolute": replace(_SLAVC, threshold="absolute"),
        "fnac": _EZ_VSL,
        "sslalign": _SSLALIGN,
        "sslalign-adaptive": replace(_SSLALIGN, threshold="adaptive"),
        "sslalign-vggss": replace(_SSLALIGN, upsampling="half_pixel"),
        "sslalign-vggss-adaptive": replace(
            _SSLALIGN, upsampling="half_pixel", threshold="adaptive"
        ),
    }
)


def style_of(style: str | Style) -> Style:
    """Return the style of a name, or the style itself.

    Parameters
    ----------
    style : str or Style
        A key of `STYLES`.

    Raises
    ------
    InputError
        If the name is unknown.

    Examples
    --------
    >>> style_of("lvs").comparison
    'above_or_one'
    """
    if isinstance(style, Style):
        return style
    if style not in STYLES:
        msg = f"unknown style {style!r}; {nearest(style, STYLES)}"
        raise InputError(msg)
    return STYLES[style]
