"""Sources put at known directions are found there: the whole acoustic chain against simulation.

Scenes are drawn from fixed seeds; the tables of docs/accuracy.md measure more of them.
"""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch

import hearsight
from hearsight.events.classes import DCASE_2022
from hearsight.events.tracking import DirectionTrack, track_directions
from hearsight.recording.grid import frame_at
from hearsight.recording.layout import ChannelLayout, array, parse_layout
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.plan import ScenePlan, SceneSource, Trajectory, arc, still
from hearsight.scenes.room import Room
from hearsight.scenes.sounds import make_sound
from hearsight.scenes.truth import truth
from hearsight.spatial.directions import angular_distance, to_angles, to_vectors
from hearsight.systems.training_free import SAMPLE_RATE, acoustic_model

FOA = parse_layout("foa")
MIC = parse_layout("mic")
CUBE = array(0.1 * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]))
CIRCLE = array(0.1 * to_vectors(np.arange(8) * 45.0, np.zeros(8)))
ROOM = Room((6.0, 5.0, 3.0), (2.8, 2.3, 1.4), rt60_s=0.4)


def make_plan(
    paths: list[Trajectory], seed: int, labels: list[str] | None = None, length: float = 4.0
) -> ScenePlan:
    """Plan sounds of equal level, all from 0.5 s on, of different classes."""
    rng = np.random.default_rng(seed)
    chosen = labels or [str(name) for name in rng.choice(DCASE_2022, len(paths), replace=False)]
    sources = []
    for label, path in zip(chosen, paths, strict=True):
        sound = make_sound(label, rng, length, SAMPLE_RATE)
        level = np.sqrt(np.mean(sound**2))
        sources.append(SceneSource(label, path, (0.05 / level) * sound, onset=0.5))
    return ScenePlan(tuple(sources), length + 1.0, SAMPLE_RATE, DCASE_2022, seed)


def random_paths(
    n_sources: int, seed: int, elevation: tuple[float, float] = (-30.0, 30.0)
) -> list[Trajectory]:
    """Draw still places more than 45 degrees apart."""
    rng = np.random.default_rng([seed, n_sources])
    places: list[np.ndarray] = []
    while len(places) < n_sources:
        place = to_vectors(rng.uniform(-180.0, 180.0), rng.uniform(*elevation))
        if all(angular_distance(place, other) > 45.0 for other in places):
            places.append(place)
    return [still(*map(float, to_angles(place)), distance=1.5) for place in places]


def hear(
    plan: ScenePlan,
    layout: ChannelLayout,
    *,
    room: Room | None = None,
    snr_db: float = 40.0,
    method: str = "srp",
) -> list[DirectionTrack]:
    """Render a plan and find its tracks as `hearsight.locate` does."""
    recording = render_audio(plan, layout, room=room, noise=NoiseSettings(snr_db=snr_db))
    model = acoustic_model(layout, method=method)
    found = model.find(torch.from_numpy(layout.arrange(recording.waveform)))
    return track_directions(found.directions, found.shares, model.tracking)


def true_paths(plan: ScenePlan) -> list[dict[int, np.ndarray]]:
    """Return for each source its direction in each label frame in which it sounds."""
    return [
        {frame_at(t): v for t, v in zip(event.track.times, event.track.directions, strict=True)}
        for event in truth(plan)
    ]


def angles(track: DirectionTrack, place: dict[int, np.ndarray]) -> np.ndarray:
    """Return the angle between a track and a source in the frames of both."""
    path = dict(zip(*track.path(), strict=True))
    common = sorted(path.keys() & place.keys())
    return np.array([angular_distance(path[frame], place[frame]) for frame in common])


def errors(plan: ScenePlan, tracks: list[DirectionTrack]) -> tuple[list[np.ndarray], int]:
    """Return each source's errors by frame, and how many tracks are of no source.

    A track belongs to the source that it is nearest to if the median angle is at most 20 degrees.
    """
    places = true_paths(plan)
    found: list[list[np.ndarray]] = [[] for _ in places]
    n_extra = 0
    for track in tracks:
        candidates = [angles(track, place) for place in places]
        medians = [np.median(each) if len(each) else 180.0 for each in candidates]
        nearest = int(np.argmin(medians))
        if medians[nearest] <= 20.0:
            found[nearest].append(candidates[nearest])
        else:
            n_extra += 1
    return [np.concatenate(parts) if parts else np.zeros(0) for parts in found], n_extra


