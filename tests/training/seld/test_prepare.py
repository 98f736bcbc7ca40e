import dataclasses
import errno
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from hearsight.datasets import open_dataset
from hearsight.errors import DatasetError, InputError, MediaError
from hearsight.features.normalize import FeatureStatistics
from hearsight.features.store import FrameFile
from hearsight.recording.audio import read_audio
from hearsight.systems import find
from hearsight.systems.seldnet import SeldnetSettings
from hearsight.training.seld.prepare import fit_statistics, plan_features, prepare, store_of


@pytest.fixture(scope="module")
def system():
    return find("seldnet").build(SeldnetSettings())


@pytest.fixture
def data(tmp_path):
    """Make a corpus of three recordings, noise of different lengths: 100, 155 and 50 frames."""
    rng = np.random.default_rng(0)
    for number, duration in enumerate((2.0, 3.1, 1.0), start=1):
        path = tmp_path / f"foa_dev/dev-train-tau/fold3_room{number}_mix001.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = 0.1 * rng.standard_normal((round(duration * 24000), 4))
        soundfile.write(path, sound, 24000)
    return open_dataset(tmp_path)


def features_of(listed, system):
    sound, _ = read_audio(listed.audio, sample_rate=system.sample_rate)
    return system.feature(torch.from_numpy(sound)).transpose(0, 1)


@pytest.mark.parametrize("workers", [0, 2])
def test_all_recordings_get_their_features(data, system, workers):
    store, said = store_of(data.root / "features", system), []
    prepare(system, data.recordings, store, workers=workers, tell=said.append)
    for listed in data.recordings:
        stored = store.read(listed.name)
        torch.testing.assert_close(stored, features_of(listed, system), rtol=1e-5, atol=1e-5)
    assert said[0].startswith("features of 3 of 3 recordings (0.00 h of sound): 0.5 MB into")
    prepare(system, data.recordings, store, workers=workers, tell=said.append)
    assert len(said) == 1


def test_the_plan_foretells_what_is_written(data, system):
    store = store_of(data.root / "features", system)
    plan = plan_features(system, data.recordings, store)
    assert plan.duration_s == pytest.approx(6.1)
    assert 0.0 < plan.seconds < 60.0
    assert plan.free_bytes > 0
    assert not store.folder.exists()
    prepare(system, data.recordings, store)
    n_written = sum(path.stat().st_size for path in store.folder.glob("*.safetensors"))
    assert n_written == pytest.approx(plan.n_bytes, abs=3 * 2048)
    assert plan_features(system, data.recordings, store).jobs == ()


def test_finished_features_are_kept_and_changed_recordings_done_again(data, system):
    store = store_of(data.root / "features", system)
    first, second, _ = data.recordings
    prepare(system, data.recordings[:2], store)
    before = store.path(first.name).stat().st_mtime_ns
    soundfile.write(second.audio, np.full((4800, 4), 0.1), 24000)
    store.path(data.recordings[2].name).write_bytes(b"damaged")
    plan = plan_features(system, data.recordings, store)
    assert len(plan.jobs) == 2
    prepare(system, data.recordings, store)
    assert store.path(first.name).stat().st_mtime_ns == before
    assert store.n_frames(second.name) == 10
    assert store.n_frames(data.recordings[2].name) == 50


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_recording_is_named_and_does_not_lose_the_others(data, system, workers):
    store, (first, second, third) = store_of(data.root / "features", system), data.recordings
    first.audio.write_bytes(b"not a sound")
    soundfile.write(third.audio, np.zeros((4800, 2)), 24000)
    said = []
    with pytest.raises(DatasetError) as caught:
        prepare(system, data.recordings, store, workers=workers, tell=said.append)
    assert f"2 of 3 recordings have no features: {first.name}, {third.name};" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert any(f"{first.audio}: cannot be read" in line for line in said)
    assert any("has 2 channels, but foa has 4" in line for line in said)
    assert [store.has(each.name) for each in data.recordings] == [False, True, False]
    assert store.n_frames(second.name) == 155


def test_sound_that_is_not_finite_is_named(data, system):
    store, bad = store_of(data.root / "features", system), data.recordings[1]
    sound = np.zeros((24000, 4))
    sound[500, 2] = np.nan
    soundfile.write(bad.audio, sound, 24000, subtype="FLOAT")
    with pytest.raises(DatasetError, match=r"fold3_room2_mix001\.wav: its features are not finite"):
        prepare(system, data.recordings, store)


def test_other_sample_rates_are_converted(data, system):
    store, listed = store_of(data.root / "features", system), data.recordings[0]
    times = np.arange(48000) / 16000
    tone = np.sin(2 * np.pi * 3000 * times)[:, None] * [0.5, 0.0, 0.0, 0.5]
    soundfile.write(listed.audio, tone, 16000)
    prepare(system, [listed], store)
    stored = store.read(listed.name)
    assert len(stored) == 150
    bands = system.feature.spectrum.bands
    loudest = int(stored[75, 0].argmax())
    frequency = np.fft.rfftfreq(bands.n_fft, 1 / 24000)[bands.weights()[:, loudest].argmax()]
    assert frequency == pytest.approx(3000, abs=150)


def test_a_disk_that_is_too_small_is_foreseen(data, system, monkeypatch):
    store = store_of(data.root / "features", system)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(MediaError, match=r"need 0\.5 MB, but 0\.1 MB are free.*--features"):
        prepare(system, data.recordings, store)
    assert not store.folder.exists()


