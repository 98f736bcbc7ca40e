"""The page about codecs runs, and names every codec, loss and year."""

import re
from pathlib import Path

import pytest

from hearsight.events.accdoa import Accdoa, SedDoa
from hearsight.events.codec import Codec, Components
from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.events.tracks import EventTracks
from hearsight.losses import accdoa, adpit, branches

PAGE = (Path(__file__).parents[2] / "docs" / "codecs.md").read_text(encoding="utf-8")


def test_the_code_on_the_page_runs():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})


def test_every_codec_and_loss_is_named():
    losses = [name for module in (accdoa, adpit, branches) for name in dir(module)]
    codecs = {Accdoa, SedDoa, MultiAccdoa, EventTracks}
    assert codecs == set(Codec.__subclasses__())
    names = [codec.__name__ for codec in codecs]
    names += [name for name in losses if name.endswith("_loss")]
    missing = [name for name in names if f"`{name}`" not in PAGE]
    assert not missing


@pytest.mark.parametrize(
    ("row", "components"),
    [
        ("2020 to 2023", Components.of_year(2022)),
        ("2024", Components.of_year(2024)),
        ("2025", Components.of_year(2025)),
        ("2025 with video", Components.of_year(2025, video=True)),
    ],
)
def test_the_table_of_years_is_what_the_code_says(row, components):
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {row} |"))
    codec = MultiAccdoa(("knock",), components)
    assert f"| {', '.join(components.names)} |" in line
    assert f"longer than {codec.threshold}" in line
    assert f"less than {codec.unify_deg:g} degrees" in line
