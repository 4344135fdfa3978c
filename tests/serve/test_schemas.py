"""What the topics hold keeps to ``schemas/views``, which says what serve's shapes say."""

from __future__ import annotations

import json
from random import Random

import orjson
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # It ships no types.

from stream.serve.api.shapes import SCHEMAS
from tests.laws.stories import broad, crowded
from tests.serve.schemas import FOLDER, text
from tests.serve.world import World

OF_TOPIC = {"items": "item", "threads": "thread", "replies": "reply", "progress": "cut"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_says_what_the_shape_says(name):
    assert (FOLDER / f"{name}.json").read_text() == text(name), "run python -m tests.serve.schemas"


@pytest.mark.parametrize("seed", range(20))
def test_every_record_of_a_view_keeps_to_its_schema(seed):
    rng = Random(seed)  # noqa: S311 (a story, no secret)
    world = World()
    world.publish(*broad(rng), *crowded(rng))
    world.work()
    for (topic, _), records in world.topics.items():
        name = OF_TOPIC.get(topic, topic)
        if name in SCHEMAS:
            schema = Draft202012Validator(json.loads((FOLDER / f"{name}.json").read_text()))
            for record in records:
                if record.value is not None:
                    schema.validate(orjson.loads(record.value))
