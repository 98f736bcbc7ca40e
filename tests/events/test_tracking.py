from __future__ import annotations

import numpy as np
import pytest

from hearsight.events.tracking import (
    DirectionTrack,
    TrackingSettings,
    name_sources,
    track_directions,
)
from hearsight.spatial.directions import angular_distance, to_vectors

SETTINGS = TrackingSettings(
    onset_share=0.3, offset_share=0.1, max_gap=3, min_length=3, min_relative=0.2
)


def peaks(*sources: dict[int, tuple[float, float]], n_frames: int = 40):
    """Arrange sources, each {frame: (azimuth, share)}, as directions and shares."""
    directions = np.full((n_frames, len(sources), 3), np.nan)
    shares = np.zeros((n_frames, len(sources)))
    for column, source in enumerate(sources):
        for frame, (azimuth, share) in source.items():
            directions[frame, column] = to_vectors(azimuth, 0.0)
            shares[frame, column] = share
    return directions, shares


def still(azimuth: float, frames, share: float = 0.8):
    return dict.fromkeys(frames, (azimuth, share))


def test_one_source_is_one_track_over_its_extent():
    tracks = track_directions(*peaks(still(40.0, range(5, 20))), SETTINGS)
    assert [(t.frames[0], t.frames[-1]) for t in tracks] == [(5, 19)]
    assert tracks[0].strength == pytest.approx(0.8)


def test_nothing_gives_no_tracks():
    assert track_directions(*peaks({}), SETTINGS) == []
    assert track_directions(np.zeros((0, 4, 3)), np.zeros((0, 4)), SETTINGS) == []


def test_columns_may_change_but_sources_keep_their_tracks():
    directions, shares = peaks(still(40.0, range(40), 0.8), still(-60.0, range(40), 0.7))
    directions[::2], shares[::2] = directions[::2, ::-1], shares[::2, ::-1]
    tracks = track_directions(directions, shares, SETTINGS)
    assert len(tracks) == 2
    for track in tracks:
        _, path = track.path()
        assert angular_distance(path, path[0]).max() < 1e-6


def test_short_gaps_are_bridged_and_long_ones_divide():
    frames = [f for f in range(40) if f not in (10, 11, 12)]
    assert len(track_directions(*peaks(still(0.0, frames)), SETTINGS)) == 1
    frames = [f for f in range(40) if f not in range(10, 18)]
    tracks = track_directions(*peaks(still(0.0, frames)), SETTINGS)
    assert [(t.frames[0], t.frames[-1]) for t in tracks] == [(0, 9), (18, 39)]
    assert list(name_sources(tracks)) == [0, 0]


def test_hysteresis_begins_with_clear_peaks_and_lives_on_with_weak_ones():
    weak = (
        still(0.0, range(0, 10), 0.2) | still(0.0, range(10, 15)) | still(0.0, range(15, 25), 0.2)
    )
    tracks = track_directions(*peaks(weak), SETTINGS)
    assert [(t.frames[0], t.frames[-1]) for t in tracks] == [(10, 24)]
    assert track_directions(*peaks(still(0.0, range(40), 0.2)), SETTINGS) == []


def test_what_is_too_short_is_no_event():
    assert track_directions(*peaks(still(0.0, range(5, 7))), SETTINGS) == []


def test_a_moving_source_is_followed_and_not_delayed():
    source = {frame: (-60.0 + 3.0 * frame, 0.8) for frame in range(40)}
    (track,) = track_directions(*peaks(source), SETTINGS)
    frames, path = track.path()
    truth = to_vectors(-60.0 + 3.0 * frames, 0.0)
    error = angular_distance(path, truth)
    assert error[3:-3].max() < 0.1
    # At its ends the line fit leans on one side only, at 30 degrees a second by a frame's way.
    assert error.max() < 3.0


def test_much_weaker_tracks_beside_a_strong_one_are_reflections():
    strong = still(0.0, range(40), 0.9)
    directions, shares = peaks(strong, still(120.0, range(5, 35), 0.31))
    settings = TrackingSettings(
        onset_share=0.3, offset_share=0.1, max_gap=3, min_length=3, min_relative=0.5
    )
    assert len(track_directions(directions, shares, settings)) == 1
    assert len(track_directions(directions, shares, SETTINGS)) == 2


def test_gaps_of_a_path_are_filled_between_its_ends():
    track = DirectionTrack()
    for frame, azimuth in ((3, 0.0), (4, 1.0), (8, 5.0)):
        track.add(frame, to_vectors(azimuth, 0.0), 0.5)
    frames, path = track.path()
    assert frames.tolist() == [3, 4, 5, 6, 7, 8]
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1.0)
    assert angular_distance(path, to_vectors(2.5, 0.0)).max() < 4.0


def test_sources_are_named_by_place():
    def track(azimuth: float, start: int) -> DirectionTrack:
        made = DirectionTrack()
        for frame in range(start, start + 5):
            made.add(frame, to_vectors(azimuth, 0.0), 0.5)
        return made

    tracks = [track(0.0, 0), track(90.0, 2), track(5.0, 10), track(-90.0, 12), track(88.0, 20)]
    assert list(name_sources(tracks)) == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_peaks_in_a_frame_does_not_matter(seed):
    generator = np.random.default_rng(seed)
    directions, shares = peaks(
        still(10.0, range(40)), still(100.0, range(5, 30), 0.6), still(-80.0, range(8, 40), 0.5)
    )
    shuffled = [generator.permutation(3) for _ in directions]
    again = track_directions(
        np.stack([d[order] for d, order in zip(directions, shuffled, strict=True)]),
        np.stack([s[order] for s, order in zip(shares, shuffled, strict=True)]),
        SETTINGS,
    )
    tracks = track_directions(directions, shares, SETTINGS)
    assert sorted((t.frames[0], t.frames[-1]) for t in again) == sorted(
        (t.frames[0], t.frames[-1]) for t in tracks
    )
