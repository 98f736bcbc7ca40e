"""Finding out what the channels of a recording are, from their energies and coherence.

Sound from any mixture of independent directions gives the first-order channels of Ambisonics
together a fixed share of the omnidirectional channel's energy: X^2 + Y^2 + Z^2 = c W^2 with c = 1
in SN3D, 2 in FuMa (W is 3 dB down) and 3 in N3D. Every channel is tried as W. The right one shows
such a ratio, and the ratio scatters least between small patches of time and frequency, because
there it holds for each source alone. Which of the others is X, Y or Z no energy tells: there the
conventions decide (ACN order `WYZX`, FuMa order `WXYZ`, `XYW-Z-` in YouTube's six channels).

Microphones close together are told by their coherence: near 1 at low frequencies and equally
loud, but not in phase at high ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.recording.layout import ChannelLayout, foa, mono, stereo, tetrahedral
from hearsight.recording.measurements import N_BANDS, Measurements
from hearsight.spatial.ambisonics import Normalization

RATIOS_DB: dict[Normalization, float] = {
    "sn3d": 0.0,
    "fuma": 10.0 * math.log10(2.0),
    "n3d": 10.0 * math.log10(3.0),
}
"""Energy of X, Y and Z together over that of W, in dB."""

_FITTING_DB: dict[Normalization, tuple[float, float]] = {
    "sn3d": (-3.5, 1.7),
    "fuma": (1.3, 4.05),
    "n3d": (3.75, 6.5),
}
# Where two normalizations overlap both are given. Below SN3D there is more room than between them,
# because noise and compression weaken the directional channels first.
_MAX_SPREAD_DB = 8.0
_CLEARER = 0.8  # a channel beats another if its ratio scatters by less than this fraction
_ONE_DIRECTION_DB = 0.7  # less scatter comes from a single source that does not move
_LOW_BANDS = (0, 1, 2)
_HIGH_BANDS = (-3, -2, -1)
_IN_PHASE_HZ = 500.0  # below, a pair as far apart as our ears is in phase
_HOA_CHANNELS = frozenset((order + 1) ** 2 for order in range(2, 8))
_EXACT_DB, _VARIED_DB = 1.0, 3.0  # scatter of a W that keeps the rule while others change


@dataclass(frozen=True)
class OmniEvidence:
    """How well one channel does as the omnidirectional one.

    Parameters
    ----------
    channel : int
        Counted from 0.
    ratio_db : float
        Energy of the other three over its own.
    spread_db : float
        Distance of the quartiles of that ratio over patches of time and frequency.
    fits : tuple of str
        The normalizations that have such a ratio, nearest first.
    """

    channel: int
    ratio_db: float
    spread_db: float
    fits: tuple[Normalization, ...]


@dataclass(frozen=True)
class LayoutEvidence:
    """What the channels seem to be, and why.

    Parameters
    ----------
    candidates : tuple of ChannelLayout
        All that fit, best first; none if nothing fits.
    is_sure : bool
        Whether there is one candidate and nothing speaks against it.
    reasons : tuple of str
        Sentences for a person.
    omni : tuple of OmniEvidence
        For first-order Ambisonics: one row for each channel tried as W.
    """

    candidates: tuple[ChannelLayout, ...]
    is_sure: bool
    reasons: tuple[str, ...]
    omni: tuple[OmniEvidence, ...] = ()

    @property
    def layout(self) -> ChannelLayout | None:
        """The best candidate."""
        return self.candidates[0] if self.candidates else None


def judge_layout(measured: Measurements) -> LayoutEvidence:
    """Say what the channels of a recording seem to be.

    Parameters
    ----------
    measured : Measurements

    Returns
    -------
    LayoutEvidence
    """
    n_channels = measured.n_channels
    if n_channels == 1:
        return LayoutEvidence((mono(),), True, ("a single channel",))
    if n_channels == 2:
        return _judge_pair(measured)
    tested = _first_order_channels(measured)
    if len(measured.patches) == 0 or measured.is_silent.all():
        return LayoutEvidence((), False, ("too short or silent: the channels cannot be told",))
    heard = np.flatnonzero(~measured.is_silent)
    if _are_close_microphones(measured, heard):
        return _microphones(measured, heard, tested)
    if tested is None:
        reason = (
            f"{n_channels} channels ({len(heard)} with sound) are no usual number; give --channels "
            "or, for an array, --geometry"
        )
        return LayoutEvidence((), False, (reason,))
    return _judge_first_order(measured, tested)


def _first_order_channels(measured: Measurements) -> tuple[int, ...] | None:
    """Return the four channels that may hold W, X, Y, Z, if the number of channels allows any."""
    n_channels = measured.n_channels
    heard = np.flatnonzero(~measured.is_silent)
    if n_channels == 4 or n_channels in _HOA_CHANNELS:
        return 0, 1, 2, 3
    if len(heard) == 4:
        return tuple(int(channel) for channel in heard)
    if n_channels == 6 and len(heard) == 6:  # first order with a stereo pair for the head beside it
        return 0, 1, 2, 3
    return None


def omni_evidence(measured: Measurements, channels: tuple[int, ...]) -> tuple[OmniEvidence, ...]:
    """Try each of four channels as the omnidirectional one.

    Parameters
    ----------
    measured : Measurements
    channels : tuple of int
        Four channels.

    Returns
    -------
    tuple of OmniEvidence
        One for each that is not silent.
    """
    energies = measured.patches[:, list(channels)]
    total = energies.sum(axis=1)
    is_heard = total > 1e-5 * total.max(initial=0.0)
    energies, total = energies[is_heard], total[is_heard]
    rows = []
    for position, channel in enumerate(channels):
        own = energies[:, position]
        if measured.is_silent[channel] or not own.any():
            continue
        ratio_db = _decibels((total - own).sum() / own.sum())
        patch_db = _decibels((total - own) / np.maximum(own, 1e-12 * total))
        spread_db = float(np.subtract(*_weighted_quantiles(patch_db, np.sqrt(total), (0.75, 0.25))))
        fits = [name for name, (low, high) in _FITTING_DB.items() if low <= ratio_db <= high]
        fits.sort(key=lambda name: abs(ratio_db - RATIOS_DB[name]))
        rows.append(OmniEvidence(channel, float(ratio_db), spread_db, tuple(fits)))
    return tuple(rows)


def _decibels(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10.0 * np.log10(np.maximum(ratio, 1e-12)))


def _weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], levels: tuple[float, ...]
) -> NDArray[np.float64]:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return np.interp(np.array(levels) * cumulative[-1], cumulative, values[order])


def _judge_first_order(measured: Measurements, channels: tuple[int, ...]) -> LayoutEvidence:
    rows = omni_evidence(measured, channels)
    usual = _usual_place(measured, channels)
    chosen, is_clear = _choose_omni(rows, usual)
    if chosen is None:
        reason = (
            "no channel has the energy of an omnidirectional one among the other three; give "
            "--channels or, for an array, --geometry"
        )
        return LayoutEvidence((), False, (reason, *_unused(measured)), rows)
    reasons = (_omni_reason(chosen), *_unused(measured))
    if chosen.channel != usual:
        cure = (
            f"W is not where any convention puts it (channel {usual + 1}), so X, Y and Z cannot be "
            "told apart; name the channels, as in --channels XWYZ:sn3d"
        )
        return LayoutEvidence((), False, (*reasons, cure), rows)
    candidates = tuple(_first_order_layout(measured, channels, name) for name in chosen.fits)
    if not is_clear:
        others = [str(r.channel + 1) for r in rows if r is not chosen and r.fits]
        doubt = f"not sure: channel {' or '.join(others)} could be W as well"
        if not others:
            doubt = "not sure: the ratio scatters more than that of another channel"
        reasons = (*reasons, doubt)
    if len(candidates) > 1:
        reasons = (*reasons, f"not sure: {' and '.join(chosen.fits)} both fit")
    # Sound that comes from here and there and yet keeps the rule of energies in every patch is not
    # made for loudspeakers.
    is_exact = chosen.spread_db < _EXACT_DB < _VARIED_DB < max(row.spread_db for row in rows)
    if not is_exact and _is_panned(measured, channels):
        is_clear = False
        reasons = (
            *reasons,
            "not sure: all channels go together, as in sound made for loudspeakers",
        )
    order = "the order of X, Y, Z is by convention"
    return LayoutEvidence(candidates, is_clear and len(candidates) == 1, (*reasons, order), rows)


def _usual_place(measured: Measurements, channels: tuple[int, ...]) -> int:
    """Return where conventions put W: first, or third in YouTube's six channels."""
    return 2 if _is_youtube(measured) else channels[0]


