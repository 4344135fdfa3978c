"""Commands that are told to end, at awkward moments too: they clean up, and say nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager

import pytest

from stream.config import Settings
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics
from tests.brokers import free_ports

pytestmark = pytest.mark.timeout(120)

READY_WITHIN_S = 60.0
ENDS_WITHIN_S = 30.0


@contextmanager
def running(folder, *args, settings=None):
    """A command of ours; its folder for temporary files is ``folder``."""
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "TMPDIR": str(folder)}
    if settings is not None:
        env |= {"THREADLINE_BROKERS": settings.brokers, "THREADLINE_PREFIX": settings.prefix}
        env |= {"THREADLINE_PARTITIONS": str(settings.partitions)}
    with subprocess.Popen(
        [sys.executable, *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what, process):
    deadline = time.monotonic() + READY_WITHIN_S
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ended(process):
    said, complained = process.communicate(timeout=ENDS_WITHIN_S)
    return process.returncode, said, complained


def made_up(folder, threads):
    path = folder / "made-up.jsonl"
    with path.open("wb") as out:
        generate = (sys.executable, "-m", "stream.cli", "generate", "--threads", str(threads))
        subprocess.run(generate, stdout=out, check=True)
    return path


def test_sigterm_amid_a_long_archive_removes_what_was_being_sorted(tmp_path):
    folder = tmp_path / "tmp"
    archive = made_up(tmp_path, 4000)
    replay = ("-m", "stream.cli", "replay", "--dry-run", str(archive))
    with running(folder, *replay) as process:
        wait_for(lambda: any(folder.glob("threadline-*/.in-use")), process)
        process.terminate()
        assert ended(process) == (-signal.SIGTERM, "", "")
    assert list(folder.iterdir()) == []


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_that_is_told_to_end_as_it_starts_leaves_no_views_behind(settings, tmp_path, number):
    folder = tmp_path / "tmp"
    port = str(free_ports(1)[0])
    with running(folder, "-m", "stream.cli", "serve", "--port", port, settings=settings) as process:
        wait_for(lambda: any(folder.glob("*/views.db")), process)
        process.send_signal(number)
        status, said, complained = ended(process)
    assert (status, said) in {(-signal.SIGTERM, ""), (130, ""), (0, "")}
    assert [line for line in complained.splitlines() if "serving on" not in line] == []
    assert list(folder.iterdir()) == []


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.parametrize("end", ["kill", "freeze"])
def test_a_replay_whose_broker_is_gone_stops_and_says_so(broker_to_kill, tmp_path, end):
    archive = made_up(tmp_path, 300)
    settings = Settings(brokers=broker_to_kill.address, prefix=f"told-{uuid.uuid4().hex[:8]}")
    slow = ("-m", "stream.cli", "replay", "--speed", "100000", str(archive))
    with running(tmp_path / "tmp", *slow, settings=settings) as process:
        wait_for(lambda: asyncio.run(_length(settings)), process)
        getattr(broker_to_kill, end)()
        process.terminate()
        status, said, complained = ended(process)
    assert (status, said) == (3, "")
    assert complained.startswith("error: ")
    assert complained.count("\n") == 1
    assert list((tmp_path / "tmp").iterdir()) == []


async def _length(settings):
    async with open_reader(settings, [Topics(settings.prefix).events], {}) as reader:
        return sum((await reader.ends()).values())


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize(
    "deaf", ["Going()", "import hides", "runner = Runner(loop_factory=hiding); runner.get_loop()"]
)
def test_a_signal_that_python_would_lose_is_heard_a_little_later(tmp_path, deaf, name):
    hides = f"try:\n    signal.raise_signal(signal.{name})\nexcept BaseException:\n    pass\n"
    (tmp_path / "hides.py").write_text(f"import signal\n{hides}")
    script = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "import asyncio, signal, time\n"
        "from asyncio import Runner\n"
        "from stream.cli.fail import reported\n"
        "from stream.cli.told import Told\n"
        "class Going:\n"
        "    def __del__(self):\n"
        f"        signal.raise_signal(signal.{name})\n"
        "def hiding():\n"
        "    try:\n"
        f"        signal.raise_signal(signal.{name})\n"
        "    except BaseException:\n"
        "        pass\n"
        "    return asyncio.new_event_loop()\n"
        "told = Told()\n"
        "with reported() as outcome:\n"
        f"    {deaf}\n"
        "    time.sleep(60)\n"
        "told.pass_on()\n"
        "sys.exit(outcome.status)\n"
    )
    with running(tmp_path / "tmp", "-c", script) as process:
        assert ended(process) == (-signal.SIGTERM if name == "SIGTERM" else 130, "", "")
