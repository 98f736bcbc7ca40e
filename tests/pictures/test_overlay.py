"""The overlay video: what it keeps of the original, and where it draws."""

import struct
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from hearsight import Event, Events, HeatMap, MediaError, Projection, Scene, Track
from hearsight.pictures.annotation import position_at
from hearsight.pictures.overlay import has_moving_picture, write_overlay, write_still_overlay
from hearsight.pictures.palette import event_colors, to_rgb
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.layout import foa
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames, write_video


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sound_packets(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams.audio[0]) if p.size]


def picture_times(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [p.pts * p.time_base for p in container.demux(stream) if p.pts is not None]
        return sorted(float(time) for time in times)


@pytest.mark.parametrize(("width", "height", "fps"), [(128, 64, 20.0), (131, 67, 29.97)])
def test_size_rate_length_and_sound_are_kept(scene, video, tmp_path, width, height, fps):
    source = video(width, height, fps)
    projection = replace(scene.projection, width=width, height=height)
    shown = Scene(scene.events, scene.layout, projection, media=source)
    out = write_overlay(shown, tmp_path / "overlay.mp4")
    before, after = probe(source), probe(out)
    old, new = before.chosen_video, after.chosen_video
    assert (new.width, new.height) == (width, height)
    assert new.fps == pytest.approx(old.fps, rel=1e-4)
    assert new.duration == pytest.approx(old.duration, abs=1e-3)
    assert after.duration == pytest.approx(before.duration, abs=1e-3)
    assert sound_packets(out) == sound_packets(source)
    assert len(frames(out)) == len(frames(source))


def test_360_degree_metadata_is_kept_and_not_made_up(scene, video, tmp_path):
    source = video(spherical=True)
    panorama = write_overlay(replace(scene, media=source), tmp_path / "panorama.mp4")
    assert probe(panorama).chosen_video.has_spherical_metadata
    camera = Projection("perspective", 128, 64, fov_deg=90.0)
    plain = replace(scene, media=source, projection=camera, heatmaps=())
    assert not probe(write_overlay(plain, tmp_path / "b.mp4")).chosen_video.has_spherical_metadata


def test_variable_frame_times_are_kept(scene, tmp_path):
    source = tmp_path / "variable.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", 30)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for tick in (0, 40, 120, 130, 400, 900):
            frame = av.VideoFrame.from_ndarray(np.full((64, 128, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    out = write_overlay(replace(scene, media=source), tmp_path / "overlay.mp4")
    np.testing.assert_allclose(picture_times(out), picture_times(source), atol=1e-4)


def test_marks_and_heat_lie_where_the_sound_is(scene, video, tmp_path):
    """Azimuth +90 lies at a quarter of the width, half of the height."""
    loud = Scene(Events(scene.events[:1], duration=1.0), foa(), scene.projection, media=video())
    shown = frames(write_overlay(loud, tmp_path / "overlay.mp4"))[10].astype(int)
    color = np.array(to_rgb(event_colors(loud.events)[0]))
    # The ring has a radius of 5 pixels around (32, 32).
    ring = shown[32, 26:28].reshape(-1, 3)
    assert np.abs(ring - color).sum(axis=1).min() < 120
    changed = np.abs(shown - 110).max(axis=2) > 40
    assert not changed[:, 100:].any()
    assert not changed[:16].any()
    silent = Scene(Events(), foa(), scene.projection, scene.heatmaps, media=loud.media)
    hot = frames(write_overlay(silent, tmp_path / "hot.mp4"))[10].astype(int)
    heat = np.abs(hot - 110).max(axis=2)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert (row, column) == pytest.approx((32, 36), abs=6)  # cells 3 and 4 of 8, 4 of 16
    assert heat[:, 60:].max() < 12


def test_after_an_event_nothing_is_drawn(video, tmp_path):
    event = Event("click", 0.2, 0.5, 0.9)
    scene = Scene(Events([event], duration=1.0), None, Projection("perspective", 128, 64),
                  media=video())  # fmt: skip
    shown = [
        np.abs(f.astype(int) - 110).max() for f in frames(write_overlay(scene, tmp_path / "o.mp4"))
    ]
    assert max(shown[:4]) < 20
    assert min(shown[4:10]) > 60  # its name in the corner, as it has no place
    assert max(shown[10:]) < 20


def test_sound_beside_the_video_is_made_for_two_ears(scene, tmp_path):
    source = tmp_path / "silent.mp4"
    write_video(source, [np.zeros((3, 64, 128), np.uint8)] * 20, 20.0, size=(128, 64))
    tone = 0.4 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    from_left = np.stack([tone, tone, 0 * tone, 0 * tone]).astype(np.float32)  # W, Y, Z, X
    write_audio(tmp_path / "foa.wav", from_left, 16_000)
    shown = replace(scene, media=source, audio=tmp_path / "foa.wav")
    waveform, rate = read_audio(write_overlay(shown, tmp_path / "overlay.mp4"))
    assert waveform.shape[0] == 2
    assert waveform.shape[1] / rate == pytest.approx(1.0, abs=0.1)
    left, right = np.square(waveform).mean(axis=1)
    assert left > 1000 * right


def test_a_folder_of_frames_can_be_drawn_upon(scene, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (128, 64), (90, 90, 90)).save(folder / f"{number:03d}.png")
    out = write_overlay(replace(scene, media=folder), tmp_path / "overlay.mp4", frame_rate=10.0)
    stream = probe(out).chosen_video
    assert (stream.fps, len(frames(out)), stream.duration) == (10.0, 5, pytest.approx(0.5))


def test_a_still_picture_gets_a_still_overlay(scene, tmp_path):
    source = tmp_path / "still.png"
    Image.new("RGB", (128, 64), (90, 90, 90)).save(source)
    shown = replace(scene, media=source)
    assert not has_moving_picture(shown)
    with pytest.raises(MediaError, match="no moving picture"):
        write_overlay(shown, tmp_path / "overlay.mp4")
    assert not (tmp_path / "overlay.mp4").exists()
    silent = replace(shown, events=Events(duration=1.0))
    _, picture = next(iterate_frames(write_still_overlay(silent, tmp_path / "overlay.png")))
    assert picture.shape == (3, 64, 128)
    assert (picture[:, :, 80:] == 90).all()
    assert picture[0, 32, 36] > 200


@pytest.mark.parametrize(("width", "height"), [(640, 360), (641, 361)])
def test_each_thing_is_drawn_once_into_a_still(scene, tmp_path, width, height):
    source = tmp_path / "still.png"
    Image.new("RGB", (width, height), (90, 90, 90)).save(source)
    boxes = [(40.0, 100.0, 120.0, 80.0), (320.0, 100.0, 120.0, 80.0)]
    events = Events(
        [
            Event("dog", 0.0, 3.0, track=Track([0.0], boxes=[boxes[0]])),
            Event("dog", 4.0, 5.0, track=Track([4.0], boxes=[boxes[1]])),
        ],
        duration=5.0,
    )
    camera = Projection("perspective", width, height)
    shown = replace(scene, media=source, events=events, heatmaps=(), projection=camera)
    _, picture = next(iterate_frames(write_still_overlay(shown, tmp_path / "overlay.png")))
    color = np.array(to_rgb(event_colors(events)[0]))
    np.testing.assert_allclose(picture[:, 140, 40], color, atol=6)  # the left edge of the box
    assert (picture[:, 140, 50] == 90).all()
    assert (picture[:, :, 300:] == 90).all()  # nothing of the shorter event


def test_sound_alone_has_no_overlay(scene, tmp_path):
    alone = replace(scene, projection=None, media=tmp_path / "sound.wav")
    assert not has_moving_picture(alone)
    with pytest.raises(MediaError, match="no video to draw into"):
        write_overlay(alone, tmp_path / "overlay.mp4")


def test_positions_are_interpolated_over_the_seam_and_told_beside_the_picture():
    panorama = Projection("equirectangular", 360, 180)
    track = Track([0.0, 0.1], [178.0, -178.0], [0.0, 0.0])
    event = Event("bee", 0.0, 0.2, track=track)
    x, y = position_at(event, 0.025, panorama).point
    assert (x, y) == pytest.approx((1.0, 90.0), abs=0.01)
    camera = Projection("perspective", 360, 180, fov_deg=60.0)
    assert position_at(Event("a", 0, 1, track=Track([0.0], [80.0])), 0.0, camera).side == "left"
    assert position_at(Event("a", 0, 1, track=Track([0.0], [-150.0])), 0.0, camera).side == "right"
    unknown = Projection("perspective", 360, 180)
    assert position_at(event, 0.0, unknown).point is None


def test_a_map_of_the_sphere_is_not_laid_over_a_camera_picture(video, tmp_path):
    camera = Projection("perspective", 128, 64)
    sphere = HeatMap(np.ones((10, 4, 8), np.float32), np.arange(10) / 10, "acoustic",
                     Projection("equirectangular", 8, 4))  # fmt: skip
    scene = Scene(Events(duration=1.0), None, camera, (sphere,), media=video())
    shown = frames(write_overlay(scene, tmp_path / "overlay.mp4"))
    assert max(np.abs(frame.astype(int) - 110).max() for frame in shown) < 12


def turn(path):
    """Make a player turn the picture by a quarter, by writing into the track header's matrix."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    data[matrix : matrix + 36] = struct.pack(
        ">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 64 << 16, 0, 1 << 30
    )
    path.write_bytes(data)


def test_a_turned_video_is_written_upright(tmp_path):
    source = tmp_path / "turned.mp4"
    picture = np.full((3, 64, 128), 60, np.uint8)
    picture[:, :, :32] = 200  # stored left, shown on top
    write_video(source, [picture] * 10, 10.0, size=(128, 64))
    turn(source)
    _, upright = next(iterate_frames(source))
    assert upright.shape == (3, 128, 64)
    track = Track([0.0], boxes=[[20.0, 80.0, 24.0, 20.0]])
    scene = Scene(Events([Event("bell", 0.0, 1.0, 0.9, track)]), None,
                  Projection("perspective", 64, 128), media=source)  # fmt: skip
    out = write_overlay(scene, tmp_path / "overlay.mp4")
    assert probe(out).chosen_video.rotation == 0
    shown = frames(out)[5].astype(int)
    assert shown.shape == (128, 64, 3)
    assert np.abs(shown[:56] - upright.transpose(1, 2, 0)[:56]).max() < 20  # above the name
    assert np.abs(shown[80:82, 20:44] - to_rgb(event_colors(scene.events)[0])).mean() < 40
