"""Maps of the pictures of a dataset, made once before a system that sees is trained.

A map for every label frame takes two kilobytes a second, while its network is by far the slowest
part of the work. What is done is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.listing import Listed
from hearsight.features.store import FeatureStore
from hearsight.systems.seld import SeldSystem


def pictures_of(folder: str | Path, system: SeldSystem) -> FeatureStore:
    """Return the store of a system's maps of pictures.

    Parameters
    ----------
    folder : str or Path
        Of all features of a dataset.
    system : SeldSystem
        With eyes.
    """
    assert system.eyes is not None, f"{system.name} has no eyes"
    return FeatureStore.of(folder, system.eyes)


def prepare_pictures(
    system: SeldSystem,
    recordings: Sequence[Listed],
    store: FeatureStore,
    *,
    device: torch.device | None = None,
    tell: Callable[[str], None] = lambda _: None,
    is_watched: bool = False,
) -> None:
    """Look at the videos of recordings that have no maps yet; one without a video stays without.

    Parameters
    ----------
    system : SeldSystem
        With eyes.
    recordings : sequence of Listed
    store : FeatureStore
        Where maps are kept; see `pictures_of`.
    device : torch.device, optional
        Where the eyes are brought if there is work; default: they stay where they are.
    tell : callable
        Gets a line of text.
    is_watched : bool
        Whether a progress bar is drawn.

    Raises
    ------
    MediaError
        If a video cannot be read, or a file not written. Finished ones stay.
    """
    assert system.eyes is not None, f"{system.name} has no eyes"
    store.remove_abandoned()
    videos = {each.name: each.video for each in recordings if each.video is not None}
    missing = {name: path for name, path in videos.items() if not store.has(name, path)}
    if not missing:
        return
    system.eyes.network.to(device=device)
    tell(f"maps of the pictures of {len(missing)} of {len(videos)} recordings into {store.folder}")
    with Progress(console=Console(stderr=True), disable=not is_watched) as progress:
        task = progress.add_task("pictures", total=len(missing))
        for name, path in missing.items():
            progress.update(task, description=name)
            with store.writing(name, path) as writer:
                for maps in system.eyes.of_video(path):
                    writer.append(maps.contiguous())
            progress.update(task, advance=1)
