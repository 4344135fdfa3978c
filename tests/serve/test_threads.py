"""``/v1/threads``: summaries, one thread, its timeline, its replies."""

from __future__ import annotations

import orjson
import pytest

from stream.core.when import to_datetime
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    accepted,
    aliased,
    answered,
    asked,
    closed,
    commented,
    deleted,
    edited,
    erased,
    finished,
    posted,
    restored,
)

T1 = "/v1/threads/community.example/t1"


def at(after):
    return to_datetime(NOON + after).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
async def ask(served):
    """Publish, work and follow a story; then a GET of the API."""

    async def asking(*story, path=T1, **params):
        served.world.publish(*story)
        served.world.work()
        served.follow()
        async with served.api() as client:
            answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asking


async def test_rows_are_the_topics_bytes_and_a_wait_that_goes_on_says_for_how_long(ask, served):
    found = await ask(
        asked(thread="t1"),
        answered(thread="t1", after=HOUR),
        asked(thread="t2", after=HOUR),
        finished(3 * HOUR),
        path="/v1/threads",
    )
    rows = [
        orjson.loads(record.value)
        for (topic, _), records in served.world.topics.items()
        if topic == "threads"
        for record in records
    ]
    rows.sort(key=lambda row: row["first_at"], reverse=True)
    for wait in ("first_response", "first_answer", "first_comment", "accepted", "closed"):
        assert found["threads"][0]["waits"][wait].pop("for_ms") == 2 * HOUR
    for wait in ("first_comment", "accepted", "closed"):
        assert found["threads"][1]["waits"][wait].pop("for_ms") == 3 * HOUR
    assert found["threads"][1]["waits"]["asker_return"].pop("for_ms") == 2 * HOUR
    assert found == {"threads": rows, "next": None, "as_of": at(3 * HOUR)}


async def test_who_writes_of_waits_in_a_title_waits_no_longer_for_it(ask):
    title = '"status":"waiting","since":"2017-04-24T12:00:00.000Z"'
    found = await ask(asked(thread="t1", title=title), finished(HOUR), path="/v1/threads")
    assert found["threads"][0]["title"] == title
    assert found["threads"][0]["waits"]["first_answer"]["for_ms"] == HOUR


