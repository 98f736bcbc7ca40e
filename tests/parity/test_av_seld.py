"""The audio-visual SELD system of Berghi et al., against what the original computed."""

import pytest

from parity import av_seld_codecs, av_seld_features, av_seld_metrics
from parity.not_built import NOT_BUILT
from parity.reference import Check, Reference, known_stem

SYSTEM = "av-seld"
CHECKS: dict[str, Check] = {
    **av_seld_codecs.CHECKS,
    **av_seld_features.CHECKS,
    **av_seld_metrics.CHECKS,
}


def test_agrees_with_the_original(reference: Reference) -> None:
    stem = known_stem(reference.stem, {*CHECKS, *NOT_BUILT[SYSTEM]})
    assert stem is not None, f"unknown vectors {reference.system}/{reference.stem}"
    if stem not in CHECKS:
        pytest.skip(f"{stem} is not built yet")
    CHECKS[stem](reference)


def test_what_is_built_is_not_listed_as_missing() -> None:
    assert not NOT_BUILT[SYSTEM] & set(CHECKS)
