"""The audio-visual SELD system of Berghi et al., against what the original computed."""

from parity import av_seld_codecs, av_seld_features, av_seld_metrics
from parity.not_built import agree
from parity.reference import Check, Reference

SYSTEM = "av-seld"
CHECKS: dict[str, Check] = {
    **av_seld_codecs.CHECKS,
    **av_seld_features.CHECKS,
    **av_seld_metrics.CHECKS,
}


def test_agrees_with_the_original(reference: Reference) -> None:
    agree(reference, CHECKS)
