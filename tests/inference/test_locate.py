"""`locate` on every kind of recording, what it says of each, and how sure it is."""

import numpy as np
import pytest

import hearsight
from hearsight.inference.locate import locate_examined
from hearsight.recording.findings import examine

NAMES = ("foa", "mic", "stereo", "mid-side", "mono")


def highest_confidence(path, channels):
    scene = hearsight.locate(path, channels=channels)
    return max((event.confidence for event in scene), default=0.0)


@pytest.mark.parametrize("layout", NAMES)
def test_silence_noise_and_a_clean_source_come_in_this_order(recordings, layout):
    silence = highest_confidence(recordings.silence(layout, name="silence.wav"), layout)
    noise = highest_confidence(recordings.diffuse(layout, name="noise.wav"), layout)
    clean = highest_confidence(recordings.scene(layout, name="clean.wav"), layout)
    assert silence == 0.0
    assert silence <= noise < 0.1
    assert 0.7 < clean <= 1.0


def test_noise_lowers_the_confidence_of_a_source(recordings):
    levels = [
        highest_confidence(recordings.scene("foa", snr_db=snr_db, name=f"{snr_db}.wav"), "foa")
        for snr_db in (30.0, 10.0, 0.0)
    ]
    assert levels[0] > levels[1] > levels[2]


@pytest.mark.parametrize("layout", NAMES)
def test_a_scene_is_whole(recordings, layout):
    path = recordings.scene(layout, 4.0)
    scene = hearsight.locate(path, channels=layout)
    assert isinstance(scene, hearsight.Scene)
    assert scene.media == path
    assert scene.audio is None
    assert scene.projection is None
    assert scene.duration == pytest.approx(4.0)
    assert [event.label for event in scene] == ["source 1"]
    (event,) = scene
    # It sounds from 0.5 to 3 s.
    assert event.onset == pytest.approx(0.5, abs=0.15)
    assert event.offset == pytest.approx(3.0, abs=0.25)
    if layout == "mono":
        assert event.azimuth is None
        assert scene.heatmaps == ()
    else:
        assert event.azimuth == pytest.approx(40.0, abs=10.0)
        (heatmap,) = scene.heatmaps
        assert heatmap.kind == "acoustic"
        assert heatmap.values.shape == (40, 36, 72)
        assert np.isclose(heatmap.values.max(), 1.0, atol=0.05)
        assert not heatmap.values[:3].any()  # nothing sounds yet
    assert (event.elevation is None) == (layout not in ("foa", "mic"))
    assert isinstance(scene.to_dicts()[0], dict)
    assert "source 1" in scene._repr_html_()


@pytest.mark.parametrize("layout", ["foa", "mono"])
def test_progress_rises_from_0_to_1(recordings, layout):
    for arguments in (
        {"path": recordings.scene(layout, 5.0)},
        {"path": recordings.video(5.0), "audio": recordings.folder / "sound.wav"},
    ):
        told = []
        hearsight.locate(**arguments, channels=layout, window_s=1.0, progress=told.append)
        assert len(told) >= 3
        assert told == sorted(told)
        assert 0.0 <= told[0] < 0.5
        assert told[-1] == 1.0


def has_note(scene, *words):
    return any(all(word in note for word in words) for note in scene.notes)


def test_silence_says_so(recordings):
    scene = hearsight.locate(recordings.silence("foa"), channels="ambix")
    assert len(scene) == 0
    assert has_note(scene, "No events", "silent")
    assert not scene.heatmap("acoustic").values.any()


def test_noise_says_so(recordings):
    scene = hearsight.locate(recordings.diffuse("foa"), channels="ambix")
    assert len(scene) == 0
    assert has_note(scene, "No events", "diffuse", "--channels")


def test_one_channel_says_what_it_cannot_tell(recordings):
    scene = hearsight.locate(recordings.scene("mono"))
    assert has_note(scene, "One channel has no directions")


def test_an_array_in_a_plane_says_what_it_cannot_tell(recordings, tmp_path):
    geometry = tmp_path / "array.yaml"
    geometry.write_text("microphones: [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]")
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 48_000))
    scene = hearsight.locate(recordings.write(sound), geometry=geometry)
    assert has_note(scene, "3 microphones", "cannot tell its two sides")
    assert scene.layout.n_channels == 3


