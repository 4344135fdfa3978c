"""Around every call: paths as they were sent, and on each answer how far the views have read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RawPaths:
    """Route on the path as it was sent, so that ``%2F`` stays inside its part.

    Parameters of paths are therefore unquoted once, by `stream.serve.api.parameters.Part`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            raw = scope["raw_path"].partition(b"?")[0]
            scope = {**scope, "path": raw.decode("latin-1")}
        await self._app(scope, receive, send)


class Positions:
    """Put the position of the shown views on every answer that does not name its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "threadline-position" not in headers:
                    with scope["app"].state.views.shown() as shown:
                        headers.update(shown.headers)
            await send(message)

        await self._app(scope, receive, sending)
