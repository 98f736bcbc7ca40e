"""Checks of the SELD codecs against the originals."""

from __future__ import annotations

from parity import seld_core_losses
from parity.reference import Check

CHECKS: dict[str, Check] = {**seld_core_losses.CHECKS}