def test_a_still_picture_says_so(recordings):
    picture = next(recordings.frames(1).iterdir())
    scene = hearsight.locate(picture, audio=recordings.scene("foa", 3.0), channels="foa")
    assert scene.media == picture
    assert scene.audio == recordings.folder / "sound.wav"
    assert scene.duration == pytest.approx(3.0)
    assert has_note(scene, "still")
    assert not scene.heatmap("synchrony").values.any()
    assert len(scene) == 1


def test_a_picture_that_does_not_move_says_so(recordings):
    video, sound = recordings.video(3.0, moves=False), recordings.scene("mono", 3.0)
    scene = hearsight.locate(video, audio=sound)
    assert has_note(scene, "does not move")
    assert not scene.heatmap("synchrony").values.any()
    assert all(event.box is None for event in scene)


def test_a_picture_without_field_of_view_says_so(recordings):
    video, sound = recordings.video(2.0), recordings.scene("foa", 3.0)
    options = {"audio": sound, "channels": "foa", "projection": "perspective"}
    scene = hearsight.locate(video, **options)
    assert has_note(scene, "--fov")
    assert scene.heatmap("acoustic").projection.kind == "equirectangular"
    scene = hearsight.locate(video, **options, fov_deg=100.0)
    assert not has_note(scene, "--fov")
    assert scene.heatmap("acoustic").projection == scene.projection
    assert scene.projection.fov_deg == 100.0


@pytest.mark.parametrize(("azimuth", "is_seen"), [(20.0, 1.0), (120.0, 0.0)])
def test_events_know_whether_they_are_on_screen(recordings, azimuth, is_seen):
    video, sound = recordings.video(3.0), recordings.scene("foa", 3.0, azimuths=(azimuth,))
    options = {"channels": "foa", "projection": "perspective", "fov_deg": 90.0}
    (event,) = hearsight.locate(video, audio=sound, **options)
    assert (event.track.on_screen == is_seen).all()


def test_the_map_of_a_panorama_lies_where_the_source_is(recordings):
    video, sound = recordings.video(3.0, spherical=True), recordings.scene("foa", 3.0)
    scene = hearsight.locate(video, audio=sound, channels="foa")
    assert scene.projection.kind == "equirectangular"
    heatmap = scene.heatmap("acoustic")
    assert heatmap.projection == scene.projection
    _, row, column = np.unravel_index(int(heatmap.values.argmax()), heatmap.values.shape)
    _, height, width = heatmap.values.shape
    assert 180.0 - 360.0 * (column + 0.5) / width == pytest.approx(40.0, abs=6.0)
    assert 90.0 - 180.0 * (row + 0.5) / height == pytest.approx(0.0, abs=6.0)


@pytest.mark.parametrize("sound_s", [0.35, 1.0, 6.0])
def test_the_sound_decides_how_long_a_scene_is(recordings, sound_s):
    sound = recordings.write(
        np.random.default_rng(0).uniform(-0.5, 0.5, (2, round(24000 * sound_s)))
    )
    for picture in (recordings.video(2.0), recordings.frames(20)):
        scene = hearsight.locate(picture, audio=sound)
        assert scene.duration == pytest.approx(sound_s)
        n_labels = -(-round(sound_s * 1000) // 100)
        for heatmap in scene.heatmaps:
            assert len(heatmap.values) == len(heatmap.times) == n_labels
        shown_s = 2.0 if picture.is_file() else 0.8
        assert has_note(scene, f"picture {shown_s:.2f} s") == (abs(sound_s - shown_s) > 1.0)


def test_a_folder_of_pictures_takes_a_rate(recordings):
    sound = recordings.diffuse("mono", 4.0)
    findings = examine(recordings.frames(20), audio=sound, frame_rate=5.0)
    scene = locate_examined(findings, frame_rate=5.0)
    assert not has_note(scene, "fault: sound lasts")
    assert scene.projection.width == 64


def test_steady_sound_of_one_channel_is_one_unsure_event(recordings):
    scene = hearsight.locate(recordings.diffuse("mono"))
    (event,) = scene
    assert (event.onset, event.offset) == (0.0, 6.0)
    assert event.confidence < 0.1


def test_what_does_not_fit_is_refused(recordings):
    sound = recordings.scene("mono", 3.0)
    with pytest.raises(hearsight.InputError, match="file has 1"):
        hearsight.locate(sound, channels="stereo")
    with pytest.raises(hearsight.InputError, match="did you mean music"):
        hearsight.locate(recordings.scene("mic", 3.0), channels="mic", method="musik")
    with pytest.raises(hearsight.MediaError, match="--audio"):
        hearsight.locate(recordings.video())
