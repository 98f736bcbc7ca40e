"""Serving a result's folder to browsers on this machine, with byte ranges so that seeking works."""

from __future__ import annotations

import re
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from hearsight.errors import InputError, MediaError
from hearsight.viewer.report import REPORT_NAME

_PIECE = 1 << 16


def find_report(folder: str | Path) -> Path:
    """Return the page of a result.

    Parameters
    ----------
    folder : str or Path
        A result's folder, or the page itself.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If there is none.
    """
    place = Path(folder)
    page = place / REPORT_NAME if place.is_dir() else place
    if not place.exists():
        msg = f"{place}: no such folder; give one that hearsight locate has written"
        raise InputError(msg)
    if page.name != REPORT_NAME or not page.is_file():
        msg = f"{place}: holds no {REPORT_NAME}; give a folder that hearsight locate has written"
        raise InputError(msg)
    return page


def page_server(folder: str | Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a folder's files that only this machine can reach.

    Parameters
    ----------
    folder : str or Path
    port : int
        0 takes any that is free.

    Returns
    -------
    ThreadingHTTPServer
        A context manager; `serve_forever` runs it.

    Raises
    ------
    MediaError
        If the port cannot be used.
    """
    handler = partial(_Handler, directory=str(folder))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror or error}); choose another, or 0"
        raise MediaError(msg) from error


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Read a Range header.

    Parameters
    ----------
    header : str
        Such as "bytes=100-199", "bytes=100-" or "bytes=-100"; "" for none.
    size : int
        Bytes of the file.

    Returns
    -------
    (int, int) or None
        First and last byte; None where the whole file is asked for, or something that is not
        understood, which means the same. First is greater than last where the file has no such
        bytes.

    Examples
    --------
    >>> byte_range("bytes=-100", 1000)
    (900, 999)
    """
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not asked or not (asked[1] or asked[2]):
        return None
    if not asked[1]:
        return max(0, size - int(asked[2])), size - 1
    return int(asked[1]), min(size - 1, int(asked[2])) if asked[2] else size - 1


class _Handler(SimpleHTTPRequestHandler):
    """Answers with files, whole or in part; never with lists of folders."""

    _remaining = 0

    def send_head(self) -> BinaryIO | None:  # the base's is wider
        """Send status and headers; return the file, placed at the first byte to be sent."""
        path = Path(self.translate_path(urlsplit(self.path).path))
        if not self._is_for_this_machine():
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        try:
            file = path.open("rb")
        except OSError:  # also a folder
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        size = path.stat().st_size
        asked = byte_range(self.headers.get("Range", ""), size)
        first, last = asked or (0, size - 1)
        if asked and first > last:
            file.close()
            self._send_headers(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, path, 0, f"*/{size}")
            return None
        part = f"{first}-{last}/{size}" if asked else None
        status = HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK
        self._remaining = last - first + 1
        self._send_headers(status, path, self._remaining, part)
        file.seek(first)
        return file

    def _send_headers(self, status: HTTPStatus, path: Path, n_bytes: int, part: str | None) -> None:
        self.send_response(status)
        if part is not None:
            self.send_header("Content-Range", f"bytes {part}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(n_bytes))
        self.end_headers()

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        """Send what was announced."""
        try:
            while self._remaining > 0 and (piece := source.read(min(self._remaining, _PIECE))):
                outputfile.write(piece)
                self._remaining -= len(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the browser has what it wanted, as after each seek

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay quiet: the terminal belongs to the person."""

    def _is_for_this_machine(self) -> bool:
        """Refuse pages of other sites that reach this address under a name of their own."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        return host in ("127.0.0.1", "localhost", "")
