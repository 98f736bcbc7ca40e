"""The page about metrics leaves out no year."""

import re
from pathlib import Path

from hearsight.metrics.definitions import DEFINITIONS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_year_is_in_the_table():
    rows = "\n".join(re.findall(r"^\| (20.*?) \|", PAGE, re.MULTILINE))
    assert all(str(year) in rows for year in DEFINITIONS)
