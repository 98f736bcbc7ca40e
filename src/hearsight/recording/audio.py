"""Sound files: reading whole, reading in blocks, writing.

Channels come in the order in which the file stores them; nothing is mixed down or reordered, and
values beyond +-1 and NaN are left as they are. Time 0 is the container's start: sound that begins
later, or stops and goes on within the file, is filled with silence, so that sample k belongs to the
time k / sample_rate of the picture beside it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError, nearest
from hearsight.recording.container import open_container, sounds, time_origin
from hearsight.recording.files import replacing
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.media import AudioStream, probe
from hearsight.recording.recording import Recording

if TYPE_CHECKING:
    import av.audio.frame
    import av.audio.resampler
    import av.audio.stream
    import av.container

Encoding = Literal["pcm16", "pcm24", "float"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

_GAP_S = 0.05  # less is jitter of time stamps, not a pause
_BLOCK = 1 << 16


def read_audio(
    path: str | Path,
    *,
    stream: int | None = None,
    start: float = 0.0,
    duration: float | None = None,
    sample_rate: int | None = None,
) -> tuple[NDArray[np.float32], int]:
    """Read sound into memory.

    Parameters
    ----------
    path : str or Path
    stream : int, optional
        The stream's index in the file; default: `Media.chosen_audio`.
    start : float
        Seconds from the container's start, at least 0. What comes before is decoded and dropped.
    duration : float, optional
        Seconds; default: to the end. Less comes where the file ends earlier.
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
        If the file holds no sound or cannot be decoded.
    InputError
        If there is no such stream, or nothing lies between `start` and its end.
    """
    if start < 0.0 or (duration is not None and not duration > 0.0):
        msg = f"start must be at least 0 s and duration above 0 s, got {start} and {duration}"
        raise InputError(msg)
    source = _chosen(path, stream)
    rate = sample_rate or source.sample_rate
    first = round(start * rate)
    last = None if duration is None else first + max(1, round(duration * rate))
    position, kept = 0, []
    for block in iterate_audio(path, stream=source.index, block=_BLOCK, sample_rate=sample_rate):
        if last is not None and position >= last:
            break
        end = None if last is None else last - position
        kept.append(block[:, max(0, first - position) : end])
        position += block.shape[1]
    waveform = np.concatenate(kept, axis=1)
    if waveform.shape[1] == 0:
        msg = f"{path}: its sound ends at {position / rate:g} s, before the start at {start:g} s"
        raise InputError(msg)
    return waveform, rate


def iterate_audio(
    path: str | Path,
    *,
    stream: int | None = None,
    block: int,
    sample_rate: int | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Read sound block by block, in constant memory.

    Parameters
    ----------
    path : str or Path
    stream : int, optional
        The stream's index in the file; default: `Media.chosen_audio`.
    block : int
        Samples per block, at least 1.
    sample_rate : int, optional
        Hz to resample to (FFmpeg's resampler, channel by channel); default: the file's own.

    Yields
    ------
    ndarray of float32, shape (channels, samples)
        `block` samples each; the last may be shorter, never empty.

    Raises
    ------
    MediaError
        If the file holds no sound, cannot be decoded, or yields no sample at all.
    InputError
        If there is no such stream.
    """
    if block < 1:
        msg = f"block must be at least 1 sample, got {block}"
        raise InputError(msg)
    if sample_rate is not None and sample_rate < 1:
        msg = f"sample_rate must be at least 1 Hz, got {sample_rate}"
        raise InputError(msg)
    return _blocks(Path(path), _chosen(path, stream).index, block, sample_rate)


