"""The founding thread over HTTP: what VIEWS says, and what independent code says of the page."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from tests.archive.conftest import ARCHIVES

FOLDER = ARCHIVES / "founding-thread"
SLUG = "what-political-benefit-would-there-be-in-stronger-ties-with-putin-and-russia"
THREAD = f"/v1/threads/politics.stackexchange.com/{SLUG}"
END = "2017-05-13T04:00:28.803Z"


@pytest.fixture(scope="module")
def reference():
    return json.loads((FOLDER / "reference.json").read_text())


@pytest.fixture
async def get(served):
    options = Options(community="politics.stackexchange.com")
    archives = [FOLDER / "page.txt", FOLDER / "who-is-who.jsonl"]
    served.world.publish(*read(archives, options, Report()))
    served.world.work()
    served.follow()
    async with served.api() as client:

        async def getting(path, **params):
            answer = await client.get(path, params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

        yield getting


async def test_its_summary_is_the_one_shown_in_views(get):
    found = await get("/v1/threads")
    [thread] = found["threads"]
    thread.pop("stated")
    assert found["as_of"] == END
    assert thread == {
        "community": "politics.stackexchange.com",
        "thread": SLUG,
        "title": "What political benefit would there be in stronger ties with Putin and Russia?",
        "tags": [],
        "state": "answered",
        "asked": {"at": "2017-04-24T06:47:17.770Z"},
        "asker": {"name": "Bryan Shih"},
        "first_at": "2017-04-24T06:47:17.770Z",
        "last_at": END,
        "counts": {
            "questions": 1,
            "answers": 2,
            "posts": 0,
            "comments": 20,
            "edits": 0,
            "deleted": 0,
            "people": 9,
        },
        "mentions": {"resolved": 12, "unresolved": 0},
        "waits": {
            "first_response": {"status": "between", "after_ms": 0, "by_ms": 5135250},
            "first_answer": {"status": "between", "after_ms": 0, "by_ms": 1347257077},
            "first_comment": {"status": "observed", "ms": 5135250, "item": "q.c1"},
            "accepted": {"status": "unknown"},
            "closed": {"status": "unknown"},
            "asker_return": {
                "status": "between",
                "after_ms": 1342121827,
                "by_ms": 1347257077,
                "item": "a2.c1",
            },
        },
        "half_life_ms": 1347257077,
        "silent_on": ["accepted", "closed", "deleted", "edited"],
        "conflicts": 0,
    }


async def test_it_is_read_post_by_post_with_every_word(get, reference):
    found = await get(THREAD)
    posts, comments = reference["posts"], reference["comments"]
    lengths = {post["id"]: None for post in posts} | {c["id"]: c["chars"] for c in comments}
    shown = {item["item"]: item for item in found["items"]}
    assert list(shown)[:10] == ["q", *(f"q.c{n}" for n in range(1, 10))]
    assert shown.keys() == lengths.keys()
    for comment in comments:
        assert len(shown[comment["id"]]["text"]) == comment["chars"]
        assert shown[comment["id"]]["depth"] == (1 if comment["post"] == "q" else 2)


async def test_on_the_first_of_may_nobody_had_answered(get):
    found = await get(THREAD, as_of="2017-05-01T00:00:00Z")
    assert (found["state"], found["counts"]["comments"], len(found["items"])) == ("waiting", 8, 9)
    assert found["waits"]["first_answer"]["status"] == "waiting"
    assert found["waits"]["first_answer"]["for_ms"] == 580362230


async def test_its_days_are_those_that_were_counted_by_hand(get, reference):
    found = await get("/v1/activity", since="2017-04-24", until="2017-05-14")
    days = {row["start"][:10]: row for row in found["rows"]}
    assert {day: row["comments"] for day, row in days.items()} == reference["comments_per_day_utc"]
    people = {day: row["people"] for day, row in days.items()}
    assert people == reference["active_users_per_day_utc"]
    assert sum(row["bounded"] for row in found["rows"]) == 2


@pytest.mark.parametrize(
    ("policy", "edges"),
    [("mention-latest", "edges_latest"), ("mention-addressed", "edges_addressed_aware")],
)
async def test_who_answers_whom_is_what_was_found_by_hand(get, reference, policy, edges):
    found = await get(f"{THREAD}/replies", policy=policy)
    told = {
        (reply["item"], edge["item"], edge["wait"]["ms"])
        for reply in found["replies"]
        for edge in reply["replies_to"][policy]
    }
    assert len(told) == 12
    assert {(a, b) for a, b, _ in told} == {
        (edge["from"], edge["to"]) for edge in reference["reply_graph"][edges]
    }


async def test_its_first_answer_is_known_by_bounds_alone(get):
    found = await get("/v1/latency", metric="first_answer")
    assert (found["estimator"], found["as_of"]) == ("turnbull", END)
    assert found["curve"] == [{"after_ms": 0, "by_ms": 1347257077, "mass": 1.0, "unanswered": 0.0}]
    assert found["quantiles"][1] == {"p": 0.5, "after_ms": 0, "by_ms": 1347257077}