def test_a_place_that_cannot_be_written_is_told_once(data, system):
    (data.root / "features").write_text("a file")
    said = []
    with pytest.raises(MediaError, match=r"features/.*settings\.json: cannot be written"):
        prepare(system, data.recordings, store_of(data.root / "features", system), tell=said.append)
    assert len(said) == 1


def test_a_disk_that_fills_up_leaves_what_is_whole(data, system, monkeypatch):
    store, append = store_of(data.root / "features", system), FrameFile.append

    def append_until_full(file, frames):
        if len(frames) > 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(file, frames)

    monkeypatch.setattr(FrameFile, "append", append_until_full)
    with pytest.raises(DatasetError, match=r"1 of 3 .*fold3_room2_mix001; .*No space left"):
        prepare(system, data.recordings, store)
    whole = [f"fold3_room{room}_mix001.safetensors" for room in (1, 3)]
    assert sorted(path.name for path in store.folder.iterdir()) == [*whole, "settings.json"]


@pytest.mark.parametrize(
    ("n_samples", "sample_rate", "message"),
    [
        (0, 24000, "holds no sound of 0.1 s"),
        (2399, 24000, "holds no sound of 0.1 s"),
        (8000, 4000, "sample rate 4000 Hz is below 8000 Hz"),
    ],
)
def test_sound_too_poor_to_learn_from_is_named(data, system, n_samples, sample_rate, message):
    soundfile.write(data.recordings[0].audio, np.zeros((n_samples, 4)), sample_rate)
    with pytest.raises(DatasetError, match=rf"fold3_room1_mix001\.wav: {message}"):
        prepare(system, data.recordings, store_of(data.root / "features", system))


def test_the_shortest_recording_has_one_label_frame(data, system):
    store, listed = store_of(data.root / "features", system), data.recordings[0]
    soundfile.write(listed.audio, np.zeros((2400, 4)), 24000)
    prepare(system, [listed], store)
    assert system.n_labels(store.n_frames(listed.name)) == 1


def test_a_recording_that_is_cut_off_is_named(data, system):
    audio = data.recordings[0].audio
    os.truncate(audio, audio.stat().st_size // 3)
    with pytest.raises(DatasetError, match=r"fold3_room1_mix001\.wav: is cut off"):
        prepare(system, data.recordings, store_of(data.root / "features", system))


def test_formats_do_not_share_a_folder(tmp_path, system):
    heard_as_mic = dataclasses.replace(system, audio_format="mic")
    assert store_of(tmp_path, system).folder != store_of(tmp_path, heard_as_mic).folder


def test_statistics_are_those_of_all_frames(data, system):
    store = store_of(data.root / "features", system)
    prepare(system, data.recordings, store)
    fitted = fit_statistics(data.recordings, store)
    joined = torch.cat([store.read(each.name) for each in data.recordings]).transpose(0, 1)
    expected = FeatureStatistics.of(joined)
    assert fitted.count == expected.count == 305
    torch.testing.assert_close(fitted.mean, expected.mean)
    torch.testing.assert_close(fitted.deviation, expected.deviation)
    assert fitted.origin["feature"] == store.key
    again = fit_statistics(data.recordings[::-1], store)
    assert again.origin == fitted.origin
    assert again.origin != fit_statistics(data.recordings[:2], store).origin
    with pytest.raises(InputError, match="none"):
        fit_statistics([], store)
    store.path(data.recordings[0].name).unlink()
    with pytest.raises(DatasetError, match="no features there"):
        fit_statistics(data.recordings, store)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_resumed_equals_uninterrupted(data, system, how):
    sound = np.random.default_rng(0).integers(-9999, 9999, (1_440_000, 4), np.int16)
    for number in range(8):
        copy = data.recordings[0].audio.with_name(f"fold3_room5_mix{number:03d}.wav")
        soundfile.write(copy, np.roll(sound, number, axis=1), 24000)
    recordings = open_dataset(data.root).recordings[3:]
    command = [sys.executable, "-m", "hearsight", "prepare", "starss23", str(data.root)]
    store = store_of(data.root / "features", system)
    running = subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while running.poll() is None and not any(store.has(each.name) for each in recordings):
        time.sleep(0.01)
    workers = _children(running.pid)
    # Ctrl-C reaches all processes of a terminal, a kill only one.
    (os.killpg if how == signal.SIGINT else os.kill)(running.pid, how)
    said = running.communicate(timeout=30)[1]
    assert running.returncode == (130 if how == signal.SIGINT else -how), said
    assert "Traceback" not in said
    assert _gone(workers)
    n_done = sum(store.has(each.name) for each in recordings)
    assert 1 <= n_done < len(recordings)
    assert subprocess.run([*command, "--workers", "0"], check=False).returncode == 0
    uninterrupted = store_of(data.root / "again", system)
    prepare(system, recordings, uninterrupted)
    for listed in recordings:
        expected = uninterrupted.read(listed.name)
        torch.testing.assert_close(store.read(listed.name), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_processes_that_are_just_starting_do_not_cry_out(data):
    command = [sys.executable, "-m", "hearsight", "prepare", "starss23", str(data.root)]
    running = subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while running.poll() is None and len(_children(running.pid)) < 3:  # one keeps their semaphores
        time.sleep(0.01)
    workers = _children(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert said == "hearsight: interrupted; finished outputs are whole, run again to go on\n"
    assert running.returncode == 130
    assert _gone(workers)


def _children(pid):
    """Return the processes that a process has started."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [line.split() for line in listed.stdout.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def _gone(pids):
    """Wait until none of some processes runs any more."""
    for _ in range(500):
        if not any(_is_running(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def _is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
