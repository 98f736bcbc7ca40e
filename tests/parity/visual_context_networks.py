"""Checks of the networks that look for the source of a sound: outputs, losses, gradients, training.

Networks are filled under the published names and come in through the import of published weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hearsight.events.sounding import SIZE, SoundingBoxes
from hearsight.losses.ez_vsl import ez_vsl_loss
from hearsight.losses.fnac import FnacTerms, fnac_terms
from hearsight.losses.lvs import LvsLogits, lvs_logits, lvs_loss
from hearsight.losses.slavc import slavc_loss
from hearsight.losses.visual_context import (
    discrimination_loss,
    divergence_loss,
    localization_logits,
    localization_loss,
    map_divergence,
)
from hearsight.metrics.heatmaps.guidance import guided
from hearsight.metrics.heatmaps.overlap import ciou
from hearsight.metrics.heatmaps.styles import STYLES
from hearsight.models.blocks.pairs import embedded
from hearsight.models.blocks.resnet import resnet18
from hearsight.models.ez_vsl import EzVslNet
from hearsight.models.lvs import LvsNet
from hearsight.models.slavc import SlavcNet
from hearsight.models.visual_context import VisualContextNet, VisualContextOutput, node_agreement
from hearsight.weights.heatmap import convert
from parity.reference import Check, Reference

POOLS = {"maxpool": "max", "avgpool": "mean"}


def filled_input(reference: Reference, name: str) -> Tensor:
    shape = reference.spec["inputs"][name]
    return torch.from_numpy(reference.fill(f"input:{name}", shape))


def filled_pairs(reference: Reference) -> tuple[Tensor, Tensor]:
    return filled_input(reference, "image"), filled_input(reference, "audio")


def filled_state(
    reference: Reference, overrides: Mapping[str, list[float]] | None = None
) -> dict[str, Tensor]:
    """Return the original's state, filled but for what the json overrides."""
    state = reference.filled_state_dict(reference.spec["state_dict"])
    tensors = {name: torch.as_tensor(array) for name, array in state.items()}
    return tensors | {name: torch.tensor(value) for name, value in (overrides or {}).items()}


