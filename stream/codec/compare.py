"""Where two JSON values differ, by the path to the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_CHARACTERS: Final = 80
ABSENT: Final = "nothing"


def differing(wanted: bytes, found: bytes) -> list[tuple[str, str, str]]:
    """Path, wanted and found of every field that differs between two rows."""
    if wanted == found:
        return []
    fields = list(_walk("", orjson.loads(wanted), orjson.loads(found)))
    return fields or [("(bytes)", _shown_text(wanted.decode()), _shown_text(found.decode()))]


def differing_where_both(wanted: bytes, found: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
    """The same, of the fields that both have at the top; ``found`` is decoded already."""
    row = orjson.loads(wanted)
    common = [name for name in row if name in found]
    fields: list[tuple[str, str, str]] = []
    for name in common:
        fields += _walk(name, row[name], found[name])
    return fields


def field(row: bytes, name: str) -> Any:  # noqa: ANN401 - JSON
    """One field of a row."""
    return orjson.loads(row)[name]


def _walk(path: str, wanted: Any, found: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in {**wanted, **found}:
            under = f"{path}.{name}" if path else name
            if name not in found:
                yield under, _shown(wanted[name]), ABSENT
            elif name not in wanted:
                yield under, ABSENT, _shown(found[name])
            else:
                yield from _walk(under, wanted[name], found[name])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from _walk(f"{path}[{index}]", left, right)
    elif wanted != found:
        yield path, _shown(wanted), _shown(found)


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    return _shown_text(orjson.dumps(value).decode())


def _shown_text(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
