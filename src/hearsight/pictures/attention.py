"""Attention pictures: frames of a clip under the attention that each of its seconds got.

Published pictures [1]_ show sixteen frames of each second, 224 pixels high and wide. The second's
map is brought to the levels 0 to 255, its least value becoming 0 and its greatest 255, enlarged
bilinearly between the centers of its cells, colored by JET and mixed: 0.2 of the color and 0.6 of
the frame, which it darkens. A map that is the same everywhere says nothing and is drawn as level 0.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearsight.errors import InputError, MediaError
from hearsight.recording.files import replacing
from hearsight.recording.media import VideoStream, probe
from hearsight.recording.video import iterate_frames, shown_pictures, write_video

FRAMES_PER_SEGMENT = 16
SIZE = (224, 224)
"""Width and height of the published pictures."""

_HEAT_SHARE, _FRAME_SHARE = 0.2, 0.6
_JPEG_QUALITY = 95


@functools.cache
def jet_table() -> NDArray[np.uint8]:
    """Return OpenCV's JET colors of the levels 0 to 255, from blue over green to red.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        RGB, read-only.
    """
    ramp = 4.0 * np.arange(256)[:, None] - 255.0 * np.array([3.0, 2.0, 1.0])
    table = np.rint(np.clip(1.5 * 255.0 - np.abs(ramp), 0.0, 255.0)).astype(np.uint8)
    table[159, 2] = 1  # reference quirk: this one number of OpenCV's breaks the symmetry
    table.flags.writeable = False
    return table


def sampled_frames(
    n_frames: int, n_segments: int, per_segment: int = FRAMES_PER_SEGMENT
) -> NDArray[np.int64]:
    """Return which frames of a clip are shown, by counting frames rather than seconds.

    Parameters
    ----------
    n_frames : int
        Of the clip, as many as can be decoded.
    n_segments : int
        Into which the clip is cut; what is left over at its end is not shown.
    per_segment : int
        How many frames of each are shown. Of a clip with fewer frames some are repeated; of one
        with fewer frames than segments only the first is shown.

    Returns
    -------
    ndarray of int64, shape (n_segments * per_segment,)
        Never decreasing.

    Examples
    --------
    >>> sampled_frames(13, n_segments=3, per_segment=2)
    array([ 0,  2,  4,  6,  8, 10])
    """
    return np.arange(n_segments * per_segment) * (n_frames // n_segments) // per_segment


def attention_levels(attention: NDArray[np.floating], height: int, width: int) -> NDArray[np.uint8]:
    """Bring maps to levels of gray in the size of a picture.

    Parameters
    ----------
    attention : ndarray, shape (..., rows, columns)
        Finite; each map is scaled alone.
    height, width : int
        Pixels.

    Returns
    -------
    ndarray of uint8, shape (..., height, width)
        Rounded down.

    Raises
    ------
    InputError
        If there are no cells, or a value is not finite.
    """
    if attention.ndim < 2 or 0 in attention.shape[-2:] or not np.isfinite(attention).all():
        msg = (
            "attention must be finite, of shape (..., rows, columns) with at least one cell, got "
            f"shape {attention.shape}"
        )
        raise InputError(msg)
    above = attention - attention.min(axis=(-2, -1), keepdims=True).astype(np.float64)
    span = above.max(axis=(-2, -1), keepdims=True)
    levels = 255.0 * np.divide(above, span, out=np.zeros_like(above), where=span > 0.0)
    rows, columns = _bilinear(levels.shape[-2], height), _bilinear(levels.shape[-1], width)
    # As float32, so that no rounding error keeps a whole number from being reached.
    return (rows @ levels @ columns.T).astype(np.float32).astype(np.uint8)


def blend_attention(picture: NDArray[np.uint8], levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a map over a picture as the published pictures have it.

    Parameters
    ----------
    picture : ndarray of uint8, shape (3, height, width)
        RGB.
    levels : ndarray of uint8, shape (height, width)
        From `attention_levels`.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
    """
    heat = np.moveaxis(jet_table()[levels], -1, 0)
    return np.rint(_HEAT_SHARE * heat + _FRAME_SHARE * picture).astype(np.uint8)


