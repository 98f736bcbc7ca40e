"""Published checkpoints of systems for heat maps: converted, checked, calibrated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hearsight.datasets.pairs import open_pairs
from hearsight.errors import DatasetError
from hearsight.features.sound_input import SOUND_INPUTS
from hearsight.systems import find
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.judge import PairJudge
from hearsight.training.pairs.material import described
from hearsight.weights.files import load_strictly
from hearsight.weights.heatmap import Published, import_published

_MOST_PAIRS = 1000


def build_published(file: str | Path, origin: str) -> tuple[HeatMapSystem, Published]:
    """Read a published checkpoint into a system; see `hearsight.training.importing`."""
    published = import_published(file, origin)
    system = _built(published, origin)
    load_strictly(system.network, published.state, file)
    system.network.eval()
    return system, published


def calibrated(
    system: HeatMapSystem, data: str | Path, tell: Callable[[str], None] = lambda _: None
) -> tuple[HeatMapSystem, dict[str, Any]]:
    """Find the threshold of a system on the test pairs of a set, or all if there are none.

    Returns
    -------
    system : HeatMapSystem
    about : dict
        What to note beside its weights of the pairs it was calibrated on.

    Raises
    ------
    DatasetError
        If there are fewer than two.
    """
    pairs = open_pairs(data)
    names = (pairs.test or pairs.train)[:_MOST_PAIRS]
    if len(names) < 2:
        msg = f"{data}: two pairs at least are needed to calibrate on; give more"
        raise DatasetError(msg)
    threshold = PairJudge(system, pairs, names, seed=0).threshold()
    tell(f"threshold {threshold:.3f}, calibrated on {len(names)} pairs of {pairs.root}")
    part = "test" if pairs.test else "train"
    about = {**described(names), "from": part, "data": pairs.root.resolve().name}
    return system.with_threshold(threshold), about


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
