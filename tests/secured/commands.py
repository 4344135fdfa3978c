"""Our commands as people run them, with the settings of one way in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx

from tests.brokers import free_ports

ANSWERS_WITHIN_S = 30.0
ENDED_WITHIN_S = 40.0


class Commands:
    """``threadline``, and the service at ``url``."""

    def __init__(self, env):
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = os.environ | env | {"THREADLINE_URL": self.url, "THREADLINE_PARTITIONS": "2"}

    def run(self, *args):
        """What it prints, and that alone."""
        ended = self.ended(*args)
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        return ended.stdout

    def refused(self, *args):
        """The line that it ends with, because something outside fails."""
        ended = self.ended(*args)
        assert ended.returncode == 3, ended
        *told, said = ended.stderr.splitlines()
        assert all(re.match(r"\d{4}-", line) for line in told), told  # What a service logs.
        return said

    def ended(self, *args):
        return subprocess.run(
            [sys.executable, "-m", "stream.cli", *map(str, args)],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=ENDED_WITHIN_S,
        )

    @contextmanager
    def running(self, *args, **env):
        command = [sys.executable, "-m", "stream.cli", *map(str, args)]
        with subprocess.Popen(command, env=self.env | env, stderr=subprocess.PIPE) as process:
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert b"trying again" not in said, said

    def get(self, path, **params):
        """The answer, once there is one."""
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            try:
                answer = httpx.get(f"{self.url}{path}", params=params, timeout=60)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                return answer.json()
            assert time.monotonic() < deadline, answer and answer.text
            time.sleep(0.05)
