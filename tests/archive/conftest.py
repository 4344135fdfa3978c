"""Tests on real archives run where these lie beside the checkout; elsewhere a line says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.core.events import PostCreated
from tests.archive.stack_exchange_site import HOUR, answer, question, told, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.core.events import Event
    from tests.archive.stack_exchange_site import Row

ARCHIVES = Path(__file__).parents[2].parent / "shared" / "archives"

collect_ignore = [] if ARCHIVES.is_dir() else ["real"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            f"tests/archive/real was left out: the archives are not at {ARCHIVES}"
        )


@pytest.fixture
def report() -> Report:
    return Report()


@pytest.fixture
def page(tmp_path: Path, report: Report) -> Callable[..., list[Event]]:
    """Read a text as a file of that name; what came up is in ``report``."""

    def reading(
        text: str | bytes, *, name: str = "place.example.txt", **options: str | bool
    ) -> list[Event]:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(read([path], Options(**options), report))  # type: ignore[arg-type]

    return reading


@pytest.fixture
def tell(tmp_path: Path, report: Report) -> Callable[..., list[Any]]:
    """The events of one kind, of a dump whose thread 1 has answers 2 and 3."""

    def telling(kind: Any, *rows: Row, **tables: Any) -> list[Any]:
        usual = {"Posts": [question(1), answer(2), answer(3, at=2 * HOUR)]}
        folder = write(tmp_path / "s", **usual | {"PostHistory": list(rows)} | tables)
        return [event for event in told(folder, report) if isinstance(event, kind)]

    return telling


@pytest.fixture
def mailbox(page: Callable[..., list[Event]]) -> Callable[..., dict[str, PostCreated]]:
    """The posts in a mailbox, by item."""

    def reading(
        *mails: str | bytes, name: str = "list.mbox", **options: str | bool
    ) -> dict[str, PostCreated]:
        text = b"".join(one if isinstance(one, bytes) else one.encode() for one in mails)
        events = page(text, name=name, **options)
        return {event.data.item: event for event in events if isinstance(event, PostCreated)}

    return reading
