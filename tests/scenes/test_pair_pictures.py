import dataclasses

import numpy as np
import pytest

from hearsight.events.classes import DCASE_2022
from hearsight.scenes.pair_pictures import MOST_HIDDEN, REST, draw_pair_picture
from hearsight.scenes.things import Pose


def drawn(seed, n_things=3, size_px=128):
    rng = np.random.default_rng(seed)
    labels = [DCASE_2022[i] for i in rng.permutation(len(DCASE_2022))[:n_things]]
    return labels, draw_pair_picture(labels, rng, size_px)


@pytest.mark.parametrize("n_things", [1, 2, 4, 5])
def test_boxes_and_areas_are_those_of_the_masks(n_things):
    for seed in range(5):
        labels, view = drawn(seed, n_things)
        assert [thing.label for thing in view.things] == labels
        for index, thing in enumerate(view.things):
            rows, columns = np.nonzero(view.shown == index)
            around = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            assert thing.box == pytest.approx(np.array(around) / 128)
            assert thing.area == len(rows) / 128**2
            assert 0.0 <= thing.hidden <= MOST_HIDDEN


def without(view, index):
    """Return the picture as it is when a thing is not there."""
    drawings = list(view.drawings)
    invisible = drawings[index].image.copy()
    invisible.putalpha(0)
    drawings[index] = dataclasses.replace(drawings[index], image=invisible)
    return dataclasses.replace(view, drawings=tuple(drawings)).picture


def test_masks_show_where_a_thing_is_drawn():
    for seed in range(4):
        _, view = drawn(seed, size_px=256)
        for index in range(3):
            gone = (without(view, index) != view.picture).any(axis=0)
            mask = view.shown == index
            assert gone[mask].mean() > 0.97  # a pixel may look like what is behind it
            assert gone[~mask].mean() < 0.03  # the soft outline


def test_sizes_and_places_vary():
    things = [thing for seed in range(60) for thing in drawn(seed, 2 + seed % 3, 64)[1].things]
    areas = np.array([thing.area for thing in things])
    boxes = np.array([thing.box for thing in things])
    assert areas.min() > 0.03
    assert areas.max() < 0.31
    assert areas.std() > 0.03
    middles = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    # As wide as a uniform spread over the middle half of the picture at least.
    assert (middles.std(axis=0) > 0.14).all()
    assert np.abs(middles.mean(axis=0) - 0.5).max() < 0.05


def test_the_first_label_looks_like_any_other():
    views = [drawn(seed, 3, 64)[1] for seed in range(150)]
    areas = np.array([[thing.area for thing in view.things] for view in views])
    hidden = np.array([[thing.hidden for thing in view.things] for view in views])
    for values in (areas, hidden):
        error = values.std() / np.sqrt(len(views))
        assert abs(values[:, 0].mean() - values[:, 1:].mean()) < 4.0 * error


def test_things_move_and_the_background_does_not():
    _, view = drawn(4)
    moved = view.frame([Pose(1.0, 0.3, -0.2), REST, REST])
    changed = (moved != view.picture).any(axis=0)
    left, top, right, bottom = (np.array(view.things[0].box) * 128).astype(int)
    assert changed[top:bottom, left:right].mean() > 0.2
    far = np.ones((128, 128), bool)
    far[max(0, top - 16) : bottom + 16, max(0, left - 16) : right + 16] = False
    assert not changed[far].any()


def test_the_generator_decides():
    assert (drawn(5)[1].picture == drawn(5)[1].picture).all()
    assert (drawn(5)[1].picture != drawn(6)[1].picture).mean() > 0.9
