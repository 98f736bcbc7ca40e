"""Training and judging all systems for clips, in a tiny size."""

import numpy as np
import pytest
from benchmarks.clips import RECIPE, system_of, write_results
from omegaconf import OmegaConf
from PIL import Image

from hearsight.features.picture_input import PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.scenes.clip_sets import ClipSetSettings
from hearsight.systems import find
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder
from hearsight.systems.settings import changed
from hearsight.training.config import run_settings
from hearsight.weights.encoders import save_encoders

TINY = """
set: {n_train: 6, n_validation: 3, n_test: 6, n_negatives: 1, n_segments: 6, size_px: 32, fps: 2}
seeds: [0, 1]
shared:
  data: {frames_per_second: 1}
of_seconds:
  system: {audio_axis: hidden, n_hidden: 8, n_attention: 8}
  training: {epochs: 1, batch_size: 4, metric: accuracy}
of_matches:
  training: {epochs: 1}
runs:
  av-att: {}
  av-att, sound alone: {system: {modalities: audio}}
  dmrn: {start: av-att}
  avdln: {}
claims:
  - [av-att, "av-att, sound alone", both senses beat sound alone]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page, and what is known of the runs."""
    root = tmp_path_factory.mktemp("clips")
    (root / "tiny.yaml").write_text(TINY)
    save_encoders(
        root / "encoders",
        ClipEncoders(
            VisualEncoder("vgg19-imagenet", Vgg19(n_filters=2).eval(), PictureFit("squash", 64)),
            SoundEncoder("vggish", Vggish(n_filters=2, n_hidden=8).eval(), VggishInput()),
        ),
    )
    page = root / "docs" / "results.md"
    runs = write_results(root / "tiny.yaml", str(root / "encoders"), root / "work", page)
    return page, runs


@pytest.mark.parametrize("name", OmegaConf.load(RECIPE)["runs"])
def test_every_run_of_the_recipe_can_be_trained(name, tmp_path):
    recipe = OmegaConf.to_container(OmegaConf.load(RECIPE))
    own = dict(recipe["runs"][name])
    start = own.pop("start", "av-att")
    assert start in recipe["runs"]
    file = tmp_path / "run.yaml"
    group = recipe["of_matches" if system_of(name) == "avdln" else "of_seconds"]
    OmegaConf.save(OmegaConf.merge(recipe["shared"], group, own), file)
    registration = find(system_of(name))
    assert registration.build(run_settings(registration, file).system).name == system_of(name)


def test_the_recipe_is_of_a_set_and_runs_that_there_are():
    recipe = OmegaConf.to_container(OmegaConf.load(RECIPE))
    assert changed(ClipSetSettings(), recipe["set"]).n_test > 1
    for better, worse, _ in recipe["claims"]:
        assert {better, worse} <= set(recipe["runs"])


def test_the_section_tells_what_was_measured(made):
    page, runs = made
    text = page.read_text()
    assert "6 clips of 6 s to learn from, 3 to choose weights by" in text
    assert [run.name for run in runs] == ["av-att", "av-att, sound alone", "dmrn", "avdln"]
    for run in runs[:3]:
        assert run.right.shape == (6,)
        mean = 100 * np.mean([done.segments["accuracy"] for done in run.done])
        assert f"| {mean:.1f} % (" in text
    difference = 100 * (runs[0].right - runs[1].right).mean()
    assert f"({difference:+.1f} points" in text
    for floor, value in runs[3].done[0].scores.floors.items():
        assert f"| floor: {floor} |  | {100 * value:.1f} % |" in text or np.isnan(value)


def test_the_page_shows_where_systems_look(made):
    page, _ = made
    with Image.open(page.parent / "images" / "results-attention.jpg") as sheet:
        assert sheet.width > 400
