import pytest

from datasets.pairs.small_pairs import write_pairs


@pytest.fixture
def root(tmp_path):
    """Four pairs in the folders of LVS, without annotation."""
    return write_pairs(tmp_path / "set")
