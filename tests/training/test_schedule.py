import itertools
from typing import get_args

import pytest

from hearsight.systems.settings import Schedule
from hearsight.training.schedule import learning_rate_share


@pytest.mark.parametrize("schedule", get_args(Schedule))
def test_it_begins_whole_and_never_rises(schedule: Schedule) -> None:
    shares = [learning_rate_share(schedule, step / 100) for step in range(101)]
    assert shares[0] == 1.0
    assert all(0.0 <= b <= a for a, b in itertools.pairwise(shares))
