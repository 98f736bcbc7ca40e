import numpy as np
import pytest

from datasets.clips.small_clips import CLASSES, write_lines
from datasets.clips.test_splits import write_text_lists
from hearsight.cli import run
from hearsight.recording.video import write_video


@pytest.fixture
def root(tmp_path):
    """Five rows of four clips, of which one has a video."""
    write_lines(tmp_path / "Annotations.txt")
    write_text_lists(tmp_path, ([0, 1, 2], [3], [4]))
    pictures = np.zeros((10, 3, 16, 16), np.uint8)
    sound = np.full((1, 40_000), 0.1, np.float32), 8000
    write_video(tmp_path / "AVE" / "-fry0000000.mp4", pictures, 2, size=(16, 16), audio=sound)
    return tmp_path


def test_clips_are_told_from_pairs(root, capsys):
    assert run(["check", str(root)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{root}: 5 rows of 4 clips of 5 s; clips with several rows: 1",
        f"4 classes: 1 ({CLASSES[1]}) to 2 ({CLASSES[0]}) rows each",
        "learned: 3, to choose weights by: 1, judged: 1; without any event: 0",
        "videos: 1 of 4 clips",
        "stored features: none",
        "read 1 of 1 clips: 6 problems",
        f"  row 2, _speech0000: its event ({CLASSES[2]}) lasts no second",
        "  bell-000000: learned as Church bell (row 0), judged as Bark (row 4)",
        "  Bark: is judged, but no row of it is learned",
        "  bell-000000: its video is missing",
        "  _speech0000: its video is missing",
        "  bell-000001: its video is missing",
    ]


def test_a_wrong_line_is_named(root, capsys):
    write_lines(root / "Annotations.txt", ("bell&a&good&0&5", "bell&b"))
    assert run(["check", str(root)]) == 2
    said = capsys.readouterr().err
    assert "Annotations.txt: line 2: has 2 fields, expected category&name" in said
