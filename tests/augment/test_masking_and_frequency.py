import numpy as np
import pytest
import torch

from hearsight.augment.frequency import FrequencyShift, shift_bins
from hearsight.augment.masking import CUTOUT_KINDS, Cutout, LabelMasking
from hearsight.errors import InputError

N, FRAMES, BINS, LABELS = 40, 50, 64, 10


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    audio = torch.randn(N, 7, FRAMES, BINS, generator=generator) - 5.0
    return {"audio": audio, "target": torch.ones(N, LABELS, 13, 3)}


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    "augment",
    [FrequencyShift(probability=1.0), Cutout(probability=1.0), LabelMasking()],
    ids=lambda augment: type(augment).__name__,
)
def test_the_batch_given_stays_and_the_generator_decides(augment, batch):
    before = {name: value.clone() for name, value in batch.items()}
    changed = augment(batch, rng())
    assert all(torch.equal(batch[name], value) for name, value in before.items())
    assert not torch.equal(changed["audio"], batch["audio"])
    again = augment(batch, rng())
    assert all(torch.equal(again[name], value) for name, value in changed.items())
    assert changed["audio"].shape == batch["audio"].shape


@pytest.mark.parametrize("augment", [FrequencyShift(probability=0.0), Cutout(probability=0.0)])
def test_without_luck_nothing_changes(augment, batch):
    assert torch.equal(augment(batch, rng())["audio"], batch["audio"])


def test_about_half_of_the_examples_are_changed(batch):
    for augment in (FrequencyShift(), Cutout()):
        audio = augment(batch, rng())["audio"]
        share = np.mean([not torch.equal(a, b) for a, b in zip(audio, batch["audio"], strict=True)])
        assert 0.25 < share < 0.75


@pytest.mark.parametrize("n_bins", [-63, -9, -1, 0, 1, 9, 63])
def test_a_shift_mirrors_at_the_edge(n_bins):
    features = torch.randn(3, BINS)
    extended = np.pad(features.numpy(), ((0, 0), (63, 63)), mode="reflect")
    expected = extended[:, 63 - n_bins :][:, :BINS]
    np.testing.assert_array_equal(shift_bins(features, n_bins), expected)


def test_shifts_go_both_ways_as_far_as_asked_and_spare_channels(batch):
    augmented = FrequencyShift(3, 1.0, n_channels=4)(batch, rng())["audio"]
    assert torch.equal(augmented[:, 4:], batch["audio"][:, 4:])
    seen = set()
    for before, after in zip(batch["audio"], augmented, strict=True):
        seen |= {n for n in range(-5, 6) if torch.equal(shift_bins(before[:4], n), after[:4])}
    assert seen == {-3, -2, -1, 1, 2, 3}


@pytest.mark.parametrize("kind", CUTOUT_KINDS)
def test_cutouts_fill_levels_alike_and_spatial_channels_with_0(kind, batch):
    audio = Cutout(1.0, kinds=(kind,))(batch, rng())["audio"]
    for before, after in zip(batch["audio"], audio, strict=True):
        hidden = (before != after).any(dim=0)
        assert 0 < hidden.float().mean() < 0.4
        fills = after[:4, hidden].unique()
        assert len(fills) == 1
        assert before[:4].min() <= fills[0] <= before[:4].max()
        assert (after[4:, hidden] == 0.0).all()
        assert torch.equal(before[:, ~hidden], after[:, ~hidden])


def test_masked_label_frames_are_silent_in_features_and_labels(batch):
    masked = LabelMasking(n_stripes=0)(batch, rng())
    n_masked = []
    for before, after, labels in zip(
        batch["audio"], masked["audio"], masked["target"], strict=True
    ):
        silent = (labels == 0.0).all(dim=(1, 2))
        assert ((labels == 1.0).all(dim=(1, 2)) | silent).all()
        frames = silent.repeat_interleave(FRAMES // LABELS)
        assert (after[:4, frames] == before[:4].min()).all()
        assert (after[4:, frames] == 0.0).all()
        assert torch.equal(after[:, ~frames], before[:, ~frames])
        n_masked.append(int(silent.sum()))
    assert 3 < np.mean(n_masked) < 8


def test_frames_beyond_the_last_label_are_kept(batch):
    audio = torch.cat([batch["audio"], batch["audio"][:, :, :1]], dim=2)
    masked = LabelMasking(n_stripes=0)({**batch, "audio": audio}, rng())["audio"]
    assert torch.equal(masked[:, :, -1], audio[:, :, -1])


def test_stripes_hide_bands_and_leave_labels(batch):
    masked = LabelMasking(n_times=0, widest=6)(batch, rng())
    assert torch.equal(masked["target"], batch["target"])
    n_hidden = (masked["audio"] != batch["audio"]).any(dim=(1, 2)).sum(dim=1)
    assert 2 < n_hidden.float().mean() <= 12


def test_axes_shorter_than_the_masks_are_no_trouble():
    batch = {"audio": torch.randn(8, 7, 2, 3), "target": torch.ones(8, 1, 13, 3)}
    for augment in (Cutout(1.0), LabelMasking()):
        assert torch.isfinite(augment(batch, rng())["audio"]).all()


def test_settings_that_cannot_be_are_refused(batch):
    with pytest.raises(InputError, match=r"probability of a shift must lie in \[0, 1\]"):
        FrequencyShift(probability=1.5)
    with pytest.raises(InputError, match="1 bin or more"):
        FrequencyShift(0)
    with pytest.raises(InputError, match="64 bins cannot be shifted"):
        FrequencyShift(64)(batch, rng())
    with pytest.raises(InputError, match="did you mean stripes"):
        Cutout(kinds=("stripe",))
    with pytest.raises(InputError, match="no negative number"):
        LabelMasking(n_times=-1)
