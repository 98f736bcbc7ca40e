"""What all SELD systems share, against what the originals computed."""

from parity import (
    seld_core_augment,
    seld_core_codecs,
    seld_core_features,
    seld_core_metrics,
    seld_core_networks,
    seld_core_stereo,
    seld_core_synthesis,
)
from parity.not_built import agree
from parity.reference import Check, Reference

SYSTEM = "seld-core"
CHECKS: dict[str, Check] = {
    **seld_core_metrics.CHECKS,
    **seld_core_codecs.CHECKS,
    **seld_core_features.CHECKS,
    **seld_core_stereo.CHECKS,
    **seld_core_networks.CHECKS,
    **seld_core_augment.CHECKS,
    **seld_core_synthesis.CHECKS,
}


def test_agrees_with_the_original(reference: Reference) -> None:
    agree(reference, CHECKS)
