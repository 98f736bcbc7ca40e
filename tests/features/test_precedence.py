import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.features.precedence import freshness


@given(st.integers(0, 2**31), st.floats(0.1, 0.99))
def test_is_a_part(seed, decay):
    power = torch.rand(30, 4, generator=torch.Generator().manual_seed(seed))
    fresh = freshness(power, decay)
    assert (fresh >= 0.0).all()
    assert (fresh <= 1.0).all()
    # The first frame has no past.
    assert (fresh[0] == 1.0).all()


def test_a_stroke_is_new_and_its_decay_is_not():
    power = torch.cat([torch.zeros(5), 0.8 ** torch.arange(10)])[:, None]
    fresh = freshness(power, 0.8)[:, 0]
    assert fresh[5] == 1.0
    torch.testing.assert_close(fresh[6:], torch.zeros(9), atol=1e-6, rtol=0.0)


def test_a_steady_sound_stays_partly_new():
    fresh = freshness(torch.ones(10, 1), 0.8)
    torch.testing.assert_close(fresh[1:], torch.full((9, 1), 0.2))


def test_silence_is_not_an_error():
    assert torch.isfinite(freshness(torch.zeros(4, 2), 0.8)).all()
