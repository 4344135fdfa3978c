"""A Stack Exchange site as it changes, in plain rows; `Site.dump` writes what one made now holds.

It knows what real sites do and nothing of our reader: each act leaves the rows in PostHistory and
Votes that a real one leaves, and changes or removes rows elsewhere. What is deleted is in no dump
while it is; of a taken back acceptance nothing is left; the removal of ``featured`` by the robot
does not move LastEditDate.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from uuid import UUID

from tests.archive.stack_exchange_site import Row, stamp, write

if TYPE_CHECKING:
    from pathlib import Path

ROBOT: Final = -1
FEATURED: Final = "featured"
NOTHING: Final[dict[int, str]] = {}
SPREAD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835  # Times 1, 2, 3, …: ids in no order


class Site:
    """``now``: milliseconds after `NOON`. Posts and comments are rows by their ids."""

    def __init__(self) -> None:
        self.now = 0
        self.posts: dict[int, Row] = {}
        self.on: dict[int, int] = {}  # Answer → question
        self.comments: dict[int, Row] = {}
        self.history: list[Row] = []
        self.votes: dict[int, Row] = {}  # By question
        self.people: dict[int, str] = {ROBOT: "Community"} | {n: f"User {n}" for n in range(1, 6)}
        self.deleted: set[int] = set()
        self._ids = 0

    def ask(self, by: int, title: str) -> int:
        post = self._post(1, by, Title=title, Tags=f"<{FEATURED}><a>")
        self._revise(post, by, {2: "text", 1: title, 3: f"<{FEATURED}><a>"})
        return post

    def answer(self, question: int, by: int) -> int:
        post = self._post(2, by, ParentId=question)
        self.on[post] = question
        self._revise(post, by, {2: "text"})
        return post

    def comment(self, post: int, by: int) -> None:
        self._ids += 1
        self.comments[self._ids] = {
            "Id": self._ids,
            "PostId": post,
            "Score": 0,
            "Text": "words",
            "CreationDate": stamp(self.now),
            "UserId": by,
        }

    def edit(
        self,
        post: int,
        by: int,
        title: str | None = None,
        *,
        back: bool = False,
        beside: dict[int, str] = NOTHING,
    ) -> None:
        """``back``: a rollback, whose types are three further; ``beside``: more rows of it."""
        row = self.posts[post]
        kinds = {5 + 3 * back: f"text of {self.now}"} | beside
        if title is not None and "Title" in row:
            kinds[4 + 3 * back] = row["Title"] = title
        row |= {"LastEditDate": stamp(self.now), "LastEditorUserId": by}
        self._revise(post, by, kinds)

    def suggest(self, post: int, title: str, improved: str) -> None:
        """A suggested edit, and its improvement at the same moment."""
        self.edit(post, 2, title, beside={24: "Proposed by 2 approved by 3 edit id of 1"})
        self.edit(post, 3, improved)

    def feature_no_more(self, post: int) -> None:
        row = self.posts[post]
        if row.get("Tags") == f"<{FEATURED}><a>":
            row["Tags"] = "<a>"
            self._revise(post, ROBOT, {6: "<a>"})

    def close(self, post: int, by: int, reason: str) -> None:
        row = self.posts[post]
        if "ClosedDate" not in row:
            row["ClosedDate"] = stamp(self.now)
            self._revise(post, by, {10: self._voters(by)}, Comment=reason)

    def reopen(self, post: int, by: int) -> None:
        if self.posts[post].pop("ClosedDate", None) is not None:
            self._revise(post, by, {11: self._voters(by)})

    def migrate(self, post: int, by: int) -> None:
        row = self.posts[post]
        if "ClosedDate" not in row:
            row["ClosedDate"] = stamp(self.now)
            self._revise(post, by, {35: self._voters(by)}, Comment="to https://else.example/1")

    def happen(self, post: int, type_: int) -> None:
        """Something that changes no figure: a lock, a protection, a bump, a notice."""
        self._revise(post, ROBOT, {type_: ""})

    def delete(self, post: int, by: int) -> None:
        if post not in self.deleted:
            self.deleted.add(post)
            self._revise(post, by, {12: self._voters(by)}, Comment="via Vote")

    def restore(self, post: int, by: int) -> None:
        if post in self.deleted:
            self.deleted.remove(post)
            self._revise(post, by, {13: self._voters(by)})

    def accept(self, answer: int) -> None:
        self.take_back(answer)
        question = self.on[answer]
        self._ids += 1
        self.posts[question]["AcceptedAnswerId"] = answer
        day = f"{stamp(self.now)[:10]}T00:00:00.000"
        self.votes[question] = {
            "Id": self._ids,
            "PostId": answer,
            "VoteTypeId": 1,
            "CreationDate": day,
        }

    def take_back(self, answer: int) -> None:
        question = self.on[answer]
        self.posts[question].pop("AcceptedAnswerId", None)
        self.votes.pop(question, None)

    def forget(self, comment: int) -> None:
        self.comments.pop(comment, None)

    def rename(self, user: int) -> None:
        self.people[user] += "!"

    def leave(self, user: int) -> None:
        """An account is deleted: its name alone is left, and the names in voters' lists."""
        if user == ROBOT:
            return
        name = self.people.pop(user)
        for id_, shown, rows in (
            ("OwnerUserId", "OwnerDisplayName", self.posts.values()),
            ("LastEditorUserId", "LastEditorDisplayName", self.posts.values()),
            ("UserId", "UserDisplayName", [*self.comments.values(), *self.history]),
        ):
            for row in rows:
                if row.get(id_) == user:
                    row[id_], row[shown] = None, name

    def there(self) -> list[int]:
        """The posts that a dump made now holds: an answer only where its question is there."""
        return [
            id_
            for id_ in self.posts
            if id_ not in self.deleted and self.on.get(id_) not in self.deleted
        ]

    def dump(self, folder: Path) -> Path:
        held = set(self.there())
        said = [row for row in self.comments.values() if row["PostId"] in held]
        counts = {id_: sum(row["PostId"] == id_ for row in said) for id_ in held}
        return write(
            folder,
            Posts=[self.posts[id_] | {"CommentCount": counts[id_]} for id_ in sorted(held)],
            Comments=said,
            PostHistory=[row for row in self.history if row["PostId"] in held],
            Votes=[vote for vote in self.votes.values() if vote["PostId"] in held],
            Users=[{"Id": id_, "DisplayName": name} for id_, name in self.people.items()],
        )

    def _post(self, type_: int, by: int, **columns: object) -> int:
        self._ids += 1
        self.posts[self._ids] = {
            "Id": self._ids,
            "PostTypeId": type_,
            "CreationDate": stamp(self.now),
            "Score": 0,
            "Body": "<p>text</p>",
            "OwnerUserId": by,
        } | columns
        return self._ids

    def _revise(self, post: int, by: int | None, texts: dict[int, str], **columns: object) -> None:
        """All rows of one revision, under an id that says nothing of its place."""
        guid = str(UUID(int=len(self.history) * SPREAD % (1 << 128)))
        for type_, text in texts.items():
            self._ids += 1
            row: Row = {"Id": self._ids, "PostHistoryTypeId": type_, "PostId": post}
            row |= {"RevisionGUID": guid, "CreationDate": stamp(self.now), "UserId": by}
            self.history.append(row | {"Text": text} | columns)

    def _voters(self, by: int) -> str:
        return json.dumps({"Voters": [{"Id": by, "DisplayName": self.people.get(by, "?")}]})
