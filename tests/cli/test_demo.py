"""The demo on a broker: what it prints, and that it leaves nothing behind, however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.brokers import free_ports

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

FINDINGS_WITHIN_S = 20
ENDED_WITHIN_S = 20
SERVING = "Ctrl-C ends it all."


@pytest.fixture
def home(tmp_path):
    """A folder for temporary files: what is left in it was left behind."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


@dataclass
class Demo:
    """A demo that runs: its process, and what it is known by."""

    process: subprocess.Popen[str]
    prefix: str
    port: int

    def __getattr__(self, name):
        return getattr(self.process, name)


@contextmanager
def demo(home, *args, prefix=None):
    """A demo that runs, known by a prefix of its own, on a port of its own."""
    (port,) = free_ports(1)
    prefix = prefix or f"demo-{uuid.uuid4().hex[:8]}"
    command = [sys.executable, "-m", "stream.cli", "demo", "--prefix", prefix]
    with subprocess.Popen(
        [*command, "--port", str(port), *args],
        env={**os.environ, "TMPDIR": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Demo(process, prefix, port)
        finally:
            if process.poll() is None:
                process.kill()


def running(prefix):
    """The processes whose command line names ``prefix``."""
    listed = subprocess.run(
        ["ps", "-wweo", "pid=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.strip() for line in listed.stdout.splitlines() if prefix in line]


def broker_of(pid):
    """The process id of a demo's broker itself, not of the watchdog that is its parent."""
    listed = subprocess.run(
        ["ps", "-wweo", "pid=,ppid=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    watchdogs = {own for own, parent, *_ in rows if parent == str(pid)}
    for own, parent, program, *_ in rows:
        if parent in watchdogs and program.endswith("noida-db"):
            return int(own)
    return pytest.fail(f"no broker runs below {pid}")


def assert_nothing_left(process, home):
    deadline = time.monotonic() + ENDED_WITHIN_S
    while (left := [*running(process.prefix), *running(str(home))]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    while (files := list(home.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert files == []
    with socket.create_server(("127.0.0.1", process.port)):
        pass


def wait_until_serving(process):
    said = []
    for line in process.stdout:
        said.append(line)
        if SERVING in line:
            return said
    return pytest.fail(f"ended before it served: {said} {process.stderr.read()}")


def test_once_prints_one_object_and_leaves_nothing(home):
    began = time.monotonic()
    with demo(home, "--once", "--json") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert time.monotonic() - began < FINDINGS_WITHIN_S
    found = json.loads(out)
    assert set(found) == {"replayed", "threads", "latency", "activity", "positions"}
    assert found["latency"]["first_answer"]["n"] == 301
    assert found["replayed"]["skipped"] == 0
    assert len(found["threads"]) == 50
    assert len(found["activity"]["rows"]) == 61
    assert_nothing_left(process, home)


def test_on_a_broker_of_ones_own_it_reads_the_archive_that_was_named(home, brokers, sample_page):
    archive = ("--brokers", brokers, str(sample_page), "--bots", "Nobody")
    with demo(home, "--once", "--json", *archive) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    found = json.loads(out)
    assert {latency["bots"] for latency in found["latency"].values()} == {"exclude"}
    (thread,) = found["threads"]
    assert thread["counts"]["answers"] == 2
    assert thread["waits"]["first_answer"]["status"] == "between"
    assert_nothing_left(process, home)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_in_peace(home, name):
    with demo(home) as process:
        said = "".join(wait_until_serving(process))
        assert "What it found" in said
        assert f"http://127.0.0.1:{process.port}/" in said
        process.send_signal(getattr(signal, name))
        process.send_signal(getattr(signal, name))  # One impatient press more.
        process.wait(ENDED_WITHIN_S)
        assert (process.returncode, process.stderr.read()) == (
            0,
            "Ended; nothing is left running.\n",
        )
    assert_nothing_left(process, home)


@pytest.mark.parametrize("after_s", [0.3, 0.6, 1.2, 2.0])
def test_ctrl_c_while_it_starts_leaves_nothing_either(home, after_s):
    with demo(home) as process:
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        process.wait(ENDED_WITHIN_S)
        assert process.returncode in {0, 130, -signal.SIGINT}  # A shell says 130 for both.
        assert "Traceback" not in process.stderr.read()
    assert_nothing_left(process, home)


def test_killed_it_takes_its_children_with_it(home):
    with demo(home) as process:
        wait_until_serving(process)
        process.kill()
        process.wait(ENDED_WITHIN_S)
    assert_nothing_left(process, home)


def test_a_child_that_ends_is_an_error_with_its_last_lines(home):
    with demo(home) as process:
        wait_until_serving(process)
        worker = next(
            line for line in running(process.prefix) if " work " in line and "watchdog" not in line
        )
        os.kill(int(worker.split()[0]), signal.SIGKILL)
        process.wait(ENDED_WITHIN_S)
        assert process.returncode == 3
        assert (
            "error: the worker was killed with signal 9; its last lines:" in process.stderr.read()
        )
    assert_nothing_left(process, home)


@pytest.mark.long
@pytest.mark.parametrize("keeps", [False, True], ids=["in a temporary folder", "with --data"])
def test_a_broker_that_is_killed_ends_it_and_says_what_to_do(home, tmp_path, keeps):
    data = tmp_path / "kept"
    with demo(home, *(("--data", str(data)) if keeps else ())) as process:
        wait_until_serving(process)
        os.kill(broker_of(process.pid), signal.SIGKILL)
        process.wait(ENDED_WITHIN_S)
        said = process.stderr.read()
    assert process.returncode == 3
    assert "error: the embedded broker was killed with signal 9, and nobody here had" in said
    go_on = f", which goes on from what it had saved in {data / 'broker'}; its log is there, too"
    assert said.endswith(f"to; start again{go_on if keeps else ''}\n")
    assert said.count("\n") == 1
    assert_nothing_left(process, home)
    if keeps:
        with demo(home, "--data", str(data), "--once", prefix=process.prefix) as again:
            _, err = again.communicate(timeout=60)
        assert (again.returncode, err) == (0, "")


def test_a_taken_port_is_said_before_anything_starts(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        began = time.monotonic()
        with demo(home, "--port", port) as process:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert f"port {port} of 127.0.0.1 cannot be used" in err
    assert time.monotonic() - began < 5
    assert list(home.iterdir()) == []


def test_what_is_no_archive_is_said_before_anything_starts(home, tmp_path):
    path = tmp_path / "notes.bin"
    path.write_bytes(b"\x00\x01\x02")
    with demo(home, str(path)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err.startswith(f"error: {path}")
    assert list(home.iterdir()) == []


@pytest.mark.long
def test_data_is_kept_and_gone_on_with(home, tmp_path, sample_page):
    args = ("--data", str(tmp_path / "kept"), "--once", "--json", str(sample_page))
    found = []
    for _ in range(2):
        with demo(home, *args, prefix="kept") as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        found.append(json.loads(out))
    first, again = found
    assert again["threads"] == first["threads"]
    assert again["latency"] == first["latency"]
    assert again["activity"] == first["activity"]
