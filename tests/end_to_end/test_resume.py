"""Many files in one run: killed, begun again, changed, and with broken ones among them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hearsight.cli import run
from hearsight.events.formats.structured import read_json

RATE = 24000


@pytest.fixture
def results(tmp_path):
    """The folder of results; how to start a run into it; what stands in it."""
    return _Results(tmp_path / "results")


class _Results:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: object) -> int:
        return run(["locate", *map(str, arguments), "--out", str(self.folder)])

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hearsight", "locate", *map(str, arguments)]
        return subprocess.Popen(
            [*command, "--out", str(self.folder)], stdout=subprocess.DEVNULL, text=True
        )

    @property
    def finished(self) -> list[str]:
        if not self.folder.exists():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.name[0] != ".")

    @property
    def hidden(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob(".*"))

    def times(self) -> dict[str, int]:
        return {
            name: (self.folder / name / "run.json").stat().st_mtime_ns for name in self.finished
        }

    def check_whole(self, name: str) -> None:
        place = self.folder / name
        assert (place / "run.json").is_file()
        assert (place / "report.html").is_file()
        assert len(read_json(place / "events.json")) >= 1


@pytest.fixture
def recordings(media):
    """Make so many recordings of one second, or longer."""

    def make(n_files, n_samples=RATE):
        return [media.wav(media.foa(n_samples), f"{letter}.wav") for letter in "abcdef"[:n_files]]

    return make


@pytest.mark.slow
def test_a_killed_run_leaves_finished_results_whole_and_goes_on(recordings, results):
    files = recordings(4, 20 * RATE)
    process = results.start(*files)
    try:
        wait_for(lambda: results.finished and results.hidden, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = results.finished
    assert 1 <= len(finished) < 4
    for name in finished:
        results.check_whole(name)
    assert len(results.hidden) >= 1
    assert all(name.endswith(".part") for name in os.listdir(results.folder) if name[0] == ".")  # noqa: PTH208
    before = results.times()
    assert results.run(*files) == 0
    assert results.finished == ["a", "b", "c", "d"]
    assert results.hidden == []
    for name in results.finished:
        results.check_whole(name)
    assert {name: results.times()[name] for name in finished} == before


def wait_for(is_so, process):
    """Wait until something is so while a process runs."""
    for _ in range(6000):
        if is_so():
            return
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    pytest.fail("the run did not come that far")


def test_what_is_done_is_not_done_again(recordings, results, capsys):
    files = recordings(2)
    assert results.run(*files) == 0
    before = results.times()
    capsys.readouterr()
    assert results.run(*files) == 0
    assert results.times() == before
    assert capsys.readouterr().out.count("--force does it again") == 2


def test_a_changed_recording_is_done_again(media, recordings, results):
    files = recordings(2)
    assert results.run(*files) == 0
    before = results.times()
    media.wav(media.foa(RATE // 2), "b.wav")
    assert results.run(*files) == 0
    after = results.times()
    assert after["a"] == before["a"]
    assert after["b"] > before["b"]
    assert read_json(results.folder / "b" / "events.json").duration == pytest.approx(0.5)
    assert results.hidden == []


@pytest.mark.parametrize("change", [["--channels", "ambix"], ["--force"]])
def test_changed_options_and_force_do_it_again(recordings, results, change):
    files = recordings(2)
    assert results.run(*files) == 0
    before = results.times()
    assert results.run(*files, *change) == 0
    after = results.times()
    assert all(after[name] > before[name] for name in ("a", "b"))
    assert results.hidden == []


def test_a_changed_geometry_and_sound_beside_are_done_again(media, results):
    picture, sound = media.picture(), media.wav(media.noise(3))
    geometry = media.raw("microphones: [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]", "g.yaml")
    arguments = [picture, "--audio", sound, "--geometry", geometry]
    run_file = results.folder / "run.json"
    contents = []
    for _ in range(2):
        assert results.run(*arguments) == 0
        contents.append(run_file.read_text())
    assert contents[0] == contents[1]
    media.raw("microphones: [[0, 0, 0], [0.2, 0, 0], [0, 0.1, 0]]", "g.yaml")
    assert results.run(*arguments) == 0
    contents.append(run_file.read_text())
    media.wav(media.noise(3, RATE // 2))
    assert results.run(*arguments) == 0
    contents.append(run_file.read_text())
    assert len(set(contents)) == 3


def test_a_damaged_result_is_made_again(recordings, results):
    files = recordings(1)
    assert results.run(*files) == 0
    (results.folder / "events.json").write_text("{")
    assert results.run(*files) == 0
    results.check_whole(".")


def test_a_broken_file_does_not_stop_the_others(media, recordings, results, capsys):
    files = recordings(2)
    broken = media.raw("Dear diary", "ab.wav")
    assert results.run(files[0], broken, files[1]) == 2
    assert results.finished == ["a", "b"]
    assert results.hidden == []
    error = capsys.readouterr().err
    assert error.count("\n") == 2
    assert "ab.wav" in error.splitlines()[0]
    assert "1 of 3 files failed" in error.splitlines()[1]


def test_a_failing_second_run_keeps_the_first_result(media, recordings, results):
    files = recordings(1)
    assert results.run(*files) == 0
    results.check_whole(".")
    media.raw("Dear diary", "a.wav")
    assert results.run(*files) == 2
    results.check_whole(".")


def test_what_a_killed_run_was_replacing_comes_back(recordings, results, monkeypatch):
    """Killed between the two renames: the earlier result lies hidden beside its place."""
    files = recordings(1)
    assert results.run(*files) == 0
    hidden = results.folder.with_name(f".{results.folder.name}.old")
    results.folder.rename(hidden)
    assert results.run(*files, "--force") == 0
    results.check_whole(".")
    assert not hidden.exists()


def test_a_folder_is_searched_but_not_its_results(media, recordings, results):
    recordings(2)
    (media / "deep").mkdir()
    media.wav(media.foa(), "deep/c.wav")
    (media / "folder.wav").mkdir()
    media.raw("hidden", ".d.wav")
    media.raw("notes", "notes.txt")
    results.folder = media / "results"
    for _ in range(2):
        assert results.run(media.folder) == 0
        assert results.finished == ["a", "b", "c"]


def test_files_of_one_name_get_folders_of_their_own(media, recordings, results):
    recordings(1)
    for name in ("x", "y"):
        (media / name).mkdir()
        media.wav(media.foa(), f"{name}/a.wav")
    assert results.run(media / "x", media / "y", media / "a.wav", media / "a.wav") == 0
    assert len(results.finished) == 3
    for name in results.finished:
        results.check_whole(name)
