"""Every error as an RFC 9457 problem document with a stable ``type``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from stream.errors import BusyError, EstimateError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE: Final = "application/problem+json"
URN: Final = "urn:threadline:problem:"
KNOWN_MAX: Final = 20  # Names listed, where one was not known.
_TYPES: Final = {404: "not-found", 405: "method-not-allowed"}


class Problem(Exception):  # noqa: N818 (RFC 9457 calls it so)
    """Raised by whoever answers; ``more`` are members of the document."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:  # noqa: ANN401
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.more = more


def wrong(detail: str, parameter: str, **more: Any) -> Problem:  # noqa: ANN401 (JSON)
    """A value that cannot be read."""
    return Problem(400, "invalid-parameter", detail, parameter=parameter, **more)


def document(problem: Problem) -> Response:
    """The answer that tells of it."""
    body = {
        "type": URN + problem.kind,
        "title": problem.kind.replace("-", " "),
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }
    return Response(orjson.dumps(body), problem.status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer with documents whatever goes wrong."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(EstimateError, _not_estimated)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 (registered for nothing else)
    return document(error)


async def _busy(_: Request, error: Exception) -> Response:
    assert isinstance(error, BusyError)  # noqa: S101 (registered for nothing else)
    response = document(Problem(503, "busy", str(error)))
    response.headers["retry-after"] = str(error.again_s)
    return response


async def _not_estimated(_: Request, error: Exception) -> Response:
    return document(Problem(503, "not-estimated", f"{error}; ask again"))


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for nothing else)
    found = error.errors()[0]
    name = str(found["loc"][-1])
    given = "" if found["type"] == "missing" else f", not {found['input']!r}"
    detail = f"{name}: {found['msg']}{given}"
    return document(wrong(detail, name))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for nothing else)
    status = error.status_code
    kind = _TYPES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "-"))
    details = {
        404: f"there is no {request.url.path}; /docs lists all calls",
        405: f"{request.url.path} answers GET alone, not {request.method}",
    }
    response = document(Problem(status, kind, details.get(status, str(error.detail))))
    response.headers.update(error.headers or {})
    return response


async def _failed(_: Request, error: Exception) -> Response:
    detail = f"our mistake ({type(error).__name__}); the log of the serve process says more"
    return document(Problem(500, "internal-error", detail))
