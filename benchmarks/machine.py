"""On what it was measured: figures of two machines are not compared."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tests.brokers import KAFKA

PACKAGES: Final = (
    *("threadline", "aiokafka", "faust-streaming", "msgspec", "orjson"),
    *("quixstreams", "bytewax", "noida-db"),
)


def machine(broker: str) -> dict[str, object]:
    """Cores, memory, versions, and what else runs on it as it begins."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30), 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "broker": f"Apache Kafka {KAFKA}" if broker == "apache" else "embedded",
        "packages": {name: _version(name) for name in PACKAGES},
        "load_1m": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