def write_audio(
    path: str | Path,
    waveform: NDArray[np.float32],
    sample_rate: int,
    *,
    encoding: Encoding = "pcm16",
) -> None:
    """Write sound as WAV or FLAC, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in .wav or .flac.
    waveform : ndarray, shape (channels, samples)
        Beyond +-1 it is clipped, except as float.
    sample_rate : int
        Hz.
    encoding : {"pcm16", "pcm24", "float"}
        "float" (32 bit) is for .wav alone.

    Raises
    ------
    InputError
        If the shape, suffix or encoding is not one of these, or FLAC is given over 8 channels.
    MediaError
        If the file cannot be written.
    """
    import soundfile

    suffix = Path(path).suffix.lower()
    if encoding not in ENCODINGS:
        msg = f"unknown encoding {encoding!r}; {nearest(encoding, ENCODINGS)}"
        raise InputError(msg)
    if suffix not in (".wav", ".flac") or (suffix == ".flac" and encoding == "float"):
        msg = f"{path}: sound is written as .wav, or as .flac in pcm16 or pcm24; change the name"
        raise InputError(msg)
    sound = np.asarray(waveform)
    if sound.ndim != 2 or 0 in sound.shape:
        msg = f"waveform must have shape (channels, samples), none of them 0, got {sound.shape}"
        raise InputError(msg)
    if suffix == ".flac" and sound.shape[0] > 8:
        msg = f"{path}: FLAC holds 8 channels at most, got {sound.shape[0]}; write a .wav"
        raise InputError(msg)
    subtype = {"pcm16": "PCM_16", "pcm24": "PCM_24", "float": "FLOAT"}[encoding]
    with replacing(path) as temporary:
        try:
            soundfile.write(temporary, sound.T, sample_rate, subtype, format=suffix[1:].upper())
        except soundfile.LibsndfileError as error:
            msg = f"{path}: cannot be written ({error.error_string}); free space or choose a place"
            raise MediaError(msg) from error


def read_recording(
    path: str | Path,
    layout: ChannelLayout,
    *,
    stream: int | None = None,
    start: float = 0.0,
    duration: float | None = None,
    sample_rate: int | None = None,
) -> Recording:
    """Read sound with its channel layout; for the arguments see `read_audio`.

    Parameters
    ----------
    path : str or Path
    layout : ChannelLayout
        What the channels are; `findings.examine` finds out.
    stream, start, duration, sample_rate
        As in `read_audio`.

    Returns
    -------
    Recording
        Without a picture; `iterate_frames` reads that.
    """
    waveform, rate = read_audio(
        path, stream=stream, start=start, duration=duration, sample_rate=sample_rate
    )
    return Recording(waveform, rate, layout, path=Path(path))


def _chosen(path: str | Path, index: int | None) -> AudioStream:
    media = probe(path)
    if media.chosen_audio is None:
        msg = f"{path}: holds no sound; give a recording, or the sound beside it with --audio"
        raise MediaError(msg)
    if index is None:
        return media.chosen_audio
    for stream in media.audio:
        if stream.index == index:
            return stream
    valid = ", ".join(str(stream.index) for stream in media.audio)
    msg = f"{path}: has no sound stream {index}; valid: {valid}"
    raise InputError(msg)


def _blocks(
    path: Path, index: int, block: int, sample_rate: int | None
) -> Iterator[NDArray[np.float32]]:
    """Cut the decoded sound into blocks of one length."""
    pieces: list[NDArray[np.float32]] = []
    held = 0
    is_empty = True
    for piece in _decoded(path, index, sample_rate):
        pieces.append(piece)
        held += piece.shape[1]
        if held < block:
            continue
        joined = np.concatenate(pieces, axis=1)
        whole = held - held % block
        for begin in range(0, whole, block):
            is_empty = False
            yield joined[:, begin : begin + block].copy()
        pieces, held = [joined[:, whole:]], held - whole
    if held:
        yield np.concatenate(pieces, axis=1)
    elif is_empty:
        msg = f"{path}: no sound could be decoded; the file is damaged or without samples"
        raise MediaError(msg)


