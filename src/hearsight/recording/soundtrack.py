"""The sound of a video being written: encoded from samples, or copied from another file untouched.

A soundtrack is asked for all sound up to a time, picture by picture, so that the file is well
interleaved and nothing piles up in memory.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError, nearest
from hearsight.recording.audio import Resampler, iterate_audio, packed_frame
from hearsight.recording.container import open_container, sounds, time_origin
from hearsight.recording.media import AudioStream, probe

if TYPE_CHECKING:
    import av.container
    import av.packet

SoundCodec = Literal["aac", "flac", "pcm"]
SOUND_CODECS: tuple[SoundCodec, ...] = get_args(SoundCodec)

_AAC_BITS_PER_SECOND = 192_000
_AAC_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000
)  # fmt: skip
_PCM = frozenset({"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"})
# What each kind of file holds as it is; anything else is encoded anew. Matroska has no way to say
# that sound begins before the picture, as that of lossy coders does.
_COPIED = {
    ".mp4": frozenset({"aac", "mp3", "flac", "opus", "alac", "ac3", "eac3"}),
    ".mov": frozenset({"aac", "mp3", "alac", "ac3"}) | _PCM,
    ".mkv": frozenset({"flac", "alac"}) | _PCM,
}


class Soundtrack(abc.ABC):
    """Sound on its way into a file."""

    def __init__(self) -> None:
        self._packets = self._prepare()
        self._next = next(self._packets, None)

    def write_until(self, container: av.container.OutputContainer, time: float) -> None:
        """Put everything that begins before `time`, in seconds, into the file."""
        while self._next is not None and self._next[0] < time:
            for packet in self._next[1]:
                container.mux(packet)
            self._next = next(self._packets, None)

    @abc.abstractmethod
    def _prepare(self) -> Iterator[tuple[float, list[av.packet.Packet[Any]]]]:
        """Yield times in seconds and the packets that begin there."""


class EncodedSound(Soundtrack):
    """Samples to be encoded.

    Parameters
    ----------
    container : av.container.OutputContainer
    blocks : iterator of ndarray of float32, shape (channels, samples)
        Samples that are not finite become silence.
    n_channels, sample_rate : int
    codec : {"aac", "flac", "pcm"}
        AAC at a rate that it does not know is resampled to 48 kHz.
    bits_per_second : int
        For AAC; the default cannot be told from the source.
    """

    def __init__(
        self,
        container: av.container.OutputContainer,
        blocks: Iterator[NDArray[np.float32]],
        n_channels: int,
        sample_rate: int,
        codec: SoundCodec,
        bits_per_second: int = _AAC_BITS_PER_SECOND,
    ) -> None:
        self._blocks = blocks
        self._rate = sample_rate
        self._resampler: Resampler | None = None
        if codec == "aac" and sample_rate not in _AAC_RATES:
            self._rate = 48_000
            self._resampler = Resampler(n_channels, sample_rate, self._rate)
        self._layout = {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels} channels")
        name = "pcm_s16le" if codec == "pcm" else codec
        self._stream = container.add_stream(name, rate=self._rate, layout=self._layout)
        if codec == "aac":
            self._stream.bit_rate = bits_per_second
        super().__init__()

    def _prepare(self) -> Iterator[tuple[float, list[av.packet.Packet[Any]]]]:
        position = 0
        for sound in self._resampled():
            frame = packed_frame(sound, self._layout, self._rate)
            frame.pts = position
            frame.time_base = Fraction(1, self._rate)
            yield position / self._rate, self._stream.encode(frame)
            position += sound.shape[1]
        yield position / self._rate, self._stream.encode(None)

    def _resampled(self) -> Iterator[NDArray[np.float32]]:
        for raw in self._blocks:
            # Encoders refuse what is not a number, or spread it.
            block = np.nan_to_num(raw, nan=0.0, posinf=0.0, neginf=0.0)
            sound = block if self._resampler is None else self._resampler.feed(block)
            if sound.shape[1]:
                yield sound
        if self._resampler is not None and (rest := self._resampler.finish()).shape[1]:
            yield rest


class CopiedSound(Soundtrack):
    """The packets of another file's sound stream, as they are.

    Parameters
    ----------
    container : av.container.OutputContainer
    path : Path
        Where the sound comes from.
    index : int
        The stream's number in that file.
    """

    def __init__(self, container: av.container.OutputContainer, path: Path, index: int) -> None:
        self._path = path
        self._index = index
        self._container = container
        super().__init__()

    def _prepare(self) -> Iterator[tuple[float, list[av.packet.Packet[Any]]]]:
        with open_container(self._path) as source:
            template = next(s for s in sounds(source) if s.index == self._index)
            stream = self._container.add_stream_from_template(template)
            origin = time_origin(source)
            for packet in source.demux(template):
                if packet.dts is None or packet.pts is None or not packet.time_base:
                    continue  # the mark at the end of the file
                shift = round(origin / packet.time_base)
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = stream
                yield float(packet.pts * packet.time_base), [packet]


def check_sound_codec(codec: str, n_channels: int, suffix: str) -> None:
    """Refuse a codec that cannot keep so many channels apart, or not in such a file.

    Parameters
    ----------
    codec : str
    n_channels : int
    suffix : str
        .mp4, .mov or .mkv.

    Raises
    ------
    InputError
    """
    if codec not in SOUND_CODECS:
        msg = f"unknown sound codec {codec!r}; {nearest(codec, SOUND_CODECS)}"
        raise InputError(msg)
    if (codec, suffix) in {("flac", ".mov"), ("pcm", ".mp4")}:
        msg = f"{suffix} holds no {codec}; use flac with .mp4, pcm with .mov, or .mkv"
        raise InputError(msg)
    most = {"aac": 2, "flac": 8}.get(codec, 64)
    if not 1 <= n_channels <= most:
        msg = (
            f"{codec} keeps 1 to {most} channels apart, got {n_channels}; use flac (to 8) or pcm, "
            "or write the sound as a .wav beside the video"
        )
        raise InputError(msg)


def soundtrack_from_file(
    container: av.container.OutputContainer, path: Path, suffix: str
) -> Soundtrack | None:
    """Take over the sound of a file: copied where `suffix` can hold it, else as FLAC or PCM.

    Returns
    -------
    Soundtrack or None
        None if the file has no sound.
    """
    stream = probe(path).chosen_audio
    if stream is None:
        return None
    if stream.codec in _COPIED[suffix]:
        return CopiedSound(container, path, stream.index)
    blocks = iterate_audio(path, stream=stream.index, block=4096)
    return EncodedSound(
        container, blocks, stream.n_channels, stream.sample_rate, _lossless(stream, suffix)
    )


def _lossless(stream: AudioStream, suffix: str) -> SoundCodec:
    if stream.n_channels <= 8 and suffix != ".mov":
        return "flac"
    if suffix != ".mp4":
        return "pcm"
    msg = (
        f"{stream.n_channels} channels of {stream.codec} do not fit into a .mp4; "
        "write the video as .mkv or without sound"
    )
    raise MediaError(msg)