def _is_youtube(measured: Measurements) -> bool:
    return measured.n_channels == 6 and measured.is_silent.tolist() == [False] * 3 + [
        True,
        False,
        True,
    ]


def _choose_omni(rows: tuple[OmniEvidence, ...], usual: int) -> tuple[OmniEvidence | None, bool]:
    """Choose the channel that is W; also say whether the choice is clear."""
    fitting = [row for row in rows if row.fits and row.spread_db <= _MAX_SPREAD_DB]
    if not fitting:
        return None, False
    steadiest = min(fitting, key=lambda row: row.spread_db)
    expected = next((row for row in fitting if row.channel == usual), None)
    if expected is None:
        return steadiest, False
    rivals = [row for row in fitting if row is not expected]
    if any(row.spread_db < _CLEARER * expected.spread_db - 0.1 for row in rivals):
        return steadiest, False
    if not rivals:
        return expected, True
    spreads = [row.spread_db for row in rows]
    is_steadiest = expected.spread_db < 0.95 * min(row.spread_db for row in rivals)
    # Sound from everywhere alike, or from one direction alone, scatters alike in all channels.
    steadiest_rival = min(row.spread_db for row in rivals)
    has_directions = max(spreads) > 1.25 * min(spreads) and steadiest_rival > _ONE_DIRECTION_DB
    return expected, is_steadiest and has_directions


