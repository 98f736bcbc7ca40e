"""Audio-visual events against what the originals computed."""

from parity import ave_data, ave_encoders, ave_matching, ave_networks, ave_visualisation
from parity.not_built import agree
from parity.reference import Check, Reference

SYSTEM = "ave"
CHECKS: dict[str, Check] = {
    **ave_data.CHECKS,
    **ave_encoders.CHECKS,
    **ave_matching.CHECKS,
    **ave_networks.CHECKS,
    **ave_visualisation.CHECKS,
}


def test_agrees_with_the_original(reference: Reference) -> None:
    agree(reference, CHECKS)
