"""The page about features runs, and its table tells the shapes that come out."""

import re
from pathlib import Path

import pytest
import torch

from hearsight.features import gcc, intensity, mel, phase, salsa, stereo

PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| `\w+\.\w+\(\)`", line)
]


def constructors(row):
    first, *others = re.findall(r"`([\w.]*)\(\)`", row[0])
    owner = first.split(".")[0]
    return [(owner, name.split(".")[1]) for name in (first, *others)]


def build(owner, name):
    modules = (gcc, intensity, mel, phase, salsa, stereo)
    (made,) = {getattr(vars(module)[owner], name)() for module in modules if owner in vars(module)}
    return made


def test_the_code_on_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(code, names)
    assert names["normalized"].mean().abs() < 0.01


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_the_table_tells_the_shapes(row):
    channels, _, bins = (part.strip() for part in row[2].split(","))
    n_inputs = 2 if row[1].strip() == "stereo" else 4
    for constructor, n_bins in zip(constructors(row), bins.split(" or ") * 2, strict=False):
        feature = build(*constructor)
        made = feature(torch.zeros(n_inputs, 24000))
        assert made.shape[0] == (n_inputs if channels == "C" else int(channels))
        assert made.shape[-1] == int(n_bins)
        hop_ms = float(row[3].split()[0])
        stft = getattr(getattr(feature, "spectrum", feature), "stft")  # noqa: B009
        assert stft.hop_length / 24.0 == hop_ms


def test_every_published_setting_is_in_the_table():
    listed = {constructor for row in ROWS for constructor in constructors(row)}
    assert len(ROWS) >= 15
    features = (
        intensity.LogIntensity,
        gcc.LogGcc,
        salsa.SalsaLite,
        salsa.Salsa,
        phase.AmplitudePhase,
        stereo.StereoCues,
    )
    for feature in features:
        made = {name for name, value in vars(feature).items() if isinstance(value, classmethod)}
        assert {(feature.__name__, name) for name in made} <= listed
