"""`Corpus`: clips that a run learns from or is judged on, with their features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hearsight.datasets.clips import ClipSet, open_clips
from hearsight.errors import DatasetError, InputError
from hearsight.features.normalize import file_list_hash
from hearsight.systems.encoders import ClipEncoders
from hearsight.systems.segments import ClipSizes
from hearsight.training.clips.prepare import prepare_clips
from hearsight.training.clips.settings import ClipData
from hearsight.training.clips.sources import ClipSource, FileSource, StoredClips
from hearsight.training.material import FEATURES_NAME, Tell
from hearsight.weights.encoder_names import parse_encoders


@dataclass(frozen=True)
class Corpus:
    """A set of clips, and where their features come from.

    Parameters
    ----------
    clips : ClipSet
    source : ClipSource
    encoders : ClipEncoders or None
        What makes the features; None if they were found with the set.
    """

    clips: ClipSet
    source: ClipSource
    encoders: ClipEncoders | None

    @classmethod
    def open(
        cls,
        data: str | Path,
        chosen: ClipData,
        features: str | Path | None = None,
        encoders: ClipEncoders | None = None,
        classes: Sequence[str] = (),
    ) -> Self:
        """Find clips and features; nothing is computed yet.

        Parameters
        ----------
        data : str or Path
            The set's folder.
        chosen : ClipData
        features : str or Path, optional
            Where features are stored; default: `features` in the set's folder.
        encoders : ClipEncoders, optional
            Those of a trained system, for sets with videos; default: what `chosen` names, if
            anything.
        classes : sequence of str
            All that there are, of which the set may have a part; default: those of the set.

        Raises
        ------
        DatasetError
            If the set has no features, and nothing is known that makes them, or no videos.
        InputError
            If the encoders do not both see and hear, or a clip is of no class of `classes`.
        """
        clips = open_clips(
            data, classes=classes or None, drop_shared_clips=chosen.drop_shared_clips
        )
        if clips.features is not None and not clips.videos:
            encoders = None  # what lies with the set is all there is to judge by
        if encoders is None and chosen.encoders:
            encoders = dataclasses.replace(
                parse_encoders(chosen.encoders), frames_per_segment=chosen.frames_per_second
            )
        if encoders is not None:
            if not clips.videos:
                msg = f"{data}: none of its clips has a video; put them into {Path(data) / 'AVE'}"
                raise DatasetError(msg)
            if encoders.sees is None or encoders.hears is None:
                lacks = "sees" if encoders.sees is None else "hears"
                msg = f"data.encoders: none of them {lacks}; name one that sees and one that hears"
                raise InputError(msg)
            folder = Path(features) if features is not None else Path(data) / FEATURES_NAME
            return cls(clips, StoredClips.of(clips, folder, encoders), encoders)
        if clips.features is None:
            msg = (
                f"{data}: has no features (audio_feature.h5, visual_feature.h5); what makes them "
                "of its videos is named by data.encoders in training, --encoder in import-weights"
            )
            raise DatasetError(msg)
        return cls(clips, FileSource(clips), None)

    def available(self, rows: Sequence[int], tell: Tell = lambda _: None) -> tuple[int, ...]:
        """Return the rows that have features, or a video to make them of; tell what is left out."""
        files, videos = self.clips.features, self.clips.videos
        if isinstance(self.source, StoredClips):
            lack, kept = "video", [row for row in rows if self.clips.name(row) in videos]
        else:
            assert files is not None
            n_stored = files.n_rows + files.n_negatives
            lack, kept = "stored features", [row for row in rows if row < n_stored]
        if len(kept) < len(rows):
            n_left_out = len(rows) - len(kept)
            tell(f"{n_left_out} of {len(rows)} rows have no {lack} and are left out")
        return tuple(kept)

    def prepare(
        self, rows: Sequence[int], tell: Tell, *, is_watched: bool, threads: int = 0
    ) -> None:
        """Make the features of some rows, where they are missing."""
        if isinstance(self.source, StoredClips):
            assert self.encoders is not None
            prepare_clips(
                self.source,
                rows,
                self.encoders,
                threads=threads,
                tell=tell,
                is_watched=is_watched,
            )

    def sizes(self, row: int) -> ClipSizes:
        """Return the sizes of a clip's features."""
        return ClipSizes.of(self.source.read(row))

    def described(self, rows: Sequence[int]) -> dict[str, Any]:
        """Tell which rows these are, in words and numbers."""
        names = [f"{row} {self.clips.name(row)}" for row in rows]
        return {"clips": len(rows), "list": file_list_hash(names)}


def sized(settings: Any, corpus: Corpus, row: int) -> Any:
    """Return a system's settings with class list and sizes of the data."""
    changes: dict[str, Any] = {"sizes": corpus.sizes(row)}
    if hasattr(settings, "labels"):
        changes["labels"] = corpus.clips.classes
    return dataclasses.replace(settings, **changes)
