"""Points of pictures and sounds, and how far they are apart."""

import pytest
import torch

from hearsight.errors import InputError
from hearsight.models.matching import Matched, MatchingNet


def network():
    torch.manual_seed(0)
    return MatchingNet(n_video=6, n_audio=5, n_hidden=4, n_embedding=3)


def test_branches_are_as_published():
    sizes = {name: tuple(value.shape) for name, value in MatchingNet().state_dict().items()}
    assert sizes == {
        "video_branch.0.weight": (128, 512),
        "video_branch.0.bias": (128,),
        "video_branch.2.weight": (64, 128),
        "video_branch.2.bias": (64,),
        "audio_branch.0.weight": (128, 128),
        "audio_branch.0.bias": (128,),
        "audio_branch.2.weight": (64, 128),
        "audio_branch.2.bias": (64,),
    }


def test_weights_start_as_keras_starts_them():
    state = MatchingNet().state_dict()
    bound = (6 / (512 + 128)) ** 0.5
    largest = state["video_branch.0.weight"].abs().max()
    assert 0.99 * bound < largest <= bound
    assert not any(value.any() for name, value in state.items() if name.endswith("bias"))


def test_below_zero_units_have_a_slope():
    net = MatchingNet(n_video=1, n_audio=1, n_hidden=1, n_embedding=1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0 if parameter.ndim == 2 else 0.0)
    assert net.embed_video(torch.tensor([[2.0], [-2.0]])).flatten().tolist() == pytest.approx(
        [2.0, -0.6]
    )


@pytest.mark.parametrize("leading", [(), (7,), (2, 7), (0, 7)])
def test_any_leading_axes_will_do(leading):
    video, audio = torch.randn(*leading, 6), torch.randn(*leading, 5)
    found = network()(video, audio)
    assert found.video.shape == found.audio.shape == (*leading, 3)
    assert found.own().shape == leading


def test_a_batch_is_its_seconds_one_by_one():
    video, audio, net = torch.randn(4, 6), torch.randn(4, 5), network()
    together = net(video, audio)
    alone = torch.stack([net.embed_video(second) for second in video])
    torch.testing.assert_close(together.video, alone)


def test_rows_are_pictures_and_columns_sounds():
    points = Matched(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 0.0]] * 3))
    assert points.all().shape == (2, 3)
    torch.testing.assert_close(points.all()[1], torch.full((3,), 5.0))


def test_own_distances_are_the_diagonal_of_all():
    found = network()(torch.randn(2, 4, 6), torch.randn(2, 4, 5))
    torch.testing.assert_close(found.own(), found.all().diagonal(dim1=-2, dim2=-1))


def test_near_points_far_from_the_origin_keep_their_distance():
    video = torch.full((30, 64), 1000.0)
    assert Matched(video, video + 0.001).all().max() < 0.01


@pytest.mark.parametrize("way", ["own", "all"])
def test_equal_points_are_a_hair_apart_and_pull_at_nothing(way):
    video = torch.ones(2, 3, requires_grad=True)
    found = getattr(Matched(video, torch.ones(2, 3)), way)()
    torch.testing.assert_close(found, torch.full_like(found, 1e-7**0.5))
    found.sum().backward()
    assert not video.grad.any()


def test_features_of_others_are_refused():
    with pytest.raises(InputError, match=r"video must have shape \(\.\.\., 6\), got \(2, 5\)"):
        network().embed_video(torch.zeros(2, 5))
    with pytest.raises(InputError, match="audio must have shape"):
        network().embed_audio(torch.tensor(1.0))
