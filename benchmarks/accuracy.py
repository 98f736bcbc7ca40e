"""How well sounds are located: simulated scenes whose truth is known, scored and written as tables.

    python -m benchmarks.accuracy                      # writes docs/accuracy.md
    python -m benchmarks.accuracy --scenes 1 --out accuracy.md   # a quick look

Every number of the page comes from this module. No setting of hearsight was chosen on its seeds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyroomacoustics
import torch
from numpy.typing import NDArray

from hearsight.events.classes import DCASE_2022
from hearsight.events.tracking import DirectionTrack, track_directions
from hearsight.features.stft import spectrogram
from hearsight.models.spectrum import grid_directions
from hearsight.recording.grid import frame_at
from hearsight.recording.layout import ChannelLayout, array, parse_layout
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.scenes.room import Room
from hearsight.scenes.sounds import make_sound
from hearsight.scenes.truth import truth
from hearsight.spatial.directions import angular_distance, to_angles, to_vectors
from hearsight.systems.training_free import (
    SAMPLE_RATE,
    AcousticModel,
    ArrayMethod,
    StereoCue,
    acoustic_model,
)

Directions = Iterator[tuple[int, NDArray[np.float64]]]
"""Label frames with the unit vectors found in each, shape (sources, 3)."""

FIRST_SEED = 200
"""Lower ones were looked at while thresholds were chosen."""

DURATION_S = 6.0
NEAR_DEG = 20.0
"""An event belongs to a source if the median angle between both is at most this."""

ROOM = Room((6.0, 5.0, 3.0), (2.8, 2.3, 1.4), 0.4)


@dataclass(frozen=True)
class Setup:
    """What records, and how directions are found in it."""

    name: str
    layout: ChannelLayout
    method: ArrayMethod = "srp"
    stereo_cue: StereoCue = "level"
    azimuth: tuple[float, float] = (-180.0, 180.0)
    elevation: tuple[float, float] = (-30.0, 30.0)
    most_sources: int = 3

    @cached_property
    def model(self) -> AcousticModel:
        chosen = acoustic_model(self.layout, method=self.method, stereo_cue=self.stereo_cue)
        assert chosen is not None
        return chosen


@dataclass(frozen=True)
class Condition:
    """What sounds, and where."""

    n_sources: int
    in_room: bool = False
    speed_deg_s: float = 0.0
    apart_deg: float = 45.0

    def __str__(self) -> str:
        place = "room" if self.in_room else "free field"
        moving = f", moving {self.speed_deg_s:g}°/s" if self.speed_deg_s else ""
        near = f", {self.apart_deg:g}° apart" if self.apart_deg < 45.0 else ""
        return f"{place}, {self.n_sources} at once{near}{moving}"


def cube() -> NDArray[np.float64]:
    """Return eight microphones at the corners of a cube of 20 cm."""
    corners = np.stack(np.meshgrid(*[[-0.1, 0.1]] * 3, indexing="ij"), axis=-1)
    return np.asarray(corners.reshape(-1, 3))


def circle() -> NDArray[np.float64]:
    """Return eight microphones on a horizontal circle, 20 cm across."""
    return np.asarray(0.1 * to_vectors(np.arange(8) * 45.0, np.zeros(8)))


def setups() -> Iterator[Setup]:
    """Yield what is measured, with sources only where the layout can tell them."""
    yield Setup("FOA", parse_layout("foa"))
    methods: tuple[tuple[ArrayMethod, str], ...] = (("srp", "SRP-PHAT"), ("music", "MUSIC"))
    for method, name in methods:
        yield Setup(f"tetrahedron 4.2 cm, {name}", parse_layout("mic"), method)
        yield Setup(f"cube of 8, 20 cm, {name}", array(cube()), method)
        above = (5.0, 60.0)
        yield Setup(f"circle of 8, 20 cm, {name}", array(circle()), method, elevation=above)
    front, level = (-75.0, 75.0), (0.0, 0.0)
    for layout, cue, name in (
        ("mid-side", "level", "stereo, mid/side"),
        ("stereo", "time", "stereo, 17 cm apart"),
    ):
        yield Setup(
            name,
            parse_layout(layout),
            stereo_cue=cue,  # type: ignore[arg-type]
            azimuth=front,
            elevation=level,
            most_sources=2,
        )


def make_plan(setup: Setup, condition: Condition, seed: int) -> ScenePlan:
    """Plan sources of different classes, 1.5 m away, equally loud, sounding from 0.5 to 5.5 s."""
    rng = np.random.default_rng(seed)
    length = DURATION_S - 1.0
    way = condition.speed_deg_s * length
    low, high = setup.azimuth
    places: list[tuple[float, float]] = []
    while len(places) < condition.n_sources:
        azimuth = rng.uniform(low, high - way if high < 180.0 else high)
        place = float(azimuth), float(rng.uniform(*setup.elevation))
        apart = [float(angular_distance(to_vectors(*place), to_vectors(*p))) for p in places]
        # Sources that must stand close stand at just that angle, or nearly.
        most = 180.0 if condition.apart_deg >= 45.0 else condition.apart_deg + 5.0
        if all(condition.apart_deg < angle < most for angle in apart):
            places.append(place)
    sources = []
    labels = rng.choice(DCASE_2022, len(places), replace=False)
    for (azimuth, elevation), label in zip(places, labels, strict=True):
        sound = make_sound(str(label), rng, length, SAMPLE_RATE)
        sound = np.asarray(0.05 * sound / np.sqrt(np.mean(sound**2)), np.float32)
        path = still(azimuth, elevation, distance=1.5)
        if way:  # all turn the same way, so that they stay apart
            stop = azimuth + way, elevation
            path = arc((azimuth, elevation), stop, length, onset=0.5, distance=1.5)
        sources.append(SceneSource(str(label), path, sound, onset=0.5))
    return ScenePlan(tuple(sources), DURATION_S, SAMPLE_RATE, DCASE_2022, seed)


def render(setup: Setup, condition: Condition, plan: ScenePlan) -> NDArray[np.float32]:
    """Render in free field with an SNR of 40 dB, or in the room with 20 dB; channels arranged."""
    recording = render_audio(
        plan,
        setup.layout,
        room=ROOM if condition.in_room else None,
        noise=NoiseSettings(snr_db=20.0 if condition.in_room else 40.0),
    )
    return setup.layout.arrange(recording.waveform)


def hear(setup: Setup, waveform: NDArray[np.float32]) -> list[DirectionTrack]:
    """Find and follow sources as `hearsight.locate` does."""
    found = setup.model.find(torch.from_numpy(waveform))
    return track_directions(found.directions, found.shares, setup.model.tracking)


@dataclass(frozen=True)
class Score:
    """What was made of scenes: errors in degrees and seconds, counts of sources and events."""

    errors: list[float] = field(default_factory=list)
    onsets: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    n_scenes: int = 0
    n_sources: int = 0
    n_events: int = 0
    n_extra: int = 0
    judged: list[tuple[float, bool]] = field(default_factory=list)

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, n) + getattr(other, n) for n in self.__dataclass_fields__))


def score(plan: ScenePlan, tracks: Iterable[DirectionTrack], model: AcousticModel) -> Score:
    """Compare tracks with the truth, each with the source that it is nearest to."""
    true = [event for event in truth(plan) if event.track is not None]
    places = [
        {frame_at(float(t)): v for t, v in zip(e.track.times, e.track.directions, strict=True)}
        for e in true
        if e.track is not None
    ]
    belonging: list[list[DirectionTrack]] = [[] for _ in true]
    errors: list[float] = []
    judged = []
    for track in tracks:
        path = dict(zip(*track.path(), strict=True))
        angles = [
            [float(angular_distance(path[k], place[k])) for k in place if k in path]
            for place in places
        ]
        medians = [float(np.median(a)) if a else 180.0 for a in angles]
        nearest = int(np.argmin(medians))
        is_true = medians[nearest] <= NEAR_DEG
        judged.append((model.confidence(track.strength), is_true))
        if is_true:
            belonging[nearest].append(track)
            errors += angles[nearest]
    found = [(event, parts) for event, parts in zip(true, belonging, strict=True) if parts]
    return Score(
        errors,
        [min(p.frames[0] for p in parts) / 10.0 - event.onset for event, parts in found],
        [(max(p.frames[-1] for p in parts) + 1) / 10.0 - event.offset for event, parts in found],
        n_scenes=1,
        n_sources=len(true),
        n_events=sum(is_true for _, is_true in judged),
        n_extra=sum(not is_true for _, is_true in judged),
        judged=judged,
    )


def measure(setup: Setup, condition: Condition, seeds: Iterable[int]) -> Score:
    total = Score()
    for seed in seeds:
        plan = make_plan(setup, condition, seed)
        total += score(plan, hear(setup, render(setup, condition, plan)), setup.model)
    return total


def row(name: str, condition: Condition, result: Score) -> str:
    found = len(result.onsets)
    median, high = np.quantile(result.errors, (0.5, 0.9)) if result.errors else (np.nan, np.nan)
    early, late = (np.median(np.abs(times)) for times in (result.onsets, result.offsets))
    return cells(
        name,
        condition,
        f"{median:.1f}",
        f"{high:.1f}",
        f"{100.0 * found / result.n_sources:.0f} %",
        f"{result.n_events / max(found, 1):.1f}",
        f"{result.n_extra / result.n_scenes:.1f}",
        f"{early:.1f}",
        f"{late:.1f}",
    )


def cells(*values: object) -> str:
    return f"| {' | '.join(str(value) for value in values)} |"


def conditions(setup: Setup) -> Iterator[Condition]:
    for in_room in (False, True):
        for n_sources in range(1, setup.most_sources + 1):
            yield Condition(n_sources, in_room)
        yield Condition(1, in_room, speed_deg_s=15.0)
        if setup.name == "FOA":
            yield Condition(2, in_room, speed_deg_s=15.0)
            yield Condition(2, in_room, apart_deg=30.0)


def accuracy_table(seeds: Sequence[int]) -> tuple[list[str], Score]:
    """Return the rows of the table, and the scores of Ambisonics for the calibration."""
    rows, total = [], Score()
    for setup in setups():
        for condition in conditions(setup):
            result = measure(setup, condition, seeds)
            rows.append(row(setup.name, condition, result))
            print(rows[-1], flush=True)
            if setup.name == "FOA":
                total += result
    return rows, total


def noisy_score(seeds: Sequence[int]) -> Score:
    """Score scenes of Ambisonics in which noise is as loud as the sources, or 10 dB softer."""
    setup, total = next(setups()), Score()
    for seed in seeds:
        plan = make_plan(setup, Condition(1 + seed % 3), seed)
        for snr_db in (10.0, 0.0):
            noise = NoiseSettings(snr_db=snr_db)
            recording = render_audio(plan, setup.layout, room=ROOM, noise=noise)
            total += score(plan, hear(setup, recording.waveform), setup.model)
    return total


def calibration_table(judged: Sequence[tuple[float, bool]]) -> Iterator[str]:
    edges = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
    for low, high in pairwise(edges):
        here = [is_true for confidence, is_true in judged if low <= confidence < high]
        share = f"{100.0 * np.mean(here):.0f} %" if here else "-"
        yield cells(f"{low:g} to {high:g}", len(here), share)


def sounding_frames(source: SceneSource) -> list[int]:
    """Return the label frames in which a source is louder than 40 dB below its loudest frame."""
    assert source.sound is not None
    hop = SAMPLE_RATE // 10
    padded = np.pad(source.sound, (round(source.onset * SAMPLE_RATE), hop))
    level = np.square(padded[: len(padded) // hop * hop]).reshape(-1, hop).mean(axis=1)
    return [int(frame) for frame in np.flatnonzero(level > 1e-4 * level.max())]


def frame_errors(plan: ScenePlan, found: Directions) -> list[float]:
    """Return each still source's angle to the nearest direction found, by frame; 180 for none."""
    vectors = dict(found)
    errors = []
    for source in plan.sources:
        place = source.trajectory.positions[0]
        place = place / np.linalg.norm(place)
        errors += [
            float(angular_distance(place, vectors[frame]).min(initial=180.0))
            for frame in sounding_frames(source)
            if frame in vectors
        ]
    return errors


