"""One synthetic scene as files: sound, video, labels and, if asked for, masks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.events.formats.structured import write_json
from hearsight.events.scene import Scene
from hearsight.recording.audio import write_audio
from hearsight.recording.files import replacing
from hearsight.recording.grid import frame_count, frame_time
from hearsight.recording.layout import ChannelLayout, parse_layout
from hearsight.recording.recording import Recording
from hearsight.recording.video import write_video
from hearsight.scenes.backgrounds import Background
from hearsight.scenes.camera import render_video, shown_sources
from hearsight.scenes.measured import MeasuredRoom
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.plan import ScenePlan
from hearsight.scenes.room import Room
from hearsight.scenes.truth import truth
from hearsight.spatial.projection import Projection

AUDIO_NAME = "scene.wav"
VIDEO_NAME = "scene.mp4"
TRUTH_NAME = "truth.json"
MASKS_NAME = "masks.npz"


@dataclass(frozen=True)
class Camera:
    """How a scene is filmed.

    Parameters
    ----------
    projection : Projection
    fps : float
        Frames per second.
    background : {"texture", "gradient", "plain"}
        What is drawn behind the things.
    sensor_noise : float
        Standard deviation of the camera's noise in 8-bit steps.
    """

    projection: Projection
    fps: float = 25.0
    background: Background = "texture"
    sensor_noise: float = 1.0


def write_scene(
    folder: str | Path,
    plan: ScenePlan,
    layout: ChannelLayout,
    camera: Camera | None = None,
    *,
    room: Room | MeasuredRoom | None = None,
    noise: NoiseSettings | None = None,
    has_masks: bool = False,
) -> Scene:
    """Write `scene.wav`, `scene.mp4` and `truth.json`, each whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Is made. Files of these names are replaced; the labels come last.
    plan : ScenePlan
    layout : ChannelLayout
        Of scene.wav. The video holds the same sound for two ears (mono where the layout is).
    camera : Camera, optional
        Default: no video.
    room : Room or MeasuredRoom, optional
        Default: the free field.
    noise : NoiseSettings, optional
        Default: none.
    has_masks : bool
        Whether to write `masks.npz` too: `times` of the label frames, `shown`, shape (frames,
        height, width): the index of the source that each pixel shows or -1, and the sources'
        `labels`.

    Returns
    -------
    Scene
        The truth. Its media and audio are names within the folder.

    Raises
    ------
    InputError
        If the plan does not fit the room, the microphones or the camera.
    MediaError
        If a file cannot be written.
    """
    target = Path(folder)
    recording = render_audio(plan, layout, room=room, noise=noise)
    write_audio(target / AUDIO_NAME, recording.waveform, plan.sample_rate)
    if camera is not None:
        ears = _for_two_ears(plan, recording, room, noise)
        write_filmed(target / VIDEO_NAME, plan, camera, ears)
        if has_masks:
            _write_masks(target / MASKS_NAME, plan, camera.projection)
    projection = None if camera is None else camera.projection
    scene = dataclasses.replace(
        truth(plan, projection=projection, layout=layout),
        media=Path(VIDEO_NAME if camera else AUDIO_NAME),
        audio=Path(AUDIO_NAME) if camera else None,
    )
    write_json(scene, target / TRUTH_NAME)
    return scene


def write_filmed(
    path: Path, plan: ScenePlan, camera: Camera, sound: NDArray[np.float32] | None = None
) -> None:
    """Write a scene's video.

    Parameters
    ----------
    path : Path
        Ends in .mp4.
    plan : ScenePlan
    camera : Camera
        A panorama is marked as one.
    sound : ndarray, shape (channels, samples), optional
        One or two channels at the plan's sample rate; default: a video without sound.
    """
    projection = camera.projection
    frames = render_video(
        plan,
        projection,
        camera.fps,
        background=camera.background,
        sensor_noise=camera.sensor_noise,
    )
    write_video(
        path,
        frames,
        camera.fps,
        size=(projection.width, projection.height),
        audio=None if sound is None else (sound, plan.sample_rate),
        spherical=projection.kind == "equirectangular",
    )


def _for_two_ears(
    plan: ScenePlan,
    recording: Recording,
    room: Room | MeasuredRoom | None,
    noise: NoiseSettings | None,
) -> NDArray[np.float32]:
    """Return mono or left-right sound: from the recording if it gives one, else made anew."""
    if recording.layout.kind == "array":
        if isinstance(room, MeasuredRoom):  # heard with these microphones alone
            return recording.waveform[:1]
        recording = render_audio(plan, parse_layout("mid-side"), room=room, noise=noise)
    arranged = recording.arranged()
    if recording.layout.kind == "foa":  # two cardioids, to the left and to the right
        return np.stack([0.5 * (arranged[0] + arranged[1]), 0.5 * (arranged[0] - arranged[1])])
    return np.asarray(0.5 * arranged if recording.layout.kind == "mid-side" else arranged)


def _write_masks(path: Path, plan: ScenePlan, projection: Projection) -> None:
    times = np.array([frame_time(frame) for frame in range(frame_count(plan.duration))])
    shown = np.stack([frame.astype(np.int8) for frame in shown_sources(plan, projection, times)])
    labels = np.array([source.label for source in plan.sources], dtype=str)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, times=times, shown=shown, labels=labels)
