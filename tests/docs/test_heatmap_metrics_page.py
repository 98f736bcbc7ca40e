"""The page about scores of heat maps tells every style as it is."""

import re
from pathlib import Path

from hearsight.metrics.heatmaps.styles import STYLES

PAGE = (Path(__file__).parents[2] / "docs" / "heatmap-metrics.md").read_text(encoding="utf-8")


def test_the_table_of_styles_is_complete_and_right():
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE)
    told = {name: tuple(choices) for name, *choices in rows}
    assert told == {
        name: (style.upsampling, style.normalization, style.threshold, style.comparison)
        for name, style in STYLES.items()
    }
