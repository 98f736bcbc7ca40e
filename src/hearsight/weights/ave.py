"""Published networks for audio-visual events: their names to ours.

    av-att, av-att-weak    dmrn              psp, psp-weak                 here
    affine_{video,audio}   the same          attention.affine_{...}        attention.{video,audio}
    affine_{v,g,h}         the same          attention.affine_{v,g,h}      attention.{from_video,
                                                                           from_audio,score}
    lstm_{audio,video}     the same          lstm_a_v.lstm_{...}           contexts.{audio,video}
    -                      U_{v,a}           -                             members.0.blocks.0.{...}
    -                      -                 fa, fv; linear_v (weak)       audio, video
    -                      -                 psp.{v,a}_L2, psp.{a,v}_L1    pairs.{...}_{asks,tells}
    -                      -                 psp.{v,a}_fc, layer_norm      pairs.{...}_after, norm
    -                      -                 W3 (weak)                     weigh
    L1                     -                 L1                            heads.0.hidden, head...
    L2                     L2                L2                            heads.0.classes, head...

What PSP makes and never uses is dropped. The originals of the first three are saved as whole
objects, of which only tensors and plain numbers are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from hearsight.errors import WeightsError
from hearsight.models.av_att import AvAttNet
from hearsight.models.dmrn import DmrnNet
from hearsight.models.psp import PspNet
from hearsight.weights.files import load_strictly
from hearsight.weights.heatmap import Published
from hearsight.weights.modules import read_module
from hearsight.weights.renaming import Origin, Renamed, rename


def _attention(published: str) -> Renamed:
    return (
        (rf"{published}affine_(audio|video)\.(.+)", r"attention.\1.\2"),
        (rf"{published}affine_v\.(weight)", r"attention.from_video.\1"),
        (rf"{published}affine_g\.(weight)", r"attention.from_audio.\1"),
        (rf"{published}affine_h\.(weight)", r"attention.score.\1"),
    )


_CONTEXTS: Renamed = ((r"(?:lstm_a_v\.)?lstm_(audio|video)\.(.+)", r"contexts.\1.\2"),)
_AV_ATT = (
    *_attention(""),
    *_CONTEXTS,
    (r"L1\.(.+)", r"heads.0.hidden.\1"),
    (r"L2\.(.+)", r"heads.0.classes.\1"),
)
_DMRN = (
    *_attention(""),
    *_CONTEXTS,
    (r"U_v\.([02]\..+)", r"members.0.blocks.0.video.\1"),
    (r"U_a\.([02]\..+)", r"members.0.blocks.0.audio.\1"),
    (r"L2\.(.+)", r"heads.0.\1"),
)
_PSP = (
    *_attention(r"attention\."),
    *_CONTEXTS,
    # What a stream is compared by, and what it tells the other.
    (r"psp\.v_L2\.(.+)", r"pairs.video_asks.\1"),
    (r"psp\.a_L1\.(.+)", r"pairs.audio_asks.\1"),
    (r"psp\.v_L1\.(.+)", r"pairs.video_tells.\1"),
    (r"psp\.a_L2\.(.+)", r"pairs.audio_tells.\1"),
    (r"psp\.layer_norm\.(.+)", r"pairs.norm.\1"),
    (r"L1\.(.+)", r"head.hidden.\1"),
    (r"L2\.(.+)", r"head.classes.\1"),
)
_PSP_FULL = (
    *_PSP,
    (r"fa\.([01]\..+)", r"audio.\1"),
    (r"fv\.([01]\..+)", r"video.\1"),
    (r"psp\.v_fc\.(.+)", r"pairs.video_after.\1"),
    (r"psp\.a_fc\.(.+)", r"pairs.audio_after.\1"),
)
_PSP_WEAK = (*_PSP, (r"linear_v\.(.+)", r"video.\1"), (r"W3\.(.+)", r"weigh.\1"))


ORIGINS: Mapping[str, Origin] = {
    "av-att": Origin("av-att", AvAttNet, _AV_ATT),
    "av-att-weak": Origin("av-att", AvAttNet, _AV_ATT),
    "dmrn": Origin("dmrn", DmrnNet, _DMRN),
    "psp": Origin("psp", PspNet, _PSP_FULL, r"(linear_v|[va]_classify\.L[12]|L[34])\..+"),
    "psp-weak": Origin("psp", PspNet, _PSP_WEAK, r"temperature|W[12]\..+", {"is_weak": True}),
}
"""The published networks by name."""

_SIZES = {
    "n_classes": ("heads.0.classes.weight", "heads.0.weight", "head.classes.weight"),
    "n_video": ("attention.video.weight",),
    "n_audio": ("attention.audio.weight",),
    "n_hidden": ("contexts.audio.weight_hh_l0",),
    "n_attention": ("attention.video.bias",),
    "n_regions": ("attention.from_video.weight",),
}
"""Arguments of the networks, and the tensors that tell them by one of their axes."""
_COLUMNS = ("n_video", "n_audio", "n_hidden")
"""Those that are told by the second axis; the others by the first."""


def import_published(path: str | Path, origin: str) -> Published:
    """Read a published checkpoint.

    Parameters
    ----------
    path : str or Path
        As `hearsight.weights.modules.read_module` takes it.
    origin : str
        A name in `ORIGINS`.

    Returns
    -------
    Published
        Checked to fit the network, whole and finite. Its sizes are arguments of the network; how
        many blocks a DMRN has is known of whole objects alone, and 1 otherwise.

    Raises
    ------
    WeightsError
        If nothing is called so, the file cannot be read, tensors are missing or unknown, have
        another shape or are not finite.
    """
    stored = read_module(path)
    state, dropped = convert(stored.state, origin, path)
    sizes = {**_sizes(state, origin, path), **ORIGINS[origin].fixed}
    if origin == "dmrn":
        n_blocks = stored.settings.get("nb_block")
        sizes["n_blocks"] = n_blocks if isinstance(n_blocks, int) and n_blocks > 0 else 1
    load_strictly(ORIGINS[origin].network(**sizes), state, path)
    return Published(ORIGINS[origin].system, sizes, state, dropped)


def convert(
    state: Mapping[str, Tensor], origin: str, source: str | Path = "these weights"
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Turn the state dict of a published network into one of ours; see `rename`."""
    return rename(state, ORIGINS, origin, source)


def _sizes(state: Mapping[str, Tensor], origin: str, source: str | Path) -> dict[str, int]:
    """Return the arguments of the network that its tensors tell."""
    sizes = {}
    for size, names in _SIZES.items():
        found = next((state[name] for name in names if name in state), None)
        axis = int(size in _COLUMNS)
        if found is None or found.ndim <= axis or not found.shape[axis]:
            msg = (
                f"{source}: does not tell {size}, for {' or '.join(names)} is missing or "
                f"misshapen; give whole weights of {origin}"
            )
            raise WeightsError(msg)
        sizes[size] = found.shape[axis]
    return sizes
