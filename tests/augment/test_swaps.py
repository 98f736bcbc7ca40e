import numpy as np
import pytest
import torch

from hearsight.augment.swaps import (
    FoaSwaps,
    MicSwaps,
    full_turns,
    swap_directions,
    swap_foa,
    swap_gcc,
    swap_phases,
)
from hearsight.errors import InputError
from hearsight.events.codec import Components
from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.events.points import Points
from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.salsa import Salsa, SalsaLite
from hearsight.spatial.swaps import AXIS_SWAPS, FOA_SWAPS, MIC_SWAPS, Swap

NOISE = torch.randn(4, 6000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
RECORDING = NOISE + 0.3 * NOISE.roll(1, dims=0)  # channels that have to do with one another


def batch_of(features, target=None):
    if target is None:
        target = torch.zeros(len(features), 2, 13, 3)
    return {"audio": features, "target": target}


@pytest.mark.parametrize(
    "feature",
    [LogIntensity.dcase2023(), LogIntensity.dcase2021(), LogIntensity.salsa(), Salsa.foa()],
    ids=["2023", "2021", "salsa mel", "salsa"],
)
@pytest.mark.parametrize("swap", AXIS_SWAPS[::3], ids=str)
def test_swapping_ambisonics_swaps_its_features(feature, swap):
    swapped_sound = torch.from_numpy(swap.foa(RECORDING.numpy()))
    order = getattr(feature, "order", "yzx")
    torch.testing.assert_close(feature(swapped_sound), swap_foa(feature(RECORDING), swap, order))


@pytest.mark.parametrize("swap", MIC_SWAPS, ids=str)
def test_swapping_microphones_swaps_their_correlations(swap):
    feature = LogGcc.dcase2020()
    expected = feature(RECORDING[swap.microphone_order()])
    found = swap_gcc(feature(RECORDING), swap)
    torch.testing.assert_close(found[:4], expected[:4])
    # Of the first lag, -32, the mirror image is not among those kept.
    torch.testing.assert_close(found[4:, :, 1:], expected[4:, :, 1:])


@pytest.mark.parametrize(
    "feature",
    [
        SalsaLite.dcase2022(),
        SalsaLite.salsa_lite(),
        SalsaLite.salsa_ipd(),
        Salsa.mic(is_selective=False),
    ],
    ids=["2022", "lite", "ipd", "salsa"],
)
@pytest.mark.parametrize("swap", MIC_SWAPS, ids=str)
def test_swapping_microphones_swaps_their_phases(feature, swap):
    expected = feature(RECORDING[swap.microphone_order()])
    turns = full_turns(feature).to(expected)
    found = swap_phases(feature(RECORDING), swap, turns)
    torch.testing.assert_close(found[:4], expected[:4])
    off = found[4:] - expected[4:]
    off -= turns * (off / turns).round()  # exactly opposite phases have two names
    # Up to 4 m of path are computed with scales in float32.
    assert off.abs().max() < 1e-6
    assert (found[4:].abs() <= 0.5 * turns + 1e-6).all()


def test_directions_turn_and_distances_stay():
    labels = ("a", "b")
    columns = {"frames": [0, 1, 1], "classes": [0, 1, 1], "sources": [0, 0, 1]}
    azimuth, elevation = np.array([20.0, -100.0, 150.0]), np.array([10.0, -40.0, 0.0])

    def target(azimuth, elevation):
        points = Points(
            labels,
            **{name: np.array(values) for name, values in columns.items()},
            azimuth=azimuth,
            elevation=elevation,
            distance=np.array([1.0, 2.0, 3.0]),
            on_screen=np.full(3, np.nan),
            activity=np.ones(3),
        )
        codec = MultiAccdoa(labels, Components(distance=True))
        return torch.from_numpy(codec.encode_points(points, 2))

    for swap in FOA_SWAPS:
        found = swap_directions(target(azimuth, elevation), swap)
        torch.testing.assert_close(found, target(*swap.angles(azimuth, elevation)))


def test_every_example_gets_a_swap_of_its_own_and_its_labels_follow():
    features = LogIntensity.dcase2023()(RECORDING).float()
    target = torch.randn(2, 13, 3)
    batch = batch_of(features.repeat(40, 1, 1, 1), target.repeat(40, 1, 1, 1))
    before = {name: value.clone() for name, value in batch.items()}
    augmented = FoaSwaps(LogIntensity.dcase2023())(batch, np.random.default_rng(0))
    seen = set()
    for audio, labels in zip(augmented["audio"], augmented["target"], strict=True):
        fitting = [s for s in FOA_SWAPS if torch.equal(swap_foa(features, s), audio)]
        assert len(fitting) == 1
        assert torch.equal(labels, swap_directions(target, fitting[0]))
        seen.add(fitting[0])
    assert len(seen) > 10
    assert all(torch.equal(batch[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    "feature", [LogGcc.dcase2020(), SalsaLite.dcase2022()], ids=["gcc", "phases"]
)
def test_microphones_are_swapped_within_a_batch(feature):
    features = feature(RECORDING).float()
    target = torch.randn(2, 13, 3)
    batch = batch_of(features.repeat(20, 1, 1, 1), target.repeat(20, 1, 1, 1))
    augmented = MicSwaps(feature)(batch, np.random.default_rng(0))
    order = [swap_directions(target, swap) for swap in MIC_SWAPS]
    for audio, labels in zip(augmented["audio"], augmented["target"], strict=True):
        (swap,) = [s for s, turned in zip(MIC_SWAPS, order, strict=True) if labels.equal(turned)]
        levels = features[torch.from_numpy(swap.microphone_order())]
        assert torch.equal(audio[:4], levels)
    assert not torch.equal(augmented["audio"], batch["audio"])


def test_the_same_generator_gives_the_same_batch():
    batch = batch_of(torch.randn(8, 7, 10, 4))
    augment = FoaSwaps(LogIntensity.dcase2023())
    one, two = (augment(batch, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(one["audio"], two["audio"])


def test_what_cannot_be_swapped_is_refused():
    with pytest.raises(InputError, match="not interleaved"):
        FoaSwaps(LogIntensity.dcase2020())
    with pytest.raises(InputError, match="features of Ambisonics"):
        FoaSwaps(Salsa.mic())
    with pytest.raises(InputError, match="features of microphones"):
        MicSwaps(Salsa.foa())
    with pytest.raises(InputError, match="does not map the microphones"):
        MicSwaps(LogGcc.dcase2020(), (Swap(signs=(1, -1, 1)),))
    batch = {**batch_of(torch.randn(2, 7, 10, 4)), "video": torch.randn(2, 2, 7, 7)}
    with pytest.raises(InputError, match="maps of pictures"):
        FoaSwaps(LogIntensity.dcase2023())(batch, np.random.default_rng(0))
