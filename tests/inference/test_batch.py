"""Which recordings a run takes, where their results go, and what it does with failures."""

from pathlib import Path

import pytest

import hearsight
from hearsight.inference.batch import DEFAULT_OUT, Job, plan_jobs, run_job

OPTIONS = {"finding_options": {"channels": "mono"}, "locating_options": {"method": "srp"}}


@pytest.fixture
def tree(tmp_path):
    for name in (
        "a.wav", "b.MP4", "notes.txt", "deep/c.flac", "deep/.hidden/d.wav", ".e.wav", "deep/a.wav",
        "done/run.json", "done/events.json", "done/overlay.mp4", "program/run.json",
        "program/f.ogg",
    ):  # fmt: skip
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "tree" / "folder.wav").mkdir()
    return tmp_path / "tree"


def test_one_file_goes_where_it_is_told():
    assert plan_jobs([Path("x/a.wav")], Path("out"), has_audio=False) == [
        Job(Path("x/a.wav"), Path("out"))
    ]
    assert plan_jobs([Path("x/a.wav")], None, has_audio=False) == [
        Job(Path("x/a.wav"), DEFAULT_OUT / "a")
    ]


def test_several_files_go_below():
    jobs = plan_jobs([Path("a.wav"), Path("b.mp4"), Path("a.wav")], Path("out"), has_audio=False)
    assert jobs == [
        Job(Path("a.wav"), Path("out/a")),
        Job(Path("b.mp4"), Path("out/b")),
    ]


def test_files_of_one_stem_keep_their_suffix_or_their_way():
    jobs = plan_jobs([Path("a.wav"), Path("a.mp4"), Path("b.wav")], Path("out"), has_audio=False)
    assert [str(job.out) for job in jobs] == ["out/a.wav", "out/a.mp4", "out/b"]
    jobs = plan_jobs([Path("x/a.wav"), Path("y/a.wav")], Path("out"), has_audio=False)
    assert [str(job.out) for job in jobs] == ["out/x_a.wav", "out/y_a.wav"]


def test_no_two_jobs_share_a_folder():
    paths = [Path("x_y/a.wav"), Path("x/y_a.wav"), Path("x/y/a.wav"), Path("x/y/a.mp4")]
    jobs = plan_jobs(paths, None, has_audio=False)
    assert len({job.out for job in jobs}) == 4


def test_a_folder_is_taken_with_all_below(tree):
    jobs = plan_jobs([tree], Path("out"), has_audio=False)
    found = [str(job.path.relative_to(tree)) for job in jobs]
    assert found == ["a.wav", "b.MP4", "deep/a.wav", "deep/c.flac", "program/f.ogg"]
    assert len({job.out for job in jobs}) == 5


def test_a_folder_of_one_file_still_gets_a_folder_of_results(tree):
    (job,) = plan_jobs([tree / "program"], Path("out"), has_audio=False)
    assert job.out == Path("out/f")


def test_a_folder_of_pictures_is_one_recording(tree):
    assert plan_jobs([tree], Path("out"), has_audio=True) == [Job(tree, Path("out"))]


@pytest.mark.parametrize("name", ["done", "folder.wav"])
def test_nothing_to_do_is_said(tree, name):
    with pytest.raises(hearsight.InputError, match=f"{name}: no recordings there"):
        plan_jobs([tree / name], None, has_audio=False)


def test_one_sound_belongs_to_one_picture():
    with pytest.raises(hearsight.InputError, match="--audio belongs to one picture, got 2"):
        plan_jobs([Path("a.png"), Path("b.png")], None, has_audio=True)


def test_a_job_is_done_once(recordings, tmp_path):
    job = Job(recordings.scene("mono", 3.0), tmp_path / "out")
    told = []
    first = run_job(job, **OPTIONS, progress=told.append)
    assert first.error is None
    assert not first.was_done
    assert told == sorted(told)
    assert told[-1] == 1.0
    second = run_job(job, **OPTIONS)
    assert second.was_done
    assert second.scene.to_dicts() == first.scene.to_dicts()
    assert not run_job(job, **OPTIONS, is_forced=True).was_done


def test_failures_are_handed_back(tmp_path, recordings):
    missing = Job(tmp_path / "no.wav", tmp_path / "out")
    assert isinstance(run_job(missing, **OPTIONS).error, hearsight.MediaError)
    too_long = Job(tmp_path / ("n" * 300 + ".wav"), tmp_path / "out")
    assert "too long" in str(run_job(too_long, **OPTIONS).error)
    (tmp_path / "file").touch()
    below_a_file = Job(recordings.scene("mono", 3.0), tmp_path / "file" / "out")
    outcome = run_job(below_a_file, **OPTIONS)
    assert outcome.scene is None
    assert "choose another place" in str(outcome.error)
    assert not (tmp_path / "out").exists()


def test_mistakes_of_ours_are_not_swallowed(recordings, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("hearsight.inference.batch.locate_examined", fail)
    with pytest.raises(ZeroDivisionError):
        run_job(Job(recordings.scene("mono", 3.0), tmp_path / "out"), **OPTIONS)
