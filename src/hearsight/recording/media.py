"""What a media file or folder of pictures holds: its streams, and which of them are used.

Everything goes through FFmpeg's libraries (PyAV), reading local files only. Time 0 of a file is the
start of its container, that is of the stream that begins first. A folder of numbered pictures is a
video without sound, a single picture a video of one frame.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from hearsight.errors import MediaError
from hearsight.recording.container import open_container, pictures, sounds, time_origin
from hearsight.recording.orientation import Orientation, orientation, side_data

if TYPE_CHECKING:
    import av.audio.stream
    import av.container
    import av.video.frame
    import av.video.stream

FOLDER_FPS = 25.0
"""Frames per second taken for a folder of pictures when none are given."""

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
"""What a folder of frames may hold."""

_SCANNED_PACKETS = 300  # pictures looked at to tell a constant rate from a variable one


@dataclass(frozen=True)
class AudioStream:
    """One sound stream.

    Parameters
    ----------
    index : int
        Its number in the file, counting streams of every kind.
    codec : str
        FFmpeg's name of it, such as "aac".
    sample_rate : int
        Hz.
    n_channels : int
    declared : str
        The channel layout that the file declares ("5.1", "stereo", "4 channels"). Ambisonics is
        often declared as something else.
    duration : float
        Seconds.
    start : float
        Seconds from the container's start to the first sample.
    """

    index: int
    codec: str
    sample_rate: int
    n_channels: int
    declared: str
    duration: float
    start: float = 0.0


@dataclass(frozen=True)
class VideoStream:
    """One picture stream.

    Parameters
    ----------
    index : int
        Its number in the file, counting streams of every kind.
    codec : str
        FFmpeg's name of it, such as "h264".
    width, height : int
        Pixels as displayed: after rotation and with square pixels.
    fps : float
        Mean frames per second; 0 for a still picture.
    duration : float
        Seconds; 0 for a still picture.
    rotation : int
        Degrees by which the stored picture is turned counter-clockwise for display: 0, 90, 180 or
        270.
    is_still : bool
        Whether there is one picture only.
    is_cover : bool
        Whether it is a cover picture attached to a sound file; such are never used.
    is_variable_rate : bool
        Whether the pictures' spacing in time varies.
    has_spherical_metadata : bool
        Whether the file says that the picture is an equirectangular panorama.
    pixel_format : str
        FFmpeg's name of it, such as "yuv420p".
    sample_aspect : Fraction
        Width over height of a stored pixel.
    """

    index: int
    codec: str
    width: int
    height: int
    fps: float
    duration: float
    rotation: int = 0
    is_still: bool = False
    is_cover: bool = False
    is_variable_rate: bool = False
    has_spherical_metadata: bool = False
    pixel_format: str = ""
    sample_aspect: Fraction = Fraction(1)


@dataclass(frozen=True)
class Media:
    """What a file holds.

    Parameters
    ----------
    path : Path
    container : str
        FFmpeg's name of the format; "folder" for a folder of pictures.
    duration : float
        Seconds; 0 for a still picture.
    audio : tuple of AudioStream
    video : tuple of VideoStream
    """

    path: Path
    container: str
    duration: float
    audio: tuple[AudioStream, ...]
    video: tuple[VideoStream, ...]

    @property
    def chosen_audio(self) -> AudioStream | None:
        """The sound stream that is used: most channels, then highest rate, then first."""
        return max(
            self.audio,
            key=lambda stream: (stream.n_channels, stream.sample_rate, -stream.index),
            default=None,
        )

    @property
    def chosen_video(self) -> VideoStream | None:
        """The picture stream that is used: the largest picture, then first; no cover pictures."""
        return max(
            (stream for stream in self.video if not stream.is_cover),
            key=lambda stream: (stream.width * stream.height, -stream.index),
            default=None,
        )

    @property
    def choices(self) -> tuple[str, ...]:
        """One sentence for each kind of stream of which there were several to choose from."""
        sentences = []
        audio, video = self.chosen_audio, self.chosen_video
        if audio and len(self.audio) > 1:
            rivals = [s for s in self.audio if s.index != audio.index]
            reason = "it comes first"
            if all(s.n_channels < audio.n_channels for s in rivals):
                reason = "it has the most channels"
            elif all((s.n_channels, s.sample_rate) < (audio.n_channels, audio.sample_rate)
                     for s in rivals):  # fmt: skip
                reason = f"none with as many channels reaches its {audio.sample_rate} Hz"
            sentences.append(
                f"{len(self.audio)} sound streams: stream {audio.index} is used ({reason})"
            )
        pictures = [stream for stream in self.video if not stream.is_cover]
        if video and len(pictures) > 1:
            sizes = [stream.width * stream.height for stream in pictures]
            reason = "it comes first"
            if sizes.count(max(sizes)) == 1:
                reason = f"the largest picture, {video.width} x {video.height}"
            sentences.append(
                f"{len(pictures)} picture streams: stream {video.index} is used ({reason})"
            )
        return tuple(sentences)


def probe(path: str | Path, *, frame_rate: float | None = None) -> Media:
    """Look into a media file, a picture, or a folder of numbered pictures.

    Parameters
    ----------
    path : str or Path
    frame_rate : float, optional
        Frames per second of a folder of pictures; default `FOLDER_FPS`. Ignored for files.

    Returns
    -------
    Media

    Raises
    ------
    MediaError
        If the file is missing, empty, cut off, or no sound, video or picture.
    """
    file = Path(path)
    if file.is_dir():
        return _probe_folder(file, FOLDER_FPS if frame_rate is None else frame_rate)
    with open_container(file) as container:
        is_picture = _is_picture(container)
        total = _total_duration(file, container)
        audio = tuple(_describe_audio(stream, container, total) for stream in sounds(container))
        video = tuple(
            _describe_video(stream, *_scan(file, stream.index), 0.0 if is_picture else total)
            for stream in pictures(container)
        )
        if not audio and not video:
            msg = f"{file}: holds neither sound nor picture; give a recording, video or picture"
            raise MediaError(msg)
        return Media(file, container.format.name, 0.0 if is_picture else total, audio, video)


def folder_frames(folder: str | Path) -> list[Path]:
    """List the numbered pictures of a folder in the order of their numbers.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of Path
        At least one; sorted by the last number in the name, then by name.

    Raises
    ------
    MediaError
        If there are none.
    """
    place = Path(folder)
    numbered = []
    for file in place.iterdir():
        numbers = re.findall(r"\d+", file.stem)
        is_picture = file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".")
        if is_picture and numbers and file.is_file():
            numbered.append((int(numbers[-1]), file.name, file))
    if not numbered:
        msg = (
            f"{place}: a folder without numbered pictures; put frames such as 0001.jpg or 0001.png "
            "into it, or give a file"
        )
        raise MediaError(msg)
    return [file for *_, file in sorted(numbered)]


def _is_picture(container: av.container.InputContainer) -> bool:
    name = container.format.name
    return name == "image2" or name.endswith("_pipe")


def _total_duration(file: Path, container: av.container.InputContainer) -> float:
    if container.duration is not None and container.duration > 0:
        return container.duration / 1_000_000
    # Live recordings (webm from a browser, raw streams) do not say: read to the end, undecoded.
    with open_container(file) as again:
        first, last = None, Fraction(0)
        for packet in again.demux():
            if packet.pts is not None and packet.time_base:
                begin = packet.pts * packet.time_base
                first = begin if first is None else min(first, begin)
                last = max(last, begin + (packet.duration or 0) * packet.time_base)
    return float(last - (first or 0))


def _stream_duration(
    stream: av.audio.stream.AudioStream | av.video.stream.VideoStream, total: float
) -> float:
    if stream.duration and stream.duration > 0 and stream.time_base:
        return float(stream.duration * stream.time_base)
    return total


def _stream_start(
    stream: av.audio.stream.AudioStream, container: av.container.InputContainer
) -> float:
    if stream.start_time is None or not stream.time_base:
        return 0.0
    return float(stream.start_time * stream.time_base - time_origin(container))


def _describe_audio(
    stream: av.audio.stream.AudioStream,
    container: av.container.InputContainer,
    total: float,
) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.codec.canonical_name,
        sample_rate=context.sample_rate,
        n_channels=context.layout.nb_channels,
        declared=context.layout.name,
        duration=_stream_duration(stream, total),
        start=_stream_start(stream, container),
    )


def _scan(file: Path, index: int) -> tuple[av.video.frame.VideoFrame | None, list[int]]:
    """Return a stream's first picture and the sorted times of its first packets, in ticks."""
    import av

    frame, times = None, []
    with open_container(file) as container:
        stream = next(s for s in pictures(container) if s.index == index)
        for packet in container.demux(stream):
            if packet.pts is not None:
                times.append(packet.pts)
            if frame is None:
                # Damage in the first packets need not damage the rest.
                with contextlib.suppress(av.FFmpegError):
                    frame = next(iter(packet.decode()), None)
            if len(times) >= _SCANNED_PACKETS:
                # Pictures are stored out of order; those near the end may have holes among them.
                return frame, sorted(times)[: -_SCANNED_PACKETS // 4]
    return frame, sorted(times)


def _describe_video(
    stream: av.video.stream.VideoStream,
    frame: av.video.frame.VideoFrame | None,
    times: list[int],
    total: float,
) -> VideoStream:
    import av.stream

    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or Fraction(1)
    turned = orientation(frame)
    width, height = displayed_size(context.width, context.height, aspect, turned)
    is_still = total == 0.0 or len(times) == 1
    return VideoStream(
        index=stream.index,
        codec=context.codec.canonical_name,
        width=width,
        height=height,
        fps=0.0 if is_still else _frame_rate(stream, times),
        duration=0.0 if is_still else _stream_duration(stream, total),
        rotation=turned.rotation,
        is_still=is_still,
        is_cover=bool(stream.disposition & av.stream.Disposition.attached_pic),
        is_variable_rate=not is_still and _is_variable(stream, times),
        has_spherical_metadata=frame is not None and side_data(frame, "SPHERICAL") is not None,
        pixel_format=context.pix_fmt or "",
        sample_aspect=aspect,
    )


def displayed_size(
    width: int, height: int, sample_aspect: Fraction, turned: Orientation
) -> tuple[int, int]:
    """Return the width and height of a picture as displayed, with square pixels."""
    stretched = max(1, round(width * sample_aspect)) if sample_aspect > 0 else width
    return (height, stretched) if turned.swaps_sides else (stretched, height)


def _frame_rate(stream: av.video.stream.VideoStream, times: list[int]) -> float:
    rate = stream.average_rate or stream.guessed_rate
    if rate:
        return float(rate)
    if len(times) > 1 and times[-1] > times[0] and stream.time_base:
        return float((len(times) - 1) / ((times[-1] - times[0]) * stream.time_base))
    return FOLDER_FPS


def _is_variable(stream: av.video.stream.VideoStream, times: list[int]) -> bool:
    """Tell whether spacings differ by more than rounding to the stream's ticks explains."""
    spacings = [later - earlier for earlier, later in pairwise(times)]
    if not spacings or not stream.time_base:
        return False
    allowed = max(2, 0.05 * sum(spacings) / len(spacings))
    return max(spacings) - min(spacings) > allowed


def _probe_folder(folder: Path, frame_rate: float) -> Media:
    if not frame_rate > 0.0:
        msg = f"{folder}: frame rate must be above 0, got {frame_rate:g}"
        raise MediaError(msg)
    frames = folder_frames(folder)
    first = probe(frames[0]).chosen_video
    if first is None:
        msg = f"{frames[0]}: not a picture; replace it"
        raise MediaError(msg)
    duration = len(frames) / frame_rate
    stream = VideoStream(
        index=0,
        codec=first.codec,
        width=first.width,
        height=first.height,
        fps=frame_rate,
        duration=duration,
        is_still=len(frames) == 1,
        pixel_format=first.pixel_format,
    )
    return Media(folder, "folder", duration, (), (stream,))
