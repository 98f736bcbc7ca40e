import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.models.intensity_map import IntensityMap
from hearsight.models.level_map import LevelMap
from hearsight.models.music import Music
from hearsight.models.steered_response import SteeredResponse
from hearsight.recording.layout import array, parse_layout
from hearsight.spatial.directions import to_vectors
from hearsight.systems.training_free import acoustic_model, choose_stereo_cue

CIRCLE = array(0.1 * to_vectors(np.arange(6) * 60.0, np.zeros(6)))
LINE = array([[0.0, y, 0.0] for y in (-0.1, -0.03, 0.1)])


@pytest.mark.parametrize(
    ("layout", "options", "kind", "has_elevation", "said"),
    [
        (parse_layout("fuma"), {}, IntensityMap, True, "active intensity"),
        (parse_layout("mic"), {}, SteeredResponse, True, "SRP-PHAT"),
        (parse_layout("mic"), {"method": "music"}, Music, True, "MUSIC"),
        (CIRCLE, {}, SteeredResponse, True, "front or upper"),
        (LINE, {}, SteeredResponse, False, "on a line"),
        (parse_layout("mid-side"), {"stereo_cue": "time"}, LevelMap, False, "level differences"),
        (parse_layout("stereo"), {}, LevelMap, False, "level differences"),
        (parse_layout("stereo"), {"stereo_cue": "time"}, SteeredResponse, False, "17 cm apart"),
    ],
)
def test_the_model_fits_the_layout_and_says_what_it_cannot(
    layout, options, kind, has_elevation, said
):
    model = acoustic_model(layout, **options)
    assert isinstance(model.find, kind)
    assert model.has_elevation is has_elevation
    assert said in model.sentence


def test_mono_has_no_model():
    assert acoustic_model(parse_layout("mono")) is None


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError, match="unknown method 'musik'"):
        acoustic_model(parse_layout("mic"), method="musik")


@given(st.floats(0, 1), st.floats(0, 1))
def test_confidence_grows_with_the_share_and_is_a_half_where_events_begin(low, high):
    model = acoustic_model(parse_layout("foa"))
    low, high = sorted((low, high))
    assert 0.0 <= model.confidence(low) <= model.confidence(high) < 1.0
    begin = model.tracking.onset_share
    assert model.confidence(begin) == pytest.approx(0.5)
    assert model.confidence(3.0 * begin) == pytest.approx(0.9)


def test_the_stereo_cue_is_told_from_the_sound():
    sound = 0.1 * np.random.default_rng(0).standard_normal(24000).astype(np.float32)
    later = np.roll(sound, 6)
    assert choose_stereo_cue(np.stack([sound, later])) == "time"
    assert choose_stereo_cue(np.stack([sound, 0.4 * sound])) == "level"


def test_diffuse_sound_in_a_coincident_pair_is_no_source():
    rng = np.random.default_rng(1)
    middle, side = 0.1 * rng.standard_normal((2, 48000)).astype(np.float32)
    side = side / np.float32(np.sqrt(3.0))
    model = acoustic_model(parse_layout("mid-side"))
    shares = model.find(torch.from_numpy(np.stack([middle + side, middle - side]))).shares
    assert shares.max() < model.tracking.onset_share
