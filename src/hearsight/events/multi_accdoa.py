"""`MultiAccdoa`: up to three instances of each class in a frame.

References
----------
.. [1] K. Shimada et al., "Multi-ACCDOA: localizing and detecting overlapping sounds from the same
   class with auxiliary duplicating permutation invariant training", ICASSP 2022.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError, nearest
from hearsight.events.classes import class_list
from hearsight.events.codec import Codec, Components, check_labels, checked, is_longer
from hearsight.events.points import FloatArray, Points
from hearsight.spatial.directions import to_angles, to_vectors

Merge = Literal["baseline", "pseldnets", "angles"]

N_TRACKS = 3
N_DUMMY_TRACKS = 6
_FIRST_DUMMY = np.array([0, 0, 1, 3])
"""First dummy track of a group of n instances: A0, B0 B1, C0 C1 C2."""
_PAIRS = ((0, 1), (1, 2), (2, 0))


@dataclass(frozen=True)
class MultiAccdoa(Codec):
    """Activity-coupled directions on three tracks, none of which owns an instance.

    Target: shape (frames, 6, classes, components), the dummy tracks A0 | B0, B1 | C0, C1, C2 that
    the ADPIT loss chooses from: a class with one instance in a frame fills A0, with two B0 and B1,
    with three or more C0 to C2 (the first three rows; with `encode` those with the lowest source
    numbers). All values are multiplied with the activity, so silence is 0.

    Output: shape (frames, 3, classes, components). Networks of the original baselines give it on
    one axis, tracks outermost, then components: `output.reshape(frames, 3, -1,
    n_classes).swapaxes(-1, -2)`.

    `decode` takes both. Tracks that say the same, because instances are given to more than one
    track in training, are unified: pairs of active tracks less than `unify_deg` apart are averaged,
    so two instances of a class closer than that become one.

    Parameters
    ----------
    labels : tuple of str
        The class list.
    components : Components
        What is held beside the direction; distances in metres.
    threshold : float or tuple of float
        A track is active where its vector is longer; 0.5 in all baselines. One for all classes or
        one for each.
    unify_deg : float
        Degrees; 15 in all baselines.
    merge : {"baseline", "pseldnets", "angles"}
        The mean is one of vectors. The two others only reproduce numbers: where tracks 0 and 2
        agree and track 1 says something else, PSELDNets lose track 1 and give track 0 beside the
        mean; the audio-visual baseline of 2023 averages azimuths and elevations, weighted with the
        activity, which goes wrong where azimuths cross the back.
    """

    labels: tuple[str, ...]
    components: Components = field(default_factory=Components)
    threshold: float | tuple[float, ...] = 0.5
    unify_deg: float = 15.0
    merge: Merge = "baseline"

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if isinstance(self.threshold, tuple) and len(self.threshold) != len(self.labels):
            msg = f"{len(self.threshold)} thresholds for {len(self.labels)} classes; give as many"
            raise InputError(msg)
        if self.merge not in get_args(Merge):
            msg = f"unknown merge {self.merge!r}; {nearest(self.merge, get_args(Merge))}"
            raise InputError(msg)

    @classmethod
    def of_year(cls, year: int, *, video: bool = False) -> Self:
        """Return the codec of a challenge's baseline; 2025 has more components with video."""
        return cls(class_list(year), Components.of_year(year, video=video))

    @property
    def n_instances(self) -> int:
        """See `Codec.n_instances`."""
        return N_TRACKS

    def encode_points(self, points: Points, n_frames: int) -> FloatArray:
        """See `Codec.encode_points`; of more than three instances the first rows count."""
        rows = points[points.frames < n_frames]
        rows = rows[np.lexsort((rows.classes, rows.frames))]
        cell = rows.frames * len(self.labels) + rows.classes
        _, first, group, size = np.unique(
            cell, return_index=True, return_inverse=True, return_counts=True
        )
        rank = np.arange(len(rows)) - first[group]
        dummy = _FIRST_DUMMY[np.minimum(size[group], N_TRACKS)] + rank
        fits = rank < N_TRACKS
        target = np.zeros((n_frames, N_DUMMY_TRACKS, len(self.labels), len(self.components)))
        values = self.components.values(rows)
        target[rows.frames[fits], dummy[fits], rows.classes[fits]] = values[fits]
        return target

    @staticmethod
    def as_output(target: FloatArray) -> FloatArray:
        """Return what a perfect network gives for a target: instances on the three tracks.

        Parameters
        ----------
        target : ndarray, shape (frames, 6, classes, components)

        Returns
        -------
        ndarray, shape (frames, 3, classes, components)
            One instance on all tracks, two as first, first, second.
        """
        return target[:, [0, 0, 0]] + target[:, [1, 1, 2]] + target[:, [3, 4, 5]]

    def decode_points(self, array: ArrayLike) -> Points:
        """See `Codec.decode_points`; within a frame and class tracks come before their mean."""
        values = checked(array, None, len(self.labels), len(self.components))
        if values.shape[1] == N_DUMMY_TRACKS:
            values = self.as_output(values)
        values = checked(values, N_TRACKS, len(self.labels), len(self.components))
        # (frames, classes, tracks, components): the order in which points are read out.
        values = values.swapaxes(1, 2).copy()
        if self.components.distance:
            distance = values[..., self.components.n_axes]
            np.maximum(distance, 0.0, out=distance)
        vectors = values[..., : self.components.n_axes]
        active = is_longer(vectors, np.reshape(self.threshold, (-1, 1)))
        unified = _unify(similar_pairs(vectors, active, self.unify_deg), active, self.merge)
        means = np.einsum("fct,fctk->fck", unified.weights, values)
        if self.merge == "angles" and not self.components.planar:
            means[..., :3] = _mean_of_angles(vectors, unified.weights)
        if self.components.on_screen:
            flags = np.take_along_axis(values[..., -1], unified.leader[..., None], axis=-1)
            means[..., -1] = flags[..., 0]
        candidates = np.concatenate([values, means[..., None, :]], axis=2)
        frames, classes, tracks = np.nonzero(unified.given)
        found = candidates[frames, classes, tracks]
        return self.components.points(found, frames, classes, self.labels)


