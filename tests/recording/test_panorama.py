import numpy as np
import pytest
from PIL import Image

from hearsight.recording.media import probe
from hearsight.recording.panorama import judge_projection
from hearsight.recording.video import write_video
from hearsight.spatial.directions import equirectangular_grid
from hearsight.spatial.projection import Projection


def scenery(directions, seed=0):
    """A smooth coloured surrounding, seen in given directions, shape (3, height, width)."""
    rng = np.random.default_rng(seed)
    waves = 6.0 * rng.standard_normal((3, 24, 3))
    phases = rng.uniform(0, 2 * np.pi, (3, 24, 1, 1))
    angles = np.einsum("cwd,yxd->cwyx", waves, directions) + phases
    return (127.5 + 20.0 * np.sin(angles).sum(axis=1)).clip(0, 255).astype(np.uint8)


def panorama(width, height, seed=0):
    return scenery(equirectangular_grid(height, width), seed)


def ordinary(width, height, seed=0):
    return scenery(Projection("perspective", width, height, 80.0).grid(height, width), seed)


def judge(tmp_path, picture, **settings):
    path = tmp_path / "a.mp4"
    size = picture.shape[2], picture.shape[1]
    write_video(path, [picture] * 20, 10, size=size, **settings)
    media = probe(path)
    assert media.chosen_video is not None
    return judge_projection(media, media.chosen_video)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(320, 160), (640, 360), (400, 300)])
def test_a_panorama_is_known_by_its_edges_at_any_aspect(tmp_path, size, seed):
    found = judge(tmp_path, panorama(*size, seed))
    assert found.kind == "equirectangular"
    assert found.is_sure or size != (320, 160)
    assert not found.has_metadata
    assert found.seam is not None
    assert found.seam < 2.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(320, 160), (640, 360), (120, 240)])
def test_an_ordinary_picture_is_none_even_at_two_to_one(tmp_path, size, seed):
    found = judge(tmp_path, ordinary(*size, seed))
    assert found.kind == "perspective"
    assert "equirectangular" not in found.reason


def test_metadata_decides(tmp_path):
    found = judge(tmp_path, ordinary(320, 180), spherical=True)
    assert (found.kind, found.is_sure, found.has_metadata) == ("equirectangular", True, True)
    assert "metadata says" in found.reason


def test_a_plain_picture_says_nothing(tmp_path):
    for size, kind in (((320, 160), "equirectangular"), ((320, 180), "perspective")):
        plain = np.full((3, size[1], size[0]), 90, np.uint8)
        found = judge(tmp_path, plain)
        assert (found.seam, found.poles) == (None, None)
        assert found.kind == kind
        assert found.is_sure == (kind == "perspective")


def test_a_sky_above_a_ground_is_no_panorama(tmp_path):
    gradient = np.linspace(40, 220, 180).astype(np.uint8)
    picture = np.broadcast_to(gradient[None, :, None], (3, 180, 320)).copy()
    found = judge(tmp_path, picture)
    assert (found.kind, found.seam) == ("perspective", None)


def test_black_bars_beside_an_ordinary_picture_do_not_make_it_a_panorama(tmp_path):
    picture = ordinary(640, 360)
    picture[:, :, :80] = 0
    picture[:, :, -80:] = 0
    assert judge(tmp_path, picture).kind == "perspective"


def test_pictures_and_folders_are_judged_too(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        picture = Image.fromarray(panorama(320, 180, number).transpose(1, 2, 0))
        picture.save(folder / f"{number}.png")
    for path in (folder, folder / "0.png"):
        media = probe(path)
        assert media.chosen_video is not None
        assert judge_projection(media, media.chosen_video).kind == "equirectangular"


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("yt360_a.mp4", "equirectangular"),
        ("nasa.mp4", "perspective"),
        ("dog_image.jpg", "perspective"),
        ("car_image.jpg", "perspective"),
    ],
)
def test_real_pictures_are_told(real, name, kind):
    media = probe(real(name))
    assert media.chosen_video is not None
    found = judge_projection(media, media.chosen_video)
    assert (found.kind, found.is_sure, found.has_metadata) == (kind, True, False)
