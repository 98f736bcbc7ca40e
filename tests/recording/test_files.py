import json
import os
import stat

import pytest

from hearsight.errors import InputError, MediaError
from hearsight.recording.files import claim_folder, replacing, write_json


def test_the_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "made" / "too" / "a.json"
    with replacing(target) as temporary:
        assert temporary.suffix == ".json"
        assert temporary.parent == target.parent
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_what_was_there(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
        temporary.write_text("half" * (1 // 0))
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_json_is_whole_and_holds_no_nan(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"a": (1, None)})
    assert json.loads((tmp_path / "new" / "a.json").read_text()) == {"a": [1, None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "new" / "a.json", {"a": float("nan")})
    assert json.loads((tmp_path / "new" / "a.json").read_text()) == {"a": [1, None]}


def test_permissions_are_the_usual_ones(tmp_path):
    umask = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_full_disk_is_said_in_one_line(tmp_path):
    target = tmp_path / "a.txt"
    with pytest.raises(MediaError, match=r"a\.txt: cannot be written \(No space"):  # noqa: SIM117
        with replacing(target):
            raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_a_file_or_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "file" / "a.txt", tmp_path / "folder"):
        with pytest.raises(MediaError, match="cannot be written"), replacing(target) as temporary:
            temporary.write_text("x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_belongs_to_the_settings_that_claimed_it(tmp_path):
    note = tmp_path / "set" / "settings.json"
    claim_folder(note, {"seed": 1, "kinds": ("foa", "mic")})
    claim_folder(note, {"seed": 1, "kinds": ("foa", "mic")})
    with pytest.raises(InputError, match=r"set: .* other settings \(seed, width\)"):
        claim_folder(note, {"seed": 2, "kinds": ("foa", "mic"), "width": 64})
    with pytest.raises(InputError, match=r"\(kinds\)"):
        claim_folder(note, {"seed": 1})
    for text in ("{", ""):
        note.write_text(text)
        with pytest.raises(MediaError, match="not readable"):
            claim_folder(note, {"seed": 1})
    note.write_text("[]")
    with pytest.raises(InputError, match=r"\(seed\)"):
        claim_folder(note, {"seed": 1})
