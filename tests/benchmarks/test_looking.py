"""Training and judging all systems that see what sounds, in a tiny size."""

import json
from types import SimpleNamespace

import pytest
from benchmarks.looking import N_SHOWN, RECIPE, chosen, write_results
from benchmarks.looking_section import falls, system_of
from benchmarks.map_sheet import CAPTION, CELL, GAP, HEADING
from benchmarks.page import write_section
from omegaconf import OmegaConf
from PIL import Image

from hearsight.errors import InputError
from hearsight.scenes.pair_sets import PairSetSettings
from hearsight.systems import find
from hearsight.systems.settings import changed
from hearsight.training.config import run_settings

TINY = """
set: {n_train: 16, n_test: 8, n_things: [2, 3], size_px: 32, duration: 1.0, seed: 3}
shared:
  system:
    width: 8
    picture_px: 64
    sound: {sample_rate: 8000, duration_s: 0.5, n_fft: 128, hop_length: 64}
  training: {epochs: 1, batch_size: 4, metric: epoch}
runs:
  visual-context without nodes: {system: {n_nodes: 0}}
  ez-vsl: {system: {n_embedding: 16}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The recipe, the page, the folder of runs, and what is known of them."""
    root = tmp_path_factory.mktemp("looking")
    recipe, page = root / "tiny.yaml", root / "docs" / "results.md"
    recipe.write_text(TINY)
    write_section(page, "learning", "## Of another script")
    return recipe, page, root / "work", write_results(recipe, root / "work", page)


@pytest.mark.parametrize("name", OmegaConf.load(RECIPE)["runs"])
def test_every_run_of_the_recipe_can_be_trained(name, tmp_path):
    recipe = OmegaConf.load(RECIPE)
    file = tmp_path / "run.yaml"
    OmegaConf.save(OmegaConf.merge(recipe["shared"], recipe["runs"][name]), file)
    registration = find(system_of(name))
    settings = run_settings(registration, file)
    epochs = OmegaConf.load(file)["training"]["epochs"]
    assert settings.training.epochs == epochs
    assert registration.build(settings.system).name == system_of(name)


def test_the_recipe_trains_the_whole_family_on_a_set_that_can_be_made():
    recipe = OmegaConf.to_container(OmegaConf.load(RECIPE))
    systems = {system_of(name) for name in recipe["runs"]}
    assert systems >= {"visual-context", "lvs", "ez-vsl", "fnac", "slavc"}
    assert changed(PairSetSettings(), recipe["set"]).n_test > 1


def test_the_section_tells_what_was_measured(made):
    _, page, _, runs = made
    text = page.read_text()
    assert "## Of another script" in text
    assert "16 pairs of picture and sound to learn from and 8 others" in text
    assert [run.name for run in runs] == ["visual-context without nodes", "ez-vsl"]
    for run in runs:
        scores, heard = run.done.scores, run.done.listening
        page_of_system = f"(systems/{system_of(run.name)}.md)"
        row = next(line for line in text.splitlines() if "| **[" in line and page_of_system in line)
        assert f"| {100 * scores['success']:.1f} % (" in row
        assert f" {100 * scores.table['maps']['median']['auc']:.1f} % |" in row
        assert f"| {100 * heard.negative['all']['f_loc']:.1f} % |" in text
        assert f"**{run.name}** " in text
    for floor in scores.floors:
        value = scores.table[floor]["adaptive"]["mean_ciou"]
        row = next(line for line in text.splitlines() if line.startswith(f"| floor: {floor} |"))
        assert f"{100 * value:.1f} %" in row
    assert TINY in text


def test_the_page_shows_maps_of_every_system(made):
    _, page, _, runs = made
    picture = page.parent / "images" / "results-maps.jpg"
    assert f"images/{picture.name}" in page.read_text()
    n_columns = 1 + len(runs) + 2  # the pictures, and the first system with other sounds
    with Image.open(picture) as sheet:
        assert sheet.size == (
            n_columns * (CELL + GAP) + GAP,
            HEADING + N_SHOWN * (CELL + CAPTION + GAP),
        )
    assert picture.stat().st_size < 500_000


@pytest.mark.slow
def test_what_is_trained_is_not_trained_again(made):
    recipe, page, work, runs = made
    weights = {file: file.stat().st_mtime_ns for file in work.rglob("*.safetensors")}
    assert len(weights) == len(runs)
    before = page.read_text()
    write_results(recipe, work, page)
    assert weights == {file: file.stat().st_mtime_ns for file in work.rglob("*.safetensors")}
    assert page.read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed: 3", "seed: 4", "made with other settings .seed."),
        ("n_nodes: 0", "n_nodes: 16", "holds a run with other settings .system.n_nodes."),
    ],
)
def test_another_recipe_needs_another_folder(made, tmp_path, old, new, said):
    _, page, work, _ = made
    other = tmp_path / "other.yaml"
    other.write_text(TINY.replace(old, new))
    before = page.read_text()
    with pytest.raises(InputError, match=said):
        write_results(other, work, page)
    assert page.read_text() == before


@pytest.mark.slow
def test_minutes_that_nobody_counted_are_not_told(made, tmp_path):
    recipe, _, work, _ = made
    record = work / "ez-vsl.json"
    kept = record.read_text()
    assert json.loads(kept)["seconds"] > 0.0
    record.unlink()  # as if the training had been killed
    try:
        (again,) = write_results(recipe, work, tmp_path / "results.md", ["ez-vsl"])
    finally:
        record.write_text(kept)
    assert again.minutes is None
    assert "| 1 | interrupted |" in (tmp_path / "results.md").read_text()


def test_systems_are_chosen_by_name():
    names = ["lvs", "slavc", "lvs without trimap"]
    assert chosen(names, None) == names
    assert chosen(names, ["lvs"]) == ["lvs", "lvs without trimap"]
    with pytest.raises(InputError, match=r"no system 'lvz'.*lvs"):
        chosen(names, ["lvz"])


@pytest.mark.parametrize(
    ("follows", "falls_to_floor", "said"),
    [
        (True, True, "falls to the floor"),
        (True, False, "stays above the floor"),
        (False, False, "not shown to lose"),
        (None, None, "could not be tried"),
    ],
)
def test_a_verdict_says_what_other_sounds_do(follows, falls_to_floor, said):
    listening = SimpleNamespace(follows_sound=follows, falls_to_floor=falls_to_floor)
    assert said in falls(SimpleNamespace(done=SimpleNamespace(listening=listening)))
