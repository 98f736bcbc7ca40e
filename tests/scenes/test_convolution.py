import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearsight.scenes.convolution import cross_fades, moving_convolution

RNG = np.random.default_rng(0)
SOUND = RNG.standard_normal(500)
RESPONSES = RNG.standard_normal((3, 2, 40))


@given(
    st.lists(st.floats(-1.0, 2.0), min_size=1, max_size=6, unique_by=lambda t: round(t, 3)),
)
def test_shares_sum_to_one_and_never_turn_negative(knots):
    shares = np.array(list(cross_fades(np.linspace(0.0, 1.0, 200), np.sort(np.round(knots, 3)))))
    assert shares.shape == (len(knots), 200)
    assert (shares >= 0.0).all()
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)


def test_one_response_is_a_plain_convolution():
    (share,) = cross_fades(np.arange(500.0), np.array([7.0]))
    heard = moving_convolution(SOUND, [share], RESPONSES[:1], 600)
    expected = np.stack([np.convolve(SOUND, response) for response in RESPONSES[0]])
    np.testing.assert_allclose(heard[:, :539], expected, atol=1e-12)
    assert not heard[:, 539:].any()


def test_every_sample_is_heard_through_the_responses_of_its_moment():
    times, knots = np.arange(500.0), np.array([0.0, 100.0, 499.0])
    heard = moving_convolution(SOUND, cross_fades(times, knots), RESPONSES, 539)
    expected = np.zeros((2, 539))
    for moment, sample in enumerate(SOUND):
        for index in range(3):
            share = np.interp(moment, knots, np.eye(3)[index])
            expected[:, moment : moment + 40] += share * sample * RESPONSES[index]
    np.testing.assert_allclose(heard, expected, atol=1e-10)


def test_the_end_is_cut_off():
    fades = list(cross_fades(np.arange(500.0), np.array([0.0, 250.0, 499.0])))
    whole = moving_convolution(SOUND, fades, RESPONSES, 539)
    np.testing.assert_allclose(moving_convolution(SOUND, fades, RESPONSES, 120), whole[:, :120])