def _decoded(path: Path, index: int, sample_rate: int | None) -> Iterator[NDArray[np.float32]]:
    """Decode a stream and fill in silence where its time stamps leave a gap."""
    import av.audio.resampler

    with open_container(path) as container:
        stream = next(s for s in sounds(container) if s.index == index)
        clock = _Clock(stream, container)
        unpacker: av.audio.resampler.AudioResampler | None = None
        resampler: Resampler | None = None
        for frame in _frames(container, stream):
            found = frame.layout.nb_channels, frame.sample_rate
            if found != (clock.n_channels, clock.rate):
                msg = (
                    f"{path}: the sound changes from {clock.n_channels} channels at {clock.rate} "
                    f"Hz to {found[0]} at {found[1]} Hz; convert it to one format"
                )
                raise MediaError(msg)
            if unpacker is None:
                # From any sample format to float32 (see `packed_frame`); the channels stay.
                unpacker = av.audio.resampler.AudioResampler("flt", frame.layout, clock.rate)
                if sample_rate not in (None, clock.rate):
                    resampler = Resampler(clock.n_channels, clock.rate, sample_rate)
            silences = clock.silences(frame)
            sound = _joined(unpacker.resample(frame), clock.n_channels)
            for piece in itertools.chain(silences, [sound]):
                clock.position += piece.shape[1]
                yield piece if resampler is None else resampler.feed(piece)
        if resampler is not None:
            yield resampler.finish()


def _frames(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[av.audio.frame.AudioFrame]:
    """Decode packet by packet, stepping over damaged ones; their time is filled with silence."""
    import av

    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


class _Clock:
    """Where in the stream the next sample lies."""

    def __init__(
        self, stream: av.audio.stream.AudioStream, container: av.container.InputContainer
    ) -> None:
        self.rate = stream.codec_context.sample_rate
        self.n_channels = stream.codec_context.layout.nb_channels
        self.position = 0
        self._origin = time_origin(container)
        declared = max(container.duration or 0, 0) / 1_000_000
        # A damaged time stamp must not make hours of silence.
        self._latest = math.ceil((declared + 1.0) * self.rate)

    def silences(self, frame: av.audio.frame.AudioFrame) -> Iterator[NDArray[np.float32]]:
        """Yield zeros, in small pieces, up to the frame's time."""
        if frame.pts is None or not frame.time_base:
            return
        begin = round((frame.pts * Fraction(frame.time_base) - self._origin) * self.rate)
        missing = begin - self.position
        if missing <= _GAP_S * self.rate and (self.position > 0 or missing <= 0):
            return
        if begin > self._latest:
            return
        while missing > 0:
            piece = min(missing, _BLOCK)
            yield np.zeros((self.n_channels, piece), np.float32)
            missing -= piece


class Resampler:
    """FFmpeg's resampler on channels without meaning, so that none is mixed into another.

    Parameters
    ----------
    n_channels : int
    source_rate, target_rate : int
        Hz.
    """

    def __init__(self, n_channels: int, source_rate: int, target_rate: int) -> None:
        import av.audio.resampler

        self._layout = f"{n_channels} channels"
        self._source_rate = source_rate
        self._resampler = av.audio.resampler.AudioResampler(
            format="flt", layout=self._layout, rate=target_rate
        )
        self._n_channels = n_channels

    def feed(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next samples, shape (channels, samples), and return those that are ready."""
        frame = packed_frame(sound, self._layout, self._source_rate)
        return _joined(self._resampler.resample(frame), self._n_channels)

    def finish(self) -> NDArray[np.float32]:
        """Return the samples still held at the end."""
        return _joined(self._resampler.resample(None), self._n_channels)


def packed_frame(
    sound: NDArray[np.float32], layout: str, sample_rate: int
) -> av.audio.frame.AudioFrame:
    """Make an FFmpeg frame of samples, shape (channels, samples), one channel beside the other.

    PyAV reads past the end of frames that hold 8 or more channels one after the other, so such
    are never made here.
    """
    import av.audio.frame

    packed = np.ascontiguousarray(sound.T, np.float32).reshape(1, -1)
    frame = av.audio.frame.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate = sample_rate
    return frame


def _joined(frames: list[av.audio.frame.AudioFrame], n_channels: int) -> NDArray[np.float32]:
    packed = [np.asarray(frame.to_ndarray(), np.float32) for frame in frames]
    samples = np.concatenate([np.empty((1, 0), np.float32), *packed], axis=1)
    return np.ascontiguousarray(samples.reshape(-1, n_channels).T)
