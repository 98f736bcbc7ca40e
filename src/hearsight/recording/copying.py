"""Light copies for looking and listening: pictures as they are in a fresh file, sound as AAC."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from hearsight.errors import MediaError
from hearsight.recording.container import open_container, pictures, time_origin
from hearsight.recording.files import replacing
from hearsight.recording.media import VideoStream, probe
from hearsight.recording.rewriting import SoundBlocks
from hearsight.recording.soundtrack import EncodedSound, Soundtrack, soundtrack_from_file

if TYPE_CHECKING:
    import av
    import av.container

LISTENING_BITS_PER_SECOND = 96_000
"""Good stereo sound in 43 MB an hour."""


def is_widely_playable(stream: VideoStream) -> bool:
    """Tell whether every current browser shows a picture stream rightly when it is copied.

    Copied packets lose the file's notes that the picture is to be turned or stretched.
    """
    return (
        stream.codec == "h264"
        and stream.pixel_format in ("yuv420p", "yuvj420p")
        and not stream.is_still
        and stream.rotation == 0
        and stream.sample_aspect == 1
    )


def copy_video(
    source: str | Path, target: str | Path, sound: Path | SoundBlocks | None = None
) -> None:
    """Copy the pictures of a video, still encoded, into an MP4 file with the sound given.

    Parameters
    ----------
    source : str or Path
        A video whose pictures MP4 can hold.
    target : str or Path
        Ends in .mp4; written whole or not at all.
    sound : Path or SoundBlocks, optional
        A file whose sound is taken over, or samples. Default: none.

    Raises
    ------
    MediaError
        If the source has no picture or cannot be read, or the target cannot be written.
    """
    import av

    path = Path(target)
    stream = probe(source).chosen_video
    if stream is None:
        msg = f"{source}: holds no picture; give a video"
        raise MediaError(msg)
    with replacing(path) as temporary:
        try:
            with av.open(temporary, "w", options={"movflags": "+faststart"}) as container:
                _copy(container, Path(source), stream.index, sound)
        except av.FFmpegError as error:
            raise _cannot_write(path, error) from error


def write_listening_copy(target: str | Path, sound: SoundBlocks) -> None:
    """Write sound as a small AAC file.

    Parameters
    ----------
    target : str or Path
        Ends in .m4a; written whole or not at all.
    sound : SoundBlocks

    Raises
    ------
    MediaError
        If the sound cannot be read or the target cannot be written.
    """
    import av

    path = Path(target)
    with replacing(path) as temporary:
        try:
            options = {"movflags": "+faststart"}
            with av.open(temporary, "w", format="ipod", options=options) as container:
                _encoded(container, sound).write_until(container, math.inf)
        except av.FFmpegError as error:
            raise _cannot_write(path, error) from error


def _copy(
    container: av.container.OutputContainer,
    source: Path,
    index: int,
    sound: Path | SoundBlocks | None,
) -> None:
    with open_container(source) as opened:
        template = next(s for s in pictures(opened) if s.index == index)
        stream = container.add_stream_from_template(template)
        soundtrack: Soundtrack | None = None
        if isinstance(sound, SoundBlocks):
            soundtrack = _encoded(container, sound)
        elif sound is not None:
            soundtrack = soundtrack_from_file(container, sound, ".mp4")
        origin = time_origin(opened)
        for packet in opened.demux(template):
            if packet.dts is None or packet.pts is None or not packet.time_base:
                continue  # the mark at the end of the file
            time = packet.dts * packet.time_base - origin
            shift = round(origin / packet.time_base)
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = stream
            if soundtrack is not None:
                soundtrack.write_until(container, float(time))
            container.mux(packet)
        if soundtrack is not None:
            soundtrack.write_until(container, math.inf)


def _encoded(container: av.container.OutputContainer, sound: SoundBlocks) -> EncodedSound:
    return EncodedSound(
        container,
        sound.blocks,
        sound.n_channels,
        sound.sample_rate,
        "aac",
        LISTENING_BITS_PER_SECOND,
    )


def _cannot_write(path: Path, error: av.FFmpegError) -> MediaError:
    reason = error.strerror or type(error).__name__
    return MediaError(f"{path}: cannot be written ({reason}); free space or choose another place")
