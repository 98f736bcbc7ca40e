"""`hearsight simulate`: make synthetic recordings with exact labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hearsight.datasets.dcase2025 import Clip
    from hearsight.recording.layout import ChannelLayout
    from hearsight.scenes.clip_sets import EventClip
    from hearsight.scenes.folder import Camera
    from hearsight.scenes.measured import MeasuredRoom
    from hearsight.scenes.pair_sets import Pair
    from hearsight.scenes.planner import SceneSettings
    from hearsight.scenes.soundbank import SoundBank
    from hearsight.scenes.starss23 import Entry
    from hearsight.spatial.projection import Projection

PAIR_LAYOUTS = ("vggsound", "flickr-soundnet")
SET_LAYOUTS = (*PAIR_LAYOUTS, "ave")
LAYOUTS = ("scene", "starss23", "dcase2025", *SET_LAYOUTS)


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where to write; is made.")],
    demo: Annotated[
        bool, typer.Option("--demo", help="The demonstration's scene; takes no other options.")
    ] = False,
    layout: Annotated[
        str,
        typer.Option(
            help="scene: one recording (scene.wav, scene.mp4, truth.json); starss23: a corpus; "
            "dcase2025: stereo clips with a picture, cut out of a corpus; vggsound, "
            "flickr-soundnet: pairs of a picture and a sound; ave: videos of events seen and heard."
        ),
    ] = "scene",
    recordings: Annotated[
        int | None,
        typer.Option(
            help="How many (starss23: 4; dcase2025: 100; to learn from: 1000 pairs, 300 of ave)."
        ),
    ] = None,
    test: Annotated[
        int | None,
        typer.Option(help="Pairs: how many to judge by (200); ave: and to validate by (100)."),
    ] = None,
    negatives: Annotated[
        int | None, typer.Option(help="ave: how many more to learn from, without event (40).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another scene.")] = 0,
    duration: Annotated[
        float | None, typer.Option(help="Seconds (12; starss23: 30; pairs: 3; ave: 10).")
    ] = None,
    sources: Annotated[int | None, typer.Option(help="How many sounds (3; starss23: 10).")] = None,
    polyphony: Annotated[
        int | None, typer.Option(help="How many may sound at once (2; starss23: 3).")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="starss23: write only foa, mic or video; may be repeated (all three)."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="dcase2025: STARSS23, or a corpus in its folders."),
    ] = None,
    on_screen: Annotated[
        str | None,
        typer.Option(help="dcase2025: what is in the picture, by table or geometric rule (table)."),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="scene: foa, fuma, n3d, mic, stereo, mid-side, mono, array, or letters such as "
            "XYW-Z-:sn3d (foa).",
        ),
    ] = None,
    geometry: Annotated[
        Path | None, typer.Option(help="scene: YAML of the array's microphones.")
    ] = None,
    projection: Annotated[
        str | None, typer.Option(help="scene: equirectangular or perspective (equirectangular).")
    ] = None,
    fov: Annotated[
        float | None, typer.Option(help="scene: degrees across a perspective picture (90).")
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(help="Of pictures in pixels (640; starss23: 448; pairs: 256; ave: 192)."),
    ] = None,
    room_rt60: Annotated[
        float | None, typer.Option(help="Seconds of reverberation (none: free field).")
    ] = None,
    responses: Annotated[
        Path | None,
        typer.Option(help="scene: npz of a room's measured impulse responses (none)."),
    ] = None,
    snr: Annotated[
        float | None, typer.Option(help="Signal-to-noise ratio in dB (30; starss23: 25).")
    ] = None,
    sounds: Annotated[
        Path | None,
        typer.Option(help="Your own: FOLDER/<class>/*.wav, and *.jpg or *.png (made by code)."),
    ] = None,
    masks: Annotated[bool, typer.Option("--masks", help="scene: write masks.npz as well.")] = False,
    things: Annotated[
        int | None, typer.Option(help="At most this many things in a picture (pairs: 4; ave: 3).")
    ] = None,
    videos: Annotated[
        bool, typer.Option("--videos", help="Pairs: write a video of each as well.")
    ] = False,
) -> None:
    """Make synthetic recordings with exact labels."""
    from hearsight.errors import InputError, nearest

    options: dict[str, Any] = {
        "duration": duration,
        "sources": sources,
        "polyphony": polyphony,
        "room-rt60": room_rt60,
        "snr": snr,
        "sounds": sounds,
    }
    only_clips = {"from": source, "on-screen": on_screen}
    only_sets = {"test": test, "things": things, "videos": videos or None, "negatives": negatives}
    only_scene = {
        "format": channels,
        "geometry": geometry,
        "projection": projection,
        "fov": fov,
        "responses": responses,
        "masks": masks or None,
    }
    if layout not in LAYOUTS:
        msg = f"unknown layout {layout!r}; {nearest(layout, LAYOUTS)}"
        raise InputError(msg)
    if layout in SET_LAYOUTS and not demo:
        away = ("sources", "polyphony", "room-rt60", "sounds")
        extra = {"only": only, **{name: options[name] for name in away}, **only_scene, **only_clips}
        _refuse(extra, f"the layout {layout} is made of flat pictures with their sounds")
        given = _given(seed=seed, n_train=recordings, size_px=width, snr_db=snr, n_test=test)
        write = _write_ave if layout == "ave" else _write_pairs
        write(folder, layout, given, {"duration": duration, **only_sets})
        return
    _refuse(only_sets, f"only the layouts {', '.join(SET_LAYOUTS)} are sets of flat pictures")
    if layout == "dcase2025" and not demo:
        extra = {"only": only, **options, **only_scene}
        _refuse(extra, "the layout dcase2025 is cut out of a corpus that is there")
        given = _given(width=width, on_screen=on_screen)
        _write_dcase2025(folder, source, 100 if recordings is None else recordings, seed, given)
        return
    _refuse(only_clips, "only the layout dcase2025 is cut out of another corpus")
    options["width"] = width
    if demo:
        named = {"recordings": recordings, "only": only, "seed": seed or None}
        extra = {**named, **options, **only_scene}
        _refuse(extra, "--demo is always the same scene")
        _write_demo(folder)
    elif layout == "starss23":
        _refuse(only_scene, "the layout starss23 has fixed formats")
        kinds = tuple(only or ())
        _write_starss23(folder, 4 if recordings is None else recordings, seed, kinds, options)
    else:
        extra = {"recordings": recordings, "only": only}
        _refuse(extra, "the layout scene is one recording")
        _write_scene(folder, seed, options, only_scene)


def _refuse(options: dict[str, Any], reason: str) -> None:
    from hearsight.errors import InputError

    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        msg = f"{reason}; leave {' and '.join(given)} away"
        raise InputError(msg)


def _write_demo(folder: Path) -> None:
    import dataclasses

    from hearsight.recording.layout import foa
    from hearsight.scenes.demo import demo_plan
    from hearsight.scenes.folder import write_scene
    from hearsight.scenes.mixer import NoiseSettings

    camera = dataclasses.replace(_camera(None, None, None), background="gradient")
    scene = write_scene(folder, demo_plan(), foa(), camera, noise=NoiseSettings(30.0))
    typer.echo(f"{folder}: scene.wav, scene.mp4 and truth.json with {len(scene)} events")


def _write_scene(
    folder: Path, seed: int, options: dict[str, Any], only_scene: dict[str, Any]
) -> None:
    import dataclasses

    import numpy as np

    from hearsight.scenes.folder import write_scene
    from hearsight.scenes.mixer import NoiseSettings
    from hearsight.scenes.planner import SceneSettings, random_plan
    from hearsight.scenes.room import room_around

    camera = _camera(only_scene["projection"], only_scene["fov"], options["width"])
    layout = _layout(only_scene["format"], only_scene["geometry"])
    settings = _bounds(SceneSettings(), options)
    room = _measured_room(only_scene["responses"], layout, options["room-rt60"])
    if room is not None:
        settings = dataclasses.replace(settings, sample_rate=room.sample_rate)
    plan = random_plan(
        np.random.default_rng(seed),
        _bank(options["sounds"]),
        settings,
        projection=camera.projection,
    )
    snr, rt60 = options["snr"], options["room-rt60"]
    scene = write_scene(
        folder,
        plan if room is None else room.snapped(plan),
        layout,
        camera,
        room=room if rt60 is None else room_around(plan, rt60),
        noise=NoiseSettings(30.0 if snr is None else snr) if settings.n_sources else None,
        has_masks=bool(only_scene["masks"]),
    )
    typer.echo(f"{folder}: scene.wav, scene.mp4 and truth.json with {len(scene)} events")


def _measured_room(
    path: Path | None, layout: ChannelLayout, rt60: float | None
) -> MeasuredRoom | None:
    from hearsight.scenes.measured import MeasuredRoom

    if path is None:
        return None
    _refuse({"room-rt60": rt60}, "measured responses bring their own reverberation")
    return MeasuredRoom.read(path, layout)


def _write_starss23(
    folder: Path, n_recordings: int, seed: int, kinds: tuple[str, ...], options: dict[str, Any]
) -> None:
    import dataclasses

    from hearsight.scenes.mixer import NoiseSettings
    from hearsight.scenes.starss23 import Starss23Settings, write_starss23

    given = _given(width=options["width"], kinds=kinds or None)
    defaults = Starss23Settings(seed=seed, **given)
    snr = options["snr"]
    settings = dataclasses.replace(
        defaults,
        scene=_bounds(defaults.scene, options),
        noise=defaults.noise if snr is None else NoiseSettings(snr),
        rt60_s=options["room-rt60"],
    )
    _watch(write_starss23(folder, n_recordings, settings, _bank(options["sounds"])), n_recordings)
    typer.echo(f"{folder}: {n_recordings} recordings in the layout of STARSS23")


def _write_dcase2025(
    folder: Path, source: Path | None, n_clips: int, seed: int, given: dict[str, Any]
) -> None:
    from hearsight.datasets.dcase2025 import ConversionSettings, write_dcase2025
    from hearsight.datasets.starss23 import Starss23
    from hearsight.errors import InputError

    if source is None:
        msg = "--layout dcase2025 needs a corpus to cut clips out of; give --from STARSS23_FOLDER"
        raise InputError(msg)
    settings = ConversionSettings(seed=seed, **given)
    _watch(write_dcase2025(folder, Starss23(source), n_clips, settings), n_clips)
    typer.echo(f"{folder}: {n_clips} stereo clips in the layout of DCASE 2025")


def _write_pairs(folder: Path, layout: str, given: dict[str, Any], options: dict[str, Any]) -> None:
    from hearsight.scenes.pair_sets import PairSetSettings, write_pairs

    _refuse({"negatives": options["negatives"]}, f"every pair of {layout} has a picture of its own")
    most = options["things"]
    given |= _given(
        duration=options["duration"],
        n_things=None if most is None else (min(2, most), most),
    )
    settings = PairSetSettings(layout=layout, has_videos=bool(options["videos"]), **given)
    _watch(write_pairs(folder, settings), settings.n_pairs)
    typer.echo(
        f"{folder}: {settings.n_train} training and {settings.n_test} test pairs in the layout of "
        f"{layout}"
    )


def _write_ave(folder: Path, layout: str, given: dict[str, Any], options: dict[str, Any]) -> None:
    from hearsight.errors import InputError
    from hearsight.scenes.clip_sets import ClipSetSettings, write_clips

    _refuse({"videos": options["videos"]}, f"{layout} is made of videos anyway")
    most, duration = options["things"], options["duration"]
    if duration is not None and not duration.is_integer():
        msg = f"clips are cut into seconds: --duration must be a whole number, got {duration:g}"
        raise InputError(msg)
    given |= _given(
        n_validation=given.get("n_test"),
        n_negatives=options["negatives"],
        n_segments=None if duration is None else int(duration),
        n_things=None if most is None else (1, most),
    )
    settings = ClipSetSettings(**given)
    _watch(write_clips(folder, settings), settings.n_clips)
    counts = ", ".join(f"{count} {split}" for split, count in settings.counts.items())
    typer.echo(f"{folder}: clips in the layout of {layout}: {counts}")


def _watch(
    made: Iterator[Entry] | Iterator[Clip] | Iterator[Pair] | Iterator[EventClip],
    n_recordings: int,
) -> None:
    """Go through recordings while they are made, with a progress bar if somebody looks."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("simulating", total=n_recordings)
        for recording in made:
            progress.update(task, advance=1, description=recording.name)


