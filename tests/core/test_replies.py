"""Who answers whom, told as stories: one comment's targets by each policy."""

from __future__ import annotations

import orjson
import pytest

from stream.codec.views import tell
from stream.core.events import Person
from stream.core.fold import Partition
from tests.laws.telling import fold
from tests.story import MINUTE, aliased, answered, asked, commented, deleted, posted


def replies(item, *story):
    """Policy → what an item answers; no policy where it answers nobody."""
    partition = Partition()
    for event in story:
        partition.join(event)
    for view, _, value, _ in tell(partition):
        row = orjson.loads(value) if view == "replies" and value else {}
        if row.get("item") == item:
            return {
                policy: [target["item"] for target in targets]
                for policy, targets in row["replies_to"].items()
                if targets
            }
    return {}


def said(n, who, *mentions, on="q"):
    return commented(f"{on}.c{n}", who, after=n * MINUTE, mentions=mentions)


def everywhere(item, addressed=None):
    targets = {"mention-latest": [item], "implicit": [item]}
    return {**targets, "mention-addressed": [addressed or item]}


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param([said(9, "Cid")], {}, id="a comment that calls nobody answers nobody"),
        pytest.param([said(1, "Bob"), said(9, "Cid", "Bob")], everywhere("q.c1"), id="by name"),
        pytest.param(
            [said(1, "Bob"), said(2, "Bob"), said(9, "Cid", "bob")],
            everywhere("q.c2"),
            id="the latest; case does not count",
        ),
        pytest.param([said(9, "Cid", "Ann")], everywhere("q"), id="the post, if it is theirs"),
        pytest.param(
            [said(1, "Ann"), said(9, "Cid", "Ann")],
            everywhere("q.c1"),
            id="a comment of the post's author before the post",
        ),
        pytest.param(
            [said(1, "Zed Low"), said(9, "Cid", "zedlow")], everywhere("q.c1"), id="spaces removed"
        ),
        pytest.param(
            [said(1, "Roberta"), said(2, "Robert"), said(9, "Cid", "rob")],
            everywhere("q.c2"),
            id="a beginning means the latest of several",
        ),
        pytest.param([said(1, "Bob"), said(9, "Cid", "bo")], {}, id="two letters are too few"),
        pytest.param(
            [said(1, "Bob"), said(9, "Cid", "Zed"), aliased("Zed", "Bob")],
            everywhere("q.c1"),
            id="a former name, once it is known to be one",
        ),
        pytest.param(
            [said(1, "Bob"), said(2, "Bob", "Eve"), said(3, "Eve"), said(9, "Cid", "Bob")],
            everywhere("q.c2"),
            id="a mention of nobody known addresses nobody",
        ),
        pytest.param(
            [said(1, "Eve"), said(2, "Bob"), said(3, "Bob", "Eve"), said(9, "Cid", "Bob")],
            everywhere("q.c3", addressed="q.c2"),
            id="what was said to a third person is passed over",
        ),
        pytest.param(
            [said(1, "Cid"), said(2, "Bob"), said(3, "Bob", "Cid"), said(9, "Cid", "Bob")],
            everywhere("q.c3"),
            id="what was said to the caller is not",
        ),
        pytest.param(
            [said(1, "Bob"), deleted("q.c1", after=MINUTE), said(9, "Cid", "Bob")],
            everywhere("q.c1"),
            id="deleting a comment does not change whom a reply meant",
        ),
        pytest.param(
            [said(1, "Bob"), said(9, "Ann")],
            {"implicit": ["q.c1"]},
            id="the post's author answers the only other person",
        ),
        pytest.param(
            [said(1, "Bob"), said(2, "Cid"), said(9, "Ann")], {}, id="of two nobody is guessed"
        ),
        pytest.param(
            [said(1, "Bob"), said(2, None), said(9, "Ann")], {}, id="nor beside somebody unknown"
        ),
        pytest.param(
            [said(1, "Bob"), said(9, "Ann", "Eve")],
            {},
            id="an unresolved mention keeps from guessing",
        ),
        pytest.param(
            [
                commented("q.c1", Person(id="1", name="Bob"), after=MINUTE),
                commented("q.c2", Person(id="1", name="Rob"), after=2 * MINUTE),
                said(9, "Cid", "Bob"),
            ],
            everywhere("q.c2"),
            id="the person is meant, not the name",
        ),
        pytest.param(
            [commented("q.c1", Person(id="2", name="Ann"), after=MINUTE), said(9, "Cid", "Ann")],
            everywhere("q.c1"),
            id="a namesake of the post's author who has commented",
        ),
    ],
)
def test_the_ninth_comment_on_anns_question(story, expected):
    assert replies("q.c9", asked("Ann"), *story) == expected


def test_what_the_archive_states_comes_first():
    story = [posted("p1", "Ann"), posted("p2", "Bob", on="p1", after=MINUTE)]
    policies = ("explicit", "mention-latest", "mention-addressed", "implicit")
    assert replies("p2", *story) == {policy: ["p1"] for policy in policies}


def test_comments_on_another_post_are_not_looked_at():
    story = [asked("Ann"), answered("a1", "Bob"), said(1, "Cid"), said(2, "Dee", "Cid", on="a1")]
    assert replies("a1.c2", *story) == {}


def flat(n, who, *mentions, on=None):
    return posted(str(n), who, on=on, after=n * MINUTE, mentions=mentions)


def test_a_forums_flat_post_answers_nobody_unless_it_calls_somebody():
    topic = [flat(1, "Ann"), flat(2, "Bob"), flat(3, "Cid"), flat(4, "Dee", "Bob")]
    assert replies("3", *topic) == {}
    assert replies("4", *topic) == everywhere("2")


def test_a_flat_post_may_call_who_began_the_topic():
    assert replies("2", flat(1, "Ann"), flat(2, "Bob", "Ann")) == everywhere("1")


def test_a_stated_reply_is_explicit_and_a_flat_post_is_not():
    topic = [flat(1, "Ann"), flat(2, "Bob"), flat(3, "Cid", on="2")]
    assert replies("3", *topic) == {"explicit": ["2"], **everywhere("2")}
    assert replies("2", *topic) == {}


def test_who_called_a_name_that_its_only_bearer_has_lost_is_looked_at_again():
    """An account's other name turns up just as somebody of that name, without an account, comes."""
    named, called = said(1, Person(id="1", name="Zed")), said(5, "Bob", "Zed")
    renamed, namesake = said(1, Person(id="1", name="Cy")), said(9, "Cy")
    later = fold([[asked("Ann"), named, called], [renamed, namesake]])
    assert later == fold([[asked("Ann"), named, called, renamed, namesake]])


def test_an_alias_of_the_community_leads_on_through_one_of_the_thread():
    story = [
        aliased("Anna", "Bob", thread="t1"),
        said(1, "Bob"),
        said(9, "Dora", "cy"),
        aliased("Cy", "Anna"),
    ]
    assert replies("q.c9", *story) == everywhere("q.c1")
    assert fold([[event] for event in story]) == fold([story])
