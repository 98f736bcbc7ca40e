"""The code on every page runs (see conftest.py for which blocks that is)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNING = sorted(
    str(page.relative_to(ROOT))
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if re.search("^```(python|pycon|bash)", page.read_text(encoding="utf-8"), re.MULTILINE)
)


def test_there_are_pages_with_code():
    assert {"README.md", "docs/formats.md", "docs/generator.md"} <= set(RUNNING)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNING)
def test_the_code_on_a_page_runs(run_page, page):
    run_page(page)
