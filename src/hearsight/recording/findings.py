"""Examining a recording: which streams are used, what the channels are, how it shows directions.

`examine` answers in one pass and constant memory; `Findings` holds the answers with the evidence
for each, and says them in sentences. What is only a guess says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hearsight.errors import InputError, MediaError
from hearsight.recording.evidence import LayoutEvidence, judge_layout, omni_evidence
from hearsight.recording.faults import Fault, length_faults, order_faults, sound_faults
from hearsight.recording.layout import ChannelLayout, array, parse_layout
from hearsight.recording.measurements import Measurements, measure
from hearsight.recording.media import AudioStream, Media, VideoStream, probe
from hearsight.recording.panorama import PanoramaEvidence, judge_projection
from hearsight.spatial.arrays import read_geometry
from hearsight.spatial.projection import Projection, ProjectionKind

_COUNTING = frozenset({"wav", "w64", "flac", "aiff", "caf"})


@dataclass(frozen=True)
class Findings:
    """What a recording holds, and how that was found.

    Parameters
    ----------
    media : Media
        The file with the picture, or the only file.
    sound_media : Media
        The file with the sound; the same unless it was given apart.
    audio : AudioStream or None
        The sound stream that is used.
    video : VideoStream or None
        The picture stream that is used.
    layout : ChannelLayout or None
        What the channels are taken for; None where nothing fits or there is no sound.
    is_layout_given : bool
        Whether the user said so.
    layout_evidence : LayoutEvidence or None
        What the sound itself shows: candidates, reasons, and the energies behind them.
    measured : Measurements or None
        Levels and energies of the sound.
    projection : Projection or None
        How the picture shows directions; None without a picture.
    is_projection_given : bool
        Whether the user said so.
    panorama : PanoramaEvidence or None
        What the picture itself shows.
    faults : tuple of Fault
    """

    media: Media
    sound_media: Media
    audio: AudioStream | None
    video: VideoStream | None
    layout: ChannelLayout | None
    is_layout_given: bool
    layout_evidence: LayoutEvidence | None
    measured: Measurements | None
    projection: Projection | None
    is_projection_given: bool
    panorama: PanoramaEvidence | None
    faults: tuple[Fault, ...]

    @property
    def is_layout_sure(self) -> bool:
        """Whether the layout was given by the user or is the only one that fits."""
        evidence = self.layout_evidence
        return self.is_layout_given or (evidence is not None and evidence.is_sure)

    @property
    def is_projection_sure(self) -> bool:
        """Whether the projection was given by the user or is beyond doubt."""
        return self.is_projection_given or (self.panorama is not None and self.panorama.is_sure)

    @property
    def duration(self) -> float:
        """Seconds: of the sound as decoded, or of the picture where there is no sound."""
        if self.measured is not None:
            return self.measured.duration
        return self.media.duration

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it for a person, one sentence each; faults last."""
        return (
            *self.media.choices,
            *(self.sound_media.choices if self.sound_media is not self.media else ()),
            *self._layout_sentences(),
            *self._projection_sentences(),
            *(f"fault: {fault.message}" for fault in self.faults),
        )

    def _layout_sentences(self) -> tuple[str, ...]:
        if self.audio is None or self.layout_evidence is None:
            return ("no sound",)
        if self.layout is None:
            return ("channels: unknown", *self.layout_evidence.reasons)
        said = "as given" if self.is_layout_given else "found"
        said = said if self.is_layout_sure else "not sure"
        reasons = () if self.is_layout_given else self.layout_evidence.reasons
        return (f"channels: {self.layout.name} ({said})", *reasons)

    def _projection_sentences(self) -> tuple[str, ...]:
        if self.projection is None or self.panorama is None:
            return ("no picture",)
        if self.is_projection_given:
            return (f"picture: {self.projection.kind} (as given)",)
        return (f"picture: {self.panorama.reason}",)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists, numbers and text, for JSON."""
        evidence, layout, measured = self.layout_evidence, self.layout, self.measured
        return {
            "path": str(self.media.path),
            "audio_path": str(self.sound_media.path) if self.audio else None,
            "container": self.media.container,
            "duration": self.duration,
            "audio_streams": [asdict(stream) for stream in self.sound_media.audio],
            "video_streams": [_plain_video(stream) for stream in self.media.video],
            "chosen_audio": self.audio.index if self.audio else None,
            "chosen_video": self.video.index if self.video else None,
            "channels": layout.name if layout else None,
            "channels_given": self.is_layout_given,
            "channels_sure": self.is_layout_sure,
            "channel_candidates": [c.name for c in evidence.candidates] if evidence else [],
            "channel_reasons": list(evidence.reasons) if evidence else [],
            "omnidirectional": [asdict(row) for row in evidence.omni] if evidence else [],
            "levels": _levels(measured) if measured else [],
            "projection": self.projection.kind if self.projection else None,
            "projection_given": self.is_projection_given,
            "projection_sure": self.is_projection_sure,
            "projection_evidence": asdict(self.panorama) if self.panorama else None,
            "faults": [asdict(fault) for fault in self.faults],
            "sentences": list(self.sentences),
        }


def examine(
    path: str | Path,
    *,
    audio: str | Path | None = None,
    channels: str | None = None,
    geometry: str | Path | None = None,
    projection: ProjectionKind | None = None,
    fov_deg: float | None = None,
    frame_rate: float | None = None,
) -> Findings:
    """Find out what a recording holds.

    The sound is read once from end to end, in blocks; of the picture a few frames are looked at.

    Parameters
    ----------
    path : str or Path
        A recording, video, picture, or folder of numbered pictures.
    audio : str or Path, optional
        The sound, where it lies in another file.
    channels : str, optional
        What the channels are (`layout.parse_layout`); default: found out.
    geometry : str or Path, optional
        The YAML file of a microphone array.
    projection : {"equirectangular", "perspective"}, optional
        How the picture is projected; default: found out.
    fov_deg : float, optional
        Horizontal field of view of a perspective picture, in (0, 180) degrees.
    frame_rate : float, optional
        Frames per second of a folder of pictures; default `media.FOLDER_FPS`.

    Returns
    -------
    Findings

    Raises
    ------
    MediaError
        If a file cannot be read.
    InputError
        If `channels`, `geometry` or `projection` do not fit the file.
    """
    if channels is not None and geometry is not None:
        msg = "give either --channels or --geometry, not both"
        raise InputError(msg)
    media = probe(path, frame_rate=frame_rate)
    sound_media = media if audio is None else probe(audio)
    stream, video = sound_media.chosen_audio, media.chosen_video
    if audio is not None and stream is None:
        msg = f"{audio}: holds no sound; give a recording with --audio"
        raise MediaError(msg)
    given = None
    if stream is not None:
        given = _given_layout(sound_media.path, stream, channels, geometry)
    elif channels is not None or geometry is not None:
        msg = f"{path}: holds no sound, so it has no channels; give the sound with --audio"
        raise InputError(msg)
    measured = evidence = layout = None
    faults: tuple[Fault, ...] = ()
    if stream is not None:
        measured = measure(sound_media.path, stream)
        _check_whole(sound_media, stream, measured)
        evidence = judge_layout(measured)
        layout = evidence.layout if given is None else given
        faults = _faults(stream, video, measured, given, evidence)
    panorama = None if video is None else judge_projection(media, video)
    kind = projection or (panorama.kind if panorama else None)
    shown = None
    if video is not None and kind is not None:
        is_flat = kind == "perspective"
        shown = Projection(kind, video.width, video.height, fov_deg if is_flat else None)
    return Findings(
        media=media,
        sound_media=sound_media,
        audio=stream,
        video=video,
        layout=layout,
        is_layout_given=given is not None,
        layout_evidence=evidence,
        measured=measured,
        projection=shown,
        is_projection_given=projection is not None and video is not None,
        panorama=panorama,
        faults=faults,
    )


def _check_whole(media: Media, stream: AudioStream, measured: Measurements) -> None:
    """Refuse sound that ends before its own header says, where the header counts samples."""
    if media.container in _COUNTING and measured.duration < 0.98 * stream.duration - 0.1:
        msg = (
            f"{media.path}: is cut off ({measured.duration:.2f} of {stream.duration:.2f} s are "
            "there); copy it again"
        )
        raise MediaError(msg)


def _given_layout(
    path: Path, stream: AudioStream, channels: str | None, geometry: str | Path | None
) -> ChannelLayout | None:
    if channels is not None:
        try:
            return parse_layout(channels, stream.n_channels)
        except InputError as error:
            msg = f"{path}: {error}"
            raise InputError(msg) from error
    if geometry is None:
        return None
    positions = read_geometry(geometry)
    if len(positions) != stream.n_channels:
        msg = (
            f"{geometry}: has {len(positions)} microphones but {path} has {stream.n_channels} "
            "channels; give one position for each channel"
        )
        raise InputError(msg)
    return array(positions)


def _faults(
    stream: AudioStream,
    video: VideoStream | None,
    measured: Measurements,
    given: ChannelLayout | None,
    evidence: LayoutEvidence,
) -> tuple[Fault, ...]:
    # Two silent ones of six channels are how hosting sites deliver Ambisonics.
    is_likely = evidence.is_sure or measured.n_channels == 6
    layout = given or (evidence.layout if is_likely else None)
    faults = sound_faults(stream, measured, layout) + length_faults(measured, video)
    if layout is not None and layout.kind == "foa" and len(measured.patches):
        rows = evidence.omni or omni_evidence(measured, tuple(sorted(layout.order)))
        faults += order_faults(layout, rows, measured)
    return faults


def _plain_video(stream: VideoStream) -> dict[str, Any]:
    aspect = f"{stream.sample_aspect.numerator}:{stream.sample_aspect.denominator}"
    return asdict(stream) | {"sample_aspect": aspect}


def _levels(measured: Measurements) -> list[dict[str, float | int]]:
    return [
        {
            "peak": float(measured.peak[channel]),
            "rms": float(measured.power[channel] ** 0.5),
            "mean": float(measured.mean[channel]),
            "n_clipped": int(measured.n_clipped[channel]),
            "n_not_finite": int(measured.n_bad[channel]),
        }
        for channel in range(measured.n_channels)
    ]
