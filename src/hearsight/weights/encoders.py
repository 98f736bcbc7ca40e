"""Encoders of clips on disk: beside a trained system, so that it can be given videos again.

    sees.safetensors     what looks at pictures, if there is such
    hears.safetensors    what hears sounds, if there is such
    encoders.json        their names, sizes, inputs and fingerprints

Nothing in them could run.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from hearsight.errors import InputError, WeightsError
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.sound_input import SoundInput
from hearsight.features.vggish_input import VggishInput
from hearsight.models.blocks.resnet import BasicBlock, ResNet, resnet18
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.recording.files import replacing
from hearsight.systems.encoders import ClipEncoders, Fit, Heard, SoundEncoder, VisualEncoder
from hearsight.weights.files import load_strictly, read_tensors, write_once

ENCODERS_NAME = "encoders.json"
SEES_NAME = "sees.safetensors"
HEARS_NAME = "hears.safetensors"
_FORMAT = "hearsight encoders 1"

_NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    "vgg19": Vgg19,
    "vggish": Vggish,
    "resnet18": functools.partial(resnet18, None),
}
_INPUTS: Mapping[str, Callable[..., Any]] = {
    "caffe": CaffeFit,
    "picture": PictureFit,
    "vggish": VggishInput,
    "spectrogram": SoundInput,
}


def save_encoders(folder: str | Path, encoders: ClipEncoders) -> None:
    """Write encoders; networks that are there already are left as they are.

    Parameters
    ----------
    folder : str or Path
        Is made; others there are replaced, each file as a whole.
    encoders : ClipEncoders
        Of networks that this module knows.

    Raises
    ------
    MediaError
        If a file cannot be written.
    """
    root, sees, hears = Path(folder), encoders.sees, encoders.hears
    about = {
        "format": _FORMAT,
        "sees": sees and _description(sees, sees.fit),
        "hears": hears and {**_description(hears, hears.heard), "pool": hears.pool},
        "frames_per_segment": encoders.frames_per_segment,
    }
    for name, encoder in ((SEES_NAME, sees), (HEARS_NAME, hears)):
        if encoder is not None:
            write_once(root / name, encoder.network, encoder.fingerprint)
    with replacing(root / ENCODERS_NAME) as temporary:
        temporary.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def load_encoders(folder: str | Path) -> ClipEncoders:
    """Read encoders from the folder that `save_encoders` wrote into.

    Returns
    -------
    ClipEncoders
        Their networks in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        If a file is missing or damaged, or they do not belong together.
    """
    root = Path(folder)
    about = _read_about(root)
    sees = hears = None
    try:
        if seen := about["sees"]:
            parts = _network(seen, root / SEES_NAME), _made(_INPUTS, seen["input"])
            sees = VisualEncoder(seen["name"], *parts)
        if heard := about["hears"]:
            parts = _network(heard, root / HEARS_NAME), _made(_INPUTS, heard["input"])
            hears = SoundEncoder(heard["name"], *parts, heard["pool"])
        encoders = ClipEncoders(sees, hears, about["frames_per_segment"])
    except (InputError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        msg = f"{root / ENCODERS_NAME}: describes no encoders ({error}); copy the folder again"
        raise WeightsError(msg) from error
    for name, encoder, entry in ((SEES_NAME, sees, seen), (HEARS_NAME, hears, heard)):
        if encoder is not None and encoder.fingerprint != entry.get("fingerprint"):
            msg = f"{root / name}: is not what {ENCODERS_NAME} describes; copy the folder again"
            raise WeightsError(msg)
    return encoders


def has_encoders(folder: str | Path) -> bool:
    """Tell whether a folder holds encoders."""
    return (Path(folder) / ENCODERS_NAME).is_file()


def _read_about(root: Path) -> dict[str, Any]:
    path = root / ENCODERS_NAME
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read ({error}); train again or copy the folder again"
        raise WeightsError(msg) from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        found = about.get("format") if isinstance(about, dict) else type(about).__name__
        msg = f"{path}: expected the format {_FORMAT!r}, found {found!r}; use a fitting version"
        raise WeightsError(msg)
    return about


def _description(encoder: VisualEncoder | SoundEncoder, prepares: Fit | Heard) -> dict[str, Any]:
    """Say in JSON what an encoder is."""
    kind = next(name for name, made in _INPUTS.items() if type(prepares) is made)
    return {
        "name": encoder.name,
        "network": _network_description(encoder.network),
        "input": {"made": kind, **dataclasses.asdict(prepares)},
        "fingerprint": encoder.fingerprint,
    }


def _network_description(network: nn.Module) -> dict[str, Any]:
    """Return the kind of a network and the arguments that make one like it."""
    if isinstance(network, Vgg19):
        return {"made": "vgg19", "n_filters": network.features[0].out_channels}
    if isinstance(network, Vggish):
        return {
            "made": "vggish",
            "n_filters": network.features[0].out_channels,
            "n_hidden": network.embeddings[0].out_features,
            "n_channels": network.n_channels,
            "relu_last": network.relu_last,
        }
    assert isinstance(network, ResNet), f"encoders with {type(network).__name__} are not stored"
    last_stage = network.get_submodule("layer4.0")
    assert isinstance(last_stage, BasicBlock)
    return {
        "made": "resnet18",
        "n_inputs": network.conv1.in_channels,
        "n_filters": network.conv1.out_channels,
        "last_stride": last_stage.conv1.stride[0],
    }


def _network(entry: Mapping[str, Any], path: Path) -> nn.Module:
    network: nn.Module = _made(_NETWORKS, entry["network"])
    load_strictly(network, read_tensors(path), path)
    return network.eval()


def _made(makers: Mapping[str, Callable[..., Any]], description: Mapping[str, Any]) -> Any:
    arguments = dict(description)
    return makers[arguments.pop("made")](**arguments)
