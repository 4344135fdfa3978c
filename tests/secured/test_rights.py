"""Who may not do what a command must is told which right is missing, and nothing tries again."""

from __future__ import annotations

import asyncio

import pytest

from stream.archive.detect import sample
from tests.process.harness import publish
from tests.secured.commands import Commands
from tests.secured.rights import grant
from tests.story import HOUR, answered, asked

pytestmark = [pytest.mark.apache, pytest.mark.timeout(300)]

ALL = "Create, Describe, DescribeConfigs, Read and Write"


@pytest.fixture
def guest(secured, prefix):
    """Commands of somebody who may do nothing, where the topics are, with two events in them."""
    theirs = {"THREADLINE_PREFIX": prefix, "THREADLINE_PARTITIONS": "2"}
    settings = secured.settings("TLS", **theirs)
    asyncio.run(publish(settings, [asked(), answered(after=HOUR)]))
    return Commands(secured.environment("SASL", "PLAIN", "guest") | theirs)


@pytest.fixture
def allow(secured, prefix):
    """Grants the guest something whose name begins as our topics do."""

    def allow(kind, rest, *operations):
        asyncio.run(grant(secured, "guest", kind, prefix + rest, *operations))

    return allow


def test_topics_that_are_hidden_can_be_told_from_such_as_are_missing(guest, prefix):
    needed = f"grant {ALL} on topics that begin with '{prefix}.'"
    said = guest.refused("topics")
    assert f"neither shows the user 'guest' a topic {prefix}." in said
    assert needed in said
    said = guest.refused("topics", "--check")
    assert f"refuses the user 'guest' the topic {prefix}.events; {needed}" in said


def test_topics_whose_settings_are_hidden_are_not_said_to_be_in_order(guest, allow, prefix):
    allow("topic", ".*", "Describe")
    assert f"refuses the user 'guest' the topic {prefix}.events;" in guest.refused("topics")


def test_who_may_only_read_publishes_nothing(guest, allow, prefix):
    allow("topic", ".*", "Read")
    said = guest.refused("replay", sample())
    assert "refuses the user 'guest' " in said
    assert f"Write on topics that begin with '{prefix}.'" in said


@pytest.mark.parametrize("command", ["serve", "verify"])
def test_who_may_not_read_is_served_nothing(guest, allow, prefix, command):
    allow("topic", ".*", "Describe")
    args = {"serve": ["--port", guest.port], "verify": [sample()]}[command]
    assert f"refuses the user 'guest' the topic {prefix}." in guest.refused(command, *args)


READ = ("topic", ".*", "Read")
JOIN = ("group", "-worker", "Read")
WRITE = ("transactional-id", "-*", "Write")


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        pytest.param([READ], "the group {0}-worker; grant Read on that group", id="the group"),
        pytest.param(
            [READ, JOIN],
            "grant Write on transactional ids that begin with '{0}-'",
            id="the transactional id",
        ),
        pytest.param(
            [READ, JOIN, WRITE],
            "grant Create, Describe, DescribeConfigs, Read and Write on topics",
            id="writing to the topics",
        ),
    ],
)
def test_a_worker_ends_with_the_right_that_it_lacks(guest, allow, granted, said, tmp_path):
    for right in granted:
        allow(*right)

    ended = guest.refused("work", "--name", "w", "--data", tmp_path)

    assert "refuses the user 'guest' the " in ended
    assert said.format(guest.env["THREADLINE_PREFIX"]) in ended
