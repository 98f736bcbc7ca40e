"""Writing shards from any reader: see `shards` for what they hold."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.media import check_finite
from hearsight.datasets.pairs.reader import PairReader, Stored, each_made
from hearsight.datasets.pairs.shards import read_index, shard_key
from hearsight.errors import HearsightError, InputError
from hearsight.recording.files import claim_folder, replacing

NOTES_NAME = "shards.json"
_FLAC_CHANNELS = 8


@dataclass(frozen=True)
class ShardSettings:
    """What is kept of each pair.

    Parameters
    ----------
    short_side_px : int or None
        Larger pictures are scaled until their shorter side has it; None keeps them. The default is
        a little above what training cuts its squares of 224 from.
    start : float or None
        Second at which the kept sound begins; None: so that it lies in the middle.
    duration : float or None
        Seconds of sound that are kept, less where there are less; None: all, whatever `start`.
    sample_rate : int or None
        Hz; None keeps each sound's own.
    pairs_per_shard : int
    quality : int
        Of the JPEG files, 1 to 100.

    Raises
    ------
    InputError
        If one is out of range.
    """

    short_side_px: int | None = 256
    start: float | None = None
    duration: float | None = None
    sample_rate: int | None = None
    pairs_per_shard: int = 1000
    quality: int = 95

    def __post_init__(self) -> None:
        positive = ("short_side_px", "duration", "sample_rate", "pairs_per_shard")
        for name in positive:
            value = getattr(self, name)
            if value is not None and not value > 0:
                msg = f"{name} of shards must be above 0, got {value}"
                raise InputError(msg)
        if self.start is not None and not self.start >= 0.0:
            msg = f"start of shards must be at least 0 s, got {self.start}"
            raise InputError(msg)
        if not 1 <= self.quality <= 100:
            msg = f"quality of shards must be 1 to 100, got {self.quality}"
            raise InputError(msg)


def write_shards(
    reader: PairReader,
    names: Sequence[str],
    folder: str | Path,
    settings: ShardSettings | None = None,
    *,
    threads: int = 0,
) -> Iterator[Stored]:
    """Write pairs into shards, each whole or absent; goes on where it was stopped.

    Parameters
    ----------
    reader : PairReader
    names : sequence of str
        Stored in this order.
    folder : str or Path
    settings : ShardSettings, optional
    threads : int
        That decode and encode; 0: this one alone.

    Yields
    ------
    Stored
        Each pair; those that cannot be read are left out and say why.

    Raises
    ------
    InputError
        At once, if the folder holds shards of other names or settings.
    MediaError
        If the folder cannot be written.
    """
    chosen, target = settings or ShardSettings(), Path(folder)
    listed = hashlib.sha256("\n".join(names).encode()).hexdigest()
    claim_folder(
        target / NOTES_NAME, {**dataclasses.asdict(chosen), "pairs": len(names), "names": listed}
    )
    return _write_all(reader, names, target, chosen, threads)


def _write_all(
    reader: PairReader, names: Sequence[str], folder: Path, settings: ShardSettings, threads: int
) -> Iterator[Stored]:
    for number, first in enumerate(range(0, len(names), settings.pairs_per_shard)):
        path = folder / f"pairs-{number:05d}.tar"
        some = names[first : first + settings.pairs_per_shard]
        if path.is_file():
            kept = set(read_index(path)[0].tolist())
            fault = f"was left out when {path.name} was written"
            yield from (Stored(n, "" if n.encode() in kept else f"{n}: {fault}") for n in some)
        else:
            yield from _write_shard(path, reader, some, settings, threads)


def _write_shard(
    path: Path, reader: PairReader, names: Sequence[str], settings: ShardSettings, threads: int
) -> Iterator[Stored]:
    with (
        replacing(path) as temporary,
        tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name, made in each_made(lambda n: _members(reader, n, settings), names, threads):
            if isinstance(made, HearsightError):
                yield Stored(name, f"{name}: {made}")
                continue
            for suffix, stored in made.items():
                member = tarfile.TarInfo(shard_key(name) + suffix)
                member.size = len(stored)
                tar.addfile(member, io.BytesIO(stored))
            yield Stored(name)
    read_index(path)


def _members(reader: PairReader, name: str, settings: ShardSettings) -> dict[str, bytes]:
    """Return the files of a pair by suffix."""
    picture = _jpeg(reader.picture(name), settings)
    waveform, rate = reader.sound(name, settings.sample_rate)
    first, last = _excerpt(waveform.shape[1], rate, settings)
    if first >= last:
        msg = f"its sound ends at {waveform.shape[1] / rate:g} s, before {settings.start} s"
        raise InputError(msg)
    about = {"name": name, "start": first / rate}
    return {
        ".jpg": picture,
        ".flac": _flac(waveform[:, first:last], rate),
        ".json": json.dumps(about).encode(),
    }


def _excerpt(n_samples: int, rate: int, settings: ShardSettings) -> tuple[int, int]:
    """Return the first sample that is kept and the one after the last."""
    if settings.duration is None:
        return 0, n_samples
    length = round(settings.duration * rate)
    if settings.start is None:
        first = max((n_samples - length) // 2, 0)
    else:
        first = round(settings.start * rate)
    return first, min(first + length, n_samples)


def _jpeg(picture: NDArray[np.uint8], settings: ShardSettings) -> bytes:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    short = min(image.size)
    if settings.short_side_px is not None and short > settings.short_side_px:
        width, height = (round(side * settings.short_side_px / short) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=settings.quality)
    return stored.getvalue()


def _flac(waveform: NDArray[np.float32], rate: int) -> bytes:
    import soundfile

    check_finite(waveform)
    if len(waveform) > _FLAC_CHANNELS:
        msg = f"its sound has {len(waveform)} channels, shards hold {_FLAC_CHANNELS} at most"
        raise InputError(msg)
    stored = io.BytesIO()
    try:
        soundfile.write(stored, waveform.T, rate, "PCM_16", format="FLAC")
    except soundfile.SoundFileError as error:
        msg = f"its sound at {rate} Hz cannot be stored as FLAC ({error}); give a sample_rate"
        raise InputError(msg) from error
    return stored.getvalue()
