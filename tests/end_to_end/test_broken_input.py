"""Broken input gets one line that names it and the cure, exit code 2, and leaves nothing behind.

Odd input that can be worked with is worked with, and what is odd about it is said.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from hearsight.cli import run
from hearsight.events.formats.structured import read_json
from hearsight.recording.media import probe

THREE = "microphones: [[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]"

# Name of the kind: what makes the arguments after `locate`, and what the line must say.
BROKEN_FILES = {
    "missing": (lambda m: [m / "no.wav"], "no.wav", "check the name"),
    "empty sound": (lambda m: [m.raw(b"", "empty.wav")], "empty.wav", "copy it again"),
    "empty video": (lambda m: [m.raw(b"", "empty.mp4")], "empty.mp4", "copy it again"),
    "folder without media": (lambda m: [m.folder], "no recordings there", ".wav"),
    "text as video": (lambda m: [m.raw("Dear diary, " * 99, "text.mp4")], "text.mp4", "convert"),
    "text as sound": (lambda m: [m.raw("Dear diary, " * 99, "text.wav")], "text.wav", "convert"),
    "video cut before its index": (
        lambda m: [m.cut(m.video(sound=m.noise(2)), 0.5)], "cut.mp4", "copy it again",
    ),
    "sound cut in the middle": (lambda m: [m.cut(m.wav(m.foa()), 0.5)], "cut.wav", "cut off"),
    "sound cut in its header": (lambda m: [m.cut(m.wav(m.foa()), 1e-4)], "cut.wav", "copy it"),
    "random bytes as sound": (
        lambda m: [m.raw(np.random.default_rng(1).bytes(9999), "random.wav")], "random.wav",
    ),
    "random bytes as video": (
        lambda m: [m.raw(np.random.default_rng(2).bytes(9999), "random.mp4")], "random.mp4",
    ),
    "random bytes as mp3": (
        lambda m: [m.raw(np.random.default_rng(3).bytes(9999), "random.mp3")], "random.mp3",
    ),
    "picture as sound": (
        lambda m: [m.raw(m.picture().read_bytes(), "picture.wav")], "picture.wav", "--audio",
    ),
    "sound of no length": (lambda m: [m.wav(np.zeros((1, 0)))], "sound.wav", "without samples"),
    "video without sound": (lambda m: [m.video()], "video.mp4", "--audio"),
    "picture without sound": (lambda m: [m.picture()], "picture.png", "--audio"),
    "folder of pictures without sound": (lambda m: [m.frames()], "frames", "--audio"),
    "device": (lambda _: ["/dev/zero"], "/dev/zero", "ordinary file"),
    "address": (lambda _: ["http://localhost/x.wav"], "localhost", "check the name"),
    "vector drawing": (
        lambda m: [m.raw('<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing.svg")],
        "drawing.svg",
    ),
    "name too long": (lambda m: [m / ("n" * 300 + ".wav")], "too long", "check"),
    "empty name": (lambda _: [""], "argument 2 is empty"),
    "rate below 8 kHz": (lambda m: [m.wav(m.noise(2), rate=6000)], "sound.wav", "6000", "8000 Hz"),
    "3 channels": (lambda m: [m.wav(m.noise(3))], "sound.wav", "3 channels", "--geometry"),
    "5 channels": (lambda m: [m.wav(m.noise(5))], "sound.wav", "5 channels", "--channels"),
    "7 channels": (lambda m: [m.wav(m.noise(7))], "sound.wav", "7 channels", "--channels"),
    "audio without sound": (
        lambda m: [m.picture(), "--audio", m.video()], "video.mp4", "holds no sound", "--audio",
    ),
    "audio missing": (lambda m: [m.video(), "--audio", m / "no.wav"], "no.wav", "check the name"),
    "audio for two pictures": (
        lambda m: [m.video(), m.picture(), "--audio", m.wav(m.noise(2))], "--audio", "one by one",
    ),
    "frames with a torn picture": (
        lambda m: [_damaged(m, b"\x89PNG\r\n\x1a\n torn"), "--audio", m.wav(m.noise(2))],
        "0005.png", "replace or remove",
    ),
    "frames with an empty picture": (
        lambda m: [_damaged(m, b""), "--audio", m.wav(m.noise(2))], "0005.png", "copy it again",
    ),
    "frames with a text": (
        lambda m: [_damaged(m, b"no picture"), "--audio", m.wav(m.noise(2))], "0005.png",
    ),
}  # fmt: skip

BROKEN_OPTIONS = {
    "unknown channels": (["--channels", "ambxi"], "sound.wav", "did you mean ambix"),
    "channels that do not fit": (
        ["--channels", "stereo"],
        "sound.wav",
        "file has 3",
        "name a layout",
    ),
    "channel letters twice": (["--channels", "WXYY"], "W, X, Y, Z once each"),
    "unknown normalization": (["--channels", "WXYZ:sn4d"], "did you mean sn3d"),
    "channels and geometry": (["--channels", "foa", "--geometry", "g.yaml"], "not both"),
    "unknown projection": (["--projection", "perspectiv"], "did you mean perspective"),
    "field of view 0": (["--fov", "0"], "--fov", "between 0 and 180", "got 0"),
    "field of view 180": (["--fov", "180"], "--fov", "between 0 and 180", "got 180"),
    "field of view negative": (["--fov", "-5"], "--fov", "got -5"),
    "field of view nan": (["--fov", "nan"], "--fov", "got nan"),
    "field of view in words": (["--fov", "wide"], "--fov", "number"),
    "unknown method": (["--method", "musik"], "did you mean music"),
    "frame rate 0": (["--frame-rate", "0"], "--frame-rate", "got 0"),
    "frame rate inf": (["--frame-rate", "inf"], "--frame-rate", "got inf"),
    "unknown option": (["--chanels", "foa"], "--chanels", "--channels", "--help"),
    "option without value": (["--channels"], "--channels", "--help"),
    "out is a file": (["--out", "/dev/null"], "/dev/null", "choose another place"),
    "out in no folder": (["--out", "/dev/null/out"], "/dev/null", "choose another place"),
    "out cannot be made": (["--out", "/proc/out"], "/proc/out", "choose another"),
    "out too long": (["--out", "o" * 300], "too long", "check"),
}

BROKEN_GEOMETRIES = {
    "missing": (None, "no such geometry file"),
    "not YAML": ("microphones: [[", "not a readable YAML file"),
    "not text": (b"\xff\xfe\x00\x80", "not a readable YAML file"),
    "empty": ("", "no list named microphones"),
    "another list": ("mics: [[0, 0, 0]]", "no list named microphones"),
    "not a list": ("microphones: four", "no list named microphones"),
    "rows too short": ("microphones: [[0, 0], [1, 0], [0, 1]]", "microphones"),
    "words": ("microphones: [[a, b, c], [d, e, f], [g, h, i]]", "three numbers"),
    "wrong number": ("microphones: [[0, 0, 0], [0.1, 0, 0]]", "2 microphones", "3 channels"),
    "millimetres": (THREE.replace("0.1", "100"), "in metres"),
    "nan": (THREE.replace("0.1", ".nan"), "not finite", "in metres"),
    "infinite": (THREE.replace("0.1", "1e999"), "not finite", "in metres"),
    "number without end": (THREE.replace("0.1", "9" * 400), "g.yaml"),
    "two at one place": (THREE.replace("[0.1, 0, 0]", "[0, 0, 0]"), "same position"),
    "a day that never was": ("microphones: 2026-02-31", "not a readable YAML file"),
    "code": ('!!python/object/apply:os.system ["touch harm"]', "not a readable YAML file"),
}

BROKEN_COMMANDS = {
    "unknown command": (["locat", "x.wav"], "Did you mean 'locate'"),
    "nothing to locate": (["locate"], "files", "hearsight locate --help"),
    "nothing to look into": (["info"], "files", "hearsight info --help"),
    "info of nothing": (["info", "no.wav"], "no.wav", "check the name"),
    "view of nothing": (["view", "nowhere"], "nowhere", "hearsight locate"),
    "view of no result": (["view", "."], "report.html", "hearsight locate"),
    "view at no port": (["view", ".", "--port", "70000"], "--port", "65535"),
    "simulate nowhere": (["simulate"], "folder", "hearsight simulate --help"),
    "simulate an unknown format": (["simulate", "s", "--format", "foaa"], "did you mean foa"),
    "simulate an unknown layout": (["simulate", "s", "--layout", "stars"], "starss23"),
    "simulate for no time": (["simulate", "s", "--duration", "0"], "1 to 3600"),
    "simulate less than nothing": (["simulate", "s", "--sources", "-1"], "n_sources"),
    "simulate in an endless room": (["simulate", "s", "--room-rt60", "nan"], "RT60"),
}


def _damaged(media, content):
    folder = media.frames()
    (folder / "0005.png").write_bytes(content)
    return folder


def assert_one_line(error, said):
    assert error.startswith("hearsight: ")
    assert error.endswith("\n")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    # What, and after it the cure.
    assert re.search(r"; |must|needs|give|did you mean", error), error
    for words in said:
        assert words in error, error


def test_there_are_many_kinds():
    assert len(BROKEN_FILES | BROKEN_OPTIONS | BROKEN_GEOMETRIES | BROKEN_COMMANDS) >= 75


@pytest.mark.parametrize("kind", BROKEN_FILES)
def test_a_broken_file(media, tmp_path, listing, capsys, kind):
    make, *said = BROKEN_FILES[kind]
    arguments = [str(each) for each in make(media)]
    before = listing()
    assert run(["locate", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert_one_line(capsys.readouterr().err, said)
    assert listing() == before


@pytest.mark.parametrize("kind", BROKEN_OPTIONS)
def test_a_wrong_option(media, tmp_path, listing, capsys, kind, monkeypatch):
    options, *said = BROKEN_OPTIONS[kind]
    monkeypatch.chdir(tmp_path)
    files = media.wav(media.noise(3)), media.raw(THREE, "mics.yaml")
    fitting = [] if "--channels" in options else ["--geometry", str(files[1])]
    before = listing()
    assert run(["locate", str(files[0]), *fitting, *options]) == 2
    assert_one_line(capsys.readouterr().err, said)
    assert listing() == before


@pytest.mark.parametrize("kind", BROKEN_GEOMETRIES)
def test_a_broken_geometry(media, tmp_path, listing, capsys, kind, monkeypatch):
    content, *said = BROKEN_GEOMETRIES[kind]
    monkeypatch.chdir(tmp_path)
    geometry = media / "g.yaml" if content is None else media.raw(content, "g.yaml")
    file = media.wav(media.noise(3))
    before = listing()
    assert run(["locate", str(file), "--geometry", str(geometry)]) == 2
    assert_one_line(capsys.readouterr().err, ["g.yaml", *said])
    assert listing() == before


@pytest.mark.parametrize("kind", BROKEN_COMMANDS)
def test_a_wrong_command(tmp_path, listing, capsys, kind, monkeypatch):
    arguments, *said = BROKEN_COMMANDS[kind]
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    assert_one_line(capsys.readouterr().err, said)
    assert listing() == set()


def test_no_arguments_show_the_help(capsys):
    assert run([]) == 0
    assert "locate" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["notes.txt", "run.json"])
def test_what_is_no_result_is_never_replaced(media, tmp_path, listing, capsys, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("{}")
    file = media.wav(media.noise(2))
    before = listing()
    assert run(["locate", str(file), "--out", str(tmp_path / "mine")]) == 2
    assert_one_line(capsys.readouterr().err, ["mine", "choose another place"])
    assert listing() == before


def test_a_recording_is_never_replaced_by_its_result(media, tmp_path, capsys):
    file = media.wav(media.noise(2))
    assert run(["locate", str(file), "--out", str(tmp_path / "out")]) == 0
    inside = tmp_path / "out" / "inside.wav"
    inside.write_bytes(file.read_bytes())
    assert run(["locate", str(inside), "--out", str(tmp_path / "out")]) == 2
    assert_one_line(capsys.readouterr().err, ["inside.wav", "choose another"])
    assert inside.exists()


def _spoiled(media, value, rows=slice(None)):
    sound = media.foa()
    sound[rows, 5000:5100] = value
    return sound


# What makes the arguments, and what the notes must say.
ODD_SOUNDS = {
    "nan": (lambda m: _spoiled(m, np.nan), "NaN or infinite"),
    "infinite": (lambda m: _spoiled(m, np.inf, 1), "channel 2: 100 samples are NaN or infinite"),
    "nothing but nan": (lambda m: np.nan * m.foa(), "the sound is silent"),
    "clipped": (lambda m: np.clip(3.0 * m.foa(), -1.0, 1.0), "clipped"),
    "far too loud": (lambda m: 1e30 * m.foa(), "far beyond full scale"),
    "silent mono": (lambda _: np.zeros((1, RATE)), "all channels are silent"),
    "silent stereo": (lambda _: np.zeros((2, RATE)), "the sound is silent"),
    "silent in four channels": (lambda _: np.zeros((4, RATE)), "the sound is silent"),
    "silent in five channels": (lambda _: np.zeros((5, RATE)), "the sound is silent"),
    "constant": (lambda m: m.noise(1) + 0.5, "constant offset"),
    "dead channel": (lambda m: m.noise(2) * [[1.0], [0.0]], "channel 2: dead"),
    "duplicated channel": (lambda m: np.repeat(m.noise(1), 2, axis=0), "are the same"),
    "inverted channel": (lambda m: m.noise(1) * [[1.0], [-1.0]], "opposite sign"),
    "steady mono": (lambda m: m.noise(1), "One channel has no directions"),
    "10 ms": (lambda m: m.noise(2, RATE // 100), "No events"),
    "one sample": (lambda m: m.noise(1, 1), "no directions"),
    "one sample in stereo": (lambda m: m.noise(2, 1), "No events"),
}
RATE = 24000


@pytest.mark.parametrize("kind", ODD_SOUNDS)
def test_an_odd_sound(media, tmp_path, capsys, kind):
    make, said = ODD_SOUNDS[kind]
    scene = located(tmp_path, capsys, [media.wav(make(media))])
    assert said in " ".join(scene.notes)
    for event in scene:
        assert 0.0 <= event.confidence <= 1.0
        assert event.azimuth is None or np.isfinite(event.azimuth)


@pytest.mark.parametrize("kind", ["nan", "infinite", "clipped"])
def test_directions_survive_faults(media, tmp_path, capsys, kind):
    sound = ODD_SOUNDS[kind][0](media)
    scene = located(tmp_path, capsys, [media.wav(sound), "--channels", "ambix"])
    assert [event.azimuth for event in scene] == pytest.approx([40.0], abs=3.0)


def located(tmp_path, capsys, arguments):
    """Locate, and check that the result is whole and nothing else is left."""
    out = tmp_path / "out"
    assert run(["locate", *map(str, arguments), "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "Traceback" not in shown.out
    assert {"run.json", "events.json", "report.html"} <= {path.name for path in out.iterdir()}
    assert not list(tmp_path.rglob(".*"))
    return read_json(out / "events.json")


ODD_PICTURES = {
    "rotated": (lambda m, s: [m.video(rotation=90, sound=s)], (32, 64)),
    "variable frame rate": (
        lambda m, s: [m.video("v.mkv", times=np.cumsum(np.tile([0.02, 0.1], 10)), sound=s)],
        (64, 32),
    ),
    "odd size": (
        lambda m, s: [m.video("v.mkv", (63, 31), codec="ffv1", pixels="bgr0", sound=s,
                              sound_codec="flac")],
        (63, 31),
    ),
    "one pixel": (
        lambda m, s: [m.video("v.mkv", (1, 1), codec="ffv1", pixels="bgr0", sound=s,
                              sound_codec="flac")],
        (1, 1),
    ),
    "alpha": (
        lambda m, s: [m.video("v.mov", codec="prores_ks", pixels="yuva444p10le", sound=s)],
        (64, 32),
    ),
    "ten bits": (lambda m, s: [m.video(pixels="yuv420p10le", sound=s)], (64, 32)),
    "gray": (
        lambda m, s: [m.video("v.mkv", codec="ffv1", pixels="gray", sound=s, sound_codec="flac")],
        (64, 32),
    ),
    "one frame": (lambda m, s: [m.video(times=np.zeros(1), sound=s)], (64, 32)),
    "pause of 8 s": (lambda m, s: [m.video(times=np.array([0, 0.04, 8]), sound=s)], (64, 32)),
    "sound much shorter": (
        lambda m, s: [m.video(), "--audio", m.wav(s[:, :2400])], (64, 32),
    ),
    "sound much longer": (
        lambda m, s: [m.video(), "--audio", m.wav(np.tile(s, 4))], (64, 32),
    ),
    "frames of two sizes": (
        lambda m, s: [m.picture("frames/0010.png", (99, 21)).parent, "--audio", m.wav(s)]
        if m.frames() else [],
        (64, 32),
    ),
    "frames at a rate": (
        lambda m, s: [m.frames(), "--audio", m.wav(s), "--frame-rate", "10"], (64, 32),
    ),
    "extremely flat": (lambda m, s: [m.picture(size=(2000, 3)), "--audio", m.wav(s)], (2000, 3)),
    "view of 179.9 degrees": (
        lambda m, s: [m.picture(), "--audio", m.wav(s), "--fov", "179.9"], (64, 32),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD_PICTURES)
def test_an_odd_picture(media, tmp_path, capsys, kind):
    make, size = ODD_PICTURES[kind]
    gains = np.array([[1.0], [0.3]])  # to the left
    scene = located(tmp_path, capsys, make(media, gains * media.noise(1)))
    assert (scene.projection.width, scene.projection.height) == size
    assert [event.azimuth > 5.0 for event in scene] in ([True], [])
    assert len(scene) == 1 or scene.duration < 0.2
    overlay = next((tmp_path / "out").glob("overlay.*"))
    shown = probe(overlay).chosen_video
    assert (shown.width, shown.height) == size


@pytest.mark.parametrize(
    "name",
    [
        "with space.wav",
        "quotes ' and \".wav",
        "ünïcödé 猫.wav",
        "[red]markup[bold].wav",
        "per%cent %d $HOME.wav",
        "line\nbreak.wav",
        "-dash.wav",
        "n" * 200 + ".wav",
        "no suffix",
        "..dots..wav",
    ],
)
def test_odd_names(media, tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(media.folder)
    media.wav(media.foa(), name)
    assert run(["info", "--", name]) == 0
    capsys.readouterr()
    assert run(["locate", "--out", str(tmp_path / name), "--", name]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert name in shown.out
    assert len(read_json(tmp_path / name / "events.json")) == 1
    media.raw("text", name)
    assert run(["locate", "--out", str(tmp_path / "again"), "--", name]) == 2
    assert_one_line(capsys.readouterr().err, [" ".join(name.split())])


def hearsight(*arguments, **options):
    command = [sys.executable, "-m", "hearsight", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_fresh_process_says_no_more_than_the_line(media, tmp_path, listing):
    file = media.raw("Dear diary", "text.mp4")
    before = listing()
    done = hearsight("locate", file, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert_one_line(done.stderr, ["text.mp4"])
    assert listing() == before


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_and_terminals_need_not_be_utf8(media, tmp_path, encoding):
    name = os.fsdecode(b"latin\xe9.wav")
    file = media.wav(media.foa(), name)
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = hearsight("locate", file, "--out", tmp_path / "out", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "40" in done.stdout
    assert str(read_json(tmp_path / "out" / "events.json").media) == str(file)


@pytest.mark.slow
@pytest.mark.parametrize("n_bytes", [1_000, 20_000])
def test_a_full_disk(media, tmp_path, listing, n_bytes):
    """No file may grow beyond a size: as where a disk is full, writing fails in the middle."""
    file = media.wav(0.3 * np.ones((2, 1)) * media.noise(1))
    before = listing()
    done = hearsight(
        "locate", file, "--out", tmp_path / "new" / "out", preexec_fn=lambda: _limit(n_bytes)
    )
    assert done.returncode == 2
    assert_one_line(done.stderr, ["too large", "free space"])
    assert listing() == before


def _limit(n_bytes):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_output(media):
    file = media.wav(media.noise(1))
    command = [sys.executable, "-m", "hearsight", "info", str(file)]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert_one_line(done.stderr, ["No space left"])


@pytest.mark.slow
def test_ctrl_c(media, tmp_path, listing):
    file = media.wav(media.foa(60 * RATE))
    before = listing()
    command = [sys.executable, "-m", "hearsight", "locate", str(file), "--out"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "new" / "out")], stderr=subprocess.PIPE, text=True
    )
    time.sleep(3.0)  # past the imports, long before the end
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # a shell sees 130 in both
    assert error == "hearsight: interrupted; finished outputs are whole, run again to go on\n"
    assert listing() == before
