"""The visual-context family against what the originals computed."""

from parity import (
    visual_context_family_metrics,
    visual_context_frontends,
    visual_context_metrics,
    visual_context_networks,
)
from parity.not_built import agree
from parity.reference import Check, Reference

SYSTEM = "visual-context"
CHECKS: dict[str, Check] = {
    **visual_context_family_metrics.CHECKS,
    **visual_context_frontends.CHECKS,
    **visual_context_metrics.CHECKS,
    **visual_context_networks.CHECKS,
}


def test_agrees_with_the_original(reference: Reference) -> None:
    agree(reference, CHECKS)
