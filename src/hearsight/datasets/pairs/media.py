"""Decoding one picture or sound of a pair, from a file or from bytes."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import MediaError
from hearsight.recording.audio import Resampler, read_audio

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus")

_UNKNOWN_SIZE = 0x7FFFF000  # bytes; what programs write into a .wav that do not know its size yet


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
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            pixels = np.asarray(image.convert("RGB"))
    # Pillow's readers let errors of parsing through as they come.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        if isinstance(error, UnidentifiedImageError):
            reason = "empty, or of no known kind"
        msg = f"{where}: cannot be read as a picture ({reason}); copy it again or remove it"
        raise MediaError(msg) from error
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def read_sound(path: Path, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
    """Decode a sound file whole, as `read_audio` does: .wav and .flac several times as fast.

    Parameters
    ----------
    path : Path
    sample_rate : int, optional
        Hz to resample to; default: the file's own.

    Returns
    -------
    waveform : ndarray of float32, shape (channels, samples)
    sample_rate : int
        Hz.

    Raises
    ------
    MediaError
        If it is no sound, damaged, cut off or empty.
    """
    if path.suffix.lower() in (".wav", ".flac"):
        with contextlib.suppress(MediaError, OSError):  # told below, or read by FFmpeg after all
            return resampled(*decode_sound(path.read_bytes(), str(path)), sample_rate)
    return read_audio(path, sample_rate=sample_rate)


def decode_sound(stored: bytes, where: str) -> tuple[NDArray[np.float32], int]:
    """Decode what is in a .wav, .flac, .ogg or .mp3 file.

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
        If it is no sound, damaged, cut off or empty.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(stored)) as file:
            n_samples, rate = file.frames, file.samplerate
            samples = file.read(dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        msg = f"{where}: cannot be read as sound ({error}); copy it again or remove it"
        raise MediaError(msg) from error
    # Of a .wav that is cut off, libsndfile counts what is left.
    n_promised = int.from_bytes(stored[4:8], "little") if stored[:4] == b"RIFF" else 0
    if not 0 < n_samples == len(samples) or len(stored) + 1 < n_promised + 8 < _UNKNOWN_SIZE:
        msg = f"{where}: its sound is empty or cut off; copy it again or remove it"
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


def check_finite(samples: NDArray[np.floating], name: str = "") -> None:
    """See that a sound is made of numbers: one NaN would make a whole network NaN.

    Raises
    ------
    MediaError
        If it is not; the message begins with the name, if there is one.
    """
    if not np.isfinite(samples).all():
        what = f"{name}: its sound" if name else "its sound"
        msg = f"{what} holds values that are not finite; export it again or remove it"
        raise MediaError(msg)
