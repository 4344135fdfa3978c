"""``threadline serve`` as a whole: two processes, one command."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from stream.kafka.topics import create
from tests.process.harness import publish, workers
from tests.story import HOUR, answered, asked

pytestmark = pytest.mark.broker


@contextmanager
def serving(settings, folder, *more, under=()):
    """The command on a free port, ``under`` another; its process, a client, and what it says."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*under, sys.executable, "-m", "stream.cli", "serve", "--port", str(port)]
    command += ["--brokers", settings.brokers, "--prefix", settings.prefix, *more]
    env = {**os.environ, "THREADLINE_PARTITIONS": str(settings.partitions), "TMPDIR": str(folder)}
    said = folder / f"said-{port}.txt"
    with (
        said.open("wb") as out,
        subprocess.Popen(command, env=env, stdout=out, stderr=out) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        try:
            yield process, client, said
        finally:
            process.kill()


async def answers(client, path, status=200, within_s=60.0):
    """The answer, once it has this status."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            answer = await asyncio.to_thread(client.get, path)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == status:
            return answer
        assert time.monotonic() < deadline, answer and answer.text
        await asyncio.sleep(0.05)


def followers(process):
    """The processes that ``process`` has started and that still run."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def open_files(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def until_open(process, many, within_s=60.0):
    """Return when ``process`` has this many files open."""
    deadline = time.monotonic() + within_s
    while open_files(process) < many:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


async def gone(pid, within_s=30.0):
    deadline = time.monotonic() + within_s
    while is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} is still there"
        await asyncio.sleep(0.05)


async def test_a_position_from_publishing_shows_what_was_published(settings, tmp_path):
    await create(settings)
    with workers(settings, tmp_path) as start, serving(settings, tmp_path) as (_, client, _):
        start()
        position = await publish(settings, [asked(), answered(after=HOUR)])
        await answers(client, "/healthz")
        answer = await asyncio.to_thread(
            client.get,
            "/v1/threads/community.example/t1",
            params={"min_position": position.token, "wait_ms": "30000"},
            timeout=40,
        )
        assert answer.json()["state"] == "answered"
        assert (await answers(client, "/readyz")).json() == {"status": "ready"}


async def test_a_follower_that_is_killed_is_started_again(settings, tmp_path):
    with serving(settings, tmp_path) as (process, client, said):
        await answers(client, "/readyz")
        [pid] = followers(process)
        os.kill(pid, signal.SIGKILL)
        await answers(client, "/readyz", status=503)
        await answers(client, "/readyz")
        assert followers(process) != [pid]
        assert "the follower ended with status -9; again in 0.5 s" in said.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_end_it_ends_its_streams_and_leaves_nothing(settings, tmp_path, number):
    with serving(settings, tmp_path) as (process, client, _):
        await answers(client, "/readyz")
        [pid] = followers(process)
        with client.stream("GET", "/v1/streams/events") as stream:
            process.send_signal(number)
            assert await asyncio.to_thread(process.wait, 30) == 0
            stream.read()
        assert not is_alive(pid)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


async def test_more_than_can_be_served_at_a_time_are_told_so(settings, tmp_path):
    few = ("sh", "-c", 'ulimit -n 150 && exec "$0" "$@"')
    with serving(settings, tmp_path, under=few) as (process, client, _), ExitStack() as streams:
        await answers(client, "/readyz")
        address = (client.base_url.host, client.base_url.port)
        before = open_files(process)
        opened = [streams.enter_context(socket.create_connection(address, 20)) for _ in range(60)]
        await asyncio.to_thread(until_open, process, before + 59)  # All are let in before one asks.
        for one in opened:
            one.sendall(b"GET /v1/streams/events HTTP/1.1\r\nHost: here\r\n\r\n")
        told = [(await asyncio.to_thread(one.recv, 12)).decode() for one in opened]
        assert sorted(set(told)) == ["HTTP/1.1 200", "HTTP/1.1 503"]
        assert 40 < told.count("HTTP/1.1 200") <= 50  # The client itself still has some.
        streams.close()
        await answers(client, "/healthz")


async def test_killed_it_takes_its_follower_along(settings, tmp_path):
    with serving(settings, tmp_path) as (process, client, _):
        await answers(client, "/readyz")
        [pid] = followers(process)
        process.kill()
        await gone(pid)


async def test_a_taken_port_is_said_before_anything_is_started(settings, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving(settings, tmp_path, "--port", port) as (process, _, said):
            assert await asyncio.to_thread(process.wait, 60) == 3
    assert f"cannot serve on 127.0.0.1:{port}: Address already in use" in said.read_text()
    assert "give another --port" in " ".join(said.read_text().split())
    assert "Traceback" not in said.read_text()
