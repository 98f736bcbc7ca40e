import pytest
import torch

from hearsight.models.vgg19 import Vgg19


@pytest.mark.parametrize(("height", "width"), [(224, 224), (64, 96)])
def test_a_map_of_a_32nd(height, width):
    network = Vgg19(2).eval()
    maps = network(torch.randn(2, 3, height, width))
    assert maps.shape == (2, network.n_channels, height // 32, width // 32)
    assert network.n_channels == 16
    assert (maps >= 0).all()


def test_has_the_published_layers():
    network = Vgg19()
    names = [name for name in network.state_dict() if name.endswith("weight")]
    numbers = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    assert names == [f"features.{number}.weight" for number in numbers]
    assert network.n_channels == 512
    assert sum(value.numel() for value in network.parameters()) == 20_024_384


def test_a_batch_equals_its_pictures():
    network = Vgg19(2).eval()
    pictures = torch.randn(3, 3, 64, 64)
    alone = torch.cat([network(picture[None]) for picture in pictures])
    torch.testing.assert_close(network(pictures), alone)
