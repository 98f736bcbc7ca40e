"""`hearsight datasets`: which corpora can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from hearsight.datasets.catalog import About


def datasets() -> None:
    """List the datasets that can be read: what is in them, their size, and where they are."""
    from rich.console import Console
    from rich.table import Table

    from hearsight.datasets.catalog import CATALOG, CLIPS, PAIRS

    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = 200  # a file or pipe has no edge to cut a table at
    table = Table("name", "holds", "sound", "size", "license", "paper", "from", show_lines=True)
    for known in CATALOG:
        sound = ", ".join(known.open.formats)
        table.add_row(
            known.name, known.holds, sound, known.size, known.license, known.paper, known.place
        )
    console.print(table)
    console.print(
        "Folders: foa_dev (or mic_dev, stereo_dev), metadata_dev and video_dev, each with "
        "dev-train-* and dev-test-*, files of one name in each."
    )
    console.print("hearsight prepare NAME ROOT looks through one and computes its features.")
    console.print(_table("pairs", PAIRS))
    console.print(
        "Pairs of picture and sound: frames and audio (or video_frames, images, audios), videos, "
        "the LMDB of visual context, or shards; vggss.json or Annotations beside them."
    )
    console.print(_table("clips", CLIPS))
    console.print(
        "Clips: Annotations.txt (lines of category&name&quality&start&end), with videos in AVE or "
        "videos, or features in visual_feature.h5 and audio_feature.h5."
    )
    console.print("hearsight check ROOT says what such a folder holds, and what is missing.")


def _table(kind: str, corpora: Iterable[About]) -> Table:
    from rich.table import Table

    table = Table(kind, "holds", "size", "paper", show_lines=True)
    table.add_column("from", no_wrap=True)
    for each in corpora:
        table.add_row(each.name, each.holds, each.size, each.paper, each.place.replace("; ", "\n"))
    return table
