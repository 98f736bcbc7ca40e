"""Attention pictures against the original's: frames chosen, maps enlarged, colored and mixed."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from hearsight.pictures.attention import (
    attention_levels,
    blend_attention,
    jet_table,
    sampled_frames,
)
from parity.reference import Check, Reference

SIDE = 224
SHOWN = np.s_[..., ::7, ::7]  # what the vectors hold of a picture
NEAR = 1e-4  # levels by which the original, in float32, may miss a whole number


def check_visualisation(reference: Reference) -> None:
    arrays = reference.arrays
    assert reference.spec["frame_indices"]
    for n_frames, expected in reference.spec["frame_indices"].items():
        assert sampled_frames(int(n_frames), len(expected) // 16, 16).tolist() == expected
    assert np.array_equal(jet_table()[:, ::-1], arrays["jet_bgr"])

    n_maps, rows, columns = reference.spec["outputs"]["attention"]
    logits = reference.fill("input:attention_logits", (n_maps, rows * columns))
    attention = softmax(2.0 * logits, axis=-1).reshape(n_maps, rows, columns)
    np.testing.assert_allclose(attention, arrays["attention"], rtol=1e-5, atol=1e-8)
    levels = attention_levels(attention, SIDE, SIDE)
    # Rounded down: what is a hair below a whole number here may be a hair above it there.
    exact = arrays["resized"]
    is_clear = np.abs(exact - np.rint(exact)) > NEAR
    assert is_clear.mean() > 0.99
    assert np.array_equal(levels[SHOWN][is_clear], arrays["heat_u8"][is_clear])
    assert np.abs(levels[SHOWN] - exact).max() < 1.0 + NEAR

    noise = reference.fill("input:frame", (n_maps, SIDE, SIDE, 3))
    bgr = np.clip(np.rint(128.0 + 50.0 * noise), 0.0, 255.0).astype(np.uint8)
    frames = np.moveaxis(bgr[..., ::-1], -1, 1)
    shown = np.stack([blend_attention(f, each) for f, each in zip(frames, levels, strict=True)])
    found = np.moveaxis(shown[:, ::-1][SHOWN], 1, -1)
    assert np.array_equal(found[is_clear], arrays["overlay_u8"][is_clear])


CHECKS: dict[str, Check] = {"visualisation": check_visualisation}
