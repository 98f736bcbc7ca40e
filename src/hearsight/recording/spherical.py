"""Marking an MP4 or MOV file as a 360-degree video, as players and hosting sites expect it.

Two marks are written: version 1 of the Spherical Video specification, an XML text in a `uuid` box
of the video track, and version 2, boxes `st3d` (monoscopic) and `sv3d` (equirectangular) in the
sample entry [1]_. FFmpeg shows either as side data SPHERICAL, which `media.probe` reads.

References
----------
.. [1] Google, "Spherical Video V1 RFC" and "Spherical Video V2 RFC",
       github.com/google/spatial-media.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from hearsight.errors import MediaError
from hearsight.recording.files import replacing

_V1_ID = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
_V1_TEXT = (
    '<?xml version="1.0"?>'
    '<rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">'
    "<GSpherical:Spherical>true</GSpherical:Spherical>"
    "<GSpherical:Stitched>true</GSpherical:Stitched>"
    "<GSpherical:StitchingSoftware>hearsight</GSpherical:StitchingSoftware>"
    "<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType>"
    "</rdf:SphericalVideo>"
)
_PICTURE_ENTRIES = frozenset({b"avc1", b"avc3", b"hvc1", b"hev1", b"vp09", b"av01", b"mp4v"})
_ENTRY_HEADER = 78  # bytes of a picture's sample entry before the boxes in it
# The boxes on the way to the sample entry, and how many bytes stand before the boxes in each.
_PARENTS = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8}


@dataclass(frozen=True)
class _Box:
    """A box of the file: the bytes that stand before its inner boxes, and those."""

    kind: bytes
    body: bytes
    boxes: tuple[_Box, ...] = ()

    def encode(self) -> bytes:
        inside = self.body + b"".join(box.encode() for box in self.boxes)
        return struct.pack(">I4s", 8 + len(inside), self.kind) + inside

    def holds(self, *kinds: bytes) -> bool:
        """Tell whether boxes of these kinds lie within one another in here."""
        if not kinds:
            return True
        return any(box.kind == kinds[0] and box.holds(*kinds[1:]) for box in self.boxes)


def mark_equirectangular(path: str | Path) -> None:
    """Mark the video tracks of an MP4 or MOV file as monoscopic equirectangular panoramas.

    A track that is marked already stays as it is.

    Parameters
    ----------
    path : str or Path
        Replaced by the marked file, whole or not at all. Not fragmented.

    Raises
    ------
    MediaError
        If the file cannot be read, is no such file, or has no video track.
    """
    file = Path(path)
    try:
        start, size = _find_moov(file)
        with file.open("rb") as source:
            source.seek(start)
            moov = _parse(source.read(size))[0]
        marked = replace(moov, boxes=tuple(map(_mark_track, moov.boxes)))
        growth = len(marked.encode()) - size
        shifted = _shift_chunks(marked, start, growth)
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror or error}); check the name"
        raise MediaError(msg) from error
    except (ValueError, struct.error) as error:
        msg = f"{file}: not a whole MP4 or MOV file; only such can be marked as 360-degree video"
        raise MediaError(msg) from error
    if not any(_is_picture_track(box) for box in moov.boxes):
        msg = f"{file}: has no video track that could be marked as 360-degree video"
        raise MediaError(msg)
    with replacing(file) as temporary, file.open("rb") as source, temporary.open("wb") as target:
        _copy(source, target, start)
        target.write(shifted.encode())
        source.seek(start + size)
        _copy(source, target)


def _copy(source: BinaryIO, target: BinaryIO, n_bytes: float = math.inf) -> None:
    while n_bytes > 0 and (piece := source.read(int(min(n_bytes, 1 << 20)))):
        target.write(piece)
        n_bytes -= len(piece)


def _find_moov(file: Path) -> tuple[int, int]:
    """Return where the table of contents begins and how many bytes it has."""
    found = None
    end = file.stat().st_size
    with file.open("rb") as source:
        position = 0
        while position + 8 <= end:
            source.seek(position)
            size, kind = struct.unpack(">I4s", source.read(8))
            if size == 1:  # the size follows in 64 bits
                (size,) = struct.unpack(">Q", source.read(8))
            size = size or end - position  # 0: to the end of the file
            if size < 8 or position + size > end or kind == b"moof":
                msg = "box out of place"
                raise ValueError(msg)
            if kind == b"moov":
                found = position, size
            position += size
    if found is None:
        msg = "no moov box"
        raise ValueError(msg)
    return found


def _parse(data: bytes) -> list[_Box]:
    boxes = []
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if size < 8 or position + size > len(data):
            msg = "box out of place"
            raise ValueError(msg)
        inside = data[position + 8 : position + size]
        head = _ENTRY_HEADER if kind in _PICTURE_ENTRIES else _PARENTS.get(kind, size)
        boxes.append(_Box(kind, inside[:head], tuple(_parse(inside[head:]))))
        position += size
    return boxes


def _is_picture_track(box: _Box) -> bool:
    return box.kind == b"trak" and any(
        box.holds(b"mdia", b"minf", b"stbl", b"stsd", kind) for kind in _PICTURE_ENTRIES
    )


def _mark_track(box: _Box) -> _Box:
    if not _is_picture_track(box):
        return box
    marked = _mark_entries(box)
    if any(inner.kind == b"uuid" and inner.body[:16] == _V1_ID for inner in marked.boxes):
        return marked
    mark = _Box(b"uuid", _V1_ID + _V1_TEXT.encode())
    return replace(marked, boxes=(*marked.boxes, mark))


def _mark_entries(box: _Box) -> _Box:
    boxes = tuple(map(_mark_entries, box.boxes))
    if box.kind in _PICTURE_ENTRIES and not box.holds(b"sv3d"):
        boxes += _version_2()
    return replace(box, boxes=boxes)


def _version_2() -> tuple[_Box, _Box]:
    version = bytes(4)
    projection = (
        _Box(b"prhd", version + struct.pack(">3i", 0, 0, 0)),  # yaw, pitch, roll
        _Box(b"equi", version + struct.pack(">4I", 0, 0, 0, 0)),  # nothing cut from the edges
    )
    header = _Box(b"svhd", version + b"hearsight\0")
    monoscopic = _Box(b"st3d", version + b"\0")
    return monoscopic, _Box(b"sv3d", b"", (header, _Box(b"proj", b"", projection)))


def _shift_chunks(box: _Box, start: int, growth: int) -> _Box:
    """Move the addresses of media data that lies behind the table of contents."""
    if box.kind in (b"stco", b"co64"):
        word = "I" if box.kind == b"stco" else "Q"
        (count,) = struct.unpack_from(">I", box.body, 4)
        offsets = struct.unpack_from(f">{count}{word}", box.body, 8)
        moved = (offset + growth if offset > start else offset for offset in offsets)
        return replace(box, body=box.body[:8] + struct.pack(f">{count}{word}", *moved))
    return replace(box, boxes=tuple(_shift_chunks(inner, start, growth) for inner in box.boxes))
