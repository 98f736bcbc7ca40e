"""The examples on the page about metrics give what it says."""

import doctest
import re
from pathlib import Path

from hearsight.metrics.definitions import DEFINITIONS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_examples_are_right():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "metrics.md", None, 0)
    said: list[str] = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)


def test_every_year_is_in_the_table():
    rows = "\n".join(re.findall(r"^\| (20.*?) \|", PAGE, re.MULTILINE))
    assert all(str(year) in rows for year in DEFINITIONS)
