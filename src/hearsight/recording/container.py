"""Opening local media files with FFmpeg's libraries, every failure turned into one line."""

from __future__ import annotations

import contextlib
import stat
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from hearsight.errors import MediaError

if TYPE_CHECKING:
    import av.audio.stream
    import av.container
    import av.video.stream

# Formats that FFmpeg chooses by a file's name alone, or that point to other files.
_NOT_MEDIA = frozenset(
    {"tty", "bin", "xbin", "adf", "idf", "rawvideo", "data", "concat", "hls", "dash", "sdp"}
)


_UNKNOWN_RIFF_SIZE = 0x7FFFF000  # what programs write that do not know the length yet


@contextlib.contextmanager
def open_container(path: str | Path) -> Iterator[av.container.InputContainer]:
    """Open a local file with FFmpeg and turn whatever goes wrong inside the block into one line.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    av.container.InputContainer

    Raises
    ------
    MediaError
        If the file cannot be read, here or within the block.
    """
    import av

    file = Path(path)
    _check_file(file)
    try:
        # "file:" and the white list keep names such as http://... and playlists off the network;
        # without pattern_type a % in the name of a picture would be read as a pattern.
        with av.open(
            f"file:{file}",
            options={"protocol_whitelist": "file", "pattern_type": "none"},
            metadata_errors="replace",
        ) as container:
            if container.format.name in _NOT_MEDIA:
                msg = f"{file}: not a recording, video or picture; give one that FFmpeg can read"
                raise MediaError(msg)
            _check_complete(file, container)
            yield container
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        msg = (
            f"{file}: cannot be read as sound, video or picture ({reason}); it may be cut off, "
            "damaged or of another kind: copy it again or convert it"
        )
        raise MediaError(msg) from error


def sounds(container: av.container.InputContainer) -> list[av.audio.stream.AudioStream]:
    """Return the sound streams that can be decoded."""
    return [
        stream
        for stream in container.streams.audio
        if stream.codec_context is not None
        and stream.codec_context.sample_rate > 0
        and stream.codec_context.layout.nb_channels > 0
    ]


def pictures(container: av.container.InputContainer) -> list[av.video.stream.VideoStream]:
    """Return the picture streams that can be decoded."""
    return [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None
        and stream.codec_context.width > 0
        and stream.codec_context.height > 0
    ]


def time_origin(container: av.container.InputContainer) -> Fraction:
    """Return the container's time, in seconds, that counts as 0."""
    return Fraction(container.start_time or 0, 1_000_000)


def _check_file(file: Path) -> None:
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{file}: cannot be opened ({reason}); check the name"
        raise MediaError(msg) from error
    if stat.S_ISDIR(status.st_mode):
        msg = f"{file}: is a folder; give a file"
        raise MediaError(msg)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{file}: not an ordinary file; copy it to disk first"
        raise MediaError(msg)
    if status.st_size == 0:
        msg = f"{file}: is empty (0 bytes); copy it again"
        raise MediaError(msg)


def _check_complete(file: Path, container: av.container.InputContainer) -> None:
    """Refuse a file whose own table of contents points past its end."""
    size = file.stat().st_size
    promised = max(
        (
            stream.index_entries[-1].pos + stream.index_entries[-1].size
            for stream in container.streams
            if len(stream.index_entries)
        ),
        default=0,
    )
    if container.format.name == "wav":
        with file.open("rb") as source:
            kind, riff_size = struct.unpack("<4sI", source.read(8))
        if kind == b"RIFF" and riff_size < _UNKNOWN_RIFF_SIZE:
            promised = riff_size + 8 - riff_size % 2
    if promised > size:
        msg = f"{file}: is cut off ({size} of {promised} bytes are there); copy it again"
        raise MediaError(msg)