def ours(setup: Setup, waveform: NDArray[np.float32], n_sources: int) -> Directions:
    found = setup.model.find(torch.from_numpy(waveform))
    for frame, vectors in enumerate(found.directions[:, :n_sources]):
        yield frame, vectors[np.isfinite(vectors).all(axis=1)].astype(float)


def theirs(setup: Setup, waveform: NDArray[np.float32], n_sources: int) -> Directions:
    """Run pyroomacoustics on the same 300 ms around each label frame, band and grid."""
    spectra = spectrogram(torch.from_numpy(waveform), 512, SAMPLE_RATE // 100).numpy()
    spectra = spectra.transpose(0, 2, 1)
    azimuth, elevation = to_angles(grid_directions())
    finder = {"srp": pyroomacoustics.doa.SRP, "music": pyroomacoustics.doa.MUSIC}[setup.method](
        np.array(setup.layout.positions).T,
        SAMPLE_RATE,
        512,
        c=343.0,
        num_src=n_sources,
        dim=3,
        azimuth=np.unique(np.deg2rad(azimuth)),
        colatitude=np.unique(np.deg2rad(90.0 - elevation)),
    )
    for frame in range(waveform.shape[1] * 10 // SAMPLE_RATE):
        around = spectra[..., max(0, 10 * frame - 10) : 10 * frame + 20]
        finder.locate_sources(around, freq_range=[400.0, 6000.0], num_src=n_sources)
        place = finder.azimuth_recon, finder.colatitude_recon
        yield frame, to_vectors(np.rad2deg(place[0]), 90.0 - np.rad2deg(place[1]))


def comparison_table(seeds: Sequence[int]) -> Iterator[str]:
    """Compare single frames, before any tracking, with those of pyroomacoustics."""
    chosen = [s for s in setups() if s.name.startswith(("tetrahedron", "cube"))]
    for setup in sorted(chosen, key=lambda s: s.name):
        for condition in (Condition(1), Condition(2), Condition(1, True), Condition(2, True)):
            plans = [make_plan(setup, condition, seed) for seed in seeds]
            sounds = [render(setup, condition, plan) for plan in plans]
            results: list[str] = []
            for run in (ours, theirs):
                start = time.process_time()
                found = [list(run(setup, sound, condition.n_sources)) for sound in sounds]
                seconds = (time.process_time() - start) * 60.0 / (DURATION_S * len(plans))
                errors = [
                    error
                    for plan, frames in zip(plans, found, strict=True)
                    for error in frame_errors(plan, iter(frames))
                ]
                near = 100.0 * np.mean(np.array(errors) <= 10.0)
                results += [f"{np.median(errors):.1f}", f"{near:.0f} %", f"{seconds:.1f}"]
            yield cells(setup.name, condition, *results)


PAGE = """# How well sounds are located

Simulated scenes with known truth ([generator](generator.md)): sounds of different classes, chosen
by chance, equally loud (root mean square), 1.5 m away, all sounding for 5 s; more than 45 degrees
apart if not said otherwise (40 in stereo). "Free field" has diffuse noise at an SNR of 40 dB;
"room" is 6 x 5 x 3 m with a reverberation time of 0.4 s and an SNR of 20 dB. At 1.5 m the
reverberation of that room is louder than the direct sound. Seeds {first} to {last}, on
which no setting was chosen; made by

```console
$ python -m benchmarks.accuracy
```

Where a layout cannot tell directions apart, sources are placed only where it can: above a flat
array, in front of a stereo pair.

## Events

An event belongs to the nearest source if the median angle between both is at most 20 degrees; other
events are extra, counted per scene. Errors: the angle between an event and the source to which it
belongs every 100 ms in degrees, its median and what 90 % stay below; they do not count sources that
were not found. Found: sources that have an event. Pieces: events per
source found (sounds with pauses are cut there). Onset and offset: median of the absolute error in
seconds.

| layout | condition | median | 90 % | found | pieces | extra | onset | offset |
|---|---|---|---|---|---|---|---|---|
{accuracy}

## Confidence

All events of the Ambisonics scenes above and of {n_noisy} more in the room with an SNR of 10 and
0 dB: which part of them lies within 20 degrees of a source.

| confidence | events | true |
|---|---|---|
{calibration}

## Beside pyroomacoustics

Directions found in single frames of 100 ms, before tracking, by our models and by
`pyroomacoustics.doa` {version} on the same recordings, with the same grid and 300 ms around
each frame, theirs from 400 to 6000 Hz; both are told how many sources there are. Median angle from
each source to the nearest direction found in the frames in which it is less than 40 dB softer than
at its loudest; the part of them within 10 degrees; processor seconds for a minute of sound.

| layout | condition | ours | within 10° | s/min | pyroomacoustics | within 10° | s/min |
|---|---|---|---|---|---|---|---|
{comparison}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=6, help="per condition")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy.md"))
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.scenes)
    rows, foa = accuracy_table(seeds)
    noisy = noisy_score(seeds)
    page = PAGE.format(
        first=seeds[0],
        last=seeds[-1],
        accuracy="\n".join(rows),
        n_noisy=noisy.n_scenes,
        calibration="\n".join(calibration_table(foa.judged + noisy.judged)),
        version=pyroomacoustics.__version__,
        comparison="\n".join(comparison_table(seeds[:3])),
    )
    options.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
