"""Replay, audit and queries against a worker and a serve process that run."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.codec.events import encode
from stream.config import Settings
from stream.kafka.connect import connection
from stream.kafka.topics import Topics
from stream.verify import folded
from tests.brokers import free_ports
from tests.story import HOUR, MINUTE, asked, commented

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

PARTITIONS = 3
READY_WITHIN_S = 30


class Live:
    """A worker and a serve process on topics of their own, and our command against them."""

    def __init__(self, brokers):
        self.settings = Settings(
            brokers=brokers, prefix=f"cli-{uuid.uuid4().hex[:8]}", partitions=PARTITIONS
        )
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.env = {
            **os.environ,
            "THREADLINE_BROKERS": brokers,
            "THREADLINE_PREFIX": self.settings.prefix,
            "THREADLINE_PARTITIONS": str(PARTITIONS),
            "THREADLINE_URL": self.url,
        }

    def start(self, *args):
        return subprocess.Popen(
            [sys.executable, "-m", "stream.cli", *args], env=self.env, stderr=subprocess.DEVNULL
        )

    def run(self, *args):
        return subprocess.run(
            [sys.executable, "-m", "stream.cli", *map(str, args)],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def json(self, *args):
        ended = self.run(*args, "--json")
        assert (ended.returncode, ended.stderr) == (0, "")
        return json.loads(ended.stdout)

    def replay(self, *args):
        """The position after it, once it is served."""
        position = self.json("replay", *args)["position"]
        answer = httpx.get(
            f"{self.url}/v1/positions",
            params={"min_position": position, "wait_ms": 30_000},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return position


@pytest.fixture(scope="module")
def live(brokers, tmp_path_factory):
    live = Live(brokers)
    folder = tmp_path_factory.mktemp("live")
    port = live.url.rpartition(":")[2]
    children = [
        live.start("work", "--name", "w", "--data", str(folder)),
        live.start("serve", "--port", port, "--database", str(folder / "views.sqlite")),
    ]
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                httpx.get(f"{live.url}/healthz").raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield live
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        assert [child.wait(20) for child in children] == [0, 0]


@pytest.fixture(scope="module")
def made_up(live, tmp_path_factory):
    """A made-up community that has been replayed once."""
    path = tmp_path_factory.mktemp("archives") / "made-up.jsonl"
    path.write_text(live.run("generate", "--threads", 40, "--community", "made-up.example").stdout)
    live.replay(path)
    return path


def test_the_views_are_what_the_archive_says(live, made_up):
    audited = live.json("verify", made_up, "--url", live.url)
    assert audited["differences"] == []
    assert audited["threads"] == 40
    assert audited["activity_left_out"] == []


def test_replaying_again_and_in_halves_changes_no_row(live, made_up):
    before = live.json("verify", made_up)
    live.replay(made_up, "--since", "2017-05-01")
    live.replay(made_up, "--until", "2017-05-01")
    live.replay(made_up)
    assert live.json("verify", made_up, "--url", live.url)["rows"] == before["rows"]


def test_two_archives_that_tell_of_one_thread_are_verified_together(live, sample_page):
    people = sample_page.parent / "who-is-who.jsonl"
    live.replay(people)
    live.replay(sample_page)
    assert live.json("verify", sample_page, people, "--url", live.url)["differences"] == []
    ended = live.run("verify", sample_page)
    assert ended.returncode == 1
    assert "items attributed: archive null, live {" in ended.stdout


def test_a_planted_difference_is_found_by_thread_and_field(live, tmp_path):
    path = tmp_path / "planted.jsonl"
    path.write_text(live.run("generate", "--threads", 2, "--community", "planted.example").stdout)
    live.replay(path)
    place, value = _some_thread(path)
    row = json.loads(value)
    row["counts"]["answers"] += 7
    asyncio.run(_plant(live.settings, place, json.dumps(row).encode()))
    found = live.run("verify", path, "--json")
    assert found.returncode == 1
    (difference,) = json.loads(found.stdout)["differences"]
    assert difference["where"] == place[2].decode()
    assert (difference["view"], difference["field"]) == ("threads", "counts.answers")
    asyncio.run(_plant(live.settings, place, value))
    assert live.run("verify", path).returncode == 0


def _some_thread(path):
    rows = folded(read([path], Options(), Report()), PARTITIONS)
    return next((place, value) for place, value in rows.items() if place[0] == "threads")


async def _plant(settings, place, value):
    view, partition, key = place
    async with AIOKafkaProducer(**connection(settings)) as producer:
        topic = Topics(settings.prefix).view(view)
        await producer.send_and_wait(topic, value, key=key, partition=partition)


@pytest.mark.usefixtures("made_up")
def test_queries_print_what_http_gives(live):
    community = ("--community", "made-up.example")
    listed = live.json("threads", *community, "--limit", "3")
    assert len(listed["threads"]) == 3
    assert listed["next"]
    name = f"made-up.example/{listed['threads'][0]['thread']}"
    assert live.json("thread", name)["thread"] == listed["threads"][0]["thread"]
    assert live.json("latency", "--metric", "first_answer", *community)["n"] == 40
    assert set(live.json("latency", *community)) > {"first_answer", "closed"}
    rows = live.json("activity", *community, "--since", "2017-04-01", "--until", "2017-06-01")
    assert len(rows["rows"]) == 61


@pytest.fixture(scope="module")
def robot(live, tmp_path_factory):
    """The options that name the robot in a community where one answers first."""
    path = tmp_path_factory.mktemp("archives") / "robots.jsonl"
    told = (
        asked(community="robots.example"),
        commented(author="Roomba", after=MINUTE, community="robots.example"),
        commented("q.c2", author="Bob", after=HOUR, community="robots.example"),
        asked(author="Roomba", thread="t2", after=2 * HOUR, community="robots.example"),
    )
    path.write_bytes(b"".join(encode(event).value + b"\n" for event in told))
    options = (path, "--bots", "Roomba")
    live.replay(*options)
    return options


def test_who_is_named_a_robot_at_a_replay_is_left_out_where_that_is_asked_for(live, robot):
    args = ("latency", "--metric", "first_response", "--community", "robots.example")
    for bots, half_ms in (("include", MINUTE), ("exclude", HOUR)):
        found = live.json(*args, "--bots", bots)
        assert found["curve"][0]["ms"] == half_ms
        assert (found["n"], found["n_robots"]) == (2, bots == "exclude")
    then = live.run(*args, "--bots", "exclude", "--as-of", "2017-04-24T12:30")
    assert "As of 2017-04-24 12:30, threads of robots.example, robots left out." in then.stdout
    assert live.json("verify", *robot)["differences"] == []


def test_demo_latency_and_others_explain_their_bots(live):
    for name in ("demo", "export", "inspect", "replay", "verify", "latency"):
        assert "--bots" in live.run(name, "--help").stdout


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["threads", "--state", "waiting"], id="threads"),
        pytest.param(["latency", "--metric", "first_answer"], id="latency"),
        pytest.param(
            [
                *("latency", "--as-of", "2017-05-01", "--since", "2017-04-01", "--until"),
                *("2017-05-01", "--tag", "steel", "--bots", "exclude", "--aliases", "ignore"),
            ],
            id="latency as of then",
        ),
        pytest.param(["activity", "--bucket", "month"], id="activity"),
        pytest.param(["activity", "--bucket", "hour", "--since", "2017-04-24"], id="hours"),
    ],
)
def test_tables_fit_eighty_columns(live, args):
    ended = live.run(*args, "--community", "made-up.example")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_tail_has_every_event_once(live, made_up):
    ended = live.run(
        *("tail", "--since", "2017-04-01", "--community", "made-up.example", "--until-caught-up")
    )
    assert ended.returncode == 0
    found = Counter(json.loads(line)["id"] for line in ended.stdout.splitlines())
    wanted = {json.loads(line)["id"] for line in made_up.read_text().splitlines()}
    assert wanted <= set(found)


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        pytest.param(["threads", "--community", "nope"], 2, "'nope'", id="community"),
        pytest.param(["thread", "made-up.example/nope"], 2, "'nope'", id="thread"),
        pytest.param(["activity", "--zone", "Mars"], 2, "'Mars'", id="zone"),
        pytest.param(["tail", "--since", "soon"], 2, "'soon'", id="time"),
    ],
)
def test_a_problem_that_http_answers_is_one_line(live, args, status, said):
    ended = live.run(*args)
    assert ended.returncode == status
    assert ended.stderr.startswith("error: ")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_topics_are_as_they_must_be(live):
    assert live.json("topics", "--check") == {"created": [], "differences": []}


def test_a_dry_run_publishes_nothing(live, sample_page):
    found = live.json("replay", "--dry-run", sample_page)
    assert found["position"] is None
    assert found["events"] > 20
