"""Squares for networks: what they show of a picture, and views of training."""

import numpy as np
import pytest
import torch

from hearsight.errors import InputError
from hearsight.features.frames import DEVIATION, MEAN
from hearsight.features.picture_input import (
    PICTURE_FITS,
    CaffeFit,
    PictureFit,
    TrainingView,
    resize_short_side,
)


def levels(normalized):
    """Take the normalization back, to [0, 255]."""
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (normalized * deviation + mean) * 255.0


def slope(height, width):
    """Red grows from left to right, green from top to bottom; blue is the same everywhere."""
    picture = np.full((3, height, width), 77, dtype=np.uint8)
    picture[0] = np.linspace(0, 200, width)
    picture[1] = np.linspace(0, 200, height)[:, None]
    picture.flags.writeable = False  # as memory of a database is
    return picture


def test_caffe_reverses_colors_and_takes_their_means_away():
    picture = slope(90, 150)
    found = CaffeFit(32)(picture) + torch.tensor([103.939, 116.779, 123.68])[:, None, None]
    assert found.shape == (3, 32, 32)
    torch.testing.assert_close(found[0], torch.full((32, 32), 77.0))
    for channel, axis in ((1, 0), (2, 1)):  # green grows downward, red to the right
        steps = found[channel].diff(dim=axis)
        assert (steps - 200 / 32).abs().max() < 1.5
        assert found[channel].diff(dim=1 - axis).abs().max() <= 1
    with pytest.raises(InputError, match="picture must be uint8"):
        CaffeFit()(picture.astype(np.float32))
    with pytest.raises(InputError, match="size_px must be at least 1"):
        CaffeFit(0)


@pytest.mark.parametrize("size_px", [32, 224])
@pytest.mark.parametrize("kind", PICTURE_FITS)
def test_all_fits_give_squares_of_any_size(kind, size_px):
    found = PictureFit(kind, size_px)(slope(90, 150))
    assert found.shape == (3, size_px, size_px)
    assert found.dtype == torch.float32
    assert (levels(found)[2] - 77).abs().max() < 1e-3
    assert (levels(found)[1].diff(dim=0) > -0.5).all()


@pytest.mark.parametrize("kind", sorted(set(PICTURE_FITS) - {"short_side_crop"}))
def test_squashed_pictures_show_all(kind):
    red, green, _ = levels(PictureFit(kind, 64)(slope(90, 150)))
    assert red[:, 0].max() < 4
    assert red[:, -1].min() > 196
    assert green[0].max() < 4
    assert green[-1].min() > 196


@pytest.mark.parametrize(("height", "width"), [(90, 150), (150, 90)])
def test_a_crop_shows_the_middle_of_the_long_side(height, width):
    red, green, _ = levels(PictureFit("short_side_crop", 64)(slope(height, width)))
    long, short = (red, green.T) if width > height else (green.T, red)
    assert short[:, 0].max() < 4
    assert short[:, -1].min() > 196
    # 60 of 150 pixels are not seen.
    assert long[:, 0].mean() == pytest.approx(40, abs=2)
    assert long[:, -1].mean() == pytest.approx(160, abs=2)


def test_training_views_are_parts_of_the_larger_picture_and_mirrored_every_second_time():
    picture = np.random.default_rng(0).integers(0, 256, (3, 40, 60), dtype=np.uint8)
    scaled = resize_short_side(picture, 35)
    assert scaled.shape == (3, 35, 52)
    parts = np.lib.stride_tricks.sliding_window_view(scaled, (3, 32, 32))[0]
    rng, n_views = np.random.default_rng(1), 200
    found = []
    for _ in range(n_views):
        view = levels(TrainingView(32)(picture, rng)).round().numpy()
        for is_mirrored in (False, True):
            same = (parts == (view[..., ::-1] if is_mirrored else view)).all(axis=(2, 3, 4))
            found += [(is_mirrored, top, left) for top, left in np.argwhere(same)]
    assert len(found) == n_views
    mirrored, tops, lefts = map(np.array, zip(*found, strict=True))
    assert 0.35 < mirrored.mean() < 0.65
    assert set(tops) == set(range(35 - 32 + 1))
    assert lefts.min() == 0
    assert lefts.max() == 52 - 32
    assert len(set(lefts)) > 15


def test_the_published_training_size():
    assert resize_short_side(slope(100, 180), TrainingView().size_px * 11 // 10).shape[1] == 246


def test_the_same_seed_gives_the_same_view():
    first, second = (
        TrainingView(32)(slope(50, 40), np.random.default_rng(seed)) for seed in (3, 3)
    )
    assert torch.equal(first, second)


@pytest.mark.parametrize("make", [lambda: PictureFit(size_px=0), lambda: TrainingView(0)])
def test_refuses_empty_squares(make):
    with pytest.raises(InputError, match="size_px must be at least 1"):
        make()


def test_refuses_unknown_fits():
    with pytest.raises(InputError, match="did you mean squash"):
        PictureFit("squish")


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((20, 30, 3), np.uint8),
        np.zeros((3, 20, 30), np.float32),
        np.zeros((3, 0, 30), np.uint8),
        np.zeros((1, 3, 20, 30), np.uint8),
    ],
)
def test_refuses_what_is_no_picture(picture):
    with pytest.raises(InputError, match="picture must be uint8 of shape"):
        PictureFit()(picture)
    with pytest.raises(InputError, match="picture must be uint8 of shape"):
        TrainingView()(picture, np.random.default_rng(0))
