"""Brokers for the tests: the embedded one, or Apache Kafka from its jars, without Docker."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from stream.config import Settings
from stream.errors import BrokerError
from stream.kafka.connect import reachable
from stream.kafka.embedded import embedded_broker

if TYPE_CHECKING:
    from collections.abc import Iterator

KAFKA: Final = "4.1.1"
CLUSTER_ID: Final = "dGhyZWFkbGluZS10ZXN0cw"  # "threadline-tests" in base64.
SCALA: Final = "2.13"
READY_WITHIN_S: Final = 40.0
EPHEMERAL_FROM: Final = 32_768  # Linux gives outgoing connections these.
POM: Final = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>threadline</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_{SCALA}</artifactId>
      <version>{KAFKA}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""
PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=5
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
{more}
"""
# What comes last counts: this one is no controller, and knows another's.
SECOND: Final = """\
process.roles=broker
node.id=2
controller.quorum.voters=1@{joins}
listeners=PLAINTEXT://127.0.0.1:{port}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What a broker has besides: listeners, properties, and options of its storage's making.

    It is a cluster of its own, or joins the controller at ``joins``.
    """

    listeners: tuple[str, ...] = ()
    advertised: tuple[str, ...] = ()
    properties: str = ""
    formatting: tuple[str, ...] = ()
    joins: str = ""


@contextmanager
def embedded(data: Path) -> Iterator[str]:
    """The address of an embedded broker, for tests that have no event loop of their own."""
    broker = embedded_broker(data)
    with asyncio.Runner() as runner:
        address = runner.run(broker.__aenter__())
        try:
            yield address
        finally:
            runner.run(broker.__aexit__(None, None, None))


class ApacheBroker:
    """One node of Apache Kafka that can be stopped, killed and started again on its data.

    All of it blocks until it is done, about three seconds for a start.
    """

    def __init__(self, folder: Path, extra: Extra | None = None) -> None:
        extra = extra or Extra()
        self._folder = folder
        self._config = folder / "server.properties"
        self._log = folder / "server.log"
        self._classpath = f"{apache_jars()}/*"
        self._process: subprocess.Popen[bytes] | None = None
        port, controller = steady_ports(2)
        self.address = f"127.0.0.1:{port}"
        self.controller = f"127.0.0.1:{controller}"
        self._config.write_text(
            PROPERTIES.format(
                port=port,
                controller=controller,
                data=folder / "data",
                listeners="".join(f",{listener}" for listener in extra.listeners),
                advertised="".join(f",{listener}" for listener in extra.advertised),
                more=extra.properties,
            )
            + (SECOND.format(port=port, joins=extra.joins) if extra.joins else "")
        )
        self._format(*extra.formatting)

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ready(self) -> None:
        """Start it, unless it runs; return when it answers."""
        if self.pid is None or self._process is None:
            self.start()
        else:
            wait_until_ready(self.address, self._process, self._log)

    def start(self) -> None:
        """Return when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [tool("java"), "-Xmx1g", "-cp", self._classpath, "kafka.Kafka", str(self._config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until_ready(self.address, self._process, self._log)

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it with -9, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _format(self, *options: str) -> None:
        command = [tool("java"), "-cp", self._classpath, "kafka.tools.StorageTool", "format"]
        command += ["-t", CLUSTER_ID, "-c", str(self._config), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"Apache Kafka's storage cannot be made:\n{done.stdout}{done.stderr}")


@contextmanager
def apache(folder: Path) -> Iterator[str]:
    """The address of an Apache Kafka that ends with the ``with``."""
    broker = ApacheBroker(folder)
    with ExitStack() as ended:
        ended.callback(broker.stop)
        broker.start()
        yield broker.address


def apache_jars() -> Path:
    """The folder with Kafka's jars, fetched by Maven once for all checkouts of this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jars = cache / "threadline" / f"kafka-{KAFKA}"
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    making = jars.with_name(f"{jars.name}.{uuid.uuid4().hex}")
    (making / "jars").mkdir(parents=True)
    (making / "pom.xml").write_text(POM)
    command = [tool("mvn"), "-q", "-B", "-f", str(making / "pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={making / 'jars'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(making)
        pytest.fail(f"Apache Kafka's jars cannot be fetched:\n{done.stdout}{done.stderr}")
    with suppress(OSError):  # Another run may have been faster.
        (making / "jars").rename(jars)
    shutil.rmtree(making)
    return jars


def wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when a broker at ``address`` answers; fail with its last words if it does not."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with ThreadPoolExecutor(1) as pool:  # The caller's thread may have a loop that runs.
                pool.submit(asyncio.run, reachable(Settings(brokers=address))).result()
        except BrokerError:
            time.sleep(0.1)
        else:
            return
    process.kill()
    process.wait()
    said = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    pytest.fail(f"no broker at {address} after {READY_WITHIN_S:g} s; its last words:\n{said}")


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listens, all different."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]


def steady_ports(count: int) -> list[int]:
    """The same for who goes away and comes back: no outgoing connection takes them meanwhile."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_000, EPHEMERAL_FROM)  # noqa: S311 # No secret.
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


def tool(name: str) -> str:
    """The path of a program that Apache Kafka's tests need."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(
            f"--broker apache needs {name} on the PATH (Java 17, Maven 3, openssl); install it"
        )
    return found