def load(network: nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    network.load_state_dict(convert(state, origin)[0], strict=True)


def agree_in_gradients(
    network: nn.Module, loss: Tensor, norms: Mapping[str, float | None], origin: str
) -> None:
    """Compare the gradients of a loss, given as norms by published name; None is no gradient."""
    network.zero_grad()
    loss.backward(retain_graph=True)
    parameters = dict(network.named_parameters())
    assert norms
    for name, norm in norms.items():
        converted, dropped = convert({name: torch.zeros(1)}, origin)
        if norm is None:
            assert dropped == (name,) or not parameters[next(iter(converted))].requires_grad
            continue
        found = parameters[next(iter(converted))].grad.norm().item()
        np.testing.assert_allclose(found, norm, rtol=2e-3, err_msg=name)


def close(found: Tensor, expected: np.ndarray, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    torch.testing.assert_close(found.detach(), torch.from_numpy(expected), rtol=rtol, atol=atol)


def close_loss(found: Tensor, expected: float, rtol: float = 1e-4) -> None:
    np.testing.assert_allclose(found.item(), expected, rtol=rtol)


def visual_context(reference: Reference, *, has_nodes: bool) -> VisualContextNet:
    sizes = reference.spec["hyperparameters"]
    return VisualContextNet(
        n_nodes=sizes["num_mid"] if has_nodes else 0,
        n_foreground=sizes["fg_nodes"],
        sound_pool=POOLS[sizes["audio_pool"]],
        map_dropout=sizes["dropout1"],
        feature_dropout=sizes["dropout2"],
    ).eval()


def visual_context_losses(reference: Reference, output: VisualContextOutput) -> dict[str, Tensor]:
    sizes, nodes = reference.spec["hyperparameters"], output.nodes
    own = output.similarities.diagonal().permute(2, 0, 1)
    losses = {
        "loc": localization_loss(output.similarities, POOLS[sizes["loss_pool"]]),
        "dis": discrimination_loss(nodes.agreement, sizes["fg_nodes"], sizes["bg_nodes"]),
        "div": divergence_loss(
            nodes.maps,
            nodes.agreement,
            own,
            n_foreground=sizes["fg_nodes"],
            kind=sizes["div_mode"],
        ),
    }
    weighted = sizes["dis_weight"] * losses["dis"] + sizes["div_weight"] * losses["div"]
    return losses | {"total": losses["loc"] + weighted}


def check_locmodel(reference: Reference) -> None:
    spec, arrays, pairs = reference.spec, reference.arrays, filled_pairs(reference)
    overrides = spec["parameter_overrides"]
    network = visual_context(reference, has_nodes=True)
    load(network, filled_state(reference, overrides["eval"]), "visual-context")
    with torch.no_grad():
        output = network(*pairs)
        close(output.similarities.diagonal().permute(2, 0, 1)[:, None], arrays["eval_A"])
        close(network.cosine(*pairs)[:, None], arrays["eval_A"])
        close(network.picture_trunk(pairs[0])[:, ::16], arrays["eval_img_feat_c16"])
        sound_map = network.sound_trunk(pairs[1])
        close(sound_map[:, ::32], arrays["eval_aud_map_c32"])
        close(sound_map.amax((2, 3)), arrays["eval_aud_pooled"])
        close(output.nodes.maps, arrays["eval_att_heatmap"])
        close(output.nodes.features[:, ::8], arrays["eval_att_feat_c8"])
        close(network.visual_map(pairs[0]), arrays["eval_att_heatmap"].mean(axis=1))
    load(network, filled_state(reference, overrides["bn_eval"]), "visual-context")
    output = network(*pairs)
    pool = POOLS[spec["hyperparameters"]["loss_pool"]]
    # The scale of 100 scales what rounding does along.
    close(localization_logits(output.similarities, pool), arrays["bn_eval_logits"], atol=1e-3)
    check_step(reference, network, output, spec["bn_eval"])
    load(network, filled_state(reference, overrides["train"]), "visual-context")
    check_training(reference, network.train(), pairs)


def check_step(
    reference: Reference,
    network: VisualContextNet,
    output: VisualContextOutput,
    expected: Mapping,
    rtol: float = 1e-4,
) -> Tensor:
    losses = visual_context_losses(reference, output)
    for name, loss in losses.items():
        close_loss(loss, expected[name], rtol)
    if "grad_norms" in expected:
        agree_in_gradients(network, losses["total"], expected["grad_norms"], "visual-context")
    return losses["total"]


def check_training(
    reference: Reference, network: VisualContextNet, pairs: tuple[Tensor, Tensor]
) -> None:
    steps = reference.spec["train_steps"]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, weight_decay=1e-4)
    pool = POOLS[reference.spec["hyperparameters"]["loss_pool"]]
    assert len(steps) > 1
    for number, expected in enumerate(steps):
        output = network(*pairs)
        if number == 0:
            logits = localization_logits(output.similarities, pool)
            close(logits, reference.arrays["train_logits"], atol=1e-4)
        # Rounding grows from step to step, as the original's does.
        loss = check_step(reference, network, output, expected, rtol=5e-3 if number else 1e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def check_basemodel(reference: Reference) -> None:
    spec, arrays, pairs = reference.spec, reference.arrays, filled_pairs(reference)
    network = visual_context(reference, has_nodes=False)
    load(network, filled_state(reference, spec["parameter_overrides"]), "visual-context")
    with torch.no_grad():
        output = network(*pairs)
    assert output.nodes is None
    close(output.similarities.diagonal().permute(2, 0, 1)[:, None], arrays["eval_A"])
    close(network.scale * network.cosine(*pairs)[:, None], arrays["eval_A"])
    pool = POOLS[spec["hyperparameters"]["loss_pool"]]
    close(localization_logits(output.similarities, pool), arrays["bn_eval_logits"])
    close_loss(localization_loss(output.similarities, pool), spec["bn_eval_loc"])


def check_criterion(reference: Reference) -> None:
    spec, sizes = reference.spec, reference.spec["hyperparameters"]
    assert spec["attention_losses"]
    for kind, expected in spec["attention_losses"].items():
        names = ("att_feat", "att_heatmaps", "av_heatmaps")
        leaves = {name: filled_input(reference, name).requires_grad_() for name in names}
        sounds = functional.normalize(filled_input(reference, "aud_feat"), dim=1)
        agreement = node_agreement(leaves["att_feat"], sounds)
        own = leaves["av_heatmaps"][:, 0]
        apart = discrimination_loss(agreement, sizes["fg_nodes"], sizes["bg_nodes"])
        alike = divergence_loss(
            leaves["att_heatmaps"], agreement, own, n_foreground=sizes["fg_nodes"], kind=kind
        )
        close_loss(apart, expected["dis"], rtol=1e-5)
        close_loss(alike, expected["div"], rtol=1e-5)
        (apart + alike).backward()
        for name, norm in expected["grad_norms"].items():
            found = leaves[name].grad.norm().item()
            np.testing.assert_allclose(found, norm, rtol=1e-4, err_msg=name)
        logarithms = functional.log_softmax(own.detach().flatten(1), dim=-1)
        equal = map_divergence(logarithms, logarithms, kind).item()
        assert abs(equal - spec["divergence_of_equal_maps"][kind]) < 1e-6
    similarities = filled_input(reference, "A0")
    assert spec["localisation_loss"]
    for pool, expected in spec["localisation_loss"].items():
        logits = localization_logits(similarities, POOLS[pool])
        close(logits, np.asarray(expected["logits"], np.float32), atol=1e-6)
        close_loss(localization_loss(similarities, POOLS[pool]), expected["loss"], rtol=1e-5)


def weighed(cosines: Tensor, sizes: Mapping) -> LvsLogits:
    return lvs_logits(
        cosines,
        epsilon=sizes["epsilon"],
        epsilon_negative=sizes["epsilon2"],
        tau=sizes["tau"],
        temperature=sizes["temperature"],
        has_trimap=sizes["tri_map"],
        has_hard_negatives=sizes["Neg"],
        own_sound="reference",
    )


def agree_in_logits(found: LvsLogits, arrays: Mapping[str, np.ndarray], prefix: str) -> None:
    # Steep sigmoids and a small temperature widen what rounding does to cosines.
    close(found.logits, arrays[f"{prefix}logits"], atol=1e-4)
    close(found.positive[:, None], arrays[f"{prefix}Pos"], rtol=1e-3, atol=1e-5)
    close(found.negative[:, None], arrays[f"{prefix}Neg"], rtol=1e-3, atol=1e-5)


def check_avenet(reference: Reference) -> None:
    spec, arrays, pairs = reference.spec, reference.arrays, filled_pairs(reference)
    network = LvsNet().eval()
    load(network, filled_state(reference), "lvs")
    with torch.no_grad():
        output = network(*pairs)
    close(output.pictures[:, ::16], arrays["img_c16"])
    close(output.sounds, arrays["aud"])
    results = dict(spec["results"])
    training = results.pop("train_mode")
    assert results
    for name, expected in results.items():
        close(output.own_cosines()[:, None], arrays[f"{name}_A"])
        found = weighed(output.cosines(), spec["hyperparameters"] | expected["hyperparameters"])
        agree_in_logits(found, arrays, f"{name}_")
        close_loss(lvs_loss(found.logits), expected["cross_entropy_target0"])
    sizes = spec["hyperparameters"] | results["default"]["hyperparameters"]
    logits = weighed(network.train()(*pairs).cosines(), sizes).logits
    close(logits, arrays["train_logits"], atol=1e-4)
    loss = lvs_loss(logits)
    close_loss(loss, training["cross_entropy_target0"])
    agree_in_gradients(network, loss, training["grad_norms"], "lvs")


def check_head(reference: Reference) -> None:
    names = ("head_img", "head_aud")
    output = embedded(*(filled_input(reference, name) for name in names))
    found = weighed(output.cosines(), reference.spec["hyperparameters"])
    close(output.own_cosines()[:, None], reference.arrays["A"])
    agree_in_logits(found, reference.arrays, "")
    close_loss(lvs_loss(found.logits), reference.spec["cross_entropy_target0"])


def free_embedding(reference: Reference) -> tuple[Tensor, Tensor]:
    names = ("loss_img", "loss_aud")
    pictures, sounds = (filled_input(reference, name) for name in names)
    return functional.normalize(pictures, dim=1), functional.normalize(sounds, dim=1)


def check_ezvsl(reference: Reference) -> None:
    spec, arrays, pairs = reference.spec, reference.arrays, filled_pairs(reference)
    tau = spec["hyperparameters"]["tau"]
    network = EzVslNet(n_embedding=spec["hyperparameters"]["dim"]).eval()
    load(network, filled_state(reference), "ez-vsl")
    output = network(*pairs)
    close(output.pictures[:, ::16], arrays["img_c16"])
    close(output.sounds, arrays["aud"])
    close(network.cosine(*pairs), tau * arrays["eval_Savl"])
    for mode in ("eval", "train"):
        output = network.train(mode == "train")(*pairs)
        close(output.own_cosines(), tau * arrays[f"{mode}_Savl"])
        loss = ez_vsl_loss(output.cosines(), tau=tau)
        close_loss(loss, spec[f"{mode}_loss"])
        agree_in_gradients(network, loss, spec[f"{mode}_grad_norms"], "ez-vsl")
    pictures, sounds = free_embedding(reference)
    cosines = torch.einsum("bchw,nc->bnhw", pictures, sounds)
    close(cosines, tau * arrays["embedding_S"])
    close_loss(ez_vsl_loss(cosines, tau=tau), spec["embedding_loss"], rtol=1e-5)
    constant = cosines[..., :1, :1].expand_as(cosines)
    found = ez_vsl_loss(constant, tau=tau)
    close_loss(found, spec["embedding_loss_constant_map"], rtol=1e-5)


def check_slavc(reference: Reference) -> None:
    spec, arrays, pairs = reference.spec, reference.arrays, filled_pairs(reference)
    sizes, results = spec["hyperparameters"], spec["results"]
    network = SlavcNet(
        n_embedding=sizes["dim"],
        picture_dropout=sizes["dropout_img"],
        sound_dropout=sizes["dropout_aud"],
        picture_momentum=sizes["momentum_img"],
        sound_momentum=sizes["momentum_aud"],
    ).eval()
    load(network, filled_state(reference), "slavc")
    with torch.no_grad():
        for kind in ("online", "momentum"):
            network.uses_momentum = kind == "momentum"
            close(network.cosine(*pairs), sizes["tau"] * arrays[f"eval_Savl_{kind}"])
    for mode in ("eval", "train"):
        output = network.train(mode == "train")(*pairs)
        loss = slavc_loss(output.picture_to_sound(), output.sound_to_picture(), tau=sizes["tau"])
        close_loss(loss, results[f"{mode}_loss"])
        agree_in_gradients(network, loss, results[f"{mode}_grad_norms"], "slavc")
    found = output.momentum.own_cosines().mean(dim=0)
    close(found, sizes["tau"] * arrays["train_Savl_momentum"])
    after = {name: array for name, array in arrays.items() if name.startswith("after/")}
    assert after
    state = network.state_dict()
    for name, expected in after.items():
        (ours,), _ = convert({name.removeprefix("after/"): torch.zeros(1)}, "slavc")
        close(state[ours].flatten()[: len(expected)], expected, atol=1e-6)


def check_fnac(reference: Reference) -> None:
    spec, pairs, sizes = reference.spec, filled_pairs(reference), reference.spec["hyperparameters"]
    network = EzVslNet(n_embedding=sizes["dim"], picture_dropout=sizes["dropout_img"]).eval()
    load(network, filled_state(reference), "fnac")
    with torch.no_grad():
        output = network(*pairs)
    close(output.own_cosines(), sizes["tau"] * reference.arrays["eval_Savl"])
    cases = {"eval_losses": (output.pictures, output.sounds)}
    cases["embedding_losses"] = free_embedding(reference)
    for name, (pictures, sounds) in cases.items():
        found = fnac_terms(pictures, sounds, tau=sizes["tau"], threshold=sizes["high_conf_thresh"])
        agree_in_terms(found, spec[name])


def agree_in_terms(found: FnacTerms, expected: list[float]) -> None:
    terms = (found.contrast, found.like_sounds, found.like_sources, found.like_pictures)
    for term, value in zip(terms, expected, strict=True):
        close_loss(term, value)


def check_ogl(reference: Reference) -> None:
    """Compare saliency, fusion and scores: the whole way of EZ-VSL from inputs to a cIoU."""
    spec, sizes, pairs = reference.spec, reference.spec["hyperparameters"], filled_pairs(reference)
    sees = resnet18().eval()
    sees.load_state_dict(filled_state(reference))
    network = EzVslNet(n_embedding=sizes["dim"]).eval()
    beside = Reference(reference.system, reference.stem.replace("ogl", "ezvsl"))
    load(network, filled_state(beside), "ez-vsl")
    with torch.no_grad():
        # The original's had gone through the one training forward of ezvsl.json, which moved the
        # statistics of its batch normalization.
        network.train()(*filled_pairs(beside))
        salient, cosines = sees.saliency(pairs[0]), network.eval().cosine(*pairs)
    close(salient[:, None], reference.arrays["saliency"])
    boxes = tuple(tuple((value + 0.5) / SIZE for value in box) for box in sizes["boxes_xyxy"])
    truth, style = SoundingBoxes(boxes).to_map(), STYLES["ez-vsl"]
    assert len(spec["results"]) == len(cosines)
    for i, expected in enumerate(spec["results"]):
        maps = {"av": cosines[i], "obj": salient[i]}
        maps = {name: style.enlarge(values.numpy(), SIZE) for name, values in maps.items()}
        maps["av_obj"] = guided(maps["av"], maps["obj"], sizes["alpha"])
        assert maps.keys() == expected.keys()
        for name, values in maps.items():
            scaled, mask = style.normalize(values), style.mask(values, int(truth.sum()))
            stored = reference.arrays[f"{name}_{i}"]
            np.testing.assert_allclose(scaled[::7, ::7], stored, rtol=0, atol=1e-5)
            threshold = style.threshold_of(scaled, 0)
            np.testing.assert_allclose(threshold, expected[name]["threshold"], atol=1e-5)
            # Pixels at the threshold may fall on either side.
            np.testing.assert_allclose(ciou(mask, truth), expected[name]["ciou"], atol=2e-3)
            assert abs(np.count_nonzero(mask) - expected[name]["positives"]) <= 3


CHECKS: dict[str, Check] = {
    "vcs_locmodel": check_locmodel,
    "vcs_basemodel": check_basemodel,
    "vcs_criterion": check_criterion,
    "lvs_avenet": check_avenet,
    "lvs_head": check_head,
    "ezvsl": check_ezvsl,
    "slavc": check_slavc,
    "fnac": check_fnac,
    "ogl": check_ogl,
}
