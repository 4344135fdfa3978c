"""``python -m tests.serve.schemas`` writes ``schemas/views`` from the shapes that serve tells."""

from __future__ import annotations

import json
from pathlib import Path

from stream.serve.api.shapes import SCHEMAS

FOLDER = Path(__file__).parents[2] / "schemas" / "views"


def text(name: str) -> str:
    """A schema's file."""
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{name}.json",
        **SCHEMAS[name].model_json_schema(),
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in SCHEMAS:
        (FOLDER / f"{name}.json").write_text(text(name))
