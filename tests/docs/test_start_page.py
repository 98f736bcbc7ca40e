"""The table on the first page is what a newcomer gets."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "index.md").read_text(encoding="utf-8")
NUMBERS = r"([+-]?[\d.]+)"
CELLS = [
    r"(source \d)",
    f"{NUMBERS} s",
    f"{NUMBERS} s",
    f"{NUMBERS}°",
    f"{NUMBERS}°",
    "[a-z ]+?",
    NUMBERS,
]
ROW = re.compile("│ " + " +│ ".join(CELLS))


@pytest.mark.slow
def test_the_demonstration_gives_the_table_that_is_shown(run_page):
    shown = [(label, *map(float, numbers)) for label, *numbers in ROW.findall(PAGE)]
    found = [
        (e.label, e.onset, e.offset, e.azimuth, e.elevation, e.confidence)
        for e in run_page("docs/index.md")["scene"]
    ]
    assert len(shown) == 3
    assert [row[0] for row in found] == [row[0] for row in shown]
    for got, expected in zip(found, shown, strict=True):
        assert got[1:3] == pytest.approx(expected[1:3], abs=0.06)
        assert got[3:5] == pytest.approx(expected[3:5], abs=1.0)
        assert got[5] == pytest.approx(expected[5], abs=0.02)