async def test_pages_hold_every_thread_once(served):
    names = [f"t{n}" for n in range(23)]
    served.world.publish(*(asked(thread=name, after=n // 3) for n, name in enumerate(names)))
    served.world.work()
    served.follow()
    async with served.api() as client:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get("/v1/threads", params={"limit": "5", **cursor})).json()
            seen += [thread["thread"] for thread in page["threads"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    assert sorted(seen) == sorted(names)
    assert seen[0] in {"t21", "t22"}


async def test_filters_keep_what_they_say(ask):
    story = [
        asked(thread="t1"),
        answered(thread="t1", after=HOUR),
        asked(thread="t2"),
        asked(thread="t3", community="other.example"),
    ]
    found = await ask(*story, path="/v1/threads", state="waiting", community="community.example")
    assert [thread["thread"] for thread in found["threads"]] == ["t2"]


async def test_nothing_read_yet_is_an_empty_list(ask):
    assert await ask(path="/v1/threads") == {"threads": [], "next": None, "as_of": None}


async def test_a_thread_is_read_in_order_with_its_current_texts(ask):
    found = await ask(
        answered("a1", after=3 * HOUR, text="An answer."),
        asked(text="First words."),
        commented("a1.c1", after=5 * HOUR),
        commented("q.c2", after=4 * HOUR),
        commented("q.c1", after=HOUR),
        answered("a2", after=2 * HOUR),
        edited("q", after=2 * HOUR, text="Second words.", revision="r1"),
        edited("q", after=3 * HOUR, text="Third words.", revision="r2"),
        edited("q", after=4 * HOUR, title="Whence?", revision="r3"),
    )
    order = [(item["item"], item["depth"]) for item in found["items"]]
    assert order == [("q", 0), ("q.c1", 1), ("q.c2", 1), ("a2", 1), ("a1", 1), ("a1.c1", 2)]
    assert [item["text"] for item in found["items"]][::4] == ["Third words.", "An answer."]
    assert found["title"] == "Whence?"
    assert found["items"][0]["format"] == "text"


async def test_what_lost_its_place_comes_after_what_begins_the_thread(ask):
    found = await ask(
        posted("p1", after=HOUR),
        commented("c1", on="gone", after=2 * HOUR),
        posted("p2", after=3 * HOUR),
        commented("c2", on="p2", after=4 * HOUR),
    )
    assert [item["item"] for item in found["items"]] == ["p1", "p2", "c2", "c1"]


async def test_a_deep_tree_is_read_depth_first(ask):
    depth = 300
    replies = [posted(f"p{n}", on=f"p{n - 1}", after=n * MINUTE) for n in range(1, depth)]
    found = await ask(posted("p0"), *replies, posted("late", on="p0", after=DAY))
    assert [item["depth"] for item in found["items"]] == [*range(depth), 1]


async def test_as_of_shows_the_thread_as_it_stood(ask):
    story = [
        asked(text="Old."),
        commented("q.c1", after=HOUR),
        edited("q", after=2 * HOUR, text="New."),
        answered("a1", after=3 * HOUR),
        finished(DAY),
    ]
    found = await ask(*story, as_of=at(90 * MINUTE))
    assert found["state"] == "waiting"
    assert found["as_of"] == at(90 * MINUTE)
    assert found["waits"]["first_answer"]["for_ms"] == 90 * MINUTE
    assert [(item["item"], item["text"]) for item in found["items"]] == [
        ("q", "Old."),
        ("q.c1", "The words of q.c1."),
    ]


async def test_as_of_the_end_is_the_thread_as_it_stands(ask):
    story = [
        asked(),
        commented("q.c1", author="Cid", after=HOUR),
        answered("a1", author="Bob", after=2 * HOUR),
        commented("a1.c1", mentions=("Robert",), after=3 * HOUR),
        aliased("Bob", "Robert"),
        finished(DAY),
    ]
    now = await ask(*story)
    assert await ask(as_of=at(DAY)) == now


async def test_the_words_of_who_is_erased_are_gone_from_the_past_too(ask):
    story = [
        asked(author="Ann"),
        commented("q.c1", author="Bob", after=HOUR),
        erased("Bob", after=DAY),
    ]
    now = await ask(*story)
    then = await ask(as_of=at(2 * HOUR))
    for found in (now, then):
        assert (found["items"][1]["author"], found["items"][1]["text"]) == (None, None)
    assert "Bob" not in str(await ask(path=f"{T1}/timeline"))


async def test_the_timeline_tells_what_happened_in_order(ask):
    found = await ask(
        asked(),
        answered("a1", between=(0, 2 * HOUR)),
        commented("a1.c1", after=2 * HOUR),
        edited("q", after=3 * HOUR, text="Better."),
        accepted("a1", after=4 * HOUR),
        deleted("a1", after=5 * HOUR),
        restored("a1", after=6 * HOUR),
        closed(by="Mod", why="duplicate", after=7 * HOUR),
        path=f"{T1}/timeline",
    )
    told = [(x["entry"], x["item"], x.get("state"), x["bounded"]) for x in found["timeline"]]
    assert told == [
        ("question", "q", None, False),
        ("answer", "a1", None, True),
        ("comment", "a1.c1", None, False),
        ("revision", "q", None, False),
        ("accepted_answer", "a1", None, False),
        ("post_state_changed", "a1", "deleted", False),
        ("post_state_changed", "a1", "restored", False),
        ("post_state_changed", None, "closed", False),
    ]
    assert found["timeline"][-1]["by"] == {"name": "Mod"}
    assert found["timeline"][-1]["why"] == "duplicate"
    assert found["timeline"][1]["when"] == {"after": at(0), "by": at(2 * HOUR)}


async def test_the_timeline_is_cut_to_what_is_asked_for(ask):
    story = [asked(), *(commented(f"q.c{n}", after=n * HOUR) for n in range(1, 9))]
    found = await ask(
        *story, path=f"{T1}/timeline", since=at(2 * HOUR), until=at(6 * HOUR), as_of=at(4 * HOUR)
    )
    assert [entry["item"] for entry in found["timeline"]] == ["q.c2", "q.c3", "q.c4"]


async def test_replies_are_told_by_one_policy(ask):
    story = [
        asked(author="Ann"),
        commented("q.c1", author="Bob", after=HOUR),
        commented("q.c2", author="Ann", after=2 * HOUR),
        commented("q.c3", author="Cid", mentions=("Bob",), after=3 * HOUR),
    ]
    latest = await ask(*story, path=f"{T1}/replies")
    assert latest["policy"] == "mention-latest"
    assert [reply["item"] for reply in latest["replies"]] == ["q.c3"]
    assert list(latest["replies"][0]["replies_to"]) == ["mention-latest"]
    then = await ask(path=f"{T1}/replies", policy="implicit", as_of=at(2 * HOUR))
    assert [reply["item"] for reply in then["replies"]] == ["q.c2"]


async def test_a_slash_stays_inside_its_part_of_the_path(ask):
    found = await ask(
        asked(thread="a/b%c d", community="reddit.com/r/Cornell"),
        path="/v1/threads/reddit.com%2Fr%2FCornell/a%2Fb%25c%20d",
    )
    assert (found["community"], found["thread"]) == ("reddit.com/r/Cornell", "a/b%c d")


async def test_events_behind_the_shown_cut_have_no_part_in_a_thread(served):
    served.world.publish(asked(text="Shown."))
    served.world.work()
    served.world.publish(edited("q", text="Not yet.", after=HOUR))
    served.follow()
    async with served.api() as client:
        found = await client.get(T1)
        assert found.headers["threadline-lag"] == "1"
        assert found.json()["items"][0]["text"] == "Shown."
        assert found.json()["as_of"] == at(0)
