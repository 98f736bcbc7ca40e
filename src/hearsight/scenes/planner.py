"""Random scenes: which sounds, when, from where and how they move, within given bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.scenes.plan import ScenePlan, SceneSource, Trajectory
from hearsight.scenes.soundbank import Clip, SoundBank
from hearsight.scenes.sounds import SHORTEST_S
from hearsight.spatial.directions import angular_distance, to_vectors
from hearsight.spatial.projection import Projection

_TRIES = 200
_LONGEST_S = 3600.0  # a scene's sound is made in memory


@dataclass(frozen=True)
class SceneSettings:
    """Bounds of random scenes.

    Parameters
    ----------
    duration : float
        Seconds of the scene, 1 to 3600.
    n_sources : int
        How many sounds there are.
    max_polyphony : int
        How many may sound at once.
    n_silent : int
        Visible things that make no sound.
    moving_share : float
        Which share of the sounding things moves while it sounds; of the silent ones all the time.
    off_screen_share : float
        Which share of the sounding things the camera does not see: beside a perspective picture,
        invisible in a panorama.
    event_s : (float, float)
        Shortest and longest sound in seconds; shorter ones come where the scene has no room.
    distance_m : (float, float)
        Nearest and farthest, metres.
    elevation_deg : (float, float)
        Lowest and highest.
    speed_deg_s : (float, float)
        Slowest and fastest of moving things, as seen from the listener.
    separation_deg : float
        Least angle between two things that sound at the same time. Where chance does not find
        such places, the widest found is taken.
    level_db : (float, float)
        Level at 1 m: root mean square of the sounding parts, in dB below full scale.
    sample_rate : int
        Hz.
    """

    duration: float = 12.0
    n_sources: int = 3
    max_polyphony: int = 2
    n_silent: int = 1
    moving_share: float = 0.5
    off_screen_share: float = 0.0
    event_s: tuple[float, float] = (1.0, 8.0)
    distance_m: tuple[float, float] = (1.0, 3.0)
    elevation_deg: tuple[float, float] = (-30.0, 30.0)
    speed_deg_s: tuple[float, float] = (8.0, 30.0)
    separation_deg: float = 30.0
    level_db: tuple[float, float] = (-27.0, -21.0)
    sample_rate: int = 24000

    def __post_init__(self) -> None:
        if not 1.0 <= self.duration <= _LONGEST_S:
            msg = f"a scene must last 1 to {_LONGEST_S:g} s, got {self.duration:g}"
            raise InputError(msg)
        if self.n_sources < 0 or self.n_silent < 0 or self.max_polyphony < 1:
            msg = (
                "a scene needs n_sources >= 0, n_silent >= 0 and max_polyphony >= 1, got "
                f"{self.n_sources}, {self.n_silent} and {self.max_polyphony}"
            )
            raise InputError(msg)
        most = int(self.duration) * self.max_polyphony
        if self.n_sources > most:
            msg = (
                f"{self.n_sources} sources do not fit in {self.duration:g} s; ask for at most "
                f"{most} or a longer scene"
            )
            raise InputError(msg)
        for name in ("moving_share", "off_screen_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                msg = f"{name} must lie in [0, 1], got {getattr(self, name):g}"
                raise InputError(msg)
        for name, least in (
            ("event_s", SHORTEST_S),
            ("distance_m", 0.3),
            ("elevation_deg", -90.0),
            ("speed_deg_s", 0.0),
            ("level_db", -np.inf),
        ):
            low, high = getattr(self, name)
            if not least <= low <= high:
                msg = f"{name} must be two numbers, {least:g} <= low <= high, got {low} and {high}"
                raise InputError(msg)


def random_plan(
    rng: np.random.Generator,
    bank: SoundBank,
    settings: SceneSettings | None = None,
    *,
    projection: Projection | None = None,
) -> ScenePlan:
    """Draw a scene.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same scene.
    bank : SoundBank
        Gives the sounds; every class is as likely as every other, none comes twice before all
        have come once.
    settings : SceneSettings, optional
    projection : Projection, optional
        Of the camera. A perspective one keeps what is on screen inside its picture.

    Returns
    -------
    ScenePlan
        Sounding things first, in order of onset, then silent ones.
    """
    bounds = settings or SceneSettings()
    shuffled: list[str] = []
    while len(shuffled) < bounds.n_sources + bounds.n_silent:
        shuffled += [str(label) for label in rng.permutation(bank.labels)]
    slots = _slots(rng, bounds)
    sources: list[SceneSource] = []
    for label, (onset, length) in zip(shuffled, slots, strict=False):
        clip = bank.draw(label, rng, length, bounds.sample_rate)
        sources.append(_sounding(rng, label, clip, onset, sources, bounds, projection))
    for label in shuffled[len(slots) : len(slots) + bounds.n_silent]:
        is_moving = bool(rng.random() < bounds.moving_share)
        span = (0.0, bounds.duration)
        path = _path(rng, span, bounds, projection, is_moving=is_moving, is_on_screen=True)
        sources.append(SceneSource(label, path, size_m=float(rng.uniform(0.4, 0.8))))
    seed = int(rng.integers(2**31))
    return ScenePlan(tuple(sources), bounds.duration, bounds.sample_rate, bank.class_list, seed)


def _slots(rng: np.random.Generator, bounds: SceneSettings) -> list[tuple[float, float]]:
    """Return onsets and lengths in seconds: lanes of sounds one after the other, side by side."""
    n_lanes = min(bounds.max_polyphony, bounds.n_sources)
    slots = []
    for lane in range(n_lanes):
        n_sounds = len(range(lane, bounds.n_sources, n_lanes))
        shares = rng.uniform(0.6, 1.4, 2 * n_sounds + 1)
        shares[::2] *= 0.3  # the pauses before, between and after
        edges = np.cumsum(shares / shares.sum())[:-1].reshape(n_sounds, 2) * bounds.duration
        for start, stop in edges:
            low, high = bounds.event_s
            longest = min(stop - start, high)
            length = float(rng.uniform(min(max(low, 0.7 * longest), longest), longest))
            onset = float(start + rng.uniform(0.0, stop - start - length))
            slots.append((round(onset * bounds.sample_rate) / bounds.sample_rate, length))
    return sorted(slots)


def _sounding(
    rng: np.random.Generator,
    label: str,
    clip: Clip,
    onset: float,
    others: list[SceneSource],
    bounds: SceneSettings,
    projection: Projection | None,
) -> SceneSource:
    span = (onset, onset + len(clip.sound) / bounds.sample_rate)
    is_moving = bool(rng.random() < bounds.moving_share)
    is_on_screen = bool(rng.random() >= bounds.off_screen_share)
    rivals = [other for other in others if other.sound is not None and _end(other, bounds) > onset]
    best, widest = None, -1.0
    for _ in range(_TRIES):
        path = _path(rng, span, bounds, projection, is_moving=is_moving, is_on_screen=is_on_screen)
        apart = min((_separation(path, other.trajectory, span) for other in rivals), default=180.0)
        if apart > widest:
            best, widest = path, apart
        if widest >= bounds.separation_deg:
            break
    assert best is not None  # the first try is always wider than -1 degrees
    is_hidden = not is_on_screen and not _is_perspective(projection)
    return SceneSource(
        label,
        best,
        clip.sound,
        onset,
        gain_db=float(rng.uniform(*bounds.level_db)) - _level_db(clip.sound, bounds.sample_rate),
        is_visible=not is_hidden,
        picture=clip.picture,
        size_m=float(rng.uniform(0.4, 0.8)),
    )


def _end(source: SceneSource, bounds: SceneSettings) -> float:
    length = 0 if source.sound is None else len(source.sound)
    return source.onset + length / bounds.sample_rate


def _level_db(sound: NDArray[np.float32], sample_rate: int) -> float:
    """Return the root mean square in dB of those 50 ms blocks that are within 30 dB of the best."""
    block = max(1, round(0.05 * sample_rate))
    padded = np.pad(sound, (0, -len(sound) % block)).reshape(-1, block)
    power = np.mean(padded.astype(float) ** 2, axis=1)
    return float(10.0 * np.log10(np.mean(power[power > 1e-3 * power.max()])))


def _separation(a: Trajectory, b: Trajectory, span: tuple[float, float]) -> float:
    times = np.linspace(*span, 20)
    directions = [path.at(times) for path in (a, b)]
    units = [xyz / np.linalg.norm(xyz, axis=-1, keepdims=True) for xyz in directions]
    return float(angular_distance(units[0], units[1]).min())


def _is_perspective(projection: Projection | None) -> bool:
    return projection is not None and projection.kind == "perspective"


def _path(
    rng: np.random.Generator,
    span: tuple[float, float],
    bounds: SceneSettings,
    projection: Projection | None,
    *,
    is_moving: bool,
    is_on_screen: bool,
) -> Trajectory:
    """Draw a place, or a way through directions and distances while time goes over `span`."""
    azimuths, elevations = _view(bounds, projection, is_on_screen=is_on_screen)
    azimuth, elevation = rng.uniform(*azimuths), rng.uniform(*elevations)
    distance = rng.uniform(*bounds.distance_m)
    if not is_moving:
        return Trajectory(np.zeros(1), distance * to_vectors([azimuth], [elevation]))
    turn = rng.uniform(*bounds.speed_deg_s) * (span[1] - span[0]) * rng.choice([-1.0, 1.0])
    if _is_perspective(projection):
        # On or off screen, it stays there: it goes the way that has more room and stops at the end.
        turn = max(
            (float(np.clip(azimuth + t, *azimuths)) - azimuth for t in (turn, -turn)), key=abs
        )
    share = np.linspace(0.0, 1.0, max(2, round((span[1] - span[0]) / 0.05) + 1))
    heights = elevation + share * (rng.uniform(*elevations) - elevation)
    distances = distance + share * (rng.uniform(*bounds.distance_m) - distance)
    directions = to_vectors(azimuth + share * turn, heights)
    return Trajectory(span[0] + share * (span[1] - span[0]), distances[:, None] * directions)


def _view(
    bounds: SceneSettings, projection: Projection | None, *, is_on_screen: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return bounds of azimuth and elevation in degrees of what is, or is not, in the picture."""
    low, high = bounds.elevation_deg
    if projection is None or projection.kind != "perspective":
        return (-180.0, 180.0), (low, high)
    if projection.fov_deg is None:
        msg = "a perspective camera needs its field of view; give --fov"
        raise InputError(msg)
    half = 0.5 * projection.fov_deg
    if not is_on_screen:
        return (half + 10.0, 350.0 - half), (low, high)
    slope = np.tan(np.deg2rad(half)) * projection.height / projection.width
    # At the picture's edge the same slope is a smaller elevation; 0.8 keeps most of a thing inside.
    top = 0.8 * float(np.rad2deg(np.arctan(slope * np.cos(np.deg2rad(0.8 * half)))))
    if max(low, -top) > min(high, top):
        msg = (
            f"no elevation from {low:g} to {high:g} degrees lies in the picture, which reaches "
            f"from {-top:.0f} to {top:.0f}; change elevation_deg or the field of view"
        )
        raise InputError(msg)
    return (-0.8 * half, 0.8 * half), (max(low, -top), min(high, top))
