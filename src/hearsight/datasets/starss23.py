"""STARSS22 and STARSS23, and synthetic corpora in their folders: DCASE 2022 to 2024, task 3.

Real scenes in rooms, first-order Ambisonics and a tetrahedral array of the same moments, 24 kHz;
360-degree pictures and distances since 2023. Folders are those of `hearsight.datasets.listing`.

References
----------
.. [1] K. Shimada et al., "STARSS23: An audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023.
"""

from __future__ import annotations

from typing import ClassVar

from hearsight.datasets.listing import AudioFormat, ChallengeFolders


class Starss23(ChallengeFolders):
    """STARSS23 on disk; see `ChallengeFolders`."""

    title: ClassVar[str] = "STARSS23"
    formats: ClassVar[tuple[AudioFormat, ...]] = ("foa", "mic")
