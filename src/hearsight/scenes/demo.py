"""The scene of the demonstration: short, with something to find in every direction."""

from __future__ import annotations

import numpy as np

from hearsight.events.classes import DCASE_2022
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.scenes.sounds import make_sound

DURATION_S = 12.0
SAMPLE_RATE = 24000


def demo_plan() -> ScenePlan:
    """Return the demonstration's scene, always the same.

    Returns
    -------
    ScenePlan
        A woman who speaks while she walks from the left to the front, somebody on the right
        who claps from before she ends, a telephone high at the back left that rings into the
        clapping, and something that creeps about without a sound.
    """

    def sound(label: str, duration: float, seed: int) -> np.ndarray:
        return make_sound(label, np.random.default_rng(seed), duration, SAMPLE_RATE)

    walk = arc((95.0, 0.0), (5.0, 5.0), 6.0, onset=0.8, distance=2.0)
    sources = (
        SceneSource("female speech", walk, sound("female speech", 6.0, 1), 0.8, -1.0, size_m=0.8),
        SceneSource(
            "clapping",
            still(-70.0, -5.0, 2.2),
            sound("clapping", 6.5, 2),
            3.5,
            0.0,
            size_m=0.8,
        ),
        SceneSource(
            "telephone", still(150.0, 25.0, 1.8), sound("telephone", 3.2, 3), 8.2, -10.0, size_m=0.6
        ),
        SceneSource("footsteps", arc((-175.0, -45.0), (-10.0, -35.0), DURATION_S), size_m=0.6),
    )
    return ScenePlan(sources, DURATION_S, SAMPLE_RATE, DCASE_2022, seed=3)
