import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from hearsight.errors import HearsightError, InputError, MediaError
from hearsight.recording.audio import write_audio
from hearsight.recording.findings import examine
from hearsight.recording.video import write_video
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.directions import to_vectors

RATE = 16_000


@pytest.fixture
def sound(tmp_path):
    def write(waveform, name="a.wav", rate=RATE, encoding="float"):
        path = tmp_path / name
        write_audio(path, np.asarray(waveform, np.float32), rate, encoding=encoding)
        return path

    return write


def ambisonics(seconds=3):
    """Three noises from three sides, taking turns."""
    rng = np.random.default_rng(0)
    mixture = 1e-3 * rng.standard_normal((4, RATE * seconds))
    for number, (azimuth, elevation) in enumerate([(30, 0), (-100, 20), (170, -10)]):
        loudness = np.repeat(rng.random(seconds * 8) > 0.4, RATE // 8)
        noise = loudness * rng.standard_normal(RATE * seconds) / (1 + number)
        mixture += 0.05 * np.outer(encode_foa(to_vectors(azimuth, elevation)), noise)
    return mixture


def kinds(findings):
    return [fault.kind for fault in findings.faults]


def test_a_sound_recording_is_examined(sound):
    findings = examine(sound(ambisonics()))
    assert findings.layout is not None
    assert findings.layout.name == "WYZX:sn3d"
    assert findings.is_layout_sure
    assert not findings.is_layout_given
    assert findings.projection is None
    assert findings.duration == 3.0
    assert findings.faults == ()
    assert "channels: WYZX:sn3d (found)" in findings.sentences
    assert "no picture" in findings.sentences


def test_channels_given_override_and_are_doubted_where_they_cannot_be(sound):
    path = sound(ambisonics())
    right = examine(path, channels="ambix")
    assert right.is_layout_given
    assert right.faults == ()
    wrong = examine(path, channels="fuma")
    assert wrong.layout is not None
    assert wrong.layout.name == "WXYZ:fuma"
    assert kinds(wrong) == ["order"]
    misplaced = examine(path, channels="XYZW:sn3d")
    assert kinds(misplaced) == ["order"]


def test_a_loud_vertical_channel_is_suspect(sound):
    mixture = ambisonics()
    mixture = mixture[[0, 1, 3, 2]]  # X stands where Z should
    mixture[1] *= 0.3
    mixture[0] = np.sqrt(np.mean(mixture[1:] ** 2) * 3) * np.random.default_rng(1).standard_normal(
        mixture.shape[1]
    )
    findings = examine(sound(mixture), channels="ambix")
    assert kinds(findings) == ["order"]
    assert findings.faults[0].channels == (2,)


def test_what_the_user_says_must_fit(sound, tmp_path):
    path = sound(ambisonics())
    with pytest.raises(InputError, match=r"a\.wav.*stereo.*2 channels.*4"):
        examine(path, channels="stereo")
    with pytest.raises(InputError, match="did you mean fuma"):
        examine(path, channels="fumma")
    geometry = tmp_path / "array.yaml"
    geometry.write_text("microphones: [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]")
    with pytest.raises(InputError, match=r"array\.yaml: has 3 microphones .*a\.wav has 4 channels"):
        examine(path, geometry=geometry)
    with pytest.raises(InputError, match="not both"):
        examine(path, channels="ambix", geometry=geometry)


def test_a_geometry_makes_an_array(sound, tmp_path):
    geometry = tmp_path / "array.yaml"
    geometry.write_text("microphones: [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]]")
    findings = examine(sound(ambisonics()), geometry=geometry)
    assert findings.layout is not None
    assert findings.layout.positions is not None
    assert findings.layout.positions[1] == (0.1, 0.0, 0.0)
    assert findings.is_layout_sure


def test_sound_beside_a_picture_belongs_to_it(sound, tmp_path, noise):
    Image.new("RGB", (40, 30), (9, 99, 199)).save(tmp_path / "a.png")
    findings = examine(tmp_path / "a.png", audio=sound(noise(1, RATE)))
    assert findings.audio is not None
    assert findings.video is not None
    assert findings.duration == 1.0
    assert findings.projection is not None
    assert (findings.projection.width, findings.projection.height) == (40, 30)
    assert "lengths" not in kinds(findings)  # a still has no length
    with pytest.raises(MediaError, match="holds no sound"):
        examine(tmp_path / "a.png", audio=tmp_path / "a.png")
    with pytest.raises(InputError, match="no channels"):
        examine(tmp_path / "a.png", channels="stereo")


def test_the_projection_can_be_given(tmp_path, counting_frames):
    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(5), 25, size=(32, 16))
    assert not examine(path).is_projection_sure
    flat = examine(path, projection="perspective", fov_deg=70.0)
    assert flat.projection is not None
    assert flat.projection.fov_deg == 70.0
    assert flat.is_projection_sure
    assert "picture: perspective (as given)" in flat.sentences
    round_ = examine(path, projection="equirectangular", fov_deg=70.0)
    assert round_.projection is not None
    assert round_.projection.fov_deg is None
    with pytest.raises(InputError, match="unknown projection"):
        examine(path, projection="fisheye")


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("dead", lambda x: x * [[1], [0]]),
        ("duplicated", lambda x: x[[0, 0]]),
        ("inverted", lambda x: x[[0, 0]] * [[1], [-1]]),
        ("clipped", lambda x: np.clip(20 * x, -1, 1)),
        ("not finite", lambda x: np.where(np.arange(x.shape[1]) == 99, np.nan, x)),
        ("silence", lambda x: 0 * x),
        ("silence", lambda x: 1e-4 * x),
        ("offset", lambda x: x + 0.1),
        ("over", lambda x: 1000 * x),
    ],
)
def test_each_fault_is_found_alone(sound, noise, kind, spoil):
    clean = 0.2 * noise(2, 2 * RATE)
    assert examine(sound(clean)).faults == ()
    spoilt = examine(sound(spoil(clean)))
    if kind == "over":
        assert set(kinds(spoilt)) == {"over", "clipped"}  # full scale is passed most of the time
    else:
        assert kinds(spoilt) == [kind]
    assert f"fault: {spoilt.faults[0].message}" in spoilt.sentences


