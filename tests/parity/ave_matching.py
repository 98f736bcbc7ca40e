"""Checks of matching: the published network, its loss, and the search for windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from hearsight.losses.contrastive import contrastive_loss
from hearsight.metrics.matching import (
    DIRECTIONS,
    MatchingScores,
    find_event,
    judge_matching,
    window_costs,
)
from hearsight.models.matching import Matched, MatchingNet
from hearsight.weights.matching import import_matching
from parity.reference import Check, Reference, reference_root

WEIGHTS = "cmm_model_weights.h5"
NOISY_SOUNDS = "data/audio_feature_noisy_first16.h5"


def released(name: str) -> Path:
    """Return a file that the authors have released; it is theirs and not kept here."""
    beside = Path(__file__).parents[3] / "shared" / "reference"
    places = [root / "ave" / name for root in (reference_root(), beside)]
    for place in places:
        if place.is_file():
            return place
    pytest.skip(f"{name} is not in {' or '.join(str(place.parent) for place in places)}")


def published_network() -> MatchingNet:
    published = import_matching(released(WEIGHTS))
    network = MatchingNet(**published.sizes)
    network.load_state_dict(dict(published.state), strict=True)
    return network.eval()


@torch.no_grad()
def embedded(reference: Reference, network: MatchingNet, n_clips: int) -> Matched:
    """Return the points of stand-in features."""
    video = 0.5 * np.abs(reference.fill("input:video_vectors", (n_clips, 10, 512)))
    audio = 0.6 * reference.fill("input:audio_vectors", (n_clips, 10, 128)) - 0.2
    return network(torch.from_numpy(video), torch.from_numpy(np.maximum(audio, 0)))


def close(found: Tensor, expected: np.ndarray) -> None:
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=1e-4, atol=2e-5)


def check_network(reference: Reference) -> None:
    spec, arrays, network = reference.spec, reference.arrays, published_network()
    n_clips = spec["inputs"]["video"][0]
    found = embedded(reference, network, n_clips)
    close(found.video, arrays["video_embedding"])
    close(found.audio, arrays["audio_embedding"])
    close(found.own(), arrays["distance"])
    close(found.all(), arrays["distance_matrix_video_rows"])
    with torch.no_grad():
        close(network.embed_video(torch.zeros(1, 512)), arrays["zero_input_video_embedding"])
        close(network.embed_audio(torch.zeros(1, 128)), arrays["zero_input_audio_embedding"])
    distances = torch.from_numpy(arrays["contrastive_distance"])
    labels = torch.from_numpy(arrays["contrastive_label"])
    for name, expected in spec["contrastive_loss"].items():
        margin = float(name.removeprefix("margin_"))
        loss = contrastive_loss(distances, labels, margin=margin).item()
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
    check_real_sounds(network, arrays["real_noisy_audio_embedding"])


@torch.no_grad()
def check_real_sounds(network: MatchingNet, expected: np.ndarray) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(released(NOISY_SOUNDS)) as file:
        sounds = torch.from_numpy(file["avadataset"][()]).float()
    close(network.embed_audio(sounds), expected)


def check_weights(reference: Reference) -> None:
    """Check what the specification says of the file."""
    published = import_matching(reference.path(".h5"))
    assert published.sizes == {"n_video": 512, "n_audio": 128, "n_hidden": 128, "n_embedding": 64}
    last = [published.state[f"{branch}_branch.2.bias"] for branch in ("video", "audio")]
    torch.testing.assert_close(last[0], -last[1], rtol=0, atol=1e-7)


def check_localisation(reference: Reference) -> None:
    arrays = reference.arrays
    distances, masks = arrays["distances"], arrays["event_mask"]
    scores = judge_matching(distances, masks)
    agree(reference, scores)
    for direction in DIRECTIONS:
        for clip in np.flatnonzero(scores.is_counted):
            table, mask = distances[clip], masks[clip].astype(bool)
            expected = arrays[f"costs_{direction}"][clip]
            given = table.T if direction == "a2v" else table
            costs = window_costs(given[mask])
            np.testing.assert_array_equal(costs, expected[~np.isnan(expected)])
            assert find_event(table, mask, direction) == costs.argmin()


def check_protocol(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    points = embedded(reference, published_network(), spec["videos"])
    scores = judge_matching(points.all().numpy(), arrays["event_mask"])
    agree(reference, scores)
    original = spec["results"]
    assert scores.n_clips == original["original_count"]
    assert scores.lengths.sum() == original["original_pos_len"]
    assert round(scores.accuracy["v2a"] * scores.n_clips) == original["original_video_hits"]
    assert round(scores.accuracy["a2v"] * scores.n_clips) == original["original_audio_hits"]


def agree(reference: Reference, scores: MatchingScores) -> None:
    expected = reference.spec["results"]
    assert scores.n_clips == expected["videos_counted"]
    for direction in DIRECTIONS:
        np.testing.assert_array_equal(
            scores.found[direction], reference.arrays[f"starts_{direction}"]
        )
        found = 100 * scores.accuracy[direction], scores.segment_recall[direction]
        stored = expected[f"{direction}_accuracy"], expected[f"{direction}_segment_recall"]
        np.testing.assert_allclose(found, stored, rtol=0, atol=1e-9)


CHECKS: dict[str, Check] = {
    "cmm_localisation": check_localisation,
    "cmm_model_weights": check_weights,
    "cmm_network": check_network,
    "cmm_protocol": check_protocol,
}
