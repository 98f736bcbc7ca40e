import numpy as np
import pytest

from hearsight.scenes.clip_plans import CLIP_KINDS, SHORTEST, draw_clip_plan

LABELS = ("bell", "knock", "door")


def plans(kind, n=200, n_seconds=10, passing=()):
    rng = np.random.default_rng(5)
    return [
        draw_clip_plan(kind, LABELS, "music", n_seconds, rng, passing=passing) for _ in range(n)
    ]


def runs(values):
    return np.count_nonzero(np.diff(np.concatenate([[0], values.astype(int), [0]])) == 1)


def test_whole_events_fill_their_clip():
    for plan in plans("whole"):
        assert plan.is_event.all()
        assert plan.is_seen.all()


def test_parts_are_one_run_that_leaves_room():
    lengths = [np.count_nonzero(plan.is_event) for plan in plans("part", 500)]
    assert min(lengths) == SHORTEST
    assert max(lengths) == 9
    assert all(runs(plan.is_event) == 1 for plan in plans("part"))


def test_neither_picture_nor_sound_alone_tells_when_a_part_is():
    """An event ends by the sound, by the picture or by both, about equally often."""
    ends = {"sound": 0, "picture": 0, "both": 0}
    for plan in plans("part", 1000):
        after = int(np.flatnonzero(plan.is_event)[-1]) + 1
        if after < plan.n_seconds:
            seen, heard = plan.is_seen[0, after], plan.is_heard[after]
            ends["sound" if seen else "picture" if heard else "both"] += 1
    assert min(ends.values()) > 0.25 * sum(ends.values())
    both = {"in view all the time": 0, "sounding all the time": 0}
    for plan in plans("part"):
        both["in view all the time"] += plan.is_seen[0].all() and not plan.is_heard.all()
        both["sounding all the time"] += plan.is_heard.all() and not plan.is_seen[0].all()
    assert min(both.values()) > 30


@pytest.mark.parametrize("kind", CLIP_KINDS[2:])
def test_clips_without_event_are_what_they_are_called(kind):
    for plan in plans(kind, 20):
        assert not plan.is_event.any()
        assert plan.is_seen[0].all() == (kind in ("unmatched", "seen"))
        assert bool(plan.seen(0)) == (kind in ("unmatched", "seen"))
        assert plan.heard(3) == (("music",) if kind in ("unmatched", "heard") else ())


def test_only_things_that_may_come_and_go_do_so():
    some = plans("part", passing=(2,))
    assert all(plan.is_seen[1].all() for plan in some)
    away = [not plan.is_seen[2].all() for plan in some]
    assert 0.3 < np.mean(away) < 0.7


def test_what_is_seen_and_heard_has_names():
    plan = next(p for p in plans("part") if p.aside is not None and not p.is_heard.all())
    for second in range(10):
        event = plan.is_event[second]
        common = set(plan.seen(second)) & set(plan.heard(second))
        assert common == ({"bell"} if event else set())
        assert plan.heard(second)[-1] == "music"
        assert (plan.heard(second)[0] == "bell") == plan.is_heard[second]


def test_about_half_of_the_events_have_a_sound_from_off_screen():
    assert 0.4 < np.mean([plan.aside is not None for plan in plans("whole", 500)]) < 0.6


def test_who_only_listens_or_only_looks_is_often_wrong():
    """Of a set as large as AVE, with the shares that docs/generator.md names."""
    rng = np.random.default_rng(1)
    right = {"ears": 0.0, "eyes": 0.0, "always": 0.0}
    n_clips = 3000
    for index in range(n_clips):
        kind = ("whole", "whole", "part")[index % 3]
        labels = LABELS[: rng.integers(1, 4)]
        passing = [other for other in range(1, len(labels)) if rng.random() < 0.5]
        plan = draw_clip_plan(kind, labels, "music", 10, rng, passing=passing)
        guess = rng.integers(len(labels))
        seen, event = plan.is_seen[guess], plan.is_event
        right["ears"] += np.mean(plan.is_heard == event) / n_clips
        right["eyes"] += np.mean(np.where(seen, event & (guess == 0), ~event)) / n_clips
        right["always"] += np.mean(event) / n_clips
    assert right == pytest.approx({"ears": 0.95, "eyes": 0.58, "always": 0.85}, abs=0.015)
