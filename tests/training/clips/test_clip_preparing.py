"""What is left out of learning, and what a full disk does to the videos still to be encoded."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from hearsight.datasets.clips import ClipSet, open_clips
from hearsight.errors import MediaError
from hearsight.features.clips import ClipFeatures
from hearsight.features.picture_input import CaffeFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.systems import find
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder
from hearsight.training.clips import prepare
from hearsight.training.clips.material import ClipMaterial
from hearsight.training.clips.sources import StoredClips
from hearsight.training.config import run_settings


def test_clips_without_event_need_features(clip_set: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(clip_set, tmp_path / "set"))
    (data / "noisy.txt").write_text("quiet0\nquiet1\n")
    registration, told = find("av-att"), list[str]()
    settings = run_settings(registration, None, ("system.supervision=weak",))
    weak = ClipMaterial.open(registration, settings, data)
    assert weak.negatives == ()
    weak.prepared(told.append, is_watched=False)
    assert told == ["2 of 26 rows have no stored features and are left out"]


@pytest.fixture
def films(tmp_path: Path) -> ClipSet:
    """Return forty clips whose videos hold nothing."""
    rows = "".join(f"bell&clip{number:02d}&good&0&2\n" for number in range(40))
    (tmp_path / "Annotations.txt").write_text(rows)
    for number in range(40):
        (tmp_path / f"clip{number:02d}.mp4").touch()
    return open_clips(tmp_path)


def test_a_full_disk_ends_it(
    films: ClipSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders = ClipEncoders(
        VisualEncoder("vgg19", Vgg19(n_filters=1).eval(), CaffeFit(32)),
        SoundEncoder("vggish", Vggish(n_filters=1, n_hidden=1).eval(), VggishInput()),
    )
    stored = StoredClips.of(films, tmp_path, encoders)
    begun = []

    def encode(_: ClipEncoders, path: Path, n_segments: int) -> ClipFeatures:
        begun.append((path, torch.get_num_threads()))
        time.sleep(0.05)
        return ClipFeatures(np.ones((n_segments, 1, 1, 1)), np.ones((n_segments, 1)))

    def fill(*_: object) -> None:
        msg = "no space"
        raise MediaError(msg)

    monkeypatch.setattr(prepare, "encode_clip", encode)
    monkeypatch.setattr(StoredClips, "keep", fill)
    n_threads = torch.get_num_threads()
    with pytest.raises(MediaError, match="no space"):
        prepare.prepare_clips(stored, films.train, encoders, threads=2)
    assert len(begun) < len(films.train) // 2
    assert {number for _, number in begun} == {1}
    assert torch.get_num_threads() == n_threads