def check(plan: ScenePlan, tracks: list[DirectionTrack], limit_deg: float) -> None:
    """Every source has an event, its median error below the limit; there are no others."""
    found, n_extra = errors(plan, tracks)
    labels = [event.label for event in truth(plan)]
    medians = [float(np.median(error)) if len(error) else np.nan for error in found]
    assert np.array(medians) == pytest.approx(0.0, abs=limit_deg), (plan.seed, labels)
    assert n_extra == 0


class TestAmbisonics:
    @pytest.mark.parametrize("label", DCASE_2022)
    def test_every_class_of_sound_is_found_where_it_is(self, label):
        seed = DCASE_2022.index(label)
        plan = make_plan(random_paths(1, seed), seed, [label])
        check(plan, hear(plan, FOA), limit_deg=3.0)

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("n_sources", [2, 3])
    def test_several_at_once_each_have_their_event(self, n_sources, seed):
        plan = make_plan(random_paths(n_sources, seed), seed)
        check(plan, hear(plan, FOA), limit_deg=3.0)

    @pytest.mark.slow
    @pytest.mark.parametrize("label", DCASE_2022)
    def test_one_in_a_room(self, label):
        seed = 100 + DCASE_2022.index(label)
        plan = make_plan(random_paths(1, seed), seed, [label])
        found, _ = errors(plan, hear(plan, FOA, room=ROOM, snr_db=20.0))
        assert np.median(found[0]) < 10.0

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(100, 110))
    def test_two_in_a_room(self, seed):
        plan = make_plan(random_paths(2, seed), seed)
        found, _ = errors(plan, hear(plan, FOA, room=ROOM, snr_db=20.0))
        assert all(len(error) > 0 and np.median(error) < 15.0 for error in found)

    @pytest.mark.parametrize("labels", [("music", "water tap"), ("male speech", "female speech")])
    def test_two_that_cross_are_followed_on(self, labels):
        paths = [arc((-60, 0), (60, 20), 4.0, onset=0.5), arc((60, 0), (-60, 20), 4.0, onset=0.5)]
        plan = make_plan(paths, 5, list(labels))
        found, n_extra = errors(plan, hear(plan, FOA))
        assert n_extra == 0
        assert all(len(error) >= 30 and np.median(error) < 5.0 for error in found)


class TestArrays:
    @pytest.mark.parametrize("method", ["srp", "music"])
    @pytest.mark.parametrize(
        ("layout", "elevation"),
        [(MIC, (-60.0, 60.0)), (CUBE, (-60.0, 60.0)), (CIRCLE, (15.0, 60.0))],
        ids=["tetrahedron", "cube", "circle"],
    )
    def test_within_a_cell_in_free_field(self, layout, elevation, method):
        for seed in range(3):
            (path,) = random_paths(1, seed, elevation)
            plan = make_plan([path], seed)
            tracks = hear(plan, layout, method=method)
            check(plan, tracks, limit_deg=5.0)
            azimuth, height = to_angles(np.concatenate([track.path()[1] for track in tracks]))
            true_azimuth, true_height = to_angles(path.positions[0])
            assert np.median(np.abs((azimuth - true_azimuth + 180.0) % 360.0 - 180.0)) < 5.0
            assert np.median(np.abs(height - true_height)) < 5.0

    @pytest.mark.parametrize("layout", [MIC, CUBE], ids=["tetrahedron", "cube"])
    @pytest.mark.parametrize(
        "labels",
        [("telephone", "female speech"), ("domestic sounds", "clapping"), ("bell", "knock")],
    )
    def test_two_at_once(self, layout, labels):
        plan = make_plan(random_paths(2, 11), 11, list(labels))
        check(plan, hear(plan, layout), limit_deg=5.0)


