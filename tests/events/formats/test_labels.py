from pathlib import Path

import pytest

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats import read_events, write_events
from hearsight.events.formats.labels import read_raven, read_rttm, write_raven
from hearsight.events.scene import Scene

LEFT = Track([0.0], [90.0], [-10.0])


def lines(events, path, **options):
    write_events(events, path, **options)
    return path.read_text().splitlines()


def test_audacity_reads_what_audacity_writes(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("0.500000\t1.250000\tknock\n\\\t100.0\t2000.0\n2.000000\t2.100000\ta b\n")
    events = read_events(path)
    assert events == Events([Event("knock", 0.5, 1.25), Event("a b", 2.0, 2.1)])


def test_audacity_says_the_direction_in_the_label(tmp_path):
    event = Event("knock", 0.0, 0.1, 0.8, LEFT, 2)
    assert lines(Events([event]), tmp_path / "labels.txt") == [
        "0.0\t0.1\tknock [azimuth=90.0 elevation=-10.0 confidence=0.8 source=2]"
    ]
    assert read_events(tmp_path / "labels.txt") == Events([event])


def test_a_label_in_brackets_stays_a_label(tmp_path):
    names = ["bell [azimuth=1.5]", "bell []", "bell [x=1]", "[]", "bell [azimuth=1.5] []"]
    events = Events(Event(name, float(k), k + 1.0) for k, name in enumerate(names))
    write_events(events, tmp_path / "labels.txt")
    assert read_events(tmp_path / "labels.txt") == events


def test_rttm_escapes_spaces_and_names_the_recording(tmp_path):
    scene = Scene(Events([Event("source 1", 0.5, 2.0, source=1)]), media=Path("my clip.mp4"))
    line = "SPEAKER my%20clip 1 0.5 1.5 <NA> <NA> source%201#1 <NA> <NA>"
    assert lines(scene, tmp_path / "scene.rttm") == [line]
    (found,) = read_events(tmp_path / "scene.rttm")
    assert (found.label, found.source) == ("source 1", 1)


def test_rttm_of_several_recordings(tmp_path):
    path = tmp_path / "all.rttm"
    path.write_text(
        ";; a comment\n"
        "SPKR-INFO a 1 <NA> <NA> <NA> unknown anna <NA> <NA>\n"
        "SPEAKER a 1 0.0 1.0 <NA> <NA> anna 0.5 <NA>\n"
        "SPEAKER b 1 0.0 2.0 <NA> <NA> ben <NA>\n"
    )
    with pytest.raises(InputError, match="several recordings; choose one of a, b"):
        read_rttm(path)
    assert read_rttm(path, recording="a") == Events([Event("anna", 0.0, 1.0, 0.5)])
    assert read_rttm(path, recording="b") == Events([Event("ben", 0.0, 2.0)])
    assert read_rttm(path, recording="c") == Events()


def test_raven_reads_each_selection_once(tmp_path):
    path = tmp_path / "birds.selections.txt"
    path.write_text(
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tSpecies\n"
        "1\tWaveform 1\t1\t0.5\t1.0\t0\twren\n"
        "1\tSpectrogram 1\t1\t0.5\t1.0\t0\twren\n"
        "2\tSpectrogram 1\t1\t0.5\t1.0\t0\twren\n"
    )
    wren = Event("wren", 0.5, 1.0)
    assert read_raven(path, label_column="Species") == Events([wren, wren])
    with pytest.raises(InputError, match=r"no column 'Label'; .* this one has Selection, View"):
        read_raven(path)


def test_raven_needs_a_frequency_range(tmp_path):
    path = tmp_path / "birds.selections.txt"
    write_raven(Events([Event("knock", 0.0, 0.1, track=LEFT)]), path, high_freq_hz=8000)
    header, row = [line.split("\t") for line in path.read_text().splitlines()]
    values = dict(zip(header, row, strict=True))
    assert (values["Low Freq (Hz)"], values["High Freq (Hz)"]) == ("0.0", "8000.0")
    assert (values["Azimuth (deg)"], values["Distance (m)"], values["Source"]) == ("90.0", "", "0")
    with pytest.raises(InputError, match="low < high frequency"):
        write_raven(Events(), path, low_freq_hz=5.0, high_freq_hz=5.0)
