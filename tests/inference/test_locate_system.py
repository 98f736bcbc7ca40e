"""`locate` with a trained system: what it is given to hear, what comes of it, what it refuses."""

import dataclasses
import json
import sys

import numpy as np
import pytest
import torch
from torch import nn

import hearsight
from hearsight.cli import run
from hearsight.errors import InputError, WeightsError
from hearsight.events.accdoa import Accdoa
from hearsight.events.codec import Components
from hearsight.events.scene import Scene
from hearsight.features.intensity import LogIntensity
from hearsight.inference.locate import locate_examined
from hearsight.inference.trained import TrainedSystem, choose_device, find_weights
from hearsight.models.blocks.resnet import resnet18
from hearsight.recording.audio import read_audio
from hearsight.recording.findings import examine
from hearsight.spatial.arrays import tetrahedron
from hearsight.systems.seld import SeldSystem
from hearsight.weights.store import save_system

RATE = 24_000
LABELS = ("bell", "knock")


class Intensity(nn.Module):
    """Needs no training: says "knock" from where the intensity of loud frames comes, 2 m away."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))

    def forward(self, audio):
        level = audio[:, 0].mean(dim=-1).unflatten(1, (-1, 5)).mean(dim=2)
        yzx = audio[:, 4:].mean(dim=-1).unflatten(2, (-1, 5)).mean(dim=3)
        heard = torch.nn.functional.normalize(yzx, dim=1)[:, [2, 0, 1]] * (level > -60.0)[:, None]
        knock = torch.cat([heard, 2.0 * (level > -60.0)[:, None]], dim=1).movedim(1, -1)
        return torch.stack([torch.zeros_like(knock), knock], dim=2)


@pytest.fixture(scope="module")
def hearer(tmp_path_factory):
    system = SeldSystem(
        "intensity",
        None,
        "foa",
        LogIntensity.dcase2023(),
        Intensity(),
        Accdoa(LABELS, Components(distance=True)),
        lambda output, target: (output - target).square().mean(),
        2024,
        n_window=10,
        is_normalized=False,
    )
    about = {"origin": {"data": "physics"}, "scores": {"f_score": 0.5}}
    return TrainedSystem(tmp_path_factory.mktemp("physics"), system, about, "0123456789abcdef")


class Ear(nn.Module):
    """Keeps what it was given to hear, and says nothing."""

    def __init__(self, system):
        super().__init__()
        self.place, self.heard = nn.Parameter(torch.zeros(1)), []
        self.shape = system.n_window, len(system.labels), len(system.codec.components)

    def forward(self, audio):
        self.heard.append(audio)
        return torch.zeros(len(audio), *self.shape)


@pytest.fixture
def listen(make_system):
    """Return the windows that a system of an audio format is given of a recording."""

    def listen(audio_format, path, window_s=20.0, **options):
        year = 2025 if audio_format == "stereo" else 2023
        system = make_system(year=year, audio_format=audio_format, output="accdoa")
        system = dataclasses.replace(system, network=Ear(system))
        about = {"origin": {}, "scores": {}}
        trained = TrainedSystem(path.parent, system, about, "0")
        locate_examined(examine(path, **options), system=trained, window_s=window_s)
        return torch.cat(system.network.heard)

    return listen


@pytest.fixture
def weights(tmp_path, make_system):
    """Weights of a system in a folder, by its audio format."""

    def write(audio_format, name="weights", **changes):
        year = 2025 if audio_format == "stereo" else 2023
        system = make_system(year=year, audio_format=audio_format, **changes)
        folder = tmp_path / name
        origin = {"data": "corpus", "train": {"rooms": [4, 6]}, "validation": {"rooms": [7]}}
        save_system(folder, system, scores={"seld_score": 0.25, "rde": None}, origin=origin)
        return folder

    return write


def heard_by(hearer, path, **options):
    return locate_examined(examine(path, **options), system=hearer)


def rewrite(recordings, path, order, name, gains=None, rate=RATE):
    sound = read_audio(path, sample_rate=rate)[0] * np.array(gains or [1.0] * 4)[:, None]
    return recordings.write(sound[list(order)], name, rate)


@pytest.mark.parametrize("azimuth", [40.0, -130.0])
def test_a_source_is_where_it_is_in_every_order_scale_and_rate(recordings, hearer, azimuth):
    ambix = recordings.scene("foa", 4.0, azimuths=(azimuth,))
    fuma = rewrite(recordings, ambix, (0, 3, 1, 2), "fuma.wav", [0.5**0.5, 1, 1, 1])
    letters = rewrite(recordings, ambix, (3, 1, 0, 2), "letters.wav")
    faster = rewrite(recordings, ambix, range(4), "48k.wav", rate=48_000)
    cases = ((ambix, "ambix"), (fuma, "fuma"), (letters, "XYWZ:sn3d"), (faster, "ambix"))
    for path, channels in cases:
        scene = heard_by(hearer, path, channels=channels)
        (event,) = scene
        assert event.label == "knock"
        assert event.azimuth == pytest.approx(azimuth, abs=1.0)
        assert event.elevation == pytest.approx(0.0, abs=1.0)
        assert event.distance == pytest.approx(2.0)
        assert event.onset == pytest.approx(0.5, abs=0.15)
        assert event.offset == pytest.approx(3.0, abs=0.15)
        assert event.confidence == pytest.approx(1.0)
        assert scene.events.labels == LABELS
        assert scene.layout.kind == "foa"
        assert scene.heatmaps == ()


def test_it_is_said_who_has_heard(recordings, hearer, weights):
    path = recordings.scene("foa", 2.0)
    notes = " ".join(heard_by(hearer, path).notes)
    assert "Heard by intensity" in notes
    assert "0123456789abcdef" in notes
    assert "trained on physics." in notes
    notes = " ".join(hearsight.locate(path, system=weights("foa")).notes)
    assert "trained on corpus (rooms 4, 6, 7)." in notes
    assert "it scored seld_score 0.250." in notes


def test_what_is_read_at_a_time_changes_nothing(recordings, listen):
    path = recordings.scene("foa", 7.0, azimuths=(40.0, -60.0))
    whole, parts = (listen("foa", path, window_s) for window_s in (20.0, 1.3))
    torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-4)


def test_a_panorama_says_what_is_on_screen_and_draws_it(recordings, hearer, tmp_path):
    sound = recordings.scene("foa", 2.0)
    video = recordings.video(2.0, spherical=True)
    scene = heard_by(hearer, video, audio=sound, channels="ambix")
    assert [heatmap.kind for heatmap in scene.heatmaps] == ["synchrony"]
    assert (scene.events[0].track.on_screen == 1.0).all()
    folder = hearsight.write_result(scene, tmp_path / "out")
    assert (folder / "overlay.mp4").is_file()
    assert Scene.from_json(folder / "events.json").events[0].label == "knock"


def test_a_system_s_own_word_on_what_is_on_screen_counts(recordings, hearer):
    class Shy(Intensity):
        def forward(self, audio):
            heard = super().forward(audio)
            return torch.cat([heard, torch.zeros_like(heard[..., :1])], dim=-1)

    codec = Accdoa(LABELS, Components(distance=True, on_screen=True))
    system = dataclasses.replace(hearer.system, network=Shy(), codec=codec)
    sound, video = recordings.scene("foa", 2.0), recordings.video(2.0, spherical=True)
    shy = dataclasses.replace(hearer, system=system)
    scene = heard_by(shy, video, audio=sound, channels="ambix")
    assert (scene.events[0].track.on_screen == 0.0).all()


def test_silence_and_a_sound_shorter_than_a_label_frame(recordings, hearer):
    silent = heard_by(hearer, recordings.silence("foa", 1.0), channels="ambix")
    assert len(silent) == 0
    assert silent.notes[0] == "No events: the sound is silent."
    assert silent.events.labels == LABELS
    click = recordings.write(0.5 * np.ones((4, 1200)), "click.wav")
    scene = heard_by(hearer, click, channels="ambix")
    assert scene.duration == pytest.approx(0.05)
    assert [(event.onset, event.offset) for event in scene] == [(0.0, pytest.approx(0.05))]


def test_microphones_are_found_by_where_they_stand(recordings, listen, tmp_path):
    path = recordings.scene("mic", 3.0)
    turned = rewrite(recordings, path, (2, 0, 3, 1), "turned.wav")
    geometry = tmp_path / "array.yaml"
    rows = "\n".join(f"  - {row.tolist()}" for row in tetrahedron()[[2, 0, 3, 1]])
    geometry.write_text(f"microphones:\n{rows}\n")
    straight = listen("mic", path, channels="mic")
    torch.testing.assert_close(listen("mic", turned, geometry=geometry), straight)
    assert (listen("mic", turned, channels="mic") - straight).abs().max() > 0.1


def test_an_array_that_may_be_one_is_taken_for_what_the_system_hears(recordings, weights):
    path = recordings.diffuse("mic", 6.0)
    findings = examine(path)
    assert not findings.is_layout_sure
    scene = hearsight.locate(path, system=weights("mic"))
    assert scene.layout.positions == tuple(map(tuple, tetrahedron().tolist()))


def test_mid_and_side_are_heard_as_left_and_right(recordings, listen):
    path = recordings.scene("stereo", 3.0, snr_db=20.0)
    left, right = read_audio(path)[0]
    sides = recordings.write(np.stack([left + right, left - right]) / 2.0, "sides.wav")
    pair = listen("stereo", path, channels="stereo")
    heard = listen("stereo", sides, channels="mid-side")
    torch.testing.assert_close(heard, pair, rtol=1e-3, atol=1e-3)


class Behind(torch.nn.Module):
    """A network that hears the first class of all behind, to the left."""

    def __init__(self, system):
        super().__init__()
        self.like = torch.nn.Parameter(system.output(silence_for(system))[0])

    def forward(self, audio):
        output = torch.zeros(len(audio), *self.like.shape)
        output[:, :, 0, 0], output[:, :, 0, 1] = -0.5, 0.866
        return output


def silence_for(system):
    channels = system.feature.n_channels(2)
    return {"audio": torch.zeros(1, channels, system.n_window_frames, system.feature.n_bins)}


def test_stereo_does_not_tell_back_from_front(recordings, make_system):
    system = make_system(year=2025, audio_format="stereo", output="accdoa")
    system = dataclasses.replace(system, network=Behind(system))
    path = recordings.scene("stereo", 2.0, snr_db=20.0)
    trained = TrainedSystem(path.parent, system, {"origin": {}, "scores": {}}, "0")
    (event,) = heard_by(trained, path, channels="stereo")
    assert event.azimuth == pytest.approx(60.0, abs=0.1)


@pytest.mark.parametrize(
    ("layout", "audio_format", "message"),
    [
        ("mono", "foa", "its channels are mono, but seldnet hears first-order Ambisonics"),
        ("stereo", "foa", "its channels are stereo, but seldnet hears first-order Ambisonics"),
        ("foa", "mic", "its channels are WYZX:sn3d, but seldnet hears the tetrahedral array"),
        ("foa", "stereo", "its channels are WYZX:sn3d, but seldnet hears left and right"),
    ],
)
def test_what_a_system_does_not_hear_is_refused(recordings, weights, layout, audio_format, message):
    path = recordings.scene(layout, 2.0)
    with pytest.raises(InputError, match=message):
        hearsight.locate(path, channels=layout, system=weights(audio_format))


def test_another_array_is_refused(recordings, weights, tmp_path):
    geometry = tmp_path / "array.yaml"
    rows = "\n".join(f"  - {row.tolist()}" for row in 2.0 * tetrahedron())
    geometry.write_text(f"microphones:\n{rows}\n")
    with pytest.raises(InputError, match="array of 4 microphones, but seldnet hears the tetra"):
        hearsight.locate(recordings.scene("mic", 2.0), geometry=geometry, system=weights("mic"))


def test_names_and_folders_of_weights(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match="runs/seldnet: holds no weights; run hearsight train"):
        find_weights("seldnet")
    with pytest.raises(InputError, match=r"seldnt: no folder .* did you mean seldnet"):
        find_weights("seldnt")
    with pytest.raises(WeightsError, match=r"system.json is missing"):
        find_weights(tmp_path)
    folder = weights("foa", "runs/seldnet")
    assert find_weights("seldnet").resolve() == folder == find_weights(folder)


def test_damaged_weights_are_refused(weights):
    folder = weights("foa")
    whole = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(whole[:1000])
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        TrainedSystem.load(folder)
    (folder / "weights.safetensors").write_bytes(whole)
    about = json.loads((folder / "system.json").read_text())
    for entry, value in (("origin", None), ("settings", 5), ("format", "hearsight weights 9")):
        (folder / "system.json").write_text(json.dumps({**about, entry: value}))
        with pytest.raises(
            WeightsError, match=r"system\.json: (has no proper|expected the format)"
        ):
            TrainedSystem.load(folder)


def test_what_someone_has_written_into_the_description_is_passed_over(weights):
    folder = weights("foa")
    about = json.loads((folder / "system.json").read_text())
    about["scores"] = {"f_score": "good", "error_rate": 0.5}
    about["origin"] = {"data": "mine", "train": {"rooms": ["kitchen", 2]}}
    (folder / "system.json").write_text(json.dumps(about))
    said = TrainedSystem.load(folder).sentences
    assert "It was trained on mine (rooms 2)." in said
    assert "When its weights were chosen, it scored error_rate 0.500." in said


def test_a_system_that_sees_is_shown_the_pictures(recordings, make_system, tmp_path):
    class Eye(Ear):
        def forward(self, audio, video):
            self.heard.append(video)
            return torch.zeros(len(audio), *self.shape)

    torch.manual_seed(0)
    system = make_system(year=2024, sees=True, output="accdoa").with_eyes(resnet18().eval())
    save_system(tmp_path / "sees", system)
    trained = TrainedSystem.load(tmp_path / "sees")
    system = dataclasses.replace(trained.system, network=Eye(system))
    trained = dataclasses.replace(trained, system=system)
    video, sound = recordings.video(1.3), recordings.scene("foa", 2.0)
    scene = heard_by(trained, video, audio=sound, channels="ambix")
    maps = torch.cat([*system.eyes.of_video(video)])
    shown = torch.cat(system.network.heard).flatten(0, 1)
    torch.testing.assert_close(shown[: len(maps)], maps)
    assert len(maps) == 13
    assert not shown[len(maps) :].any()
    assert scene.notes[0] == "No events: seldnet heard none of its classes."
    with pytest.raises(InputError, match="has no picture, but seldnet with the weights"):
        heard_by(trained, sound, channels="ambix")


def test_devices():
    assert choose_device("cpu").type == "cpu"
    assert choose_device().type in ("cpu", "cuda")
    with pytest.raises(InputError, match="device 'toaster' cannot be used"):
        choose_device("toaster")


def test_other_weights_make_a_finished_result_anew(recordings, weights, tmp_path, capsys):
    path, out = str(recordings.scene("foa", 2.0)), str(tmp_path / "out")
    folder = weights("foa")
    command = ["locate", path, "--out", out, "--system"]
    assert run([*command, str(folder)]) == 0
    assert run([*command, str(folder)]) == 0
    assert "done before" in capsys.readouterr().out
    weights("foa", rnn_size=16)
    assert run([*command, str(folder)]) == 0
    assert "done before" not in capsys.readouterr().out
    assert run(["locate", path, "--out", out]) == 0
    assert "done before" not in capsys.readouterr().out


def test_nothing_is_written_where_the_system_does_not_hear(recordings, weights, tmp_path, capsys):
    path = recordings.scene("mono", 2.0)
    out = tmp_path / "new" / "out"
    assert run(["locate", str(path), "--out", str(out), "--system", str(weights("foa"))]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"hearsight: {path}: its channels are mono")
    assert said.count("\n") == 1
    assert not out.parent.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_memory_is_flat(recordings, make_system, tmp_path, peak_memory):
    """Three more minutes hold 85 MB of samples and features: none of them stays."""
    save_system(tmp_path / "weights", make_system())
    sound = read_audio(recordings.scene("foa", 20.0, snr_db=20.0))[0]
    peaks = []
    for n_minutes in (3, 6):
        path = recordings.write(np.tile(sound, 3 * n_minutes), f"{n_minutes}.wav")
        peaks.append(peak_memory(path, channels="ambix", system=str(tmp_path / "weights")))
    assert peaks[1] - peaks[0] < 10.0
