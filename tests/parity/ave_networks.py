"""Checks of the networks that label seconds of clips: outputs, losses, gradients, training.

Networks are filled under the published names and come in through the import of published weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from hearsight.losses.av_att import class_loss, pool_segments, soft_margin
from hearsight.losses.psp import pair_loss, pair_target, psp_loss
from hearsight.models.av_att import AvAttNet
from hearsight.models.dmrn import DmrnNet
from hearsight.models.psp import PspNet
from hearsight.weights.ave import convert, import_published
from parity.reference import Check, Reference


def filled_clips(reference: Reference) -> tuple[Tensor, Tensor]:
    """Return maps and vectors, as the networks take them."""
    shapes = reference.spec["inputs"]
    video, audio = (
        np.abs(reference.fill(f"input:{name}", shapes[name])) for name in ("video", "audio")
    )
    return torch.from_numpy(video), torch.from_numpy(np.float32(0.5) * audio)


def load(network: nn.Module, reference: Reference, origin: str) -> None:
    filled = reference.filled_state_dict(reference.spec["state_dict"])
    state = {name: torch.as_tensor(array) for name, array in filled.items()}
    network.eval().load_state_dict(convert(state, origin)[0], strict=True)


def sizes_of(reference: Reference) -> dict[str, int]:
    numbers = reference.spec["hyperparameters"]
    names = {"num_classes": "n_classes", "hidden_dim": "n_hidden", "hidden_size": "n_attention"}
    *_, rows, columns, n_video = reference.spec["inputs"]["video"]
    shapes = {"n_video": n_video, "n_audio": reference.spec["inputs"]["audio"][-1]}
    told = {ours: numbers[name] for name, ours in names.items() if name in numbers}
    return told | shapes | {"n_regions": rows * columns}


def close(found: Tensor, expected: np.ndarray, rtol: float = 1e-5, atol: float = 5e-6) -> None:
    torch.testing.assert_close(found.detach(), torch.from_numpy(expected), rtol=rtol, atol=atol)


def close_probabilities(found: Tensor, expected: np.ndarray) -> None:
    """Compare what varies little from clip to clip."""
    close(found, expected, rtol=1e-5, atol=1e-7)


def close_maps(found: Tensor, expected: np.ndarray) -> None:
    close_probabilities(found.flatten(2).flatten(0, 1), expected)


def agree_in_norms(
    network: nn.Module, norms: Mapping[str, float], origin: str, *, of_gradients: bool
) -> None:
    """Compare parameters or their gradients, given as norms by published name."""
    parameters = dict(network.named_parameters())
    assert len(norms) == len(parameters)
    for name, norm in norms.items():
        [ours] = convert({name: torch.zeros(1)}, origin)[0]
        tensor = parameters[ours].grad if of_gradients else parameters[ours]
        rtol = 1e-4 if of_gradients else 1e-5
        np.testing.assert_allclose(tensor.norm().item(), norm, rtol=rtol, err_msg=name)


def check_training(reference: Reference, network: nn.Module, origin: str, target: Tensor) -> None:
    """Train as the original was: on one batch, by the soft margin on probabilities."""
    expected, clips = reference.spec["training"], filled_clips(reference)
    optimizer = torch.optim.Adam(network.parameters(), lr=expected["adam"]["lr"])
    assert len(expected["losses"]) == expected["adam"]["steps_on_the_same_batch"] > 1
    for number, loss in enumerate(expected["losses"]):
        logits = network(*clips).logits
        if target.ndim == 2:
            logits = pool_segments(logits, "max")
        found = class_loss(logits, target, "softmargin_on_probs")
        # What is learned is small beside the loss, 1e-3 of it a step.
        np.testing.assert_allclose(found.item(), loss, rtol=1e-5)
        optimizer.zero_grad()
        found.backward()
        if number == 0:
            agree_in_norms(network, expected["grad_norms_first_step"], origin, of_gradients=True)
        optimizer.step()
    agree_in_norms(network, expected["param_norms_after_4_steps"], origin, of_gradients=False)


def check_av_att(reference: Reference) -> None:
    arrays, (video, audio) = reference.arrays, filled_clips(reference)
    network = AvAttNet(**sizes_of(reference))
    load(network, reference, "av-att")
    with torch.no_grad():
        output = network(video, audio)
        attended, _ = network.attention(video, audio)
        close(attended, arrays["attended_visual"])
        close(network.contexts["video"](attended)[0], arrays["lstm_video"])
        close(network.contexts["audio"](audio)[0], arrays["lstm_audio"])
    close(output.logits, arrays["logits"])
    close_probabilities(output.logits.softmax(dim=-1), arrays["probs"])
    close_maps(output.attention, arrays["attention"])
    check_training(reference, network, "av-att", torch.from_numpy(arrays["labels"]))
    other = AvAttNet(**sizes_of(reference), audio_axis="hidden")
    load(other, reference, "av-att")
    output = other(video, audio)
    close_probabilities(output.logits.softmax(dim=-1), arrays["probs_hidden_axis"])
    close_maps(output.attention, arrays["attention_hidden_axis"])


def check_weak(reference: Reference) -> None:
    arrays, network = reference.arrays, AvAttNet(**sizes_of(reference))
    load(network, reference, "av-att-weak")
    logits = network(*filled_clips(reference)).logits
    close(logits, arrays["scores"])
    for pool, name in (("max", "video_probs"), ("mean", "video_probs_mean_pool")):
        close_probabilities(pool_segments(logits, pool).softmax(dim=-1), arrays[name])
    check_training(reference, network, "av-att-weak", torch.from_numpy(arrays["video_labels"]))


def check_dmrn(reference: Reference) -> None:
    arrays, (video, audio) = reference.arrays, filled_clips(reference)
    network = DmrnNet(**sizes_of(reference), n_blocks=reference.spec["nb_block"])
    load(network, reference, "dmrn")
    with torch.no_grad():
        output = network(video, audio)
        attended, _ = network.attention(video, audio)
        seen, heard = network.contexts["video"](attended)[0], network.contexts["audio"](audio)[0]
        close(network.members[0](seen, heard), arrays["fusion"])
    close(output.logits, arrays["logits"])
    close_probabilities(output.logits.softmax(dim=-1), arrays["probs"])
    close_maps(output.attention, arrays["attention"])
    check_training(reference, network, "dmrn", torch.from_numpy(arrays["labels"]))


def psp(reference: Reference, origin: str) -> PspNet:
    network = PspNet(
        **sizes_of(reference),
        threshold=reference.spec["hyperparameters"]["threshold"],
        is_weak=origin == "psp-weak",
    )
    load(network, reference, origin)
    return network


def check_psp(reference: Reference) -> None:
    spec, arrays, (video, audio) = reference.spec, reference.arrays, filled_clips(reference)
    network = psp(reference, "psp")
    with torch.no_grad():
        output = network(video, audio)
        audio = network.audio(audio)
        attended, _ = network.attention(video, audio)
        seen = network.contexts["video"](network.video(attended))[0]
        seen, heard = network.pairs(seen, network.contexts["audio"](audio)[0])
    close((seen + heard) / 2, arrays["fusion"])
    close(output.logits, arrays["scores"])
    close(output.similarity, arrays["cosine"], atol=1e-6)
    target = torch.from_numpy(arrays["labels"])
    close(pair_target(target), arrays["pair_target"], rtol=0, atol=1e-7)
    expected = spec["losses"]
    found = {
        "cross_entropy": class_loss(output.logits, target),
        "pair_similarity_mse": pair_loss(output.similarity, pair_target(target)),
        "total": psp_loss(output.logits, output.similarity, target, pair_weight=expected["lambda"]),
    }
    for name, loss in found.items():
        np.testing.assert_allclose(loss.item(), expected[name], rtol=1e-5, err_msg=name)


def check_psp_weak(reference: Reference) -> None:
    arrays, network = reference.arrays, psp(reference, "psp-weak")
    logits = network(*filled_clips(reference)).logits
    close(logits, arrays["scores"])
    probabilities = pool_segments(logits, "mean").softmax(dim=-1)
    close_probabilities(probabilities, arrays["video_probs"])


def check_losses(reference: Reference) -> None:
    arrays, cases = reference.arrays, reference.spec["cases"]
    assert cases
    for name, expected in cases.items():
        scores = torch.from_numpy(arrays[f"{name}_input"]).requires_grad_()
        loss = soft_margin(scores, torch.from_numpy(arrays[f"{name}_target"]))
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-6)
        loss.backward()
        close(scores.grad, arrays[f"{name}_grad"], rtol=1e-5, atol=1e-9)


def check_module_pickle(reference: Reference) -> None:
    """Check what a json describes, or one of the files that the json of all describes."""
    described = reference
    if not reference.path(".json").is_file():
        described = Reference(reference.system, "module_pickle")
    files = described.spec["files"]
    if described is not reference:
        files = [file for file in files if file.startswith(f"{reference.stem}.")]
    assert files
    clips = filled_clips(described)
    filled = described.filled_state_dict(described.spec["state_dict"])
    for file in files:
        published = import_published(described.path("").parent / file, "av-att")
        expected = convert({k: torch.as_tensor(v) for k, v in filled.items()}, "av-att")[0]
        assert published.sizes == sizes_of(described)
        assert published.state.keys() == expected.keys()
        for name, tensor in expected.items():
            assert torch.equal(published.state[name], tensor), name
        network = AvAttNet(**published.sizes)
        network.load_state_dict(dict(published.state), strict=True)
        found = network(*clips).logits.softmax(dim=-1)
        close_probabilities(found, described.arrays["probs"])


CHECKS: dict[str, Check] = {
    "av_att": check_av_att,
    "av_att_weak": check_weak,
    "dmrn": check_dmrn,
    "losses": check_losses,
    "module_pickle": check_module_pickle,
    "psp_fully": check_psp,
    "psp_weakly": check_psp_weak,
}
