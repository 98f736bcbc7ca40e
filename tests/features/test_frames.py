"""What networks see: pictures against Pillow, maps on the label clock, boxes by hand."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from hearsight.errors import InputError
from hearsight.features.frames import (
    DEVIATION,
    MEAN,
    SIZE_PX,
    PersonBoxes,
    PictureInput,
    VisualMap,
)
from hearsight.features.store import FeatureStore
from hearsight.recording.video import write_video


def gray_levels(normalized):
    """Take the normalization back, to [0, 255]."""
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (normalized * deviation + mean) * 255.0


def noisy_picture(height, width):
    """Patches of 8 x 8 pixels in random colors."""
    draw = np.random.default_rng(0).integers(0, 256, (3, -(-height // 8), -(-width // 8)))
    return torch.from_numpy(np.kron(draw, np.ones((8, 8)))[None, :, :height, :width]).byte()


@pytest.mark.parametrize("size", [(180, 360), (360, 180), (232, 232), (100, 131), (240, 241)])
def test_the_center_is_that_of_the_published_transform(size):
    picture = noisy_picture(*size)
    height, width = (232 * length // min(size) for length in size)
    image = Image.fromarray(picture[0].permute(1, 2, 0).numpy())
    scaled = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
    top, left = round((height - 224) / 2), round((width - 224) / 2)
    expected = torch.tensor(scaled[top : top + 224, left : left + 224]).permute(2, 0, 1)
    found = gray_levels(PictureInput("center")(picture)[0])
    # Pillow rounds to whole gray levels, after each of two passes.
    assert (found - expected).abs().max() < 1.1


def test_the_whole_picture_is_squeezed_into_the_square():
    picture = torch.zeros(1, 3, 180, 360, dtype=torch.uint8)
    picture[..., :90] = 200  # a quarter of all azimuths
    picture[:, 2] = 50
    found = gray_levels(PictureInput()(picture)[0])
    assert found.shape == (3, SIZE_PX, SIZE_PX)
    assert (found[0].mean(dim=0)[:54] - 200).abs().max() < 1e-3
    assert found[0].mean(dim=0)[58:].abs().max() < 1e-3
    assert (found[2] - 50).abs().max() < 1e-3


def test_the_center_of_a_panorama_lacks_what_is_behind():
    picture = noisy_picture(180, 360)
    changed = picture.clone()
    changed[..., :90] = changed[..., 270:] = 0
    center, whole = PictureInput("center"), PictureInput("none")
    assert torch.equal(center(changed), center(picture))
    assert not torch.equal(whole(changed), whole(picture))


def test_a_batch_is_its_pictures_one_by_one():
    pictures = torch.cat([noisy_picture(90, 160), noisy_picture(90, 160).flip(-1)])
    for crop in ("none", "center"):
        prepare = PictureInput(crop)
        apart = torch.cat([prepare(pictures[:1]), prepare(pictures[1:])])
        torch.testing.assert_close(prepare(pictures), apart)


@pytest.mark.parametrize(
    "pictures",
    [
        torch.zeros(3, 10, 10, dtype=torch.uint8),
        torch.zeros(1, 10, 10, 3, dtype=torch.uint8),
        torch.zeros(1, 3, 10, 10),
    ],
)
def test_pictures_of_another_kind_are_refused(pictures):
    with pytest.raises(InputError, match=r"uint8 of shape \(batch, 3, height, width\), got"):
        PictureInput()(pictures)


def test_an_unknown_crop_is_refused():
    with pytest.raises(InputError, match="no crop is called centre; did you mean center"):
        PictureInput("centre")


def eyes():
    """A network that sees the mean color of each of 7 x 7 cells."""
    return nn.AvgPool2d(SIZE_PX // 7).eval()


def test_a_map_shows_where_something_is():
    pictures = torch.zeros(2, 3, 70, 140, dtype=torch.uint8)
    pictures[0, :, 10:20, 100:120] = 255  # row 1, column 5 of 7
    maps = VisualMap(eyes())(pictures)
    assert maps.shape == (2, 7, 7)
    assert maps[0].argmax() == 1 * 7 + 5
    black = -sum(mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True)) / 3
    torch.testing.assert_close(maps[1], torch.full((7, 7), black))
    assert not maps.requires_grad


@pytest.mark.parametrize("fps", [30, 25, 10])
def test_a_video_gives_a_map_for_each_label_frame(tmp_path, fps):
    # Each picture is as bright as its time is late, 21 label frames of them.
    levels = [round(100 * number / fps) for number in range(2 * fps + fps // 10)]
    pictures = (np.full((3, 64, 128), level, np.uint8) for level in levels)
    write_video(tmp_path / "clip.mp4", pictures, fps, size=(128, 64))
    pieces = list(VisualMap(eyes()).of_video(tmp_path / "clip.mp4"))
    maps = torch.cat(pieces)
    assert len(pieces) > 1
    n_frames = math.ceil(len(levels) / fps * 10)
    assert maps.shape == (n_frames, 7, 7)
    shown = torch.tensor([levels[math.floor(frame * fps / 10)] for frame in range(n_frames)])
    slope = sum(1.0 / deviation for deviation in DEVIATION) / 3 / 255.0
    found = (maps.mean(dim=(1, 2)) - VisualMap(eyes())(black_picture()).mean()) / slope
    # Video coding may miss a gray level or two.
    assert (found - shown).abs().max() < 3.0


def black_picture():
    return torch.zeros(1, 3, 8, 8, dtype=torch.uint8)


def test_maps_of_other_weights_are_stored_apart(tmp_path):
    torch.manual_seed(0)
    network = nn.Conv2d(3, 2, 32, stride=32).eval()
    feature = VisualMap(network)
    store = FeatureStore.of(tmp_path, feature)
    store.write("mix001", feature(noisy_picture(18, 36)))
    assert store.read("mix001").shape == (1, 7, 7)
    assert store.key.startswith("visual-map-")
    assert store.key == FeatureStore.of(tmp_path, VisualMap(network)).key
    others = [
        VisualMap(network, PictureInput("center")),
        VisualMap(nn.Conv2d(3, 2, 32, stride=32).eval()),
        VisualMap(eyes()),
    ]
    assert feature == VisualMap(network)
    assert len({store.key, *(FeatureStore.of(tmp_path, other).key for other in others)}) == 4


def test_a_network_in_training_is_refused():
    with pytest.raises(InputError, match=r"evaluation mode; call its eval\(\)"):
        VisualMap(eyes().train())


def test_curves_of_a_box_by_hand():
    # From 1/4 to 3/4 of the width, from 0 to 1/2 of the height.
    curves = PersonBoxes()([[100, 0, 300, 50, 0.9]], (400, 100))
    assert curves.shape == (2, 6, 37)
    across, down = curves[:, 0]
    edge = math.exp(-1.0)
    assert across[[9, 18, 27]].tolist() == pytest.approx([edge, 1.0, edge])
    assert down[[0, 9, 18]].tolist() == pytest.approx([edge, 1.0, edge])
    assert across[0].item() == pytest.approx(math.exp(-4.0))
    assert not curves[:, 1:].any()


def test_the_first_boxes_of_enough_confidence_count():
    detections = [[i, 0, i + 1, 1, confidence] for i, confidence in enumerate([0.2, 0.1, 0.9, 0.5])]
    boxes = PersonBoxes(n_boxes=2).boxes(detections, (10, 10))
    assert boxes[:, 0].tolist() == pytest.approx([0.0, 0.2])


def test_boxes_without_width_and_no_boxes_give_finite_curves():
    feature = PersonBoxes()
    # The middle of the first lies on a point, where 0 would be divided by 0.
    thin = feature([[50, 10, 50, 20, 0.9], [33, 10, 33, 20, 0.9]], (100, 100))
    assert thin.isfinite().all()
    assert not thin[0].any()
    assert thin[1, :2].any()
    assert not feature([], (100, 100)).any()
    assert feature(np.zeros((0, 5)), (100, 100)).shape == (2, 6, 37)


@pytest.mark.parametrize(
    "detections", [[1, 2, 3, 4, 0.5], [[1, 2, 3, 4]], np.ones((2, 10)), [[1, 2, 3, np.nan, 0.5]]]
)
def test_detections_of_another_kind_are_refused(detections):
    with pytest.raises(InputError, match=r"detections of shape .* \(n, 5\)"):
        PersonBoxes()(detections, (100, 100))


@pytest.mark.parametrize("settings", [{"n_boxes": 0}, {"n_points": 1}])
def test_boxes_without_room_are_refused(settings):
    with pytest.raises(InputError, match="n_boxes of at least 1 and n_points of at least 2"):
        PersonBoxes(**settings)
