"""Stems of the vectors that nothing in the package answers to yet; they are skipped by name.

A stem leaves this list when its check is written; one that is in neither place, or in both, fails.
"""

from collections.abc import Mapping

import pytest

from parity.reference import Check, Reference, known_stem

NOT_BUILT: dict[str, frozenset[str]] = {
    "seld-core": frozenset(
        {
            "einv2",
            "pseldnets",
            "salsa_crnn",
            "sony_av_crnn",
        }
    ),
    "av-seld": frozenset(
        {
            "audio_encoder",
            "av_conformer",
            "avcs",
            "chunks",
            "cmaf",
            "conformer",
            "conv_block",
            "frame_sampling",
            "i3d",
            "labels",
            "pipeline",
            "resnet50",
        }
    ),
    "coarse2fine": frozenset(
        {
            "cam_functions",
            "crnn1_attention_pool",
            "crnn2",
            "crnn_gradcam",
            "dataset_baselines",
            "event_decoding",
            "framework",
            "infer",
            "logmel",
            "losses",
            "metrics",
            "mobilecrnn",
            "pseudo_labels",
            "resnet18",
            "roi_align",
            "simplified",
            "temporal_pooling",
        }
    ),
    "general-seld": frozenset(
        {
            "blocks",
            "dcase_files",
            "dec",
            "derived_modules",
            "enc",
            "features",
            "labels",
            "lr_schedule",
            "metrics",
            "panns",
            "sedmodel",
            "single_source_histogram",
            "transforms",
        }
    ),
}


def agree(reference: Reference, checks: Mapping[str, Check]) -> None:
    """Check the vectors of a stem, or skip what nothing answers to yet."""
    not_built = NOT_BUILT.get(reference.system, frozenset())
    assert not not_built & checks.keys(), "built, and listed as missing"
    stem = known_stem(reference.stem, {*checks, *not_built})
    assert stem is not None, f"unknown vectors {reference.system}/{reference.stem}"
    if stem not in checks:
        pytest.skip(f"{stem} is not built yet")
    checks[stem](reference)
