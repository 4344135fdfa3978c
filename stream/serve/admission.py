"""How many are served at a time, who is told that it is not them, and who is sent away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

UNTAKEN_S: Final = 60.0  # So long may an answer wait without a byte of it being taken.
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

    uvicorn asks when a request is read: of a crowd that came at once it would serve nobody. Nor
    does it ever end a connection whose answer nobody takes, which keeps that in memory: we do.
    """

    untaken_s = UNTAKEN_S
    _watch: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) <= self.limit_concurrency:
            self.limit_concurrency = None

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._watched()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatched()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatched()

    def _watched(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._watch = self.loop.call_later(self.untaken_s, self._look, left)

    def _unwatched(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def _look(self, before: int) -> None:
        """Nothing is added to what waits until most of it is taken: see uvicorn's flow control."""
        if self.transport.get_write_buffer_size() < before:
            self._watched()
        else:
            self.transport.abort()
