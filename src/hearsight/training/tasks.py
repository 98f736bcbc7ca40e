"""Which material each kind of system is trained on."""

from __future__ import annotations

from typing import Any

from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.registry import Registration
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.system import System
from hearsight.training.clips.matching import MatchingMaterial
from hearsight.training.clips.material import ClipMaterial
from hearsight.training.material import Material
from hearsight.training.pairs.material import PairMaterial
from hearsight.training.seld.material import SeldMaterial

_MATERIALS: dict[type[System], type[Any]] = {
    SeldSystem: SeldMaterial,
    HeatMapSystem: PairMaterial,
    SegmentSystem: ClipMaterial,
    MatchingSystem: MatchingMaterial,
}


def material_of(registration: Registration) -> type[Material]:
    """Return what a system is trained on."""
    return _MATERIALS[registration.kind]