def write_attention_pictures(
    path: str | Path,
    attention: NDArray[np.floating],
    folder: str | Path,
    *,
    per_segment: int = FRAMES_PER_SEGMENT,
    size: tuple[int, int] | None = SIZE,
) -> int:
    """Write frames of a clip, `ori0000.jpg` ..., and the same with attention, `pic0000.jpg` ....

    Parameters
    ----------
    path : str or Path
        The video.
    attention : ndarray, shape (segments, rows, columns)
        Of equal parts of the video, from its beginning to its end.
    folder : str or Path
        Is made if need be.
    per_segment : int
        Frames of each segment; see `sampled_frames`.
    size : tuple of int, optional
        Width and height of the pictures; None keeps those of the video.

    Returns
    -------
    int
        How many of each were written.

    Raises
    ------
    InputError
        If the maps are not of that shape.
    MediaError
        If the video cannot be read, or a picture not be written.
    """
    _check_maps(attention)
    n_frames = sum(1 for _ in shown_pictures(probe(path), _moving_picture(path)))
    times_shown = np.bincount(sampled_frames(n_frames, len(attention), per_segment))
    frames = (
        frame
        for (_, frame), times in zip(iterate_frames(path, size=size), times_shown, strict=False)
        for _ in range(times)
    )
    for number, (frame, shown) in enumerate(_blended(frames, attention, per_segment)):
        _write_jpeg(Path(folder) / f"ori{number:04d}.jpg", frame)
        _write_jpeg(Path(folder) / f"pic{number:04d}.jpg", shown)
    return len(attention) * per_segment


def write_attention_video(
    path: str | Path,
    attention: NDArray[np.floating],
    target: str | Path,
    *,
    per_segment: int = FRAMES_PER_SEGMENT,
    size: tuple[int, int] | None = SIZE,
) -> None:
    """Write a video with the attention of its seconds laid over it, and its own sound.

    Parameters
    ----------
    path : str or Path
        The video. What lies behind the last map is left out.
    attention : ndarray, shape (segments, rows, columns)
        Of each second.
    target : str or Path
        Ends in .mp4, .mov or .mkv.
    per_segment : int
        Frames a second.
    size : tuple of int, optional
        Width and height; None keeps those of the video.

    Raises
    ------
    InputError
        If the maps are not of that shape.
    MediaError
        If the video cannot be read, or the new one not be written.
    """
    _check_maps(attention)
    stream = _moving_picture(path)
    frames = (frame for _, frame in iterate_frames(path, fps=per_segment, size=size))
    shown = (each for _, each in _blended(frames, attention, per_segment))
    size = size or (stream.width, stream.height)
    write_video(target, shown, per_segment, size=size, audio=path)


def _blended(
    frames: Iterable[NDArray[np.uint8]], attention: NDArray[np.floating], per_segment: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield each frame as it is and under its segment's map, until the maps end."""
    numbered = enumerate(itertools.islice(frames, len(attention) * per_segment))
    for number, frame in numbered:
        segment, since = divmod(number, per_segment)
        if since == 0:
            levels = attention_levels(attention[segment], *frame.shape[1:])
        yield frame, blend_attention(frame, levels)


def _check_maps(attention: NDArray[np.floating]) -> None:
    if attention.ndim != 3 or len(attention) == 0:
        msg = (
            "attention must have shape (segments, rows, columns), at least one segment, got "
            f"{attention.shape}; give the maps of one clip"
        )
        raise InputError(msg)


def _moving_picture(path: str | Path) -> VideoStream:
    stream = probe(path).chosen_video
    if stream is None or stream.is_still:
        msg = f"{path}: holds no moving picture; give a video"
        raise MediaError(msg)
    return stream


@functools.cache
def _bilinear(cells: int, pixels: int) -> NDArray[np.float64]:
    """Return the matrix, shape (pixels, cells), that enlarges an axis between cells' centers."""
    place = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0.0, cells - 1.0)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(cells))))


def _write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    with replacing(path) as temporary:
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(temporary, quality=_JPEG_QUALITY)
