"""How many are served at a time, and who is told that it is not them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

CONNECTIONS_MAX: Final = 10_000
OWN_FILES: Final = 100  # Databases, the broker, what the interpreter opens


def connections_max() -> int:
    """Requests and streams at a time; who comes on top of that is told so (503).

    As many as we may have open, less what we need for ourselves: with none left, nobody would be
    told anything.
    """
    if sys.platform == "win32":
        return CONNECTIONS_MAX
    import resource  # noqa: PLC0415 (not for Windows)

    open_max, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(CONNECTIONS_MAX, open_max - OWN_FILES))


class Admitting(HttpToolsProtocol):
    """Who comes while there is room is served, whoever comes after.

    uvicorn asks when a request is read: of a crowd that came at once it would serve nobody.
    """

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) <= self.limit_concurrency:
            self.limit_concurrency = None