def _first_order_layout(
    measured: Measurements, channels: tuple[int, ...], normalization: Normalization
) -> ChannelLayout:
    if _is_youtube(measured):
        return foa("XYW-Z-", normalization)
    letters = ["-"] * (channels[-1] + 1)
    names = "WXYZ" if normalization == "fuma" else "WYZX"
    for channel, letter in zip(channels, names, strict=True):
        letters[channel] = letter
    return foa("".join(letters), normalization, n_channels=measured.n_channels)


def _omni_reason(row: OmniEvidence) -> str:
    fits = " or ".join(f"{name} {RATIOS_DB[name]:+.1f}" for name in row.fits)
    return (
        f"channel {row.channel + 1} is the omnidirectional W: X, Y and Z together have "
        f"{row.ratio_db:+.1f} dB of its energy ({fits} dB expected)"
    )


def _unused(measured: Measurements) -> tuple[str, ...]:
    silent = np.flatnonzero(measured.is_silent)
    if len(silent) == 0:
        return ()
    verb = "is" if len(silent) == 1 else "are"
    return (f"{name_channels(silent)} {verb} silent",)


def name_channels(channels: NDArray[np.int64]) -> str:
    """Name channels, counted from 0, for a person, who counts from 1.

    Examples
    --------
    >>> name_channels(np.array([0, 2, 3]))
    'channels 1, 3 and 4'
    """
    names = [str(number + 1) for number in channels]
    if len(names) == 1:
        return f"channel {names[0]}"
    return f"channels {', '.join(names[:-1])} and {names[-1]}"


def _are_close_microphones(measured: Measurements, heard: NDArray[np.int64]) -> bool:
    """Tell omnidirectional microphones a few centimetres apart from anything else.

    They are equally loud and in phase at low frequencies. At high ones they are out of phase,
    which the channels of Ambisonics never are, or have little in common.
    """
    if len(heard) < 3:
        return False
    power_db = _decibels(measured.power[heard] / measured.power[heard].max())
    low = np.real(_pair_coherence(measured, heard, _LOW_BANDS))
    high = np.real(_pair_coherence(measured, heard, _HIGH_BANDS))
    is_together = power_db.min() > -4.0 and low.min() > 0.6 and low.mean() > 0.8
    is_apart = _is_out_of_phase(measured, heard) or high.mean() < low.mean() - 0.03
    return bool(is_together and is_apart)


def _is_out_of_phase(measured: Measurements, heard: NDArray[np.int64]) -> bool:
    return bool(np.abs(np.imag(_pair_coherence(measured, heard, _HIGH_BANDS))).mean() > 0.1)


