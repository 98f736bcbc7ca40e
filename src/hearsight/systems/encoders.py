"""`ClipEncoders`: from a video file to vectors of what is seen and heard, second by second.

Two networks that do not learn any more look at pictures and hear sounds for the systems that find
audio-visual events. Files are read as they are decoded: memory does not grow with their length.

Of every segment l some pictures are seen, those shown at l + i / n seconds, and their maps
averaged. The original counts pictures instead of seconds, which is the same where all seconds have
equally many; elsewhere its picture and sound drift apart.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hearsight.errors import InputError, MediaError
from hearsight.features.clips import PICTURES_PER_SEGMENT, SEGMENT_S, ClipFeatures, segment_count
from hearsight.features.frames import fingerprint
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.sound_input import SoundInput
from hearsight.features.vggish_input import VggishInput
from hearsight.models.blocks.pairs import Pool, pooled
from hearsight.models.blocks.resnet import ResNet
from hearsight.recording.audio import iterate_audio
from hearsight.recording.grid import sample_at
from hearsight.recording.media import Media, probe
from hearsight.recording.video import iterate_frames
from hearsight.systems.heatmap import HeatMapSystem

_log = logging.getLogger(__name__)

Fit = PictureFit | CaffeFit
Heard = VggishInput | SoundInput

PICTURE_FITS: Mapping[str, Fit] = MappingProxyType(
    {"vgg19": CaffeFit(), "vgg19-imagenet": PictureFit(), "resnet18": PictureFit()}
)
"""How visual encoders want pictures, by name.

