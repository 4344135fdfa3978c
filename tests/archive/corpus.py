"""ConvoKit corpora in words: utterances, and the folder in which they lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BEGAN = 1_493_035_200  # 2017-04-24T12:00:00Z


def utterance(
    id_: str, on: str | None = None, *, at: object = BEGAN, **more: Any
) -> dict[str, Any]:
    """One that says something to ``on``, in the conversation "1"."""
    return {
        "id": id_,
        "conversation_id": "1",
        "text": f"The words of {id_}.",
        "speaker": "ann",
        "meta": {},
        "reply-to": on,
        "timestamp": at,
        "vectors": [],
    } | more


def corpus(
    folder: Path,
    *utterances: dict[str, Any],
    conversations: object = None,
    about: object = None,
) -> Path:
    """The folder ``folder``, filled as ConvoKit fills it."""
    folder.mkdir(exist_ok=True)
    lines = "".join(json.dumps(one) + "\n" for one in utterances)
    (folder / "utterances.jsonl").write_text(lines)
    (folder / "conversations.json").write_text(json.dumps(conversations or {}))
    (folder / "corpus.json").write_text(json.dumps(about or {}))
    (folder / "speakers.json").write_text("{}")
    (folder / "index.json").write_text("{}")
    return folder
