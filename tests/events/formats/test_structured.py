import json
import math
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.structured import (
    SCHEMA_VERSION,
    read_json,
    read_jsonl,
    scene_schema,
    write_json,
    write_jsonl,
)
from hearsight.events.scene import Scene

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(scene_schema())


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("structured") / "scene.json"


def refuse(constant):
    raise AssertionError(constant)


def keys_of(schema):
    """The property names of a schema's objects, at all depths, by where they are."""
    return {name: set(part["properties"]) for name, part in schema.items() if "properties" in part}


@given(st.from_type(Scene))
def test_what_is_written_is_strict_and_fits_the_schema(path, scene):
    write_json(scene, path)
    document = json.loads(path.read_text(), parse_constant=refuse)
    VALIDATOR.validate(document)
    described = keys_of({"top": scene_schema(), **scene_schema()["$defs"]})
    assert set(document) == described["top"]
    for event in document["events"]:
        assert set(event) == described["event"]
        if event["track"] is not None:
            assert set(event["track"]) == described["track"]


@given(st.from_type(Scene))
def test_lines_are_the_same_document(path, scene):
    write_json(scene, path)
    document = json.loads(path.read_text())
    write_jsonl(scene, path)
    header, *events = [json.loads(line) for line in path.read_text().splitlines()]
    assert {**header, "events": events} == document


def test_the_schema_is_itself_valid_and_published():
    jsonschema.Draft202012Validator.check_schema(scene_schema())
    published = ROOT / "docs" / "schema" / f"scene-{SCHEMA_VERSION}.json"
    assert json.loads(published.read_text()) == scene_schema()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": {"name": "hearsight-scene", "version": 2}},
        {"events": [{"label": "a", "onset": 0.0}]},
        {"events": [{"label": "a", "onset": -1.0, "offset": 1.0}]},
        {"events": [{"label": "a", "onset": 0, "offset": 1, "track": {"azimuth": [1]}}]},
        {"projection": {"kind": "fisheye", "width": 1, "height": 1}},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(path, change):
    document = {"schema": {"name": "hearsight-scene", "version": 1}, "events": [], **change}
    assert not VALIDATOR.is_valid(document)
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=path.name):
        read_json(path)


def test_a_document_by_hand_needs_little(path):
    event = {"label": "knock", "onset": 0.05, "offset": 0.25, "azimuth": 30, "box": [1, 2, 3, 4]}
    header = {"schema": {"name": "hearsight-scene", "version": 1}}
    path.write_text(json.dumps({**header, "events": [event], "color": "of no meaning"}))
    track = Track([0.0, 0.1, 0.2], [30] * 3, boxes=[[1, 2, 3, 4]] * 3)
    assert read_json(path).events == Events([Event("knock", 0.05, 0.25, track=track)])
    path.write_text(f"{json.dumps(header)}\n{json.dumps(event)}\n\n")
    assert read_jsonl(path).events == read_json_again(path, header, event)


def read_json_again(path, header, event):
    path.write_text(json.dumps({**header, "events": [event]}))
    return read_json(path).events


def test_unknown_columns_are_null(path):
    track = Track([0.0, 0.1], [math.nan, 5.0], boxes=[[math.nan] * 4, [1, 2, 3, 4]])
    write_json(Events([Event("a", 0.0, 0.2, track=track)]), path)
    written = json.loads(path.read_text())["events"][0]["track"]
    assert written["azimuth"] == [None, 5.0]
    assert written["elevation"] is None
    assert written["boxes"] == [None, [1.0, 2.0, 3.0, 4.0]]
