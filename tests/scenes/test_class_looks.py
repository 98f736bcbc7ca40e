import colorsys

import numpy as np
import pytest
from PIL import Image

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.scenes.class_looks import SIDE_PX, draw_class, draw_stranger


def drawn(label, seed):
    return draw_class(label, np.random.default_rng(seed))


def shape(thing):
    """Where it is opaque and where it is dark, coarsely, whichever way it is mirrored."""
    rgba = np.asarray(Image.fromarray(thing).resize((12, 12), Image.Resampling.BOX), float) / 255.0
    gray, solid = rgba[..., :3].mean(axis=-1), rgba[..., 3]
    both = np.stack([solid, solid * gray])
    return np.concatenate(
        [(both + both[:, :, ::-1]).ravel(), [np.log(thing.shape[0] / thing.shape[1])]]
    )


def hue(thing):
    """The mean color as a point on the color circle."""
    red, green, blue = thing[thing[..., 3] > 128][:, :3].mean(axis=0) / 255.0
    angle, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    turn = 2.0 * np.pi * angle
    return np.array([saturation * np.cos(turn), saturation * np.sin(turn), value])


def told_apart(describe):
    """Return how often a nearest class mean of 20 things names the class of 10 others."""
    points = np.array(
        [[describe(drawn(label, seed)) for seed in range(30)] for label in DCASE_2022]
    )
    means = points[:, :20].mean(axis=1)
    apart = np.linalg.norm(points[:, 20:, None] - means, axis=-1)
    return (apart.argmin(axis=-1) == np.arange(len(DCASE_2022))[:, None]).mean()


def test_a_class_is_told_by_its_shape_but_not_by_its_color():
    assert told_apart(shape) > 0.85  # chance is 1 / 13
    assert told_apart(hue) < 0.5


@pytest.mark.parametrize("label", [*DCASE_2022, "stranger"])
def test_a_drawing_is_tight_and_whole(label):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        thing = draw_stranger(rng) if label == "stranger" else draw_class(label, rng)
        height, width, channels = thing.shape
        assert (channels, thing.dtype) == (4, np.uint8)
        # Nothing was cut off where the canvas ends, and nothing empty is left around it.
        assert max(height, width) <= SIDE_PX
        solid = thing[..., 3] > 0
        assert solid[[0, -1]].any(axis=1).all()
        assert solid[:, [0, -1]].any(axis=0).all()
        assert solid.mean() > 0.2


def test_the_generator_decides():
    assert (drawn("bell", 1) == drawn("bell", 1)).all()
    assert drawn("bell", 1).shape != drawn("bell", 2).shape


def test_an_unknown_class_is_named():
    with pytest.raises(InputError, match="did you mean bell"):
        drawn("bel", 0)