def test_faults_name_the_channels(sound, noise):
    mixture = noise(5, RATE)
    mixture[1], mixture[4], mixture[3] = 0.0, -mixture[0], mixture[2]
    faults = {fault.kind: fault for fault in examine(sound(mixture)).faults}
    assert faults["dead"].channels == (1,)
    assert faults["duplicated"].channels == (2, 3)
    assert faults["inverted"].channels == (0, 4)
    assert "channels 3 and 4 are the same" in faults["duplicated"].message


def test_silent_channels_that_a_layout_leaves_out_are_no_fault(sound):
    w, y, z, x = ambisonics()
    hidden = np.stack([x, y, w, 0 * w, z, 0 * w])
    findings = examine(sound(hidden))
    assert findings.layout is not None
    assert findings.layout.name == "XYW-Z-:sn3d"
    assert findings.faults == ()
    assert "channels 4 and 6 are silent" in findings.sentences


def test_a_low_rate_is_a_fault(tmp_path, noise):
    soundfile.write(tmp_path / "a.wav", noise(2, 6000).T, 6000)
    assert kinds(examine(tmp_path / "a.wav")) == ["sample rate"]


def test_sound_and_picture_of_different_length_are_a_fault(tmp_path, noise, counting_frames):
    path = tmp_path / "a.mkv"
    write_video(path, counting_frames(50), 10, size=(32, 16), audio=(noise(1, RATE), RATE))
    assert kinds(examine(path)) == ["lengths"]


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_sound_that_is_cut_off_is_refused(sound, noise, name):
    path = sound(noise(2, 3 * RATE), name, encoding="pcm16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError, match="cut off"):
        examine(path)


def test_everything_goes_into_json(tmp_path, noise, counting_frames):
    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(20), 10, size=(32, 16), audio=(noise(2, RATE), RATE))
    content = examine(path).to_dict()
    again = json.loads(json.dumps(content, allow_nan=False))
    assert again["channels"] == "stereo"
    assert again["projection"] == "equirectangular"
    assert again["chosen_audio"] == 1
    assert [fault["kind"] for fault in again["faults"]] == kinds(examine(path))


def test_a_file_with_neither_is_refused(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    with pytest.raises(HearsightError, match="neither sound nor picture"):
        examine(tmp_path / "a.srt")


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("yt360_a.m4a", "XYW-Z-:sn3d"),
        ("BF_rec3.ogg", "WXYZ:fuma"),
        ("yt360_a.mp4", "stereo"),
        ("nasa.mp4", "stereo"),
        ("dog_audio.wav", "mono"),
        ("car_audio.wav", "mono"),
    ],
)
def test_real_recordings_are_told_right(real, name, layout):
    findings = examine(real(name))
    assert findings.layout is not None
    assert findings.layout.name == layout
    assert findings.is_layout_sure


@pytest.mark.media
def test_which_of_several_streams_is_used_is_said(real):
    sentences = " ".join(examine(real("nasa.mp4")).sentences)
    assert "2 sound streams: stream 4 is used" in sentences
    assert "2 picture streams: stream 3 is used" in sentences
