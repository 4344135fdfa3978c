"""The page to try the calls on, from files that are installed with us: nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import fastapi_offline
from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse

from stream.serve.api.problems import Problem

if TYPE_CHECKING:
    from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_FOLDER: Final = Path(fastapi_offline.__file__).parent / "static"


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI on our OpenAPI."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Threadline: the calls",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
    )


@router.get("/docs/{name}")
async def file(name: str) -> FileResponse:
    """One of the files that the page is made of."""
    if name not in FILES:
        raise Problem(404, "not-found", f"there is no file {name!r}; /docs is the page")
    return FileResponse(_FOLDER / name, media_type=FILES[name])
