"""Decoding one picture or sound of a pair, from a file or from bytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import MediaError
from hearsight.recording.audio import Resampler

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus")


def read_picture(source: Path | bytes, where: str) -> NDArray[np.uint8]:
    """Decode a picture.

    Parameters
    ----------
    source : Path or bytes
        A file, or what is in one.
    where : str
        What it is called in messages.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
        RGB, as stored: pixels are not turned by what EXIF says.

    Raises
    ------
    MediaError
        If it is no picture, or damaged.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            pixels = np.asarray(image.convert("RGB"))
    # Pillow's readers let errors of parsing through as they come.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = str(error).partition("\n")[0]
        msg = f"{where}: cannot be read as a picture ({reason}); copy it again or remove it"
        raise MediaError(msg) from error
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def decode_sound(stored: bytes, where: str) -> tuple[NDArray[np.float32], int]:
    """Decode sound from what is in a .wav, .flac, .ogg or .mp3 file.

    Parameters
    ----------
    stored : bytes
    where : str
        What it is called in messages.

    Returns
    -------
    waveform : ndarray of float32, shape (channels, samples)
    sample_rate : int
        Hz.

    Raises
    ------
    MediaError
        If it is no sound, damaged or empty.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(stored), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        msg = f"{where}: cannot be read as sound ({error}); copy it again or remove it"
        raise MediaError(msg) from error
    if not len(samples):
        msg = f"{where}: holds no samples; copy it again or remove it"
        raise MediaError(msg)
    return np.ascontiguousarray(samples.T), int(rate)


def resampled(
    waveform: NDArray[np.float32], rate: int, target: int | None
) -> tuple[NDArray[np.float32], int]:
    """Bring sound to another sample rate as `read_audio` does.

    Parameters
    ----------
    waveform : ndarray of float32, shape (channels, samples)
    rate : int
        Hz.
    target : int or None
        Hz; None leaves the sound as it is.

    Returns
    -------
    waveform : ndarray of float32, shape (channels, samples)
    sample_rate : int
        Hz.
    """
    if target is None or target == rate:
        return waveform, rate
    resampler = Resampler(len(waveform), rate, target)
    return np.concatenate([resampler.feed(waveform), resampler.finish()], axis=1), target