"vgg19" has Keras' weights and made the published features of AVE; "vgg19-imagenet" and "resnet18"
have torchvision's, and their features are for networks that are trained anew.
"""

TRUNK = "trunk"
"""What encoders are called that come from a system for heat maps."""

_AT_ONCE = 8
"""Inputs that a network is given together; more take more memory and are not faster."""
_SHORTEST_S = 0.5 * SEGMENT_S


@dataclass(frozen=True, eq=False)
class VisualEncoder:
    """From pictures to maps of vectors.

    Parameters
    ----------
    name : str
        In `PICTURE_FITS`, or `TRUNK`.
    network : Module
        From pictures (batch, 3, height, width) to maps (batch, channels, rows, columns), in
        evaluation mode; has `n_channels`.
    fit : PictureFit or CaffeFit
        What the network wants of a picture.
    """

    name: str
    network: nn.Module
    fit: Fit

    def __post_init__(self) -> None:
        _check_evaluates(self.network)

    @property
    def n_channels(self) -> int:
        """Length of a vector."""
        return _n_channels(self.network)

    @functools.cached_property
    def fingerprint(self) -> str:
        """A short name that changes with anything that changes maps."""
        return _short_hash(self.name, self.fit, fingerprint(self.network))

    def __call__(self, pictures: Iterable[NDArray[np.uint8]]) -> Tensor:
        """Look at pictures, each (3, height, width); return (batch, rows, columns, channels)."""
        maps = _given(self.network, [self.fit(picture) for picture in pictures])
        return maps.permute(0, 2, 3, 1)

    def of_pictures(
        self, pictures: Iterable[NDArray[np.uint8]], n_segments: int, per_segment: int
    ) -> Iterator[NDArray[np.float32]]:
        """Look at the segments of a clip.

        Parameters
        ----------
        pictures : iterable of ndarray of uint8, shape (3, height, width)
            In order. Where they end the last one stays; none is no clip.
        n_segments : int
        per_segment : int
            Pictures whose maps are averaged.

        Yields
        ------
        ndarray of float32, shape (rows, columns, channels)
            Of each segment.
        """
        shown = _holding_last(pictures, n_segments * per_segment)
        maps: list[NDArray[np.float32]] = []
        while some := list(itertools.islice(shown, _AT_ONCE)):
            maps.extend(self(some).float().cpu().numpy())
            while len(maps) >= per_segment:
                yield np.mean(maps[:per_segment], axis=0, dtype=np.float32)
                del maps[:per_segment]


@dataclass(frozen=True, eq=False)
class SoundEncoder:
    """From sounds to vectors.

    Parameters
    ----------
    name : str
        "vggish", "vggish-no-relu" or `TRUNK`.
    network : Module
        In evaluation mode; has `n_channels`.
    heard : VggishInput or SoundInput
        What the network wants of a sound, and how many seconds around the middle of a segment.
    pool : {"max", "mean"}, optional
        What becomes of the network's map; default: it gives vectors.
    """

    name: str
    network: nn.Module
    heard: Heard
    pool: Pool | None = None

    def __post_init__(self) -> None:
        _check_evaluates(self.network)

    @property
    def n_channels(self) -> int:
        """Length of a vector."""
        return _n_channels(self.network)

    @functools.cached_property
    def fingerprint(self) -> str:
        """A short name that changes with anything that changes vectors."""
        return _short_hash(self.name, self.heard, self.pool, fingerprint(self.network))

    def __call__(self, sounds: Iterable[NDArray[np.float32]], sample_rate: int) -> Tensor:
        """Hear sounds, each (channels, samples); return (batch, channels)."""
        found = _given(self.network, [self.heard(sound, sample_rate) for sound in sounds])
        return found if self.pool is None else pooled(found, self.pool)

    def of_sound(
        self, blocks: Iterator[NDArray[np.float32]], sample_rate: int, n_segments: int
    ) -> Iterator[NDArray[np.float32]]:
        """Hear the segments of a clip.

        Parameters
        ----------
        blocks : iterator of ndarray of float32, shape (channels, samples)
            The sound in order; where it ends it is silent. Mixed to mono; what is not finite is
            silence.
        sample_rate : int
            Hz; that of `heard`, if it has one.
        n_segments : int

        Yields
        ------
        ndarray of float32, shape (channels,)
            Of each segment.
        """
        windows = _windows(blocks, sample_rate, self.heard.duration_s, n_segments)
        while some := list(itertools.islice(windows, _AT_ONCE)):
            yield from self(some, sample_rate).float().cpu().numpy()


@dataclass(frozen=True, eq=False)
class ClipEncoders:
    """What sees and what hears a clip.

    Parameters
    ----------
    sees : VisualEncoder, optional
    hears : SoundEncoder, optional
    frames_per_segment : int
        Pictures seen in each second. The published features have 16; few are much faster, and
        enough for networks that are trained anew.

    Raises
    ------
    InputError
        If there is neither, or no picture is seen.
    """

    sees: VisualEncoder | None = None
    hears: SoundEncoder | None = None
    frames_per_segment: int = PICTURES_PER_SEGMENT

    def __post_init__(self) -> None:
        if self.frames_per_segment < 1:
            msg = f"frames_per_segment must be at least 1, got {self.frames_per_segment}"
            raise InputError(msg)
        if self.sees is None and self.hears is None:
            msg = "ClipEncoders need an encoder that sees, one that hears, or both; got neither"
            raise InputError(msg)

    @property
    def fingerprint(self) -> str:
        """A short name that changes with anything that changes features."""
        parts = (each and each.fingerprint for each in (self.sees, self.hears))
        return _short_hash(*parts, self.frames_per_segment)

    def to(self, device: torch.device) -> Self:
        """Move the networks to a device, and return these encoders, as modules of PyTorch do."""
        for encoder in (self.sees, self.hears):
            if encoder is not None:
                encoder.network.to(device)
        return self


def trunk_encoders(system: HeatMapSystem) -> ClipEncoders:
    """Return what sees and what hears in a system for heat maps.

    Parameters
    ----------
    system : HeatMapSystem
        Its maps and vectors are taken before they are projected into a common space. Whole
        pictures are seen, and as many seconds heard around a segment as it learned with.

    Returns
    -------
    ClipEncoders
        Which share the system's networks, now in evaluation mode.
    """
    fit, heard = system.picture_fit, system.sound_input
    if fit.kind == "short_side_crop":
        fit = dataclasses.replace(fit, kind="squash")
    # The seconds that are heard are cut out here.
    heard = dataclasses.replace(heard, span_s=None, rolls=False, wraps_short=False)
    network = system.network.eval()
    pool: Pool = getattr(network, "sound_pool", "max")
    return ClipEncoders(
        VisualEncoder(TRUNK, _trunk(network, "picture_trunk"), fit),
        SoundEncoder(TRUNK, _trunk(network, "sound_trunk"), heard, pool),
    )


def encode_clip(
    encoders: ClipEncoders,
    path: str | Path,
    n_segments: int | None = None,
    frames_per_segment: int | None = None,
) -> ClipFeatures:
    """Encode a video, silent film or sound file.

    Parameters
    ----------
    encoders : ClipEncoders
    path : str or Path
    n_segments : int, optional
        Seconds from the beginning; default: as long as the file lasts, half a second and more of a
        last one being a whole one. A shorter file is continued by its last picture and silence,
        and this is logged.
    frames_per_segment : int, optional
        Pictures seen in each second; default: those of the encoders.

    Returns
    -------
    ClipFeatures
        Of what the file has and the encoders take in; the other part is None.

    Raises
    ------
    InputError
        If a number is below 1, or nothing of the file is taken in.
    MediaError
        If the file cannot be read, or lasts less than half a second.
    """
    for name, number in (("n_segments", n_segments), ("frames_per_segment", frames_per_segment)):
        if number is not None and number < 1:
            msg = f"{name} must be at least 1, got {number}"
            raise InputError(msg)
    media = probe(path)
    n_seconds = _n_segments(media, n_segments)
    per_segment = frames_per_segment or encoders.frames_per_segment
    video = audio = None
    if encoders.sees is not None and media.chosen_video is not None:
        pictures = (picture for _, picture in iterate_frames(path, fps=per_segment))
        video = np.stack([*encoders.sees.of_pictures(pictures, n_seconds, per_segment)])
    if encoders.hears is not None and media.chosen_audio is not None:
        rate = encoders.hears.heard.sample_rate
        own = rate or media.chosen_audio.sample_rate
        blocks = iterate_audio(path, block=own, sample_rate=rate)
        audio = np.stack([*encoders.hears.of_sound(blocks, own, n_seconds)])
    if video is None and audio is None:
        has, lacks = ("sound", "hears") if media.chosen_video is None else ("pictures", "sees")
        msg = f"{path}: has only {has}, and there is no encoder that {lacks}; give one"
        raise InputError(msg)
    return ClipFeatures(video, audio)


def _n_segments(media: Media, wanted: int | None) -> int:
    if media.duration < _SHORTEST_S:
        msg = (
            f"{media.path}: lasts {media.duration:g} s, expected at least {_SHORTEST_S:g} s; give "
            "a longer video or sound"
        )
        raise MediaError(msg)
    if wanted is None:
        return segment_count(media.duration)
    if media.duration < wanted - _SHORTEST_S:
        _log.warning(
            "%s: lasts %.1f s and not %d s; its last picture and silence fill the rest",
            *(media.path, media.duration, wanted),
        )
    return wanted


def _holding_last(pictures: Iterable[NDArray[np.uint8]], n: int) -> Iterator[NDArray[np.uint8]]:
    """Yield exactly n pictures, the last one again and again where there are fewer."""
    picture, n_missing = None, n
    for picture in itertools.islice(pictures, n):
        n_missing -= 1
        yield picture
    if picture is not None:
        yield from itertools.repeat(picture, n_missing)


def _windows(
    blocks: Iterator[NDArray[np.float32]], sample_rate: int, window_s: float, n_segments: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the sound around the middle of each segment, silence where it ended before."""
    kept, first = next(blocks), 0
    for segment in range(n_segments):
        middle = (segment + 0.5) * SEGMENT_S
        begin = max(0, sample_at(middle - 0.5 * window_s, sample_rate))
        end = sample_at(middle + 0.5 * window_s, sample_rate)
        while first + kept.shape[1] < end and (block := next(blocks, None)) is not None:
            kept = np.concatenate([kept, block], axis=1)
        kept, first = kept[:, begin - first :], begin
        window = np.nan_to_num(kept[:, : end - begin], nan=0.0, posinf=0.0, neginf=0.0)
        # What follows the segment is left out at the end of a file, as at its beginning.
        needed = min(end, sample_at((segment + 1) * SEGMENT_S, sample_rate)) - begin
        yield np.pad(window, ((0, 0), (0, max(0, needed - window.shape[1]))))


@torch.no_grad()
def _given(network: nn.Module, inputs: list[Tensor]) -> Tensor:
    found: Tensor = network(torch.stack(inputs).to(next(network.parameters()).device))
    return found


def _trunk(network: nn.Module, name: str) -> ResNet:
    """Return a trunk; the first, where there are slow copies beside those that learn."""
    found = (m for path, m in network.named_modules() if path.rpartition(".")[2] == name)
    trunk = next(found)
    assert isinstance(trunk, ResNet)
    return trunk


def _n_channels(network: nn.Module) -> int:
    n_channels = network.n_channels
    assert isinstance(n_channels, int)
    return n_channels


def _check_evaluates(network: nn.Module) -> None:
    if network.training:
        msg = "the network of an encoder must be in evaluation mode; call its eval() first"
        raise InputError(msg)


def _short_hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
