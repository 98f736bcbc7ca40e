from dataclasses import replace

import numpy as np
from PIL import Image

from hearsight import Events, Scene
from hearsight.pictures.album import panorama_frame, write_pictures


def names(paths):
    return [path.name for path in paths]


DRAWN = ["timeline.png", "azimuth.png", "sphere.png"]


def test_a_video_gets_an_overlay_video(scene, video, tmp_path):
    written = write_pictures(replace(scene, media=video()), tmp_path / "out", truth=scene.events)
    assert names(written) == [*DRAWN, "overlay.mp4"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_a_still_picture_gets_an_overlay_picture(scene, tmp_path):
    Image.new("RGB", (128, 64)).save(tmp_path / "still.png")
    written = write_pictures(replace(scene, media=tmp_path / "still.png"), tmp_path)
    assert names(written) == [*DRAWN, "overlay.png"]


def test_no_recording_at_all_is_drawn_too(tmp_path):
    assert names(write_pictures(Scene(Events()), tmp_path)) == DRAWN


def test_only_panoramas_lie_under_the_sphere(scene, video):
    frame = panorama_frame(replace(scene, media=video()))
    assert frame.shape == (3, 64, 128)
    assert np.abs(frame.astype(int) - 110).max() < 10
    assert panorama_frame(scene) is None
