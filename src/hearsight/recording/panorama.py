"""Telling a 360-degree panorama from an ordinary picture.

In an equirectangular picture the left and right edges continue into each other, and the uppermost
and lowest rows each show a single point, so that they hardly vary from left to right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.recording.media import Media, VideoStream
from hearsight.recording.video import iterate_frames, sample_pictures
from hearsight.spatial.projection import ProjectionKind

_SIZE = (256, 128)
_N_PICTURES = 8
_CONTINUES = (
    2.0  # seam against neighbouring columns: panoramas lie near 1, ordinary pictures above 5
)
_BREAKS = 4.0
_TEXTURE = 4.0  # gray levels by which an edge or row must vary to say anything
_STEP = 0.5  # gray levels between neighbouring columns: less is a mere gradient from top to bottom
_POLE = 0.05  # variation of the outermost rows against the middle; a plain sky lies near 0.07


@dataclass(frozen=True)
class PanoramaEvidence:
    """What speaks for and against a panorama.

    Parameters
    ----------
    kind : {"equirectangular", "perspective"}
        The likelier projection.
    is_sure : bool
        Whether nothing speaks against it and enough speaks for it.
    has_metadata : bool
        Whether the file says that it is a panorama.
    aspect : float
        Width over height as displayed; 2 for a whole panorama.
    seam : float or None
        Difference of the left and right edge over that of neighbouring columns; None where the
        edges are too plain to say.
    poles : float or None
        How much the outermost rows vary from left to right, over the middle rows; the lesser of
        top and bottom. None in a plain picture.
    """

    kind: ProjectionKind
    is_sure: bool
    has_metadata: bool
    aspect: float
    seam: float | None
    poles: float | None

    @property
    def reason(self) -> str:
        """A sentence for a person."""
        parts = ["metadata says 360 degrees" if self.has_metadata else "no 360-degree metadata"]
        parts.append(f"aspect {self.aspect:.2f}:1")
        if self.seam is None:
            parts.append("edges too plain to compare")
        else:
            verb = "continue into" if self.seam < _CONTINUES else "do not continue into"
            parts.append(
                f"left and right edge {verb} each other (seam {self.seam:.1f} x the difference "
                "of neighbouring columns)"
            )
        if self.poles is not None and self.poles < _POLE:
            parts.append("an outermost row shows a single point")
        sure = "" if self.is_sure else "not sure: "
        return f"{sure}{self.kind} ({', '.join(parts)})"


def judge_projection(media: Media, stream: VideoStream) -> PanoramaEvidence:
    """Say whether a video or picture is a panorama, from a few pictures spread over it.

    Parameters
    ----------
    media : Media
    stream : VideoStream
        One of its picture streams.

    Returns
    -------
    PanoramaEvidence

    Raises
    ------
    MediaError
        If no picture can be decoded.
    """
    sampled = np.stack(list(_sample(media, stream))).astype(np.float64)
    seam, poles = _seam(sampled), _poles(sampled)
    aspect = stream.width / stream.height
    is_double = abs(aspect - 2.0) < 0.02
    has_poles = poles is not None and poles < _POLE
    continues = None if seam is None else seam < _CONTINUES
    kind: ProjectionKind = "perspective"
    is_sure = True
    if stream.has_spherical_metadata:
        kind = "equirectangular"
    elif continues:
        kind = "equirectangular"
        is_sure = is_double or has_poles
    elif continues is None:
        kind = "equirectangular" if is_double else "perspective"
        is_sure = not is_double and not has_poles
    else:
        is_sure = not (is_double and has_poles) and seam is not None and seam > _BREAKS
    return PanoramaEvidence(kind, is_sure, stream.has_spherical_metadata, aspect, seam, poles)


def _sample(media: Media, stream: VideoStream) -> Iterator[NDArray[np.uint8]]:
    if media.container == "folder" or stream.is_still:
        frames = iterate_frames(media.path, stream=stream.index, size=_SIZE, gray=True)
        for number, (_, frame) in enumerate(frames):
            if number == _N_PICTURES:
                return
            yield frame
        return
    yield from sample_pictures(media, stream, _N_PICTURES, size=_SIZE)


def _seam(pictures: NDArray[np.float64]) -> float | None:
    edges = pictures[:, :, 0], pictures[:, :, -1]
    steps = np.abs(np.diff(pictures, axis=2))
    neighbours = np.concatenate([steps[:, :, :3], steps[:, :, -3:]], axis=2).mean()
    seam = float(np.abs(edges[0] - edges[1]).mean() / max(neighbours, 0.25))
    is_plain = max(edge.std(axis=1).mean() for edge in edges) < _TEXTURE or neighbours < _STEP
    # Two plain edges of one colour are alike in any picture; of two colours, only in an ordinary.
    return None if is_plain and seam < _BREAKS else seam


def _poles(pictures: NDArray[np.float64]) -> float | None:
    variation = pictures.std(axis=2).mean(axis=0)
    rows = len(variation)
    middle = float(np.median(variation[rows // 4 : -rows // 4]))
    if middle < _TEXTURE:
        return None
    return float(min(variation[0], variation[-1]) / middle)
