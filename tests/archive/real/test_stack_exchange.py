"""Two whole site dumps, against counts that know nothing of the reader: plain XML."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from statistics import median

import py7zr
import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, read_encoded
from stream.core import events as e
from stream.core.fold import Partition
from stream.core.waits import waits
from tests.archive.conftest import ARCHIVES
from tests.archive.stack_exchange_posts import folded, printed, rows
from tests.archive.stack_exchange_site import odd

# The removal of the tag "featured" when a notice has run out does not count as an edit in Posts.
NOT_DATED = {"coffee.meta": set(), "conlang.meta": {"79", "156", "168"}}


class Site:
    """All that is told of a dump, and its rows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ARCHIVES / "stack-exchange" / name
        self.report = Report()
        self.events = list(read([self.folder], Options(), self.report))
        self.posts = {row["Id"]: row for row in rows(self.folder, "Posts")}
        self.history = list(rows(self.folder, "PostHistory"))

    def of(self, *kinds):
        return [event for event in self.events if isinstance(event, kinds)]

    def is_thread(self, post):
        return self.posts[post]["PostTypeId"] in "12"

    def revisions(self, *types):
        """The revisions of questions and answers that have a row of such a type."""
        return {
            row["RevisionGUID"]
            for row in self.history
            if row["PostHistoryTypeId"] in types and self.is_thread(row["PostId"])
        }


@pytest.fixture(scope="module", params=["coffee.meta", "conlang.meta"])
def site(request):
    return Site(request.param)


def test_every_post_and_comment_is_there(site):
    kinds = Counter(event.data.kind for event in site.of(e.PostCreated))
    types = Counter(row["PostTypeId"] for row in site.posts.values())
    assert kinds == {"question": types["1"], "answer": types["2"]}
    comments = {event.data.item: event.data for event in site.of(e.CommentCreated)}
    assert comments.keys() == {f"c{row['Id']}" for row in rows(site.folder, "Comments")}
    assert site.report.skipped == 0


def test_rows_and_revisions_of_the_history_are_counted_apart(site):
    guids = {row["RevisionGUID"] for row in site.history}
    assert site.report.counts == {"history-rows": len(site.history), "revisions": len(guids)}
    known = {"coffee.meta": (621, 444), "conlang.meta": (450, 324)}
    assert tuple(site.report.counts.values()) == known[site.name]


def test_every_revision_of_a_text_is_one_edit(site):
    edits = site.of(e.PostEdited)
    assert {edit.data.revision for edit in edits} == site.revisions(*"456789")
    assert len(edits) == len(site.revisions(*"456789"))
    rollbacks = {edit.data.revision for edit in edits if edit.data.rollback}
    assert rollbacks == site.revisions(*"789")


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        (e.ThreadClosed, ["10"]),
        (e.ThreadReopened, ["11"]),
        (e.ItemDeleted, ["12"]),
        (e.ItemRestored, ["13"]),
    ],
)
def test_every_closing_and_deletion_is_told(site, kind, types):
    assert len(site.of(kind)) == len(site.revisions(*types))


def test_what_is_not_told_is_counted(site):
    found = odd(site.report)
    assert found["not-told-history-bumped"] == len(site.revisions("50"))
    assert found["not-told-history-community-owned"] == len(site.revisions("16"))
    others = {r["RevisionGUID"] for r in site.history if not site.is_thread(r["PostId"])}
    assert found["not-told-history-of-other-post"] == len(others)
    votes = list(rows(site.folder, "Votes"))
    lost = [vote for vote in votes if vote["PostId"] not in site.posts]
    assert found["vote-without-post"] == len(lost)


def test_why_the_one_question_was_closed(site):
    (closed,) = site.of(e.ThreadClosed)
    known = {
        "coffee.meta": ("1177", "duplicate of 1134"),
        "conlang.meta": ("79", "duplicate of 119"),
    }
    assert (closed.subject, closed.data.why) == known[site.name]


def test_acceptances_are_those_of_the_votes_within_their_days(site):
    days = {
        r["PostId"]: r["CreationDate"][:10]
        for r in rows(site.folder, "Votes")
        if r["VoteTypeId"] == "1"
    }
    accepted = {event.data.item: event.data.when for event in site.of(e.AnswerAccepted)}
    assert {item: when.by.date().isoformat() for item, when in accepted.items()} == days
    assert {item: when.after.date().isoformat() for item, when in accepted.items()} == days
    now = {row["AcceptedAnswerId"] for row in site.posts.values() if "AcceptedAnswerId" in row}
    assert accepted.keys() == now


