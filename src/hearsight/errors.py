"""Every exception hearsight raises on purpose.

A message has four parts: which argument or file, what was found, what was expected and how to mend
it. The command line prints it as one line and leaves with exit code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HearsightError(Exception):
    """The root of all errors raised on purpose."""


class InputError(HearsightError, ValueError):
    """An argument, setting or row of a table is not what it must be."""


class MediaError(HearsightError):
    """A recording, video, picture or result cannot be read or written."""


class DatasetError(HearsightError):
    """A dataset is incomplete or not laid out as expected."""


class WeightsError(HearsightError):
    """A checkpoint is damaged, unsafe or of another system."""


class MissingExtraError(HearsightError, ImportError):
    """An optional dependency is needed; the message names the extra that brings it."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """Say which choices there are and, if one is close to `name`, which was probably meant.

    Parameters
    ----------
    name : str
        What the user wrote.
    choices : iterable of str
        The valid names.

    Returns
    -------
    str
        A clause for the end of an error message.

    Examples
    --------
    >>> nearest("steroe", ["mono", "stereo"])
    'did you mean stereo? valid: mono, stereo'
    """
    valid = list(choices)
    close = difflib.get_close_matches(name, valid, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}valid: {', '.join(valid)}"
