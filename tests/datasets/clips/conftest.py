import pytest

from datasets.clips.small_clips import write_lines


@pytest.fixture
def root(tmp_path):
    """Five rows of four clips, without lists, videos or features."""
    write_lines(tmp_path / "set" / "Annotations.txt")
    return tmp_path / "set"
