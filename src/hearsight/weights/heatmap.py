"""Published networks that look for the source of a sound in a picture: their names to ours.

    visual-context, lvs            ez-vsl, fnac       slavc                        here
    imgnet.*                       imgnet.*           imgnet.*                     picture_trunk.*
    audnet.*, its stem conv1_a     audnet.*           audnet.*                     sound_trunk.*
    -                              img_proj           img_proj1, img_proj2         picture_heads.{i}
    -                              aud_proj           aud_proj1, aud_proj2         sound_heads.{i}
    gluenet.conv_proj              -                  -                            nodes
    scale                          -                  -                            scale

EZ-VSL has all of it in `trunks`; SLAVC in `online`, and in `momentum` what begins with `momentum_`
there. Stems for other inputs and classifiers, which no original uses, are dropped. The models of
SSLalignment are those of LVS, and drop all that LVS does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hearsight.errors import WeightsError
from hearsight.models.ez_vsl import EzVslNet
from hearsight.models.lvs import LvsNet
from hearsight.models.slavc import SlavcNet
from hearsight.models.visual_context import VisualContextNet
from hearsight.weights.checkpoints import read_checkpoint
from hearsight.weights.files import load_strictly
from hearsight.weights.renaming import Origin, Renamed, rename

_STEMS: Renamed = (
    (r"imgnet\.(.+)", r"picture_trunk.\1"),
    (r"audnet\.conv1_a\.(.+)", r"sound_trunk.conv1.\1"),
    (r"audnet\.(.+)", r"sound_trunk.\1"),
)
_OTHER_STEMS = r"imgnet\.(conv1_a|conv1_flow|fc)\..+|audnet\.(conv1|conv1_flow|fc)\..+"
_REASONING: Renamed = ((r"gluenet\.conv_proj\.weight", "nodes.weight"), (r"(scale)", r"\1"))
_CLASSIFIERS = r"(momentum_)?(imgnet|audnet)\.fc\..+"


def _projected(published: str, ours: str, numbers: tuple[str, ...]) -> Renamed:
    """Return the names of trunks and their heads; `numbers` are those of the published heads."""
    trunks = [("imgnet", "picture_trunk"), ("audnet", "sound_trunk")]
    heads = [
        (f"{kind}_proj{number}", f"{name}_heads.{i}")
        for kind, name in (("img", "picture"), ("aud", "sound"))
        for i, number in enumerate(numbers)
    ]
    return tuple((rf"{published}{a}\.(.+)", rf"{ours}.{b}.\1") for a, b in trunks + heads)


_EZ_VSL = _projected("", "trunks", ("",))
_SLAVC = _projected("momentum_", "momentum", ("1", "2")) + _projected("", "online", ("1", "2"))
ORIGINS: Mapping[str, Origin] = {
    "visual-context": Origin("visual-context", VisualContextNet, _STEMS + _REASONING, _OTHER_STEMS),
    "lvs": Origin("lvs", LvsNet, _STEMS, _OTHER_STEMS),
    "sslalignment": Origin("lvs", LvsNet, _STEMS, rf"{_OTHER_STEMS}|(?!imgnet\.|audnet\.).+"),
    "ez-vsl": Origin("ez-vsl", EzVslNet, _EZ_VSL, _CLASSIFIERS),
    "fnac": Origin("fnac", EzVslNet, _EZ_VSL, _CLASSIFIERS),
    "slavc": Origin("slavc", SlavcNet, _SLAVC, _CLASSIFIERS),
}
"""The published code bases by name."""


@dataclass(frozen=True)
class Published:
    """A published network, converted.

    Parameters
    ----------
    system : str
        The name of our system.
    sizes : mapping of str to int
        Arguments of the system's network that its tensors tell: `width`, `n_embedding`, `n_nodes`
        and `n_foreground`, as far as it has them.
    state : mapping of str to Tensor
        Parameters and buffers by our names, all that the network has.
    dropped : tuple of str
        Published names that nothing uses.
    """

    system: str
    sizes: Mapping[str, int]
    state: Mapping[str, Tensor]
    dropped: tuple[str, ...]


def import_published(path: str | Path, origin: str) -> Published:
    """Read a published checkpoint.

    Parameters
    ----------
    path : str or Path
        As `hearsight.weights.checkpoints.read_checkpoint` takes it.
    origin : str
        A name in `ORIGINS`: whose code it was trained with.

    Returns
    -------
    Published
        Checked to fit the network, whole and finite.

    Raises
    ------
    WeightsError
        If nothing is called so, the file cannot be read, tensors are missing or unknown, have
        another shape or are not finite.
    """
    state, dropped = convert(read_checkpoint(path), origin, path)
    sizes = _sizes(state, origin, path)
    load_strictly(ORIGINS[origin].network(**sizes), state, path)
    return Published(ORIGINS[origin].system, sizes, state, dropped)


def convert(
    state: Mapping[str, Tensor], origin: str, source: str | Path = "these weights"
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Turn the state dict of a published network into one of ours; see `rename`."""
    converted, dropped = rename(state, ORIGINS, origin, source)
    if "nodes.weight" in converted:
        # Zero: the originals do not count how often a node is foreground.
        converted["foreground_frequency"] = torch.zeros(len(converted["nodes.weight"]))
    return converted, dropped


def _sizes(state: Mapping[str, Tensor], origin: str, source: str | Path) -> dict[str, int]:
    """Return the arguments of the network that its tensors tell."""
    network = ORIGINS[origin].network
    inside = {EzVslNet: "trunks.", SlavcNet: "online."}.get(network, "")
    stem = state.get(f"{inside}picture_trunk.conv1.weight")
    head = state.get(f"{inside}picture_heads.0.weight")
    if stem is None or (inside and head is None):
        msg = (
            f"{source}: lacks the beginning or the end of what sees; give whole weights of {origin}"
        )
        raise WeightsError(msg)
    sizes = {"width": len(stem)}
    if head is not None:
        sizes["n_embedding"] = len(head)
    if network is VisualContextNet:
        n_nodes = len(state["nodes.weight"]) if "nodes.weight" in state else 0
        sizes |= {"n_nodes": n_nodes, "n_foreground": max(1, n_nodes // 2)}
    return sizes