class TestStereo:
    @pytest.mark.parametrize("name", ["stereo", "mid-side"])
    @pytest.mark.parametrize("azimuth", [-60.0, -20.0, 0.0, 35.0, 70.0])
    def test_azimuth_in_front_and_no_elevation(self, tmp_path, name, azimuth):
        plan = make_plan([still(azimuth, 0.0)], 5, ["female speech"], length=2.0)
        recording = render_audio(plan, parse_layout(name), noise=NoiseSettings(snr_db=30.0))
        soundfile.write(tmp_path / "a.wav", recording.waveform.T, SAMPLE_RATE, subtype="FLOAT")
        scene = hearsight.locate(tmp_path / "a.wav", channels=name)
        assert len(scene.events) >= 1
        for event in scene.events:
            assert abs(event.azimuth - azimuth) < 10.0
            assert event.elevation is None


class TestMovement:
    @pytest.mark.parametrize("layout", [FOA, MIC], ids=["foa", "mic"])
    def test_is_followed(self, layout):
        for seed, speed in ((0, 15.0), (1, -30.0), (2, 45.0)):
            rng = np.random.default_rng(seed)
            start, stop = rng.uniform(-180.0, 180.0), rng.uniform(-20.0, 20.0)
            path = arc((start, 0.0), (start + 4.0 * speed, stop), 4.0, onset=0.5)
            plan = make_plan([path], seed)
            tracks = hear(plan, layout)
            (error,), n_extra = errors(plan, tracks)
            assert n_extra == 0
            assert np.median(error) < 3.0
            assert np.quantile(error, 0.9) < 6.0
            # Whole, not in pieces that each stand still.
            assert max(len(track.path()[0]) for track in tracks) >= 30


class TestTimes:
    @pytest.mark.parametrize("layout", [FOA, MIC], ids=["foa", "mic"])
    @pytest.mark.parametrize("label", ["female speech", "music", "water tap", "telephone"])
    def test_onset_and_offset(self, layout, label):
        plan = make_plan([still(30.0, 10.0)], 7, [label], length=3.0)
        (event,) = truth(plan)
        tracks = hear(plan, layout)
        assert abs(tracks[0].frames[0] / 10.0 - event.onset) <= 0.2
        assert abs((tracks[-1].frames[-1] + 1) / 10.0 - event.offset) <= 0.3


class TestConfidence:
    def test_silence_then_diffuse_noise_then_a_clean_source(self, tmp_path):
        def confidences(plan: ScenePlan, noise: NoiseSettings) -> list[float]:
            recording = render_audio(plan, FOA, noise=noise)
            file = tmp_path / "a.wav"
            soundfile.write(file, recording.waveform.T, SAMPLE_RATE, subtype="FLOAT")
            return [event.confidence for event in hearsight.locate(file, channels="ambix").events]

        nothing = ScenePlan((), 4.0, SAMPLE_RATE, DCASE_2022, 1)
        clean = make_plan([still(70.0, 5.0)], 1, ["female speech"], length=3.0)
        silence = confidences(nothing, NoiseSettings(level_db=-160.0))
        noise = confidences(nothing, NoiseSettings(level_db=-30.0))
        source = confidences(clean, NoiseSettings(snr_db=40.0))
        assert silence == []
        assert max(noise, default=0.0) < 0.6 < 0.9 < min(source)

    @pytest.mark.slow
    def test_the_surer_an_event_the_oftener_it_is_true(self):
        """Of events with a confidence of 0.8 and more nine in ten lie within 20 degrees."""
        judged = []
        for seed in range(24):
            plan = make_plan(random_paths(1 + seed % 3, seed), seed, length=3.0)
            tracks = hear(
                plan, FOA, room=ROOM if seed % 2 else None, snr_db=(30.0, 10.0, 0.0)[seed // 2 % 3]
            )
            confidence = acoustic_model(FOA).confidence
            for track in tracks:
                near = [
                    np.median(a) <= 20.0 for p in true_paths(plan) if len(a := angles(track, p))
                ]
                judged.append((confidence(track.strength), any(near)))
        sure = [is_true for confidence, is_true in judged if confidence >= 0.8]
        unsure = [is_true for confidence, is_true in judged if confidence < 0.8]
        assert np.mean(sure) >= 0.9
        assert np.mean(sure) >= np.mean(unsure)
