"""Pictures: reading frames in order, writing a video.

Frames are uint8 RGB `(3, height, width)`, turned and stretched as they are displayed. Decoding runs
in several threads and scaling in FFmpeg's scaler; one frame is held at a time. Time 0 is the
container's start, as for sound.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError
from hearsight.recording.container import open_container, pictures, time_origin
from hearsight.recording.encoding import PictureEncoder
from hearsight.recording.files import replacing
from hearsight.recording.media import FOLDER_FPS, Media, VideoStream, folder_frames, probe
from hearsight.recording.orientation import orientation
from hearsight.recording.soundtrack import (
    EncodedSound,
    SoundCodec,
    Soundtrack,
    check_sound_codec,
    soundtrack_from_file,
)
from hearsight.recording.spherical import mark_equirectangular

if TYPE_CHECKING:
    import av.container
    import av.video.frame
    import av.video.stream

    ShownPicture: TypeAlias = tuple[Fraction, Fraction, av.video.frame.VideoFrame]


DEFAULT_CRF = 17
"""x264's constant rate factor: 17 is hard to tell from the source, 0 lossless, 51 worst."""

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")
_SEARCHED_PICTURES = 48
MAX_SIDE = 16_384
"""Pixels; as far as H.264 goes."""


def exact_rate(fps: float | Fraction) -> Fraction:
    """Return a frame rate as the fraction it stands for.

    Rates within a thousandth of a per cent of n * 1000 / 1001 (29.97, 23.976) become exactly that.

    Parameters
    ----------
    fps : float or Fraction
        Frames per second, above 0.

    Returns
    -------
    Fraction

    Raises
    ------
    InputError
        If it is not a positive number.

    Examples
    --------
    >>> exact_rate(29.97), exact_rate(25.0)
    (Fraction(30000, 1001), Fraction(25, 1))
    """
    if not (0.0 < fps < 100_000.0):
        msg = f"fps must be a positive number below 100000, got {fps}"
        raise InputError(msg)
    if isinstance(fps, Fraction):
        return fps
    whole = round(fps)
    ntsc = Fraction(whole * 1000, 1001)
    if whole and abs(fps - whole) > 1e-9 and abs(fps / float(ntsc) - 1.0) < 2e-5:
        return ntsc
    return Fraction(fps).limit_denominator(100_000)


