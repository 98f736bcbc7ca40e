"""Writing files so that they are whole or absent: a temporary name first, then a rename."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hearsight.errors import MediaError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well.

    Parameters
    ----------
    path : str or Path
        Where the file shall be. Its folder is made.

    Yields
    ------
    Path
        A fresh name in the same folder with the same suffix, for the block to write.

    Raises
    ------
    MediaError
        If the folder or file cannot be written (full disk, no permission). The temporary file is
        removed, whatever stood at `path` stays.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}.", suffix=f".part{target.suffix}", dir=target.parent
        )
        os.close(handle)
    except OSError as error:
        raise _cannot_write(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _cannot_write(target: Path, error: OSError) -> MediaError:
    return MediaError(
        f"{target}: cannot be written ({error.strerror or error}); free space or choose another "
        "place with --out"
    )
