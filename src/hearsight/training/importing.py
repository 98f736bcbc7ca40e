"""Published checkpoints made systems, whatever kind they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearsight.errors import InputError, nearest
from hearsight.systems.system import System
from hearsight.training.clips import importing as clips
from hearsight.training.pairs import importing as pairs
from hearsight.weights.heatmap import ORIGINS as HEATMAPS
from hearsight.weights.store import save_system


@dataclass(frozen=True, eq=False)
class Imported:
    """What an import has left.

    Parameters
    ----------
    folder : Path
        With the weights.
    system : System
    """

    folder: Path
    system: System


def import_weights(
    file: str | Path,
    origin: str,
    *,
    out: str | Path | None = None,
    calibrate_on: str | Path | None = None,
    encoders: Sequence[str] = (),
    labels: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Make a published checkpoint a folder of weights.

    Parameters
    ----------
    file : str or Path
        Of `torch.save`, of which only tensors are read, safetensors, or Keras' HDF5.
    origin : str
        Whose code has trained it: one of `hearsight.weights.heatmap.ORIGINS`,
        `hearsight.weights.ave.ORIGINS` or "avdln".
    out : str or Path, optional
        The folder; default: `runs/<system>`.
    calibrate_on : str or Path, optional
        Heat maps: a set of pairs. Its test pairs, or all if there are none, are seen with silence,
        noise and sounds from elsewhere to find the system's threshold.
    encoders : sequence of str
        Clips: what makes features of videos; see `parse_encoders`.
    labels : sequence of str
        Clips: the class list; default: AVE's.
    tell : callable
        Gets lines of text.

    Returns
    -------
    Imported

    Raises
    ------
    InputError
        If `out` is there and not empty, or an option is not for that origin.
    WeightsError
        If the file is none, or not of that origin.
    DatasetError
        If there are fewer than two pairs to calibrate on.
    """
    known = (*HEATMAPS, *clips.ORIGINS)
    if origin not in known:
        msg = f"no published weights are called {origin!r}; {nearest(origin, known)}"
        raise InputError(msg)
    if calibrate_on is not None and origin not in HEATMAPS:
        msg = f"{origin} has no threshold to calibrate; leave --calibrate out"
        raise InputError(msg)
    if (encoders or labels) and origin in HEATMAPS:
        msg = f"{origin} needs neither encoders nor labels; leave them out"
        raise InputError(msg)
    system: Any
    if origin in HEATMAPS:
        system, published = pairs.build_published(file, origin)
    else:
        system, published = clips.build_published(file, origin, encoders, labels)
    folder = Path(out) if out is not None else Path("runs") / published.system
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder}: is not empty; choose another --out"
        raise InputError(msg)
    if published.dropped:
        tell(f"left out, since nothing uses them: {', '.join(published.dropped)}")
    noted: dict[str, Any] = {"imported": Path(file).name, "from": origin}
    if calibrate_on is not None:
        system, noted["validation"] = pairs.calibrated(system, calibrate_on, tell)
    save_system(folder, system, origin=noted)
    return Imported(folder, system)
