"""How right heat maps are: of systems and of folders, with what shows whether they listen."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import hearsight
from hearsight.datasets.pairs import PairSet, open_pairs
from hearsight.errors import DatasetError, InputError
from hearsight.events.sounding import SoundingBoxes
from hearsight.features.normalize import file_list_hash
from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.inference.pair_maps import map_pairs
from hearsight.metrics.heatmaps.extended import SUBSETS
from hearsight.metrics.heatmaps.guidance import guided
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.upsampling import upsample
from hearsight.models.blocks.resnet import resnet18
from hearsight.scenes.pair_sets import PairSetSettings, write_pairs
from hearsight.systems import find
from hearsight.systems.heatmap import SMALL_SOUND, HeatMapSystem
from hearsight.training.pairs.evaluate import about_learning
from hearsight.training.pairs.prepare import prepare_pairs
from hearsight.training.pairs.saved_maps import write_maps
from hearsight.training.pairs.trials import Shown, SystemTrials
from hearsight.weights.store import save_system

SIZE, RATE = 64, 8000
LEFT, RIGHT = (0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75)


@pytest.fixture(scope="module")
def pair_set(tmp_path_factory):
    """A generated set, of which the test pairs have boxes and every kind of row is there."""
    root = tmp_path_factory.mktemp("pairs") / "my [set]"
    list(write_pairs(root, PairSetSettings(n_train=4, n_test=8, duration=1.0, size_px=SIZE)))
    return root


def small_system(name="visual-context", **changes):
    registration = find(name)
    torch.manual_seed(0)
    system = registration.build(replace(registration.small[0], **changes))
    system.network.eval()
    return system


@pytest.fixture
def weights(tmp_path):
    """Write a small system's weights."""

    def write(system=None, threshold=0.6, **origin):
        system = small_system() if system is None else system
        if threshold is not None:
            system = system.with_threshold(threshold)
        save_system(tmp_path / "weights", system, origin=origin)
        return tmp_path / "weights"

    return write


def own_maps(system, pairs):
    both = [(name, name) for name in pairs.test]
    return dict(zip(pairs.test, map_pairs(system, pairs.reader, both), strict=True))


def perfect_maps(root, **options):
    pairs = open_pairs(root, **options)
    return {name: pairs.truth[name].to_map(56) for name in pairs.test}


def test_perfect_maps_clear_their_floors(pair_set, tmp_path):
    write_maps(tmp_path / "maps", perfect_maps(pair_set))
    done = hearsight.evaluate(tmp_path / "maps", pair_set)
    assert done.scores["success"] == 1.0
    assert done.scores.floors == ["whole image", "centered disc", "chance", "saliency"]
    assert done.scores.clears_floors is True
    assert done.verdicts == (done.scores.verdict,)
    assert (done.listening, done.extended, done.interactive) == (None, None, None)
    assert (done.name, done.folder) == (str(tmp_path / "maps"), tmp_path / "maps")
    assert done.notes == ()


@pytest.mark.parametrize(
    ("name", "style"), [("visual-context", "hearsight"), ("slavc", "slavc"), ("lvs", "lvs")]
)
def test_saved_maps_get_the_numbers_of_the_system_that_drew_them(
    pair_set, weights, tmp_path, name, style
):
    done = hearsight.evaluate(weights(small_system(name)), pair_set, style=style)
    done.write_predictions(tmp_path / "maps")
    again = hearsight.evaluate(tmp_path / "maps", pair_set, style=style, threshold=0.6)
    assert again.scores.to_dict() == done.scores.to_dict()
    assert "universal" in again.scores.table["maps"]
    assert len(list((tmp_path / "maps").iterdir())) == 8


def test_a_system_gets_the_scores_of_its_maps(pair_set, weights):
    done = hearsight.evaluate(weights(), pair_set)
    system, pairs = small_system(), open_pairs(pair_set)
    expected = judge_maps(own_maps(system, pairs), pairs.truth, universal=0.6)
    assert done.threshold == 0.6
    assert done.scores.table["maps"] == expected.table["maps"]
    assert list(done.scores.by_class()) == sorted({pairs.labels[name] for name in pairs.test})
    assert done.listening.says_nothing["own"] == np.mean(
        [each.peak <= 0.6 for each in expected.pictures.values()]
    )
    assert list(done.listening.negative.rows) == ["all", "silence", "noise", "off_screen"]