def _pair_coherence(
    measured: Measurements, heard: NDArray[np.int64], bands: tuple[int, ...]
) -> NDArray[np.complex128]:
    """Coherence of all pairs of channels, averaged over bands."""
    pairs = np.triu_indices(len(heard), 1)
    filled = [band for band in bands if np.real(np.trace(measured.covariances[band])) > 0.0]
    if not filled:
        return np.zeros(len(pairs[0]), np.complex128)
    chosen = np.ix_(heard, heard)
    return np.mean([measured.coherence(band)[chosen][pairs] for band in filled], axis=0)


def _is_panned(measured: Measurements, channels: tuple[int, ...]) -> bool:
    """Tell loudspeaker signals: no sound takes their channels in opposite phase.

    In first-order channels all pairs agree only if everything lies front, left and above.
    """
    every_band = tuple(range(N_BANDS))
    coherence = _pair_coherence(measured, np.array(channels), every_band)
    return bool(np.real(coherence).min() > 0.02)


def _microphones(
    measured: Measurements, heard: NDArray[np.int64], tested: tuple[int, ...] | None
) -> LayoutEvidence:
    low = np.real(_pair_coherence(measured, heard, _LOW_BANDS)).mean()
    found = (
        f"{len(heard)} microphones close together: equally loud, coherence {low:.2f} at low "
        "frequencies"
    )
    candidates: tuple[ChannelLayout, ...] = ()
    cure = "give their positions with --geometry"
    if measured.n_channels == 4:
        candidates = (tetrahedral(),)
        cure = (
            "not sure where they stand: taken as STARSS23's tetrahedron; give --geometry for "
            "another array"
        )
    if tested is not None and not _is_out_of_phase(measured, heard):
        # A lone source where X, Y and Z are alike, among diffuse sound, is as coherent.
        candidates += _judge_first_order(measured, tested).candidates
    return LayoutEvidence(candidates, False, (found, cure))


def _judge_pair(measured: Measurements) -> LayoutEvidence:
    first, second = measured.gram[0, 0], measured.gram[1, 1]
    product = measured.gram[0, 1]
    silent = measured.is_silent
    if silent.all():
        return LayoutEvidence((stereo(),), False, ("both channels are silent",))
    if silent.any():
        heard = int(np.argmin(silent))
        reason = f"channel {2 - heard} is silent: channel {heard + 1} alone is used"
        return LayoutEvidence((ChannelLayout("mono", (heard,), 2),), True, (reason,))
    if first + second - 2.0 * product < 1e-6 * (first + second):
        reason = "both channels are the same: one is used"
        return LayoutEvidence((ChannelLayout("mono", (0,), 2),), True, (reason,))
    level_db = float(_decibels(second / first))
    similarity = float(product / np.sqrt(first * second))
    pair = (stereo(), ChannelLayout("mid-side", (0, 1), 2))
    described = f"second channel {level_db:+.1f} dB, correlation {similarity:+.2f}"
    negative = _negative_share(measured)
    goes_both_ways = negative is not None and 0.15 < negative < 0.85
    if level_db < -3.0 and abs(similarity) < 0.4 and goes_both_ways:
        reason = (
            "mid and side: the second is weaker and goes now with, now against the first "
            f"({described})"
        )
        if level_db < -5.0 and abs(similarity) < 0.3:
            return LayoutEvidence(pair[1:], True, (reason,))
        return LayoutEvidence(pair[::-1], False, (reason, "not sure: left and right fit too"))
    reason = f"left and right ({described})"
    if level_db < -3.0 or (negative is not None and negative > 0.15):
        doubt = "not sure: mid and side with sources on one side look the same"
        return LayoutEvidence(pair, False, (reason, doubt))
    return LayoutEvidence(pair[:1], True, (reason,))


def _negative_share(measured: Measurements) -> float | None:
    """Share of the patches with one coherent sound in which the channels are in opposite phase.

    Only low frequencies are taken, where even spaced microphones are in phase. None where there
    is too little such sound.
    """
    is_low = measured.band_edges[measured.patch_bands + 1] < _IN_PHASE_HZ
    energies, crossings = measured.patches[is_low], measured.crossings[is_low]
    product = np.sqrt(energies[:, 0] * energies[:, 1])
    is_loud = product > 1e-4 * product.max(initial=0.0)
    coherence = crossings / np.maximum(product, 1e-300)
    is_coherent = is_loud & (np.abs(coherence) > 0.8)
    if is_coherent.sum() < max(20, 0.05 * is_loud.sum()):
        return None
    return float((coherence[is_coherent] < 0.0).mean())
