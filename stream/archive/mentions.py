# ruff: noqa: RUF001  (people type both apostrophes)
"""Whom a comment calls, the way Stack Exchange's people write it: "@" and a name without spaces."""

from __future__ import annotations

import re
from typing import Final

# Not within a word, an address or a path: those of mails and of web pages have an "@" too.
# What is before it is looked at behind it: so its search is for one character, ten times as fast.
_CALLED: Final = re.compile(r"@(?<![\w@/.+\-]@)(\w[\w.'’\-]*)")
_CODE: Final = re.compile(r"`[^`]*`")
_OWNED: Final = re.compile(r"['’]s$")


def mentions(text: str) -> tuple[str, ...]:
    """The names called in ``text``, as written and each once, code between backticks left out."""
    if "@" not in text:
        return ()
    called = _CALLED.findall(_CODE.sub(" ", text) if "`" in text else text)
    if len(called) == 1:
        name = _name(called[0])
        return (name,) if name else ()
    return tuple(dict.fromkeys([name for name in map(_name, called) if name]))


def _name(written: str) -> str:
    name = written if written.isalnum() else _OWNED.sub("", written.rstrip(".'’-_"))
    return "" if name.isdecimal() else name