def test_cosines_and_their_fixed_range_are_told_apart(pair_set, tmp_path):
    random = np.random.default_rng(0)
    cosines = {name: random.uniform(-1, 1, (4, 4)) for name in perfect_maps(pair_set)}
    write_maps(tmp_path / "cosines", cosines)
    write_maps(tmp_path / "unit", {name: (map_ + 1) / 2 for name, map_ in cosines.items()})
    signed = hearsight.evaluate(tmp_path / "cosines", pair_set, style="slavc-absolute")
    unsigned = hearsight.evaluate(tmp_path / "unit", pair_set, style="slavc-absolute")
    assert signed.scores.table["maps"] == unsigned.scores.table["maps"]
    assert 0.0 < signed.scores["mean_ciou"] < 1.0
    assert signed.notes == ()
    assert unsigned.notes == ("No map has a value below 0: values are taken for (cosine + 1) / 2.",)


def test_files_say_everything(pair_set, weights, tmp_path):
    done = hearsight.evaluate(weights(), pair_set)
    done.write(tmp_path / "new" / "out.json")
    said = json.loads((tmp_path / "new" / "out.json").read_text(), parse_constant=pytest.fail)
    assert (said["system"], said["split"], said["style"]) == ("visual-context", "test", "hearsight")
    assert said["threshold"] == 0.6
    assert said["scores"]["scores"]["maps"]["adaptive"]["success"] == done.scores["success"]
    assert set(said["variants"]) == {"visual"}
    assert said["listening"]["swapped"]["own"]["scores"]["success"] == done.scores["success"]
    assert {name.split("@")[0] for name in said["extended"]} == set(SUBSETS)
    assert said["interactive"]["adaptive"]["n_pictures"] == 4
    assert said["verdicts"] == list(done.verdicts)
    with (tmp_path / "new" / "out-pictures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == list(done.scores.pictures)
    assert {"area", "n_boxes", "peak", "confidence", "ciou_universal"} < set(rows[0])
    assert float(rows[3]["ciou_adaptive"]) == pytest.approx(
        done.scores.pictures[rows[3]["name"]].cious["maps"]["adaptive"]
    )


class Told(nn.Module):
    """Points at the left for high tones and at the right for low ones, or left always."""

    def __init__(self, *, listens):
        super().__init__()
        self.listens, self.weight = listens, nn.Parameter(torch.zeros(1))

    def cosine(self, _pictures, sounds):
        n_bins = sounds.shape[2]
        loud = sounds.amax(dim=(1, 2, 3)) - sounds.amin(dim=(1, 2, 3))
        high = sounds[:, 0].mean(dim=2).argmax(dim=1) > n_bins // 4
        is_left = high if self.listens else torch.ones_like(high)
        side = torch.where(is_left[:, None], torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
        rows = torch.tensor([0.0, 1.0, 1.0, 0.0])[:, None]
        value = torch.where(loud > 0, 0.9, 0.1) if self.listens else torch.full_like(loud, 0.9)
        return value[:, None, None] * rows * side.repeat_interleave(2, dim=1)[:, None, :]


class Tones:
    """Equal pictures, and tones of two pitches, of which one is made at either side."""

    names = tuple(f"clip{number:02d}" for number in range(16))

    def picture(self, _name):
        return np.zeros((3, SIZE, SIZE), np.uint8)

    def sound(self, name, _sample_rate=None):
        pitch = (300.0, 3000.0)[int(name[-2:]) % 2]
        return np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE, dtype=np.float32)[None], RATE


def judged_by(network, tmp_path, **changes):
    reader = Tones()
    truth = {
        name: SoundingBoxes((LEFT if number % 2 else RIGHT,))
        for number, name in enumerate(reader.names)
    }
    labels = {name: ("low", "high")[number % 2] for number, name in enumerate(reader.names)}
    pairs = PairSet(tmp_path, "vggsound", reader, (), reader.names, truth, labels)
    system = HeatMapSystem(
        "told",
        None,
        network,
        SMALL_SOUND,
        PictureFit("squash", SIZE),
        TrainingView(SIZE),
        lambda *_: torch.zeros(()),
        style="ez-vsl",
    )
    trials = SystemTrials(replace(system, **changes), pairs, reader.names, Shown(is_watched=False))
    return trials.judge({"split": "test", "style": "hearsight"}, 0.75, ())


def test_maps_that_listen_fall_to_the_floor_with_other_sounds(tmp_path):
    done = judged_by(Told(listens=True), tmp_path)
    heard = done.listening
    assert done.scores["success"] == 1.0
    assert heard.swapped["swapped"]["success"] == 0.0
    assert (heard.follows_sound, heard.falls_to_floor) == (True, True)
    assert done.verdicts[1].startswith(
        "The maps listen: with the sound of another picture success goes from 100.0 % to 0.0 %"
    )
    assert heard.swapped["masks"]["iou"] == 0.0
    assert heard.says_nothing["own"] == heard.says_nothing["off_screen"] == 0.0
    assert heard.says_nothing["silence"] == 1.0
    assert heard.negative["silence"]["pia"] == 0.0


def test_maps_that_do_not_listen_are_told_so(tmp_path):
    done = judged_by(Told(listens=False), tmp_path)
    heard = done.listening
    assert done.scores["success"] == 0.5
    assert heard.swapped["swapped"]["success"] == 0.5
    assert heard.follows_sound is False
    assert done.verdicts[1].startswith("The maps are not shown to listen")
    assert heard.swapped["masks"]["iou"] == 1.0
    assert heard.says_nothing["silence"] == 0.0
    assert heard.negative["silence"]["pia"] > 0.2


def test_maps_that_hear_something_but_keep_a_bias_listen_in_part(tmp_path):
    done = judged_by(Told(listens=True), tmp_path)
    rows = dict(done.listening.swapped.intervals)
    low = rows["swapped"]["success"]._replace(low=0.9)
    swapped = replace(done.listening.swapped, intervals={**rows, "swapped": {"success": low}})
    verdict = replace(done.listening, swapped=swapped, floor=0.2).verdict
    assert verdict.startswith("The maps listen in part")
    assert verdict.endswith("still above the best floor (20.0 %).")


def test_objects_guide_as_in_the_paper_of_the_system(pair_set):
    pairs = open_pairs(pair_set)
    torch.manual_seed(0)
    system = small_system("ez-vsl").with_eyes(resnet18(None, n_filters=8).eval())

    def judged(system):
        trials = SystemTrials(system, pairs, pairs.test, Shown(is_watched=False))
        return trials.judge({"split": "train", "style": "hearsight"}, 0.6, ())

    done = judged(system)
    pictures = torch.stack([system.picture_fit(pairs.reader.picture(n)) for n in pairs.test])
    seen = dict(zip(pairs.test, upsample(system.objects(pictures).numpy(), 224), strict=True))
    heard = {name: upsample(map_, 224) for name, map_ in done.maps.items()}
    mixed = {name: guided(heard[name], seen[name], 0.4) for name in seen}
    assert done.variants["guided"] == judge_maps(mixed, pairs.truth).table["maps"]["adaptive"]
    expected = judge_maps(done.maps, pairs.truth, universal=0.6, saliency=seen)
    assert done.scores.table["saliency"] == expected.table["saliency"]
    assert done.extended is None  # belongs to the test split
    absolute = judged(replace(system, style="slavc")).variants["guided"]
    mixed = {name: 0.9 * heard[name] + 0.1 * seen[name] / 2.5 for name in seen}
    assert absolute == pytest.approx(judge_maps(mixed, pairs.truth).table["maps"]["adaptive"])


def test_a_source_of_1024_pixels_is_no_small_one(pair_set):
    square = SoundingBoxes(((0.0, 0.0, 0.145, 0.145),))
    assert square.to_map().sum() == 32**2
    pairs = open_pairs(pair_set)
    pairs = replace(pairs, truth=dict.fromkeys(pairs.test, square))
    trials = SystemTrials(small_system(), pairs, pairs.test, Shown(is_watched=False))
    done = trials.judge({"split": "test", "style": "hearsight"}, 0.6, ())
    sizes = done.extended.n_pictures
    assert (sizes["small@0.5"], sizes["medium@0.5"]) == (0, len(pairs.test))


def test_an_uncalibrated_system_gets_a_threshold_of_these_pictures(pair_set, weights):
    folder = weights(threshold=None)
    done = hearsight.evaluate(folder, pair_set)
    assert 0.0 < done.threshold < 1.0
    said = np.array([1.0 - done.listening.says_nothing[kind] for kind in ("silence", "noise")])
    assert said.min() < 0.5
    assert any(note.startswith("The system is not calibrated") for note in done.notes)
    assert hearsight.evaluate(folder, pair_set, threshold=0.3).threshold == 0.3


def test_several_things_in_a_picture_must_all_be_found(pair_set, tmp_path):
    root, rows = pair_set / "interactive", pair_set / "interactive" / "interactive.json"
    perfect = perfect_maps(root, annotations=rows)
    write_maps(tmp_path / "perfect", perfect)
    done = hearsight.evaluate(tmp_path / "perfect", root, annotations=rows)
    assert done.interactive["adaptive"]["iiou"] == 1.0
    assert done.interactive.n_pictures["adaptive"] == len(perfect) / 2
    by_picture = {name.rpartition("_")[0]: map_ for name, map_ in perfect.items()}
    same = {name: by_picture[name.rpartition("_")[0]] for name in perfect}
    write_maps(tmp_path / "same", same)
    done = hearsight.evaluate(tmp_path / "same", root, annotations=rows)
    assert done.scores["success"] >= 0.5
    assert done.interactive["adaptive"]["iiou"] == 0.0


def test_masks_are_judged_as_boxes(pair_set, tmp_path):
    root = tmp_path / "masks"
    for folder in ("frames", "audio"):
        (root / folder).mkdir(parents=True)
    (name, *_) = open_pairs(pair_set).test
    (root / "frames/a.jpg").write_bytes((pair_set / "frames" / f"{name}.jpg").read_bytes())
    (root / "audio/a.wav").write_bytes((pair_set / "audio" / f"{name}.wav").read_bytes())
    mask = np.zeros((56, 56), np.uint8)
    mask[10:30, 20:40] = 255
    Image.fromarray(mask).save(root / "a.png")
    row = {"image": "a.jpg", "audio": "a.wav", "gt_box": "a.png", "offset": 0}
    (root / "rows.json").write_text(json.dumps([row]))
    write_maps(tmp_path / "maps", {"a": mask / 255.0})
    done = hearsight.evaluate(tmp_path / "maps", root, annotations=root / "rows.json")
    assert done.scores["success"] == 1.0
    assert done.scores.pictures["a"].n_boxes == 1
    assert "One picture does not tell" in done.verdicts[0]


def test_what_is_known_of_learned_pairs_is_told(pair_set):
    pairs = open_pairs(pair_set)
    judged, other = {"list": file_list_hash(pairs.test)}, {"list": "other"}

    def told(split="test", **origin):
        return " ".join(about_learning(origin, pairs, pairs.test, split))

    assert told(train=judged) == "The system has learned from these very pairs: scores flatter."
    assert "chosen or calibrated on these very pairs" in told(train=other, validation=judged)
    assert "chosen or calibrated on these very pairs" in told(imported="x", validation=judged)
    some = {"list": "other", "from": "test"}
    assert "on pairs of this test split" in told(train=other, validation=some, data="my [set]")
    assert told(train=other, validation=some, data="another") == ""
    assert told(train=other, validation=other, data="my [set]") == ""
    assert "a set of this name" in told("train", train=other, data="my [set]")
    assert told("train", train=other, data="another") == ""
    assert "What the weights have learned from is not noted" in told(checkpoint="lvs.pth")


def test_leaks_of_the_training_list_are_told(pair_set, weights, tmp_path):
    (name, *_) = open_pairs(pair_set).test
    (tmp_path / "list.csv").write_text(f"{name}\n{open_pairs(pair_set).train[0]}\n")
    done = hearsight.evaluate(
        weights(train={"list": "other"}), pair_set, test_list=tmp_path / "list.csv"
    )
    assert len(done.scores.pictures) == 1
    assert "also in the set's training list: 1;" in done.notes[1]
    assert done.notes[0].startswith("Listed or annotated, but not there or not readable: 1;")


def test_one_class_leaves_no_other_sounds(pair_set, weights, tmp_path):
    (name, *_) = open_pairs(pair_set).test
    (tmp_path / "list.csv").write_text(f"{name}\n")
    done = hearsight.evaluate(weights(), pair_set, test_list=tmp_path / "list.csv")
    assert done.listening.swapped is None
    assert done.verdicts[1] == (
        "Whether the maps listen cannot be told: there are too few sounds to swap."
    )
    assert any(note.startswith("Sounds of other pictures were not tried") for note in done.notes)
    assert list(done.listening.negative.rows) == ["all", "silence", "noise"]


def test_bad_maps_are_refused(pair_set, tmp_path):
    maps = perfect_maps(pair_set)
    (name, *_) = maps

    def refused(message, **files):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        write_maps(folder, {**maps, **files})
        with pytest.raises(InputError, match=message):
            hearsight.evaluate(folder, pair_set)

    refused("has values that are not finite", **{name: np.full((4, 4), np.nan)})
    refused("must have shape", **{name: np.zeros((1, 4, 4))})
    refused("must have shape", **{name: np.zeros((0, 4))})
    refused("array of numbers", **{name: np.full((4, 4), "hot")})
    write_maps(tmp_path / "others", {"somebody": np.zeros((4, 4))})
    with pytest.raises(InputError, match="no picture has a map: maps are named like 'somebody'"):
        hearsight.evaluate(tmp_path / "others", pair_set)
    write_maps(tmp_path / "pickled", maps)
    np.save(tmp_path / "pickled" / f"{name}.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(InputError, match=r"npy: cannot be read as a map \(Object arrays"):
        hearsight.evaluate(tmp_path / "pickled", pair_set)
    huge = b"\x93NUMPY\x01\x00v\x00" + (
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999999), }".ljust(117)
        + b"\n"
    )
    for damaged in (b"", b"PK\x03\x04 no archive", huge):
        (tmp_path / "pickled" / f"{name}.npy").write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read as a map"):
            hearsight.evaluate(tmp_path / "pickled", pair_set)


def test_missing_and_foreign_maps_are_told(pair_set, tmp_path):
    maps = perfect_maps(pair_set)
    maps["foreign"] = maps.pop(min(maps))
    write_maps(tmp_path / "maps", maps)
    done = hearsight.evaluate(tmp_path / "maps", pair_set)
    assert done.scores["success"] == 7 / 8
    assert len(done.notes) == 2


def test_options_and_data_of_the_other_kind_are_refused(pair_set, weights, tmp_path):
    folder = weights()
    for options, message in (
        ({"split": "tset"}, "unknown split 'tset'; did you mean test"),
        ({"style": "lsv"}, "unknown style 'lsv'; did you mean lvs"),
        ({"threshold": np.nan}, "threshold must be finite"),
        ({"year": 2024}, "year is no option for heat maps of pictures"),
        ({"average": "macro"}, "average is no option for heat maps"),
        ({"device": "toaster"}, "device 'toaster' cannot be used"),
    ):
        with pytest.raises(InputError, match=message):
            hearsight.evaluate(folder, pair_set, **options)
    (tmp_path / "said").mkdir()
    with pytest.raises(InputError, match=r"neither weights \(system\.json is missing\) nor pre"):
        hearsight.evaluate(tmp_path / "said", pair_set)
    (tmp_path / "said" / "one.csv").write_text("")
    with pytest.raises(InputError, match="style is no option for events in recordings"):
        hearsight.evaluate(tmp_path / "said", pair_set, style="lvs")
    with pytest.raises(DatasetError, match="none of the 4 pairs of the train split has boxes"):
        hearsight.evaluate(folder, pair_set, split="train")
    (tmp_path / "seld" / "foa_dev").mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no pair of a picture and a sound"):
        hearsight.evaluate(folder, tmp_path / "seld")


def test_pairs_are_read_from_shards_where_these_are_named(pair_set, weights, tmp_path):
    root, system = tmp_path / "set", small_system()
    shutil.copytree(pair_set, root)
    prepare_pairs(system, open_pairs(root), tmp_path / "shards")
    from_files = hearsight.evaluate(weights(), root)
    for frame in (root / "frames").iterdir():
        frame.write_bytes(b"")
    from_shards = hearsight.evaluate(weights(), root, features=tmp_path / "shards")
    assert from_shards.notes[0].startswith(f"Pairs are read from the shards in {tmp_path}")
    assert from_shards.scores.pictures.keys() == from_files.scores.pictures.keys()
    for name, map_ in from_shards.maps.items():
        np.testing.assert_allclose(map_, from_files.maps[name], atol=0.05)