def iterate_frames(
    path: str | Path,
    *,
    stream: int | None = None,
    start: float = 0.0,
    fps: float | Fraction | None = None,
    size: tuple[int, int] | None = None,
    gray: bool = False,
    frame_rate: float | None = None,
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Read the pictures of a video, a folder of numbered pictures or one picture, in order.

    Parameters
    ----------
    path : str or Path
    stream : int, optional
        The stream's index in the file; default: `Media.chosen_video`.
    start : float
        Seconds from the container's start, at least 0: the first picture is the one shown then.
        What lies far before is jumped over.
    fps : float or Fraction, optional
        Resample to this constant rate: the picture at start + k / fps is the latest shown by then
        (before the first one begins: the first), until the last one ends. Default: each stored
        picture at its own time. A still picture comes once either way.
    size : tuple of int, optional
        Width and height to scale to; default: as displayed.
    gray : bool
        Whether to give brightness alone, shape (height, width).
    frame_rate : float, optional
        Frames per second of a folder of pictures; default `media.FOLDER_FPS`.

    Yields
    ------
    time : float
        Seconds from the container's start.
    frame : ndarray of uint8, shape (3, height, width) or (height, width)
        The same array comes again where a picture is repeated; do not write into it.

    Raises
    ------
    MediaError
        If the file holds no picture or none can be decoded.
    InputError
        If an argument is out of range or there is no such stream.
    """
    if size is not None and not (1 <= size[0] <= 32_768 and 1 <= size[1] <= 32_768):
        msg = f"size must be a width and height of 1 to 32768 pixels, got {size}"
        raise InputError(msg)
    if not (math.isfinite(start) and start >= 0.0):
        msg = f"start must be at least 0 s, got {start}"
        raise InputError(msg)
    file, first = Path(path), Fraction(start).limit_denominator(1_000_000)
    media = probe(file, frame_rate=frame_rate)
    chosen = _choose(file, media.video, media.chosen_video, stream)
    converter = _Converter(file, size or (chosen.width, chosen.height), gray=gray)
    timed = shown_pictures(media, chosen, first)
    if fps is None or chosen.is_still:
        return ((float(begin), converter(frame)) for begin, _, frame in timed)
    return _at_constant_rate(timed, exact_rate(fps), converter, first)


def shown_pictures(
    media: Media, stream: VideoStream, start: Fraction = Fraction(0)
) -> Iterator[ShownPicture]:
    """Decode the pictures of a stream as they are stored: not turned, scaled or converted.

    Parameters
    ----------
    media : Media
        What `media.probe` found.
    stream : VideoStream
        One of its picture streams.
    start : Fraction
        Seconds; pictures that end by then are left out. A still picture never ends.

    Yields
    ------
    begin, end : Fraction
        Seconds from the container's start between which the picture is shown; never decreasing,
        `end` is the next one's `begin`.
    frame : av.VideoFrame

    Raises
    ------
    MediaError
        If none can be decoded.
    """
    if media.container == "folder":
        timed = _folder_pictures(media.path, exact_rate(stream.fps or FOLDER_FPS))
    elif stream.is_still:
        return itertools.islice(_file_pictures(media.path, stream.index), 1)
    else:
        timed = _file_pictures(media.path, stream.index, start)
    return (shown for shown in timed if shown[1] > start) if start else timed


def sample_pictures(
    media: Media, stream: VideoStream, n_pictures: int, *, size: tuple[int, int]
) -> list[NDArray[np.uint8]]:
    """Take a few gray pictures spread evenly over a video, without decoding all of it.

    Parameters
    ----------
    media : Media
        A file, not a folder.
    stream : VideoStream
    n_pictures : int
        At most so many.
    size : tuple of int
        Width and height to scale to.

    Returns
    -------
    list of ndarray of uint8, shape (height, width)
        At least one.

    Raises
    ------
    MediaError
        If none can be decoded.
    """
    import av

    converter = _Converter(media.path, size, gray=True)
    sampled = []
    with open_container(media.path) as container:
        source = next(s for s in pictures(container) if s.index == stream.index)
        first = container.start_time or 0
        for number in range(n_pictures):
            time = stream.duration * number / n_pictures
            with contextlib.suppress(av.FFmpegError):
                container.seek(first + round(time * 1_000_000))
            frame = None
            # A key picture may lie long before; go on for a while, but not through hours.
            for frame in itertools.islice(_decoded(container, source), _SEARCHED_PICTURES):
                if frame.time is not None and frame.time >= time:
                    break
            if frame is not None:
                sampled.append(converter(frame))
    if not sampled:
        msg = f"{media.path}: no picture could be decoded; the file is damaged, copy it again"
        raise MediaError(msg)
    return sampled


def write_video(
    path: str | Path,
    frames: Iterable[NDArray[np.uint8]],
    fps: float | Fraction,
    *,
    size: tuple[int, int],
    audio: tuple[NDArray[np.float32], int] | str | Path | None = None,
    sound: SoundCodec = "aac",
    spherical: bool = False,
    crf: int = DEFAULT_CRF,
) -> None:
    """Write an H.264 video, with sound if given, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in .mp4, .mov or .mkv.
    frames : iterable of ndarray of uint8, shape (3, height, width)
        At least one; taken one by one.
    fps : float or Fraction
        Frames per second.
    size : tuple of int
        Width and height of the frames. With an odd one colour is kept at full resolution (4:4:4
        instead of 4:2:0), which a few players refuse.
    audio : (ndarray of float32 of shape (channels, samples), int) or path, optional
        Sound beginning at time 0 and its rate in Hz; or a file whose sound is taken over: copied
        untouched where the container can hold it, else as 16-bit FLAC or PCM. A file without
        sound is no error.
    sound : {"aac", "flac", "pcm"}
        How samples are stored. AAC is lossy and takes 1 or 2 channels (more would be bound to
        loudspeakers). FLAC (to 8 channels; .mp4 and .mkv) and PCM (.mov and .mkv) are lossless at
        16 bits; Ambisonics is best written as a WAV beside the video.
    spherical : bool
        Mark the picture as an equirectangular panorama (.mp4 and .mov).
    crf : int
        x264's constant rate factor, 0 to 51.

    Raises
    ------
    InputError
        If an argument is out of range or no frame comes.
    MediaError
        If the file cannot be written.
    """
    import av

    target, rate = Path(path), exact_rate(fps)
    suffix = target.suffix.lower()
    if suffix not in VIDEO_SUFFIXES or (spherical and suffix == ".mkv"):
        valid = ", ".join(s for s in VIDEO_SUFFIXES if not (spherical and s == ".mkv"))
        msg = f"{target}: cannot hold such a video; name it with one of {valid}"
        raise InputError(msg)
    if not 0 <= crf <= 51 or min(size) < 1 or max(size) > MAX_SIDE:
        msg = f"crf must be 0 to 51 and sides 1 to {MAX_SIDE} pixels, got {crf} and {size}"
        raise InputError(msg)
    with replacing(target) as temporary:
        try:
            # A player in a page needs the table of contents at the front.
            options = {} if suffix == ".mkv" else {"movflags": "+faststart"}
            with av.open(temporary, "w", options=options) as container:
                encoder = PictureEncoder(container, size, rate, crf)
                soundtrack = _soundtrack(container, audio, sound, suffix)
                _encode(encoder, soundtrack, frames)
        except av.FFmpegError as error:
            reason = error.strerror or type(error).__name__
            msg = f"{target}: cannot be written ({reason}); free space or choose another place"
            raise MediaError(msg) from error
        if spherical:
            mark_equirectangular(temporary)


def _soundtrack(
    container: av.container.OutputContainer,
    audio: tuple[NDArray[np.float32], int] | str | Path | None,
    codec: SoundCodec,
    suffix: str,
) -> Soundtrack | None:
    if audio is None:
        return None
    if isinstance(audio, str | Path):
        return soundtrack_from_file(container, Path(audio), suffix)
    waveform, sample_rate = audio
    if waveform.ndim != 2 or 0 in waveform.shape:
        msg = f"audio must have shape (channels, samples), none of them 0, got {waveform.shape}"
        raise InputError(msg)
    check_sound_codec(codec, waveform.shape[0], suffix)
    block = max(1, sample_rate // 10)
    blocks = (
        np.asarray(waveform[:, begin : begin + block], np.float32)
        for begin in range(0, waveform.shape[1], block)
    )
    return EncodedSound(container, blocks, waveform.shape[0], sample_rate, codec)


def _encode(
    encoder: PictureEncoder, soundtrack: Soundtrack | None, frames: Iterable[NDArray[np.uint8]]
) -> None:
    for frame in frames:
        time = encoder.write(frame)
        if soundtrack is not None:
            soundtrack.write_until(encoder.container, time)
    encoder.finish()
    if soundtrack is not None:
        soundtrack.write_until(encoder.container, math.inf)


def _choose(
    file: Path,
    streams: tuple[VideoStream, ...],
    default: VideoStream | None,
    index: int | None,
) -> VideoStream:
    if index is None:
        if default is None:
            msg = f"{file}: holds no picture; give a video or picture"
            raise MediaError(msg)
        return default
    for stream in streams:
        if stream.index == index:
            return stream
    valid = ", ".join(str(stream.index) for stream in streams) or "none"
    msg = f"{file}: has no picture stream {index}; valid: {valid}"
    raise InputError(msg)


def _file_pictures(file: Path, index: int, start: Fraction = Fraction(0)) -> Iterator[ShownPicture]:
    """Decode a stream from the last key picture before `start`; say when each is shown."""
    import av

    with open_container(file) as container:
        stream = next((s for s in pictures(container) if s.index == index), None)
        if stream is None:
            msg = f"{file}: not a picture; replace or remove it"
            raise MediaError(msg)
        stream.thread_type = "AUTO"
        usual = 1 / Fraction(stream.average_rate or stream.guessed_rate or 25)
        # A damaged time stamp must not make hours of one picture.
        latest = Fraction(max(container.duration or 0, 0), 1_000_000) + 1
        origin = time_origin(container)
        if start:  # where a file cannot be searched it is decoded from its beginning
            with contextlib.suppress(av.FFmpegError):
                container.seek((container.start_time or 0) + math.floor(start * 1_000_000))
        before: tuple[Fraction, av.video.frame.VideoFrame] | None = None
        for frame in _decoded(container, stream):
            begin = before[0] + usual if before else Fraction(0)
            if frame.pts is not None and frame.time_base:
                stamped = frame.pts * Fraction(frame.time_base) - origin
                begin = stamped if stamped <= latest else begin
            if before:
                begin = max(begin, before[0])
                yield before[0], begin, before[1]
            before = begin, frame
        if before is None:
            msg = f"{file}: no picture could be decoded; the file is damaged, copy it again"
            raise MediaError(msg)
        begin, frame = before
        lasting = frame.duration * Fraction(frame.time_base) if frame.time_base else usual
        yield begin, begin + (lasting if 0 < lasting < 1 + 2 * usual else usual), frame


def _decoded(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[av.video.frame.VideoFrame]:
    """Decode packet by packet, stepping over damaged ones."""
    import av

    for packet in container.demux(stream):
        with contextlib.suppress(av.FFmpegError):
            yield from stream.decode(packet)


def _folder_pictures(folder: Path, rate: Fraction) -> Iterator[ShownPicture]:
    for number, file in enumerate(folder_frames(folder)):
        _, _, frame = next(_file_pictures(file, 0))
        yield number / rate, (number + 1) / rate, frame


def _at_constant_rate(
    timed: Iterable[ShownPicture], rate: Fraction, converter: _Converter, start: Fraction
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    # Containers that count milliseconds store a picture up to one too late.
    tolerance = min(Fraction(1, 1000), 1 / (4 * rate))
    tick = 0
    for _, end, frame in timed:
        picture = None
        while start + tick / rate < end - tolerance:
            picture = converter(frame) if picture is None else picture
            yield float(start + tick / rate), picture
            tick += 1


class _Converter:
    """Scales, turns and unpacks decoded pictures, holding FFmpeg's scaler between them."""

    def __init__(self, file: Path, size: tuple[int, int], *, gray: bool) -> None:
        import av.video.reformatter

        self._scaler = av.video.reformatter.VideoReformatter()
        self._file = file
        self._size = size
        self._gray = gray

    def __call__(self, frame: av.video.frame.VideoFrame) -> NDArray[np.uint8]:
        import av

        turned = orientation(frame)
        width, height = self._size[::-1] if turned.swaps_sides else self._size
        shrinks = width * height < frame.width * frame.height
        # Where nothing is scaled FFmpeg leaves columns beyond a multiple of 16 out of planes.
        is_cut = (width, height) == (frame.width, frame.height) and width % 16 > 0
        color = "rgb24" if is_cut else "gbrp"
        try:
            scaled = self._scaler.reformat(
                frame,
                width=width,
                height=height,
                format="gray" if self._gray else color,
                interpolation="AREA" if shrinks else "BICUBIC",
            )
        except (av.FFmpegError, ValueError) as error:
            msg = f"{self._file}: its pictures ({frame.format.name}) cannot be converted to RGB"
            raise MediaError(f"{msg}; convert the file first") from error
        if self._gray:
            return turned.apply(_plane(scaled, 0).copy())
        if is_cut:
            return turned.apply(np.ascontiguousarray(_plane(scaled, 0, 3).transpose(2, 0, 1)))
        # Planes come as green, blue, red.
        return turned.apply(np.stack([_plane(scaled, number) for number in (2, 0, 1)]))


def _plane(frame: av.video.frame.VideoFrame, number: int, n_colors: int = 1) -> NDArray[np.uint8]:
    """Return a plane, (height, width), or (height, width, colors) where it holds several."""
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    pixels = rows[: frame.height, : n_colors * frame.width]
    return pixels if n_colors == 1 else pixels.reshape(frame.height, frame.width, n_colors)
