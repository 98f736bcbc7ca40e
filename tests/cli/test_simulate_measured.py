import numpy as np
import soundfile

from hearsight.cli import run
from hearsight.events.formats.structured import read_json
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.directions import to_vectors

RATE = 16000
SMALL = ["--duration", "2", "--width", "64"]


def responses(folder, azimuths=(0.0, 120.0, -120.0)):
    """Write a dry room: every response is one pulse."""
    directions = to_vectors(azimuths, 0.0)
    path = folder / "room.npz"
    pulses = encode_foa(directions)[..., None] * np.eye(1, 40, 8)
    np.savez(path, positions=1.5 * directions, responses=pulses, sample_rate=RATE)
    return ["--responses", str(path)]


def test_things_sound_where_the_room_was_measured(tmp_path):
    command = ["simulate", str(tmp_path / "out"), *SMALL, *responses(tmp_path)]
    assert run([*command, "--sources", "1", "--seed", "1"]) == 0
    (event,) = read_json(tmp_path / "out" / "truth.json")
    assert np.allclose(event.track.distance[0], 1.5)
    assert soundfile.info(tmp_path / "out" / "scene.wav").samplerate == RATE
    sound, _ = soundfile.read(tmp_path / "out" / "scene.wav")
    flow = (sound[:, :1] * sound[:, [3, 1]]).sum(axis=0)
    heard = np.rad2deg(np.arctan2(flow[1], flow[0]))
    directions = to_vectors(event.track.azimuth, 0.0)[:, :2].mean(axis=0)
    expected = np.rad2deg(np.arctan2(directions[1], directions[0]))
    assert abs((heard - expected + 180.0) % 360.0 - 180.0) < 20.0


def test_what_does_not_go_together_is_refused(tmp_path, capsys):
    measured = responses(tmp_path)
    for options, message in (
        (["--room-rt60", "0.3"], "leave --room-rt60 away"),
        (["--format", "stereo"], "responses must have shape"),
        (["--layout", "starss23"], "leave --responses away"),
    ):
        assert run(["simulate", str(tmp_path / "out"), *SMALL, *measured, *options]) == 2
        assert message in capsys.readouterr().err
    assert run(["simulate", str(tmp_path / "out"), "--responses", "no.npz"]) == 2
    assert "no.npz: cannot be read as impulse responses" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
