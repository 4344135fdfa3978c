"""What `inspect` counts of two whole dumps, counted again from their plain XML.

Left to the fold's own laws: which mentions find nobody.
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from tests.archive.conftest import ARCHIVES
from tests.archive.real.counted import Found, against_time, some


class Dump:
    """A dump's rows, as the standard library reads them."""

    def __init__(self, name):
        folder = ARCHIVES / "stack-exchange" / name
        self.posts, self.comments, self.posthistory, self.votes = (
            [row.attrib for row in ET.parse(folder / f"{table}.xml").getroot()]  # noqa: S314
            for table in ("Posts", "Comments", "PostHistory", "Votes")
        )
        self.kinds = {row["Id"]: row["PostTypeId"] for row in self.posts}
        self.threads = [row for row in self.posts if row["PostTypeId"] in "12"]
        self.told = [
            row for row in self.posthistory if self.kinds.get(row["PostId"], "") in {"1", "2"}
        ]
        self.found = Found(f"stack-exchange/{name}")

    def by_thread(self):
        """The moments and ids of questions, and of each thread's posts and comments."""
        asked = [row for row in self.threads if "ParentId" not in row]
        kept: dict[tuple[str, str], list[tuple[str, int]]] = {
            ("", "question"): [(row["CreationDate"], int(row["Id"])) for row in asked]
        }
        on = {row["Id"]: row.get("ParentId", row["Id"]) for row in self.threads}
        for row in self.threads:
            kept.setdefault((on[row["Id"]], "post"), []).append(
                (row["CreationDate"], int(row["Id"]))
            )
        for row in self.comments:
            thread = on.get(row["PostId"], "")
            kept.setdefault((thread, "c"), []).append((row["CreationDate"], int(row["Id"])))
        return kept.values()

    def is_told(self, post):
        return self.kinds.get(post, "") in {"1", "2"}

    def revisions(self, *types):
        return {r["RevisionGUID"]: r for r in self.told if int(r["PostHistoryTypeId"]) in types}


@pytest.fixture(scope="module", params=["coffee.meta", "conlang.meta"])
def dump(request):
    return Dump(request.param)


def test_facts_of_a_dump(dump):
    accepted = [v for v in dump.votes if v["VoteTypeId"] == "1" and v["PostId"] in dump.kinds]
    assert dump.found.facts == some(
        post__created=len(dump.threads),
        comment__created=sum(dump.is_told(row["PostId"]) for row in dump.comments),
        post__edited=len(dump.revisions(4, 5, 6, 7, 8, 9)),
        thread__closed=len(dump.revisions(10)),
        thread__reopened=len(dump.revisions(11)),
        item__deleted=len(dump.revisions(12)),
        item__restored=len(dump.revisions(13)),
        answer__accepted=len(accepted),
        thread__observed=sum(kind == "1" for kind in dump.kinds.values()),
        person__flagged=1,  # The site's own account, which edits on both.
    )


def test_oddities_of_a_dump(dump):
    other = Counter(kind for kind in dump.kinds.values() if kind not in {"1", "2"})
    nobody = sum("OwnerUserId" not in row for row in dump.threads)
    nobody += sum("UserId" not in row for row in dump.comments)
    dated = {row["Id"]: row.get("LastEditDate", "") for row in dump.threads}
    edits = dump.revisions(4, 5, 6, 7, 8, 9).values()
    undated = {r["PostId"] for r in edits if r["CreationDate"] > dated[r["PostId"]]}
    others = {r["RevisionGUID"] for r in dump.posthistory if r not in dump.told}
    expected = some(
        deleted_author=nobody,
        edit_not_in_posts=len(undated),
        id_order=sum(map(against_time, dump.by_thread())),
        not_told_history_bumped=len(dump.revisions(50)),
        not_told_history_community_owned=len(dump.revisions(16)),
        not_told_history_of_other_post=len(others),
        not_told_post_type_4=other["4"],
        not_told_post_type_5=other["5"],
        vote_without_post=sum(vote["PostId"] not in dump.kinds for vote in dump.votes),
    )
    assert {code: n for code, n in dump.found.odd.items() if code != "robot-burst"} == expected


def test_counts_robots_and_silence_of_a_dump(dump):
    revisions = {row["RevisionGUID"] for row in dump.posthistory}
    assert dump.found.all["counts"] == {
        "history-rows": len(dump.posthistory),
        "revisions": len(revisions),
    }
    acts = sum(r.get("UserId") == "-1" for r in dump.revisions(4, 5, 6, 7, 8, 9, 12, 13).values())
    acts += sum(row.get("OwnerUserId") == "-1" for row in dump.threads)
    acts += sum(row.get("UserId") == "-1" for row in dump.comments)
    assert dump.found.all["robots"] == [{"person": "Community (-1)", "acts": acts}]
    assert dump.found.all["silent_on"] == {}
    dates = [row["CreationDate"] for row in (*dump.threads, *dump.comments)]
    dates += [r["CreationDate"] for r in dump.revisions(*range(4, 14)).values()]
    days = [v["CreationDate"] for v in dump.votes if v["VoteTypeId"] == "1"]
    last = max(dates), f"{max(days)[:10]}T23:59:59.999"
    assert (dump.found.all["first_at"], dump.found.all["last_at"]) == (
        f"{min(dates)}Z",
        f"{max(last)}Z",
    )
