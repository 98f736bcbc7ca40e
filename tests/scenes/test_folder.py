import numpy as np
import pytest

from hearsight.events.formats.structured import read_json
from hearsight.recording.audio import read_audio
from hearsight.recording.layout import array, parse_layout
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames
from hearsight.scenes.camera import boxes
from hearsight.scenes.demo import demo_plan
from hearsight.scenes.folder import Camera, write_scene
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.scenes.truth import truth
from hearsight.spatial.projection import Projection

RATE = 16000
CAMERA = Camera(Projection("equirectangular", 128, 64), 10.0)


@pytest.fixture(scope="module")
def plan():
    sound = 0.3 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    sources = (
        SceneSource("bell", arc((30.0, 0.0), (80.0, 10.0), 1.0, onset=0.3), sound, 0.3),
        SceneSource("knock", still(-60.0), sound[::2].copy(), 0.8),
        SceneSource("bell", arc((150.0, 0.0), (200.0, 0.0), 2.0)),
    )
    return ScenePlan(sources, 2.0, RATE, ("bell", "knock"), 3)


@pytest.mark.parametrize("name", ["foa", "mic", "stereo", "mid-side", "mono", "XYW-Z-"])
def test_sound_video_and_labels_agree(plan, tmp_path, name):
    layout = parse_layout(name)
    noise = NoiseSettings(30.0)
    scene = write_scene(tmp_path, plan, layout, CAMERA, noise=noise)
    waveform, rate = read_audio(tmp_path / "scene.wav")
    assert rate == RATE
    expected = render_audio(plan, layout, noise=noise).waveform
    np.testing.assert_allclose(waveform, expected, atol=1.0 / 32768)
    media = probe(tmp_path / "scene.mp4")
    assert media.chosen_audio.n_channels == (1 if name == "mono" else 2)
    frames = list(iterate_frames(tmp_path / "scene.mp4"))
    assert len(frames) == 20
    again = read_json(tmp_path / "truth.json")
    assert again.to_dicts() == scene.to_dicts()
    assert again.to_dicts() == truth(plan, projection=CAMERA.projection).to_dicts()
    assert (str(again.media), str(again.audio)) == ("scene.mp4", "scene.wav")
    assert again.projection == CAMERA.projection
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "scene.mp4",
        "scene.wav",
        "truth.json",
    ]


def test_an_array_of_any_shape_and_no_camera(plan, tmp_path):
    write_scene(tmp_path, plan, array([[0.0, 0.1, 0.0], [0.0, -0.1, 0.0], [0.2, 0.0, 0.1]]))
    assert read_audio(tmp_path / "scene.wav")[0].shape == (3, 2 * RATE)
    assert not (tmp_path / "scene.mp4").exists()
    scene = read_json(tmp_path / "truth.json")
    assert str(scene.media) == "scene.wav"
    assert all(event.box is None for event in scene)


def test_masks_fit_the_boxes_to_the_pixel(plan, tmp_path):
    write_scene(tmp_path, plan, parse_layout("mono"), CAMERA, has_masks=True)
    with np.load(tmp_path / "masks.npz", allow_pickle=False) as masks:
        times, shown, labels = masks["times"], masks["shown"], masks["labels"]
    assert labels.tolist() == ["bell", "knock", "bell"]
    assert shown.shape == (20, 64, 128)
    expected = boxes(plan, CAMERA.projection, times)
    for frame in range(0, 20, 5):
        rows, columns = np.nonzero(shown[frame] == 1)
        left, top, width, height = expected[1, frame]
        assert (columns.min(), rows.min()) == (left, top)
        assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (width, height)


def test_the_same_plan_gives_the_same_files(plan, tmp_path):
    for name in ("a", "b"):
        write_scene(tmp_path / name, plan, parse_layout("foa"), CAMERA, noise=NoiseSettings(20.0))
    for name in ("scene.wav", "scene.mp4", "truth.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_demonstration_has_what_it_promises():
    plan = demo_plan()
    scene = truth(plan)
    assert len(scene) == 3
    assert len(plan.sources) == 4
    assert plan.sources[3].sound is None
    assert plan.sources[3].trajectory.is_moving
    assert sum(s.trajectory.is_moving for s in plan.sources[:3]) == 1
    extents = [(event.onset, event.offset) for event in scene]
    together = sum(
        min(a[1], b[1]) - max(a[0], b[0]) > 1.0
        for i, a in enumerate(extents)
        for b in extents[i + 1 :]
    )
    assert together == 2
