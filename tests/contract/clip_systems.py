"""What systems that label or match the seconds of clips are given in tests."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch

from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem

N_SECONDS = 6
EPOCHS = {"av-att": 40, "dmrn": 40, "psp": 60, "avdln": 150}


def metric(name: str) -> str:
    """Return the score by which a system has learned by heart."""
    return "matching" if name == "avdln" else "accuracy"


def by_heart(name: str) -> tuple[str, ...]:
    """Return the settings by which a system learns the set of `write_set`."""
    epochs = EPOCHS[name]
    return (
        f"training.epochs={epochs}",
        f"training.validate_every={epochs}",
        "training.batch_size=8" if name != "avdln" else "training.batch_size=72",
        "training.learning_rate=0.01",
        f"training.metric={metric(name)}",
    )


def write_set(folder: Path) -> None:
    """Write clips with features that tell what they are of, and when."""
    rng = np.random.default_rng(0)
    lines, video, audio = [], [], []
    labels = ("bell", "knock", "door")
    for clip in range(12):
        index, start = clip % 3, 1 + clip % 2
        end = start + 2 + clip % 3
        lines.append(f"{labels[index]}&clip{clip:02d}&good&{start}&{end}\n")
        seen, heard = features_of(rng, index, start, end)
        video.append(seen)
        audio.append(heard)
    folder.mkdir(parents=True)
    (folder / "Annotations.txt").write_text("".join(lines))
    for name in ("trainSet.txt", "valSet.txt", "testSet.txt"):
        (folder / name).write_text("".join(lines))
    for name, features in (("visual", video), ("audio", audio)):
        with h5py.File(folder / f"{name}_feature.h5", "w") as file:
            file["avadataset"] = np.stack(features)


def features_of(
    rng: np.random.Generator, index: int, start: int, end: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return features of a clip in which something is seen at one place, and heard, for a while."""
    video = np.abs(rng.normal(0.0, 0.1, (N_SECONDS, 3, 3, 24)))
    audio = np.abs(rng.normal(0.0, 0.1, (N_SECONDS, 16)))
    place = rng.integers(3, size=2)
    for second in range(start, end):
        mark = 4 * index + second - start  # each second of an event is unlike the others
        video[second, *place, mark % 24] += 2.0
        video[second, *place, 20 + index] += 2.0
        audio[second, mark % 12] += 2.0
        audio[second, 12 + index] += 2.0
    return video.astype(np.float32), audio.astype(np.float32)


def batch_of(
    system: SegmentSystem | MatchingSystem, n_examples: int = 2
) -> dict[str, torch.Tensor]:
    """Return clips of different events, or their seconds."""
    rng = np.random.default_rng(0)
    clips = [features_of(rng, index % 3, 1, 4) for index in range(n_examples)]
    video, audio = (torch.from_numpy(np.stack(each)) for each in zip(*clips, strict=True))
    labels = torch.full((n_examples, N_SECONDS), 3)
    labels[:, 1:4] = torch.arange(n_examples)[:, None] % 3
    if isinstance(system, SegmentSystem):
        return {"video": video, "audio": audio, "labels": labels, "label": labels[:, 1]}
    return {
        "video": video.mean(dim=(2, 3)).flatten(0, 1),
        "audio": audio.flatten(0, 1),
        "is_event": labels.flatten() < 3,
        "row": torch.arange(n_examples).repeat_interleave(N_SECONDS),
    }
