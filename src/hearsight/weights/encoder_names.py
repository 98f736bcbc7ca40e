"""Encoders of clips by what a user calls them: "vgg19:FILE", "vggish:FILE", or a trained system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import nn

from hearsight.errors import InputError, WeightsError, nearest
from hearsight.features.vggish_input import VggishInput
from hearsight.models.blocks.resnet import resnet18
from hearsight.systems.encoders import (
    PICTURE_FITS,
    ClipEncoders,
    SoundEncoder,
    VisualEncoder,
    trunk_encoders,
)
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.weights.encoders import has_encoders, load_encoders
from hearsight.weights.resnet import load_resnet
from hearsight.weights.store import is_weights_folder, load_system
from hearsight.weights.vgg19 import load_vgg19
from hearsight.weights.vggish import load_vggish


def parse_encoders(texts: Sequence[str]) -> ClipEncoders:
    """Read encoders.

    Parameters
    ----------
    texts : sequence of str
        "vgg19:FILE" (Keras' weights, as for the published features of AVE), "vgg19-imagenet:FILE"
        and "resnet18:FILE" (torchvision's), which see; "vggish:FILE" (cut off at zero, as for AVE)
        and "vggish-no-relu:FILE", which hear; a folder with the weights of a system for heat maps,
        or with stored encoders, for both. One that sees and one that hears at most.

    Returns
    -------
    ClipEncoders
        In evaluation mode, on the CPU.

    Raises
    ------
    InputError
        If nothing is called so, or two see or two hear.
    WeightsError
        If weights cannot be read, or a folder's system does not draw heat maps.
    """
    seeing, hearing = [], []
    for text in texts:
        encoders = _parsed(text)
        seeing += [encoders.sees] if encoders.sees else []
        hearing += [encoders.hears] if encoders.hears else []
    if max(len(seeing), len(hearing)) > 1:
        what = "see" if len(seeing) > 1 else "hear"
        msg = f"{' and '.join(texts)}: several encoders {what}; give one that sees, one that hears"
        raise InputError(msg)
    return ClipEncoders(next(iter(seeing), None), next(iter(hearing), None))


def _parsed(text: str) -> ClipEncoders:
    name, colon, file = text.partition(":")
    if colon and name in _SEEING:
        return ClipEncoders(VisualEncoder(name, _SEEING[name](file), PICTURE_FITS[name]))
    if colon and name in _HEARING:
        network = load_vggish(file, relu_last=_HEARING[name])
        return ClipEncoders(None, SoundEncoder(name, network, VggishInput()))
    if has_encoders(text):
        return load_encoders(text)
    if is_weights_folder(text):
        system = load_system(text)
        if not isinstance(system, HeatMapSystem):
            msg = f"{text}: {system.name} draws no heat maps; give weights of a system that does"
            raise WeightsError(msg)
        return trunk_encoders(system)
    msg = (
        f"{text}: is no folder with weights, and no encoder is called {name}; "
        f"{nearest(name, (*_SEEING, *_HEARING))}, each with a file as in vggish:FILE"
    )
    raise InputError(msg)


def _resnet18(file: str | Path) -> nn.Module:
    """Read ResNet-18 without its classifier."""
    trained = load_resnet(file)
    network = resnet18(None, n_filters=trained.conv1.out_channels)
    try:
        network.start_from(trained)
    except InputError as error:
        msg = f"{file}: holds another network than ResNet-18; give that of torchvision"
        raise WeightsError(msg) from error
    return network.eval()


_SEEING: Mapping[str, Callable[[str], nn.Module]] = {
    "vgg19": load_vgg19,
    "vgg19-imagenet": load_vgg19,
    "resnet18": _resnet18,
}
_HEARING: Mapping[str, bool] = {"vggish": True, "vggish-no-relu": False}
"""Whether vectors are cut off at zero."""
