"""Hearing a recording of any length in windows, with the same result as in one piece.

Every window is heard with some sound before and after it, at least as much as any model looks
around itself; what was found there is cut off again.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import MediaError
from hearsight.recording.audio import iterate_audio
from hearsight.recording.findings import Findings
from hearsight.recording.grid import LABEL_HOP_S
from hearsight.systems.training_free import SAMPLE_RATE

LABEL_SAMPLES = round(SAMPLE_RATE * LABEL_HOP_S)
CONTEXT = 5
"""Label frames heard before and after a window: models look 0.3 s around themselves."""


def arranged_blocks(
    findings: Findings, block: int, sample_rate: int = SAMPLE_RATE
) -> Iterator[NDArray[np.float32]]:
    """Read a recording's sound, channels arranged.

    Parameters
    ----------
    findings : Findings
        With a layout.
    block : int
        Samples per block.
    sample_rate : int
        Hz to which the sound is brought.

    Yields
    ------
    ndarray of float32, shape (channels, samples)
        Samples that are not finite come as silence.
    """
    assert findings.layout is not None
    assert findings.audio is not None
    for samples in iterate_audio(
        findings.sound_media.path,
        stream=findings.audio.index,
        block=block,
        sample_rate=sample_rate,
    ):
        finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        yield findings.layout.arrange(finite)


def plain_blocks(
    findings: Findings, block: int, sample_rate: int = SAMPLE_RATE
) -> Iterator[NDArray[np.float32]]:
    """Read a recording's sound as one who does not ask where it comes from.

    Parameters
    ----------
    findings : Findings
    block : int
        Samples per block.
    sample_rate : int
        Hz to which the sound is brought.

    Yields
    ------
    ndarray of float32, shape (channels, samples)
        The channel that hears all around alone, if there is one, else all. Samples that are not
        finite come as silence.
    """
    assert findings.audio is not None
    layout = findings.layout
    has_omni = layout is not None and layout.kind in ("foa", "mid-side", "mono")
    heard = list(layout.order[:1]) if layout is not None and has_omni else slice(None)
    for samples in iterate_audio(
        findings.sound_media.path,
        stream=findings.audio.index,
        block=block,
        sample_rate=sample_rate,
    ):
        yield np.nan_to_num(samples[heard], nan=0.0, posinf=0.0, neginf=0.0)


def hear(
    blocks: Iterator[NDArray[np.float32]],
    model: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]],
    window: int,
) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Run an acoustic model over blocks of sound.

    Parameters
    ----------
    blocks : iterator of ndarray, shape (channels, samples)
        `window` label frames each; the last may be shorter.
    model : callable
        Takes (channels, samples) of whole label frames, returns arrays whose first axis is label
        frames.
    window : int
        Label frames per block.

    Yields
    ------
    tuple of ndarray
        What the model found in one window; all windows together are the whole recording.
    """
    before: NDArray[np.float32] | None = None
    current: NDArray[np.float32] | None = None
    for block in blocks:
        if current is not None:
            yield _hear_one(model, before, current, block[:, : CONTEXT * LABEL_SAMPLES])
            before = current[:, -CONTEXT * LABEL_SAMPLES :]
        current = block
        if block.shape[1] < window * LABEL_SAMPLES:
            break
    if current is not None:
        yield _hear_one(model, before, current, None)


def _hear_one(
    model: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]],
    before: NDArray[np.float32] | None,
    current: NDArray[np.float32],
    after: NDArray[np.float32] | None,
) -> tuple[NDArray[np.float32], ...]:
    parts = [part for part in (before, current, after) if part is not None]
    sound = np.concatenate(parts, axis=1)
    missing = -sound.shape[1] % LABEL_SAMPLES
    sound = np.pad(sound, ((0, 0), (0, missing)))
    start = 0 if before is None else before.shape[1] // LABEL_SAMPLES
    n_labels = -(-current.shape[1] // LABEL_SAMPLES)
    return tuple(found[start : start + n_labels] for found in model(sound))


class FrameStore:
    """Frames put by on disk while they are made, so that hours of them need no memory.

    Even small arrays kept from every window would keep the memory between them from being used
    again. The file has no name and is gone with the object.

    Parameters
    ----------
    dtype : NumPy type
        float16 suffices for maps.
    """

    def __init__(self, dtype: type[np.floating] = np.float16) -> None:
        self._dtype = dtype
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the store
        weakref.finalize(self, _close, self._file)
        self._shape: tuple[int, ...] = ()
        self._n = 0

    def append(self, frames: NDArray[np.floating]) -> None:
        """Add frames, shape (n, ...), every time of the same shape behind the first axis.

        Raises
        ------
        MediaError
            If the disk is full.
        """
        self._shape = frames.shape[1:]
        self._n += len(frames)
        with _told_where_it_is_full():
            self._file.write(np.ascontiguousarray(frames, dtype=self._dtype).tobytes())

    def finish(self, n_frames: int | None = None) -> NDArray[Any]:
        """Return all frames, shape (frames, ...), as a writable memory map.

        The map outlives the store.

        Parameters
        ----------
        n_frames : int, optional
            So many of them; those that are missing are 0.
        """
        with _told_where_it_is_full():
            self._file.flush()
        n = self._n if n_frames is None else n_frames
        if self._n == 0:
            return np.zeros((n, *(self._shape or (1, 1))), dtype=self._dtype)
        return np.memmap(self._file, dtype=self._dtype, mode="r+", shape=(n, *self._shape))


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # what a full disk did not take is not needed any more
        file.close()


@contextlib.contextmanager
def _told_where_it_is_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        msg = f"{place}: no room for maps ({error.strerror}); free space or set TMPDIR"
        raise MediaError(msg) from error
