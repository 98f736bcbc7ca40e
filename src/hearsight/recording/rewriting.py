"""Writing a video again with its pictures changed: times, size, rate and sound stay what they are.

Pictures pass through in the form in which video is stored, one brightness and two color planes
(YUV), so that nothing is converted to RGB and back. One picture is held at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError
from hearsight.recording.files import replacing
from hearsight.recording.media import Media, VideoStream, probe
from hearsight.recording.orientation import orientation
from hearsight.recording.soundtrack import EncodedSound, Soundtrack, soundtrack_from_file
from hearsight.recording.spherical import mark_equirectangular
from hearsight.recording.video import exact_rate, shown_pictures

if TYPE_CHECKING:
    import av.container
    import av.video.frame
    import av.video.stream

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
"""Y of shape (height, width); U and V of half that size, or of the same where a side is odd."""

Edit = Callable[[float, Planes], None]
"""Changes the planes, in place, of the picture shown from a time in seconds on."""

DEFAULT_CRF = 20
"""x264's constant rate factor: 20 is nearly as good as the source; one more saves 10 % bytes."""

_FINEST_CLOCK = 1_000_000
_UNSPECIFIED = 2  # FFmpeg's AVCOL_SPC_UNSPECIFIED
_HD_HEIGHT = 720  # from here on, pictures that do not say are taken as BT.709


@dataclass(frozen=True, eq=False)
class SoundBlocks:
    """Samples to be encoded as the new video's sound.

    Parameters
    ----------
    blocks : iterator of ndarray of float32, shape (channels, samples)
        Beginning at time 0.
    n_channels : int
        1 or 2.
    sample_rate : int
        Hz.
    """

    blocks: Iterator[NDArray[np.float32]]
    n_channels: int
    sample_rate: int