def _bounds(defaults: SceneSettings, options: dict[str, Any]) -> SceneSettings:
    """Return settings with the duration, number and overlap of sounds asked for.

    A short scene gets fewer sounds unless their number was given.
    """
    import dataclasses
    import math

    duration, n_sources = options["duration"], options["sources"]
    if duration is None:
        duration = defaults.duration
    if n_sources is None:
        fitting = int(0.5 * duration) if math.isfinite(duration) else 1
        n_sources = min(defaults.n_sources, max(1, fitting))
    given = _given(max_polyphony=options["polyphony"])
    return dataclasses.replace(defaults, duration=duration, n_sources=n_sources, **given)


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; the others keep their defaults."""
    return {name: value for name, value in options.items() if value is not None}


def _bank(folder: Path | None) -> SoundBank:
    from hearsight.scenes.soundbank import ProceduralSounds, SoundFolder

    return ProceduralSounds() if folder is None else SoundFolder(folder)


def _camera(kind: str | None, fov: float | None, width: int | None) -> Camera:
    from hearsight.errors import InputError, nearest
    from hearsight.scenes.folder import Camera
    from hearsight.spatial.projection import PROJECTIONS, Projection

    shape = kind or "equirectangular"
    columns = 640 if width is None else width
    if columns < 16 or columns % 4:
        msg = f"--width must be a multiple of 4 of at least 16 pixels, got {columns}"
        raise InputError(msg)
    projection: Projection
    if shape == "equirectangular":
        _refuse({"fov": fov}, "a panorama has no field of view")
        projection = Projection("equirectangular", columns, columns // 2)
    elif shape == "perspective":
        rows = 2 * round(columns * 9 / 32)
        projection = Projection("perspective", columns, rows, 90.0 if fov is None else fov)
    else:
        msg = f"unknown projection {shape!r}; {nearest(shape, PROJECTIONS)}"
        raise InputError(msg)
    return Camera(projection)


def _layout(name: str | None, geometry: Path | None) -> ChannelLayout:
    from hearsight.errors import InputError
    from hearsight.recording.layout import array, parse_layout
    from hearsight.spatial.arrays import read_geometry

    if (name == "array") != (geometry is not None):
        msg = "--format array and --geometry FILE.yaml belong together; give both or neither"
        raise InputError(msg)
    if geometry is not None:
        return array(read_geometry(geometry))
    return parse_layout(name or "foa")
