"""Each way in carries all that we do: publishing, transactions, groups, reading, whole services."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest

from stream.codec.cuts import Cut, encode_cut
from stream.config import Settings
from stream.kafka.follow import open_reader
from stream.kafka.topics import VIEWS, Topics
from stream.kafka.transactions import PartitionProducer
from tests.kafka.reading import read_all
from tests.process.harness import publish
from tests.secured.broker import MECHANISMS
from tests.secured.commands import Commands
from tests.secured.rights import grant_as_documented
from tests.story import HOUR, answered, asked

if TYPE_CHECKING:
    from stream.kafka.batch import Outgoing

pytestmark = [pytest.mark.apache, pytest.mark.timeout(300)]

WAYS = [
    pytest.param("TLS", "", id="SSL"),
    pytest.param("MUTUAL", "", id="SSL with a certificate of ours"),
    *(pytest.param("SASL", name, id=f"SASL_PLAINTEXT {name}") for name in MECHANISMS),
    *(pytest.param("SASL_TLS", name, id=f"SASL_SSL {name}") for name in MECHANISMS),
]


@pytest.mark.parametrize(("listener", "mechanism"), WAYS)
async def test_what_is_published_is_written_on_in_a_transaction_and_read(
    secured, prefix, listener, mechanism
):
    env = secured.environment(listener, mechanism)
    settings = Settings.from_env(env | {"THREADLINE_PREFIX": prefix, "THREADLINE_PARTITIONS": "1"})
    topics = Topics(prefix)
    await publish(settings, [asked(), answered(after=HOUR)])
    writer = PartitionProducer(settings, 0)
    await writer.start()
    rows: dict[str, list[Outgoing]] = {topics.items: [(b"k", b"v", 0, [])]}
    await writer.commit(rows, _cut, ((topics.events, 0), 2), f"{prefix}-worker")
    await writer.stop()

    found = await read_all(settings, topics.events, topics.items, topics.progress)

    assert {place: len(records) for place, records in found.items()} == {
        (topics.events, 0): 2,
        (topics.items, 0): 1,
        (topics.progress, 0): 1,
    }


async def test_a_reader_over_tls_hangs_up_though_a_fetch_is_held_back(secured, prefix):
    settings = secured.settings("TLS", THREADLINE_PREFIX=prefix)
    ending_s = 0.0
    for _ in range(4):
        async with open_reader(settings, [Topics(prefix).events], {}) as reader:
            await reader.batch(1, 50)  # Kafka answers nothing else for half a second.
            began = time.monotonic()
        ending_s += time.monotonic() - began

    assert ending_s < 1


def _cut(views):
    return encode_cut(Cut(partition=0, offset=2, views=dict.fromkeys(VIEWS, 0) | views))


def test_with_the_documented_rights_the_whole_service_works_though_sessions_end(
    secured, prefix, tmp_path
):
    """Over TLS with SCRAM; the broker ends every session after two seconds."""
    users = {"threadline": "keeper", "reader": "reader"}
    asyncio.run(grant_as_documented(secured, users, prefix))
    keeper, reader = (
        secured.environment("SASL_TLS", "SCRAM-SHA-512", user) | {"THREADLINE_PREFIX": prefix}
        for user in ("keeper", "reader")
    )
    threadline = Commands(keeper)
    archive = tmp_path / "made-up.jsonl"
    archive.write_text(threadline.run("generate", "--threads", 40, "--community", "c.example"))
    assert "are as they must be" in threadline.run("topics")
    work = ("work", "--name", "w", "--data", tmp_path)
    serve = ("serve", "--port", threadline.port, "--database", tmp_path / "views.sqlite")
    with threadline.running(*work), threadline.running(*serve, **reader):
        for _ in "once", "again":
            at = json.loads(threadline.run("replay", archive, "--from-start", "--json"))["position"]
            threadline.get("/v1/positions", min_position=at, wait_ms=30_000)
        assert "as the archive says" in threadline.run("verify", archive, "--url", threadline.url)
        assert len(json.loads(threadline.run("threads", "--limit", 40, "--json"))["threads"]) == 40


def test_the_demo_shows_itself_on_a_cluster_that_asks_for_a_certificate(secured, prefix):
    threadline = Commands(secured.environment("MUTUAL") | {"THREADLINE_PREFIX": prefix})

    assert "301 threads" in threadline.run("demo", "--once", "--port", threadline.port)
