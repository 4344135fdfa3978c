"""Archives of JSON made by hand, and what a reader tells of them, in order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stream.archive.base import Options, Reader, Report
from stream.codec.events import identified
from stream.core.events import order

if TYPE_CHECKING:
    from pathlib import Path

    from stream.core.events import Event


def told(reader: Reader, path: Path, report: Report, options: Options | None = None) -> list[Event]:
    events = reader.read(path, options or Options(), report)
    return sorted(map(identified, events), key=order)


def saved(path: Path, *documents: object, indent: int | None = None) -> Path:
    """The documents, a line each, or laid out over many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(one, indent=indent) for one in documents))
    return path


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def of(events, kind, item=None):
    """The events of a type, or the data of the one about an item."""
    found = [event for event in events if isinstance(event, kind)]
    if item is None:
        return found
    (one,) = [event.data for event in found if event.data.item == item]
    return one
