"""Published checkpoints made systems: converted, checked, calibrated where there is a set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hearsight.datasets.pairs import open_pairs
from hearsight.errors import DatasetError, InputError
from hearsight.features.sound_input import SOUND_INPUTS
from hearsight.systems import find
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.judge import PairJudge
from hearsight.weights.files import load_strictly
from hearsight.weights.heatmap import Published, import_published
from hearsight.weights.store import save_system

_MOST_PAIRS = 1000


@dataclass(frozen=True, eq=False)
class Imported:
    """What an import has left.

    Parameters
    ----------
    folder : Path
        With the weights.
    system : HeatMapSystem
    """

    folder: Path
    system: HeatMapSystem


def import_heatmap_weights(
    file: str | Path,
    origin: str,
    *,
    out: str | Path | None = None,
    calibrate_on: str | Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Make a published checkpoint a folder of weights.

    Parameters
    ----------
    file : str or Path
        Of `torch.save`, of which only tensors are read, or safetensors.
    origin : str
        Whose code has trained it; see `hearsight.weights.heatmap.ORIGINS`.
    out : str or Path, optional
        The folder; default: `runs/<system>`.
    calibrate_on : str or Path, optional
        A set of pairs. Its test pairs, or all if there are none, are seen with silence, noise and
        sounds from elsewhere to find the system's threshold.
    tell : callable
        Gets lines of text.

    Raises
    ------
    InputError
        If `out` is there and not empty.
    WeightsError
        If the file is none, or not of that origin.
    DatasetError
        If there are fewer than two pairs to calibrate on.
    """
    published = import_published(file, origin)
    folder = Path(out) if out is not None else Path("runs") / published.system
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder}: is not empty; choose another --out"
        raise InputError(msg)
    system = _built(published, origin)
    load_strictly(system.network, published.state, file)
    system.network.eval()
    if published.dropped:
        tell(f"left out, since nothing uses them: {', '.join(published.dropped)}")
    if calibrate_on is not None:
        pairs = open_pairs(calibrate_on)
        names = (pairs.test or pairs.train)[:_MOST_PAIRS]
        if len(names) < 2:
            msg = f"{calibrate_on}: two pairs at least are needed to calibrate on; give more"
            raise DatasetError(msg)
        threshold = PairJudge(system, pairs, names, seed=0).threshold()
        system = system.with_threshold(threshold)
        tell(f"threshold {threshold:.3f}, calibrated on {len(names)} pairs of {pairs.root}")
    save_system(folder, system, origin={"imported": Path(file).name, "from": origin})
    return Imported(folder, system)


def _built(published: Published, origin: str) -> HeatMapSystem:
    """Build the system of the size that the weights have."""
    registration = find(published.system)
    changes: dict[str, object] = dict(published.sizes)
    if "n_nodes" in published.sizes:
        n_nodes = published.sizes["n_nodes"]
        changes["n_background"] = n_nodes - published.sizes["n_foreground"] if n_nodes else 8
    if origin == "sslalignment":
        changes |= {"sound": SOUND_INPUTS["sslalign-lvs"], "fit": "tensor_squash"}
    system: HeatMapSystem = registration.build(
        dataclasses.replace(registration.settings(), **changes)
    )
    return system