def test_the_latest_text_is_that_of_the_latest_revision(site):
    texts = {event.data.item: event.data.text for event in site.of(e.PostCreated)}
    texts |= {
        x.data.item: x.data.changes.text for x in site.of(e.PostEdited) if x.data.changes.text
    }
    latest = {}
    for row in sorted(site.history, key=lambda row: row["CreationDate"]):
        if row["PostHistoryTypeId"] in "258" and site.is_thread(row["PostId"]):
            latest[row["PostId"]] = row["Text"].replace("\r\n", "\n")
    assert texts == latest


def test_the_fold_of_a_dump_says_what_its_posts_say(site):
    told, known = folded(site.events), printed(site.folder)
    for post in NOT_DATED[site.name]:
        known[post] = known[post]._replace(edited=told[post].edited)
    assert told == known
    assert odd(site.report).get("edit-not-in-posts", 0) == len(NOT_DATED[site.name])


def test_scores_are_those_of_the_rows(site):
    seen = [event.data for event in site.of(e.ThreadObserved)]
    told = {item: score for data in seen for item, score in data.scores.items()}
    known = {f"c{row['Id']}": int(row["Score"]) for row in rows(site.folder, "Comments")}
    known |= {id_: int(row["Score"]) for id_, row in site.posts.items() if site.is_thread(id_)}
    assert told == {item: score for item, score in known.items() if score}
    captured = {data.when.after for data in seen}
    tables = "Posts", "Comments", "PostHistory"
    last = max(row["CreationDate"] for table in tables for row in rows(site.folder, table))
    assert captured == {datetime.fromisoformat(last + "Z")}


def test_the_waits_are_those_known(site):
    """The first response, as those who counted it did: an answer, or a comment on the question."""
    state = Partition()
    for event in site.events:
        state.join(event)
    found = [waits(thread) for thread in state.settled()]
    answered = [took for wait in found if (took := _shortest(wait, "first_answer")) is not None]
    metrics = "first_answer", "first_comment"
    responses = [took for wait in found if (took := _shortest(wait, *metrics)) is not None]
    known = {
        "coffee.meta": ((24_485_226.5, 64), (19_365_017, 75)),
        "conlang.meta": ((9_776_283, 48), (9_081_960, 51)),
    }[site.name]
    assert ((median(answered), len(answered)), (median(responses), len(responses))) == known


def _shortest(found, *metrics):
    observed = [found[metric] for metric in metrics if found[metric] is not None]
    return min((wait.after for wait in observed if wait.status == "observed"), default=None)


def test_a_robot_went_through_coffee_in_the_spring_of_2017():
    site = Site("coffee.meta")
    spring = [datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC)]
    edits = [x for x in site.of(e.PostEdited) if spring[0] <= x.time < spring[1]]
    by_robot = [edit for edit in edits if edit.data.by == e.Person(id="-1", name="Community")]
    assert len(by_robot) == 49


def test_the_sites_own_account_is_stated_to_be_a_robot_from_its_first_act_on(site):
    (flag,) = site.of(e.PersonFlagged)
    by_it = [row["CreationDate"] for row in site.posts.values() if row.get("OwnerUserId") == "-1"]
    edits = {row["RevisionGUID"]: row for row in site.history if row.get("UserId") == "-1"}
    made = site.revisions(*"456789")
    by_it += [row["CreationDate"] for guid, row in edits.items() if guid in made]
    assert flag.data.person == e.Person(id="-1", name="Community")
    assert flag.time == datetime.fromisoformat(min(by_it) + "Z")


def test_lf_crlf_and_7z_tell_the_same(site, tmp_path):
    lf, crlf, packed = tmp_path / "lf", tmp_path / "crlf", tmp_path / "site.7z"
    for folder, eol, cased in ((lf, b"\n", str.lower), (crlf, b"\r\n", str.upper)):
        folder.mkdir()
        for path in site.folder.glob("*.xml"):
            data = path.read_bytes().replace(b"\r\n", b"\n")
            (folder / cased(path.name)).write_bytes(data.replace(b"\n", eol))
    with py7zr.SevenZipFile(packed, "w") as archive:
        for path in lf.iterdir():
            archive.write(path, f"site/{path.name.title()}")
    options = Options(community="c")
    as_lf, as_crlf, as_packed, as_found = (
        [event.value for event in read_encoded([path], options, Report())]
        for path in (lf, crlf, packed, site.folder)
    )
    assert as_lf == as_crlf == as_packed == as_found
    assert len(as_lf) == len(site.events)