class Unification(NamedTuple):
    """Which tracks stand for themselves and which are joined.

    `given` (..., 4): tracks 0, 1, 2 and the mean, whether each is given. `weights` (..., 3): of the
    tracks in the mean. `leader` (...): the track whose on-screen flag the mean has.
    """

    given: NDArray[np.bool_]
    weights: FloatArray
    leader: NDArray[np.intp]


def similar_pairs(
    vectors: FloatArray, active: NDArray[np.bool_], unify_deg: float
) -> NDArray[np.bool_]:
    """Tell which pairs of tracks say the same.

    Parameters
    ----------
    vectors : ndarray, shape (..., 3, axes)
    active : ndarray of bool, shape (..., 3)
    unify_deg : float
        Degrees.

    Returns
    -------
    ndarray of bool, shape (..., 3)
        For the pairs (0, 1), (1, 2), (2, 0): both active and less than `unify_deg` apart.
    """
    # The small number keeps silence from being divided by 0, as in the original.
    unit = vectors / np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True) + 1e-10)
    first, second = (list(tracks) for tracks in zip(*_PAIRS, strict=True))
    cosine = (unit[..., first, :] * unit[..., second, :]).sum(axis=-1)
    angle = np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return active[..., first] & active[..., second] & (angle < unify_deg)


def _unify(similar: NDArray[np.bool_], active: NDArray[np.bool_], merge: str) -> Unification:
    n_similar = similar.sum(axis=-1, keepdims=True)
    # Pair i leaves track (i + 2) % 3 alone; its first track is i.
    is_pair, is_triple = n_similar == 1, n_similar >= 2
    kept = active & np.where(is_pair, np.roll(similar, -1, axis=-1), ~is_triple)
    if merge == "pseldnets":
        is_mistaken = is_pair[..., 0] & similar[..., 2] & kept[..., 1]
        kept[is_mistaken] = (True, False, False)
    given = np.concatenate([kept, is_pair | is_triple], axis=-1)
    in_pair = similar | np.roll(similar, 1, axis=-1)
    weights = np.where(is_pair, in_pair / 2.0, np.where(is_triple, 1.0 / 3.0, 0.0))
    leader = np.where(is_pair, similar, False).argmax(axis=-1)
    return Unification(given, weights, leader)


def _mean_of_angles(vectors: FloatArray, weights: FloatArray) -> FloatArray:
    azimuth, elevation = to_angles(vectors)
    length = np.linalg.norm(vectors, axis=-1)
    shares = weights * length
    total = shares.sum(axis=-1)
    shares = shares / np.where(total > 0.0, total, 1.0)[..., None]
    unit = to_vectors((shares * azimuth).sum(axis=-1), (shares * elevation).sum(axis=-1))
    return unit * total[..., None]
