"""Sections of a page that several scripts write."""

from pathlib import Path

import pytest
from benchmarks.page import HEAD, table, write_section

from hearsight.errors import InputError


def test_a_section_is_put_after_the_others_and_replaced_in_its_place(tmp_path):
    page = tmp_path / "new" / "results.md"
    write_section(page, "first", "## First\n\none")
    write_section(page, "second", "## Second")
    write_section(page, "first", "## First\n\ntwo\n")
    assert page.read_text() == (
        f"{HEAD}\n<!-- begin first -->\n\n## First\n\ntwo\n\n<!-- end first -->\n\n"
        "<!-- begin second -->\n\n## Second\n\n<!-- end second -->\n"
    )


def test_writing_the_same_again_changes_nothing(tmp_path):
    page = tmp_path / "results.md"
    page.write_text("# Mine\n\n<!-- begin a -->\n\nold\n\n<!-- end a -->\n\nand more\n")
    write_section(page, "a", "old")
    assert page.read_text() == "# Mine\n\n<!-- begin a -->\n\nold\n\n<!-- end a -->\n\nand more\n"


def test_a_section_without_end_is_not_guessed_at(tmp_path):
    page = tmp_path / "results.md"
    page.write_text("<!-- begin a -->\nold\n\n## Of others\n")
    with pytest.raises(InputError, match="<!-- begin a --> is not followed by <!-- end a -->"):
        write_section(page, "a", "new")
    assert "Of others" in page.read_text()


def test_the_page_of_results_has_a_place_for_seldnet(tmp_path):
    page = tmp_path / "results.md"
    page.write_text((Path(__file__).parents[2] / "docs" / "results.md").read_text())
    others = page.read_text().count("<!-- begin")
    write_section(page, "learning", "nothing")
    assert page.read_text().count("<!-- begin") == others
    assert "SELDnet on simulated rooms" not in page.read_text()


def test_a_table_has_as_many_dashes_as_headings():
    assert table(("a", "b"), ["| 1 | 2 |"]) == "| a | b |\n|---|---|\n| 1 | 2 |"
