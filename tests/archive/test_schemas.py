"""The schemas of events: one a type, and what we publish keeps to them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import orjson
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # It ships no types.
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]  # The same.

from stream.archive.base import Options, Report
from stream.archive.detect import read, sample, sample_people
from stream.codec.events import encode
from stream.core.events import Changes, Event, Person
from stream.core.when import When
from tests import story
from tests.archive.html_pages import ACCEPTED, author, closed, comment, post
from tests.archive.html_pages import page as html

SCHEMAS = Path(__file__).parents[2] / "schemas" / "events"
TYPES = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


@cache
def _schema(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def _validate(event):
    body = orjson.loads(encode(event).value)
    Draft202012Validator(_schema(body["type"])).validate(body)


def test_there_is_one_schema_a_type():
    assert sorted(path.stem for path in SCHEMAS.iterdir()) == sorted(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one_and_says_whose(name):
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{name}.json"
    assert schema["properties"]["type"] == {"const": name}


def _names(kind):
    return {field.encode_name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_has_the_fields_of_its_type(name):
    data = get_type_hints(TYPES[name])["data"]
    schema = _schema(name)["properties"]["data"]
    required = {field.encode_name for field in msgspec.structs.fields(data) if field.required}
    assert set(schema["properties"]) == _names(data)
    assert set(schema["required"]) == required
    shared = {"person": Person, "when": When}
    for key, definition in _schema(name)["$defs"].items():
        if key in shared:
            assert set(definition["properties"]) == _names(shared[key])
    if "changes" in schema["properties"]:
        assert set(schema["properties"]["changes"]["properties"]) == _names(Changes)


def test_what_the_readers_state_keeps_to_the_schemas(tmp_path):
    page = tmp_path / "page.html"
    answers = (post(by=author("Bob"), more=ACCEPTED), post(comment("@Ann yes", score=2), by=""))
    page.write_text(html(post(by=author("Ann", 4) + closed(story_time())), *answers))
    events = list(read([sample(), sample_people(), page], Options(), Report()))
    for event in events:
        _validate(event)
    assert len({type(event) for event in events}) == 7


def story_time():
    return "2017-05-02T00:00:00.000"


STORY = (
    story.asked(),
    story.answered("a1", after=1),
    story.answered("a2", between=(0, None)),
    story.commented("q.c1", mentions=("Ann",)),
    story.edited("q"),
    story.deleted("a1"),
    story.restored("a1"),
    story.accepted("a1"),
    story.unaccepted("a1"),
    story.closed(),
    story.reopened(),
    story.aliased("Ann", "Anna"),
    story.erased("Ann"),
    story.flagged("Ann"),
    story.edited("q.c1"),
    story.locked(),
    story.unlocked(),
    story.observed(),
    story.attributed("a2", "Bob"),
    story.progressed(1),
    story.finished(1),
)


def test_whatever_can_be_stated_keeps_to_the_schemas():
    for event in STORY:
        _validate(event)
    assert {type(event) for event in STORY} == set(get_args(Event))


@pytest.mark.parametrize(
    "when",
    [
        {"at": "2017-04-24T12:00:00Z"},
        {"at": "2017-04-24T12:00:00.000Z", "by": "2017-04-24T12:00:00.000Z"},
        {"after": None},
    ],
    ids=["no milliseconds", "both known and bounded", "null"],
)
def test_a_schema_refuses_what_we_never_write(when):
    body = orjson.loads(encode(story.asked()).value)
    body["data"]["when"] = when
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(body["type"])).validate(body)


def test_a_schema_refuses_a_robot_of_one_thread():
    body = orjson.loads(encode(story.flagged("Ann")).value) | {"subject": "t1"}
    with pytest.raises(ValidationError):
        Draft202012Validator(_schema(body["type"])).validate(body)
