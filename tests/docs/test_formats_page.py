"""The page about formats shows what the code writes and names every format."""

import re
from pathlib import Path

import pytest

from hearsight.events.formats import FORMATS, find_format

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
FILES = {name: text for name, text in BLOCKS.items() if name != "example"}


@pytest.fixture(scope="module")
def scene():
    names = {}
    exec(BLOCKS["example"], names)
    return names["scene"]


@pytest.mark.parametrize("name", FILES)
def test_a_shown_file_is_what_is_written(tmp_path, scene, name):
    year = re.search(r"\.(20\d\d)\.csv", name)
    scene.write(tmp_path / name, **({"year": int(year[1])} if year else {}))
    assert (tmp_path / name).read_text(encoding="utf-8") == FILES[name]


def test_the_code_on_the_page_gives_back_what_it_wrote(run_page):
    names = run_page("docs/formats.md")
    assert names["same"].events == names["scene"].events
    assert names["labels"].labels == ("knock", "speech")
    assert names["again"].values.shape == names["values"].shape == (10, 16, 32)


def test_every_format_is_shown_and_in_the_table():
    assert {find_format(name).name for name in FILES} == set(FORMATS)
    for name, each in FORMATS.items():
        assert f"| `{name}` | `{each.suffix}` |" in PAGE
