"""What all figures need: a broker of their own, how much to measure on, and the bare loop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

import orjson

from benchmarks.processes import ROOT, cpu_s, family, python
from benchmarks.results import AFTER, BARE, Took
from stream.compiled import PACKAGE, compile_fold
from stream.config import Settings
from tests.brokers import apache, embedded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from benchmarks.restore import Folded
    from benchmarks.sizes import Sizes

PARTITIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Broker:
    """One that runs, with nothing on it but what is measured."""

    settings: Settings
    pid: int

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    def named(self, prefix: str) -> Settings:
        """The same broker, topics of another prefix."""
        return replace(self.settings, prefix=prefix)


@dataclass(slots=True)
class Bench:
    """How everything is measured; lasts as long as the ``with``."""

    kind: Literal["apache", "embedded"]
    sizes: Sizes
    peers: bool = True
    compiled: bool = True
    folded: Folded | None = None  # What `restore` and `serve` are measured on, while it is kept.
    _ending: ExitStack = field(default_factory=ExitStack)
    _keeping: ExitStack = field(default_factory=ExitStack)
    _folder: Path | None = None
    _compiled_in: Path | None = None

    def __enter__(self) -> Self:
        made = tempfile.TemporaryDirectory(prefix="threadline-bench-", ignore_cleanup_errors=True)
        self._folder = Path(self._ending.enter_context(made))
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()
        self._ending.close()

    def keep(self, folded: AbstractContextManager[Folded]) -> Folded:
        """Keep it for the figures that follow, until `forget`."""
        self.folded = self._keeping.enter_context(folded)
        return self.folded

    def forget(self) -> None:
        """End what was kept."""
        self.folded = None
        self._keeping.close()

    def say(self, line: str) -> None:
        """Tell a person."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """One that is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as made:
            yield Path(made)

    @contextmanager
    def broker(self) -> Iterator[Broker]:
        """A new one, empty."""
        start = apache if self.kind == "apache" else embedded
        before = set(family(_own_pid()))
        with self.folder() as folder, start(folder) as address:
            started = [pid for pid in family(_own_pid()) if pid not in before]
            settings = Settings(brokers=address, prefix="bench", partitions=PARTITIONS)
            yield Broker(settings, started[0])

    def compiled_root(self) -> Path:
        """A folder with a copy of the package whose fold is machine code; made once."""
        if self._compiled_in is None:
            assert self._folder is not None  # noqa: S101 # Within the ``with``.
            root = self._folder / "compiled"
            ignored = shutil.ignore_patterns("__pycache__", "*.so")
            shutil.copytree(PACKAGE, root / PACKAGE.name, ignore=ignored)
            compile_fold(root)
            self._compiled_in = root
        return self._compiled_in


def bare(figure: str, settings: Settings, *, after: bool = False) -> Took:
    """The bare loop over a log: before a figure, and after it for the noise."""
    arguments = [settings.brokers, settings.prefix, str(settings.partitions)]
    done = subprocess.run(  # noqa: S603 # Ourselves.
        python("benchmarks.bare", *arguments), stdout=subprocess.PIPE, check=True, cwd=ROOT
    )
    return Took(figure=figure, what=AFTER if after else BARE, **orjson.loads(done.stdout))


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)