@dataclass(frozen=True)
class VideoFormat:
    """What an edit must know of the pictures it will get.

    Parameters
    ----------
    width, height : int
        Pixels.
    is_bt709 : bool
        Whether colors follow BT.709 (high definition) rather than BT.601.
    """

    width: int
    height: int
    is_bt709: bool

    @property
    def has_full_chroma(self) -> bool:
        """Whether color planes are as large as the brightness plane."""
        return self.width % 2 == 1 or self.height % 2 == 1

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name."""
        return "yuv444p" if self.has_full_chroma else "yuv420p"


def rewrite_video(
    source: str | Path,
    target: str | Path,
    edit: Callable[[VideoFormat], Edit] | None = None,
    *,
    sound: Path | SoundBlocks | None = None,
    size: tuple[int, int] | None = None,
    crf: int = DEFAULT_CRF,
    spherical: bool = False,
    frame_rate: float | None = None,
) -> None:
    """Write a video's pictures, changed, as H.264 into an MP4 file, whole or not at all.

    Each picture keeps its time, so that variable rates stay what they are. Rotated and stretched
    pictures are written as they are displayed.

    Parameters
    ----------
    source : str or Path
        A video, or a folder of numbered pictures.
    target : str or Path
        Ends in .mp4.
    edit : callable, optional
        Gets the new video's format once and returns the function that changes each picture's
        planes in place. Default: nothing is changed.
    sound : Path or SoundBlocks, optional
        A file whose sound is taken over untouched where MP4 can hold it, or samples, which become
        AAC. Default: no sound.
    size : tuple of int, optional
        Width and height to scale to; default: as displayed. Odd sizes are kept by storing color
        at full resolution (4:4:4), which a few players refuse.
    crf : int
        x264's constant rate factor, 0 to 51.
    spherical : bool
        Mark the picture as an equirectangular panorama.
    frame_rate : float, optional
        Frames per second of a folder of pictures; default `media.FOLDER_FPS`.

    Raises
    ------
    InputError
        If `target` is no .mp4.
    MediaError
        If the source has no moving picture or cannot be read, or the target cannot be written.
    """
    import av

    path = Path(target)
    if path.suffix.lower() != ".mp4":
        msg = f"{path}: the new video is an MP4 file; give it a name that ends in .mp4"
        raise InputError(msg)
    media = probe(source, frame_rate=frame_rate)
    stream = media.chosen_video
    if stream is None or stream.is_still:
        msg = f"{media.path}: holds no moving picture; give a video"
        raise MediaError(msg)
    with replacing(path) as temporary:
        try:
            with av.open(temporary, "w", options={"movflags": "+faststart"}) as container:
                _rewrite(container, media, stream, edit, sound, size, crf)
        except av.FFmpegError as error:
            reason = error.strerror or type(error).__name__
            msg = f"{path}: cannot be written ({reason}); free space or choose another place"
            raise MediaError(msg) from error
        if spherical:
            mark_equirectangular(temporary)


def _rewrite(
    container: av.container.OutputContainer,
    media: Media,
    stream: VideoStream,
    edit: Callable[[VideoFormat], Edit] | None,
    sound: Path | SoundBlocks | None,
    size: tuple[int, int] | None,
    crf: int,
) -> None:
    width, height = size or (stream.width, stream.height)
    writer: _Writer | None = None
    soundtrack: Soundtrack | None = None
    for begin, end, frame in shown_pictures(media, stream):
        if writer is None:
            writer = _Writer(container, frame, (width, height), exact_rate(stream.fps), crf)
            soundtrack = _soundtrack(container, sound)
            change = edit(writer.format) if edit is not None else None
        writer.write(begin, end, frame, change)
        if soundtrack is not None:
            soundtrack.write_until(container, float(end))
    if writer is not None:
        writer.finish()
    if soundtrack is not None:
        soundtrack.write_until(container, math.inf)


def _soundtrack(
    container: av.container.OutputContainer, sound: Path | SoundBlocks | None
) -> Soundtrack | None:
    if isinstance(sound, SoundBlocks):
        return EncodedSound(container, sound.blocks, sound.n_channels, sound.sample_rate, "aac")
    return None if sound is None else soundtrack_from_file(container, sound, ".mp4")


class _Writer:
    """Encodes pictures at their own times."""

    def __init__(
        self,
        container: av.container.OutputContainer,
        first: av.video.frame.VideoFrame,
        size: tuple[int, int],
        rate: Fraction,
        crf: int,
    ) -> None:
        from av.video.reformatter import VideoReformatter

        self._container = container
        self._scaler = VideoReformatter()
        self.format = VideoFormat(*size, is_bt709=_is_bt709(first))
        clock = Fraction(first.time_base) if first.time_base else Fraction(1, 90_000)
        if clock.numerator != 1 or not 1000 <= clock.denominator <= _FINEST_CLOCK:
            clock = Fraction(1, 90_000)
        self._clock = clock
        self._last_tick = -1
        self._durations: dict[int, int] = {}
        self._stream = self._add_stream(first, rate, crf)

    def _add_stream(
        self, first: av.video.frame.VideoFrame, rate: Fraction, crf: int
    ) -> av.video.stream.VideoStream:
        from av.video.reformatter import ColorRange, Colorspace

        stream = self._container.add_stream(
            "libx264", rate, {"crf": str(crf), "preset": "veryfast"}
        )
        stream.width, stream.height = self.format.width, self.format.height
        stream.pix_fmt = self.format.pixel_format
        stream.codec_context.time_base = self._clock
        stream.time_base = self._clock
        stream.gop_size = max(1, round(2 * rate))  # a player jumps to a key picture: every 2 s
        stream.colorspace = Colorspace.ITU709 if self.format.is_bt709 else Colorspace.ITU601
        # The scaler changes the matrix and the range, never primaries and transfer curve.
        stream.color_primaries, stream.color_trc = first.color_primaries, first.color_trc
        stream.color_range = ColorRange.MPEG
        return stream

    def write(
        self,
        begin: Fraction,
        end: Fraction,
        frame: av.video.frame.VideoFrame,
        change: Edit | None,
    ) -> None:
        """Take one picture; one that is shown for no time at all is left out."""
        tick = round(begin / self._clock)
        if tick <= self._last_tick:
            return
        self._last_tick = tick
        planes = self._unpack(frame)
        if change is not None:
            change(float(begin), planes)
        encoded = _packed(planes, self.format)
        encoded.pts, encoded.time_base = tick, self._clock
        self._durations[tick] = max(1, round(end / self._clock) - tick)
        self._mux(encoded)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._mux(None)

    def _mux(self, frame: av.video.frame.VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            if packet.pts is not None and packet.time_base == self._clock:
                packet.duration = self._durations.pop(packet.pts, packet.duration or 0)
            self._container.mux(packet)

    def _unpack(self, frame: av.video.frame.VideoFrame) -> Planes:
        """Bring a decoded picture to the new video's format; the planes may be written to."""
        from av.video.reformatter import ColorRange, Colorspace

        turned = orientation(frame)
        width, height = self.format.width, self.format.height
        stored = (height, width) if turned.swaps_sides else (width, height)
        scaled = self._scaler.reformat(
            frame,
            width=stored[0],
            height=stored[1],
            format=self.format.pixel_format,
            dst_colorspace=Colorspace.ITU709 if self.format.is_bt709 else Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        y, u, v = (turned.apply(_plane(scaled, number)) for number in range(3))
        # Decoded memory still serves the decoder as reference: draw on a copy.
        return y.copy(), u.copy(), v.copy()


def edit_picture(
    picture: NDArray[np.uint8], edit: Callable[[VideoFormat, Planes], None]
) -> NDArray[np.uint8]:
    """Change a single picture as those of a video are changed.

    Parameters
    ----------
    picture : ndarray of uint8, shape (3, height, width)
        RGB.
    edit : callable
        Given the format, changes the planes in place.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
        Pixels that were not touched are exactly what they were.
    """
    from av.video.frame import VideoFrame
    from av.video.reformatter import ColorRange, Colorspace

    height, width = picture.shape[1:]
    video = VideoFormat(width, height, is_bt709=False)
    frame = VideoFrame.from_ndarray(
        np.ascontiguousarray(np.moveaxis(picture, 0, -1)), format="rgb24"
    ).reformat(
        format=video.pixel_format,
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.MPEG,
    )
    before = _plane(frame, 0), _plane(frame, 1), _plane(frame, 2)
    after = before[0].copy(), before[1].copy(), before[2].copy()
    edit(video, after)
    changed = _packed(after, video).reformat(
        format="rgb24", src_colorspace=Colorspace.ITU601, src_color_range=ColorRange.MPEG
    )
    is_touched = np.zeros((height, width), dtype=bool)
    for old, new in zip(before, after, strict=True):
        scale = height // len(old)
        is_touched |= (old != new).repeat(scale, axis=0).repeat(scale, axis=1)
    return np.where(is_touched, np.moveaxis(changed.to_ndarray(), -1, 0), picture)


def _packed(planes: Planes, video: VideoFormat) -> av.video.frame.VideoFrame:
    """Return a picture to be encoded or converted."""
    from av.video.frame import VideoFrame

    packed = np.concatenate([plane.ravel() for plane in planes])
    shape = (3, *planes[0].shape) if video.has_full_chroma else (-1, video.width)
    return VideoFrame.from_ndarray(packed.reshape(shape), format=video.pixel_format)


def _plane(frame: av.video.frame.VideoFrame, number: int) -> NDArray[np.uint8]:
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _is_bt709(frame: av.video.frame.VideoFrame) -> bool:
    from av.video.reformatter import Colorspace

    is_unsaid = frame.colorspace == _UNSPECIFIED
    return frame.colorspace == Colorspace.ITU709 or (is_unsaid and frame.height >= _HD_HEIGHT)
