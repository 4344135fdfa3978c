"""Asking the serve process: one GET, and its problems as our errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from stream.codec.keys import split_key
from stream.errors import ServeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT_S: Final = 60.0  # Longer than any wait_ms that the API allows.
WRONG_ASKED: Final = frozenset({400, 404, 422})


class Service:
    """A serve process at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Nothing of the environment: a proxy would be asked for 127.0.0.1.
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 - JSON
        """The JSON at ``path``; parameters that are None are left out."""
        with self._away():
            answer = self._client.get(path, params=_given(params))
        raise_for_problem(answer)
        return answer.json()

    @contextmanager
    def frames(
        self, path: str, *, params: Mapping[str, object], last_event_id: str | None
    ) -> Iterator[Iterator[str]]:
        """The lines of a stream of server-sent events, from ``last_event_id`` on."""
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        with (
            self._away(),
            self._client.stream("GET", path, params=_given(params), headers=headers) as answer,
        ):
            if answer.is_error:
                answer.read()
            raise_for_problem(answer)
            yield answer.iter_lines()

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _away(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            msg = f"{self.url} did not answer within {TIMEOUT_S:.0f} s; look at its own messages"
            raise ServeError(msg) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            msg = (
                f"nothing answers at {self.url}; start `threadline demo` or `threadline serve`,"
                " or name another address with --url"
            )
            raise ServeError(msg) from error


@contextmanager
def service(url: str) -> Iterator[Service]:
    """Closed at the end."""
    opened = Service(url)
    try:
        yield opened
    finally:
        opened.close()


def thread_path(name: str) -> str:
    """The path of the thread called ``community/thread``, as `threads` prints it.

    Where the community itself holds a "/", only the last one divides, unless it is encoded.
    """
    community, _, thread = name.strip("/").rpartition("/")
    if not community or not thread:
        msg = f"{name!r} is no thread; give COMMUNITY/THREAD, as `threadline threads` prints it"
        raise UsageError(msg)
    parts = ("/".join(split_key(community.encode())), *split_key(thread.encode()))
    return "/v1/threads/" + "/".join(quote(part, safe="") for part in parts)


def raise_for_problem(answer: httpx.Response) -> None:
    """Raise what an answer's problem document says."""
    if answer.is_success:
        return
    try:
        problem = answer.json()
        detail = problem.get("detail") or problem.get("title") or answer.reason_phrase
    except (ValueError, AttributeError):
        detail = f"{answer.request.url} answers {answer.status_code} {answer.reason_phrase}"
    raise (UsageError if answer.status_code in WRONG_ASKED else ServeError)(detail)


def _given(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value is not None}
