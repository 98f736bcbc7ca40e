import json
import sys

import numpy as np
import pytest
from PIL import Image

from hearsight.cli import run
from hearsight.recording.audio import write_audio

NAMES = tuple(f"clip{i:02d}" for i in range(30))


@pytest.fixture
def root(tmp_path):
    """Thirty pairs, half of them annotated."""
    rng = np.random.default_rng(0)
    (tmp_path / "frames").mkdir()
    for name in NAMES:
        Image.new("RGB", (8, 8)).save(tmp_path / f"frames/{name}.jpg")
        noise = 0.1 * rng.standard_normal((1, 1600), np.float32)
        write_audio(tmp_path / f"audio/{name}.wav", noise, 16_000)
    rows = [{"file": n, "class": n[-1], "bbox": [[0, 0, 1, 1]]} for n in NAMES[:15]]
    (tmp_path / "vggss.json").write_text(json.dumps(rows))
    return tmp_path


def said(capsys):
    return capsys.readouterr().out.splitlines()


def test_a_whole_set(root, capsys):
    assert run(["check", str(root)]) == 0
    assert said(capsys) == [
        f"{root}: vggsound, 30 pairs of picture and sound",
        "learned: 15",
        "judged: 15 of 10 classes",
        "read 30 of 30 pairs: 0 problems",
    ]


def test_problems_are_named(root, capsys):
    (root / "train.txt").write_text("\n".join(NAMES[10:] + tuple(f"gone{i}" for i in range(15))))
    (root / "audio/clip20.wav").write_bytes(b"bad")
    assert run(["check", str(root)]) == 0
    lines = said(capsys)
    assert lines[1] == "learned: 15 (5 left out, for they are judged)"
    assert lines[3] == "read 30 of 30 pairs: 31 problems"
    assert lines[4] == "  gone0: its picture is missing"
    assert lines[-1] == "  and 11 more; --all names them"
    assert len(lines) == 25
    assert run(["check", str(root), "--all", "--no-drop-test-ids"]) == 0
    lines = said(capsys)
    assert any(line.startswith("  both learned and judged: 5 pairs (clip10") for line in lines)
    assert f"  clip20: {root}/audio/clip20.wav: cannot be read" in "\n".join(lines)
    assert len(lines) == 4 + 32


def test_a_part_is_read_unless_all_is_asked_for(root, capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["hearsight.cli.check"], "_READ", 10)
    assert run(["check", str(root)]) == 0
    assert said(capsys)[-1] == "read 10 of 30 pairs; --read reads all: 0 problems"
    assert run(["check", str(root), "--read"]) == 0
    assert said(capsys)[-1] == "read 30 of 30 pairs: 0 problems"


def test_what_holds_no_pairs(tmp_path, capsys):
    assert run(["check", str(tmp_path)]) == 2
    assert "holds no pair of a picture and a sound" in capsys.readouterr().err
