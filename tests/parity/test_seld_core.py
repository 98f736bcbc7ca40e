"""What all SELD systems share, against what the originals computed."""

import pytest

from parity import (
    seld_core_augment,
    seld_core_codecs,
    seld_core_features,
    seld_core_metrics,
    seld_core_networks,
    seld_core_stereo,
    seld_core_synthesis,
)
from parity.not_built import NOT_BUILT
from parity.reference import Check, Reference, known_stem

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
    stem = known_stem(reference.stem, {*CHECKS, *NOT_BUILT[SYSTEM]})
    assert stem is not None, f"unknown vectors {reference.system}/{reference.stem}"
    if stem not in CHECKS:
        pytest.skip(f"{stem} is not built yet")
    CHECKS[stem](reference)


def test_what_is_built_is_not_listed_as_missing() -> None:
    assert not NOT_BUILT[SYSTEM] & set(CHECKS)
