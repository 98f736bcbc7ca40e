"""Maps judged beside floors and ceilings."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.sounding import SoundingBoxes
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.heatmaps.styles import STYLES, Style

SIZE = 32
FLOORS = ["whole image", "centered disc", "chance"]


def scattered(n_pictures: int, seed: int = 0) -> dict[str, SoundingBoxes]:
    """Return boxes of a quarter of a side, anywhere."""
    corners = np.random.default_rng(seed).integers(0, 24, (n_pictures, 2)) / SIZE
    return {
        f"picture{index:03d}": SoundingBoxes(((x, y, x + 0.25, y + 0.25),))
        for index, (x, y) in enumerate(corners.tolist())
    }


def perfect(truths: dict[str, SoundingBoxes]) -> dict[str, np.ndarray]:
    return {name: truth.to_map(SIZE) for name, truth in truths.items()}


def judged(maps, truths, **options) -> MapScores:
    return judge_maps(maps, truths, size=SIZE, **options)


def test_perfect_maps_are_perfect_and_clear_their_floors() -> None:
    truths = scattered(30)
    scores = judged(perfect(truths), truths)
    assert scores["success"] == scores["mean_ciou"] == scores["auc"] == 1.0
    assert scores.floors == FLOORS
    assert scores.clears_floors
    assert scores.margin.low > 0.5
    assert "clear their floors: success of 100.0 %" in scores.verdict


def test_maps_of_other_pictures_do_not_clear_the_floors() -> None:
    truths = scattered(60)
    maps = perfect(truths)
    swapped = dict(zip(maps, [*maps.values()][1:] + [*maps.values()][:1], strict=True))
    scores = judged(swapped, truths)
    assert scores["success"] < 0.2
    assert scores.clears_floors is False
    assert scores.verdict.startswith("The maps do not clear their floors")


def test_half_of_the_picture_cannot_find_small_things() -> None:
    truths = scattered(10)
    scores = judged(perfect(truths), truths, style="ez-vsl")
    assert scores.table["ceiling"]["rank_half"]["success"] == 0.0
    assert scores.table["ceiling"]["rank_half"]["mean_ciou"] == pytest.approx(64 / 512)
    assert scores.table["ceiling"]["adaptive"]["success"] == 1.0
    assert scores["success"] <= scores.table["ceiling"]["rank_half"]["success"]


@settings(max_examples=20)
@given(st.sampled_from(sorted(STYLES)), st.integers(0, 1000))
def test_no_map_is_above_its_ceiling_where_no_values_are_equal(style, seed) -> None:
    truths = scattered(3, seed)
    random = np.random.default_rng(seed)
    maps = {name: random.uniform(-1, 1, (SIZE, SIZE)) for name in truths}
    scores = judged(maps, truths, style=style, universal=0.3)
    for picture in scores.pictures.values():
        assert picture.cious.keys() == {"maps", *FLOORS, "ceiling"}
        for rule, ceiling in picture.cious["ceiling"].items():
            # `above` marks one pixel of 512 less than the half that the ceiling is of.
            assert 0.0 <= picture.cious["maps"][rule] <= 1.003 * ceiling


def test_order_and_way_of_giving_do_not_matter() -> None:
    truths = scattered(5)
    maps = {name: np.random.default_rng(3).uniform(-1, 1, (7, 7)) for name in truths}
    forward = judged(maps, truths).to_dict()
    backward = judged(reversed(maps.items()), dict(reversed(truths.items()))).to_dict()
    assert forward == backward


def test_maps_are_read_one_by_one() -> None:
    truths = scattered(4)
    alive = []

    def made():
        for name, values in perfect(truths).items():
            alive.append(name)
            yield name, values

    assert judged(made(), truths)["success"] == 1.0
    assert alive == sorted(truths)


def test_universal_threshold_is_on_the_scale_of_the_maps() -> None:
    truths = scattered(2)
    first, second = truths
    maps = perfect(truths)
    scores = judged({first: 0.8 * maps[first], second: 0.3 * maps[second]}, truths, universal=0.5)
    found = [picture.cious["maps"]["universal"] for picture in scores.pictures.values()]
    assert found == [1.0, 0.0]
    # Beside it, floors mark as much as the map: here nothing in the second picture.
    discs = [each.cious["centered disc"]["universal"] for each in scores.pictures.values()]
    assert discs[1] == 0.0
    assert [picture.peak for picture in scores.pictures.values()] == pytest.approx([0.8, 0.3])


def test_what_is_missing_fails_and_is_named() -> None:
    truths = scattered(4) | {"unusable": SoundingBoxes(((0.5, 0.5, 0.2, 0.2),))}
    maps = perfect(truths) | {"unknown": np.zeros((2, 2))}
    del maps["picture001"]
    scores = judged(maps, truths)
    assert scores.missing == ("picture001",)
    assert scores.superfluous == ("unknown",)
    assert scores.n_without_box == 1
    assert scores["success"] == 3 / 5
    assert len(scores.notes) == 3
    assert np.isnan(scores.pictures["picture001"].peak)


def test_saliency_is_one_more_floor() -> None:
    truths = scattered(6)
    maps = perfect(truths)
    scores = judged(maps, truths, saliency=maps)
    assert scores.best_floor == "saliency"
    assert scores.clears_floors is False
    lacking = {name: values for name, values in maps.items() if name != "picture000"}
    with pytest.raises(InputError, match="no saliency map, such as 'picture000'"):
        judged(maps, truths, saliency=lacking)


def test_scores_by_class_and_rows() -> None:
    truths = scattered(3)
    maps = perfect(truths)
    maps["picture002"] = 1.0 - maps["picture002"]
    labels = {"picture000": "dog", "picture001": "drum", "picture002": "drum"}
    scores = judged(maps, truths, labels=labels)
    assert {label: row["success"] for label, row in scores.by_class().items()} == {
        "dog": 1.0,
        "drum": 0.5,
    }
    rows = list(scores.rows())
    assert [row["name"] for row in rows] == sorted(truths)
    assert rows[0]["area"] == 64 / SIZE**2
    assert rows[2]["ciou_adaptive"] == 0.0


def test_scores_are_plain_values_of_fixed_seeds() -> None:
    truths = scattered(8)
    maps = {name: np.eye(5) for name in truths}
    scores = judged(maps, truths, universal=0.5)
    told = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert told == judged(maps, truths, universal=0.5).to_dict()
    assert set(told["scores"]["maps"]) == {
        "adaptive",
        "median",
        "rank_half",
        "absolute",
        "universal",
    }
    interval = scores.intervals["adaptive"]["mean_ciou"]
    assert interval.low <= scores["mean_ciou"] <= interval.high


def test_one_picture_tells_nothing_of_floors() -> None:
    truths = scattered(1)
    scores = judged(perfect(truths), truths)
    assert scores.clears_floors is None
    assert scores.verdict.startswith("One picture does not tell")


def test_the_first_rule_is_that_of_the_style() -> None:
    truths = scattered(2)
    mine = Style(threshold="absolute", level=0.9, normalization="none")
    scores = judged({name: np.full((2, 2), 0.95) for name in truths}, truths, style=mine)
    assert scores.rule == "absolute"
    assert scores["mean_ciou"] == pytest.approx(64 / SIZE**2)


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ({}, "there are no maps"),
        ({"other": np.zeros((2, 2))}, "maps are named like 'other', truths like 'picture000'"),
        ({"picture000": np.zeros((1, 2, 2))}, r"must have shape \(height, width\)"),
        ({"picture000": np.full((2, 2), np.nan)}, "not finite"),
        ([("picture000", np.eye(2))] * 2, "two maps"),
    ],
)
def test_maps_that_cannot_be_judged_are_refused(maps, message) -> None:
    with pytest.raises(InputError, match=message):
        judged(maps, scattered(1))


def test_there_must_be_a_truth() -> None:
    with pytest.raises(InputError, match="truths is empty"):
        judged({"a": np.eye(2)}, {})
