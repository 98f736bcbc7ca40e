"""What SELDnet promises in all its forms: shapes, bounds, gradients, and items apart."""

import pytest
import torch

from hearsight.errors import InputError
from hearsight.models.seldnet import SeldNet

N_CHANNELS, N_BINS, N_CLASSES = 4, 37, 5
SMALL = {"n_filters": 8, "rnn_size": 16, "n_heads": 4, "fnn_size": 12}
FORMS = {
    "2022": {"n_attention_layers": 0},
    "2022 with attention": {"n_attention_layers": 1, "is_residual": False},
    "2023": {},
    "2023, one instance": {"n_tracks": None},
    "2024": {"activations": ("none",) * 4},
    "2024 with pictures": {"activations": ("none",) * 4, "n_picture_layers": 2},
    "2025": {"activations": ("tanh", "tanh", "relu")},
    "2025 with pictures": {
        "activations": ("tanh", "tanh", "relu", "sigmoid"),
        "n_picture_layers": 2,
        "picture_shape": (3, 6),
    },
    "other pools": {
        "time_pools": (2, 2),
        "bin_pools": (1, 3),
        "n_rnn_layers": 1,
        "n_fnn_layers": 0,
    },
}


def built(form):
    torch.manual_seed(0)
    return SeldNet(N_CHANNELS, N_BINS, N_CLASSES, **{**SMALL, **FORMS[form]})


def inputs(network, n_batch=3, n_frames=41):
    """Draw features, and pictures for a network that sees."""
    torch.manual_seed(1)
    audio = torch.randn(n_batch, N_CHANNELS, n_frames, N_BINS)
    if network.picture is None:
        return (audio,)
    return audio, torch.randn(n_batch, n_frames // network.frames_per_label, *network.picture.shape)


@pytest.fixture(params=FORMS)
def network(request):
    return built(request.param)


@pytest.mark.parametrize("n_frames", [5, 9, 41, 250, 251])
def test_takes_any_length(network, n_frames):
    output = network(*inputs(network, 2, n_frames))
    tracks = (3,) * (len(network.head_shape) - 2)
    n_label_frames = n_frames // network.frames_per_label
    assert output.shape == (2, n_label_frames, *tracks, N_CLASSES, len(network.activations))


def test_a_batch_is_its_items_one_by_one(network):
    batch = inputs(network.eval())
    together = network(*batch)
    for i, alone in enumerate(together):
        item = (tensor[i : i + 1] for tensor in batch)
        torch.testing.assert_close(network(*item)[0], alone, rtol=1e-4, atol=1e-6)


def test_says_the_same_twice_when_not_in_training(network):
    batch = inputs(network)
    assert not torch.equal(network(*batch), network(*batch))
    network.eval()
    assert torch.equal(network(*batch), network(*batch))


def test_gradients_reach_every_parameter(network):
    # Not in training, where the normalization makes up for the biases before it.
    network.eval()(*inputs(network)).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


def test_silence_gives_finite_output_and_gradients(network):
    output = network(*(torch.zeros_like(tensor) for tensor in inputs(network)))
    output.mean().backward()
    assert torch.isfinite(output).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in network.parameters())


def test_components_stay_within_their_bounds():
    network = built("2025 with pictures").eval()
    output = network(*(100.0 * tensor for tensor in inputs(network)))
    x, y, distance, on_screen = output.unbind(dim=-1)
    assert max(x.abs().max(), y.abs().max()) <= 1.0
    assert distance.min() == 0.0
    assert distance.max() > 0.0
    assert 0.0 <= on_screen.min() < on_screen.max() <= 1.0


def test_every_frame_hears_all_others():
    network = built("2023").eval()
    (audio,) = inputs(network, 1)
    later = audio.clone()
    later[:, :, -6:] += 1.0
    difference = (network(audio) - network(later)).abs().amax(dim=(0, 2, 3, 4))
    assert (difference > 0.0).all()


def test_sees_pictures_as_a_set():
    network = built("2024 with pictures").eval()
    audio, video = inputs(network, 1)
    # They carry no positions.
    torch.testing.assert_close(network(audio, video.flip(1)), network(audio, video))
    assert not torch.allclose(network(audio, video + 1.0), network(audio, video))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"activations": ("tanh", "gelu")}, "none is called gelu; .*valid: none, relu"),
        ({"activations": ()}, "one for each component"),
        ({"time_pools": (5, 1)}, "as many"),
        ({"bin_pools": (8, 8, 8)}, r"leave none of 37 bins"),
    ],
)
def test_settings_that_make_no_network_are_refused(changed, message):
    with pytest.raises(InputError, match=message):
        SeldNet(N_CHANNELS, N_BINS, N_CLASSES, **changed)


@pytest.mark.parametrize(
    ("form", "shapes", "message"),
    [
        ("2023", [(2, N_CHANNELS, 10, 38)], r"must have shape \(batch, 4, frames, 37\)"),
        ("2023", [(N_CHANNELS, 10, N_BINS)], "must have shape"),
        ("2023", [(2, N_CHANNELS, 4, N_BINS)], "audio has 4 frames; a label frame takes 5"),
        ("2023", [(2, N_CHANNELS, 10, N_BINS), (2, 2, 7, 7)], "does not take video"),
        ("2024 with pictures", [(2, N_CHANNELS, 10, N_BINS)], "needs video"),
        ("2024 with pictures", [(2, N_CHANNELS, 10, N_BINS), (2, 2, 49)], "frames, 7, 7"),
        ("2025 with pictures", [(2, N_CHANNELS, 10, N_BINS), (2, 2, 7, 7)], "frames, 3, 6"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(form, shapes, message):
    with pytest.raises(InputError, match=message):
        built(form)(*(torch.zeros(shape) for shape in shapes))
