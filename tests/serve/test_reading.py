"""A thread to read: each row as the view has it, and behind it what was said and how it stands."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random

import msgspec
import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.codec.events import decode, encode, identified
from stream.core.events import CommentCreated, CommentEdited, PostCreated, PostEdited
from stream.core.when import moment
from stream.serve.log import KINDS, TEXTS
from stream.serve.reading import readable
from tests.laws.stories import broad, crowded
from tests.serve.world import World
from tests.story import HOUR, asked, commented, edited

FIGURES = ["text", "format", "depth", "edited", "comments"]


def told(story):
    """The rows of items that a worker makes of it, and what was said in it."""
    world = World()
    world.publish(*story)
    world.work()
    rows = {
        record.key: record.value
        for (view, _), records in world.topics.items()
        if view == "items"
        for record in records
    }
    values = [encode(event).value for event in story if event.subject]
    said = [(KINDS[type(decode(value, where=""))], value) for value in values]
    held = [row for row in rows.values() if row is not None]
    return held, [one for one in said if one[0] in TEXTS]


def shown(story):
    """Its items as they are read, in order; no name comes twice in one."""

    def once(pairs):
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    return json.loads(readable(*told(story)), object_pairs_hook=once)


def current(said):
    """Item → text and format, from the events as values: the smallest of those that hold."""
    made: dict[str, list[tuple[str, str]]] = defaultdict(list)
    revised: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for _, value in said:
        match event := decode(value, where=""):
            case PostCreated(data=first) | CommentCreated(data=first) if first.text is not None:
                made[first.item].append((first.text, first.format))
            case PostEdited(data=edit) | CommentEdited(data=edit) if edit.changes.text is not None:
                at = moment(edit.when, event.time).at
                revised[edit.item].append((at, edit.revision, edit.changes.text))
    texts = {item: min(those) for item, those in made.items()}
    for item, revisions in revised.items():
        last = max((at, revision) for at, revision, _ in revisions)
        held = min(text for at, revision, text in revisions if (at, revision) == last)
        texts[item] = (held, texts[item][1] if item in texts else "text")
    return texts


@settings(max_examples=60)
@given(st.integers(0, 100_000))
@example(3)
def test_what_is_shown_is_the_row_with_its_text_and_figures(seed):
    rng = Random(seed)  # noqa: S311 (a story, no secret)
    story = [event for event in (*broad(rng), *crowded(rng)) if event.subject in {"", "t1"}]
    rows, said = told(story)
    rows = [row for row in rows if orjson.loads(row)["thread"] == "t1"]
    texts = current(said)
    by_id = {row["item"]: row for row in map(orjson.loads, rows) if row["kind"] is not None}
    found = orjson.loads(readable(rows, said))
    assert sorted(item["item"] for item in found) == sorted(by_id)
    for item in found:
        row = by_id[item["item"]]
        assert list(item) == [*row, *FIGURES]
        assert {name: item[name] for name in row} == row
        text, form = texts.get(item["item"], (None, "text"))
        assert (item["text"], item["format"]) == (None if row.get("erased") else text, form)
        assert item["edited"] == max((edit["at"] for edit in row["edits"]), default=None)
        assert item["comments"] == sum(
            other["on"] == item["item"] and other["kind"] == "comment" and not other["deleted"]
            for other in by_id.values()
        )


def test_of_contradicting_statements_the_smaller_one_holds_whatever_comes_first():
    for texts in (["Z", '"'], ['"', "Z"]):  # Of which JSON has the other order.
        story = [
            asked(thread="t1"),
            *(commented("q.c1", thread="t1", text=text, after=HOUR) for text in texts),
            *(edited("q", thread="t1", text=text, after=HOUR) for text in texts),
        ]
        assert [item["text"] for item in shown(story)] == ['"', '"']


def test_words_that_look_like_json_stay_words():
    words = '{"text": "}"}, \\ \u2028 \x7f'
    (item,) = shown([asked(thread="t1", text=words)])
    assert item["text"] == words


def test_an_edit_changes_the_words_and_not_how_they_are_written():
    question = asked(thread="t1")
    data = msgspec.structs.replace(question.data, format="markdown")
    story = [
        identified(msgspec.structs.replace(question, data=data)),
        edited("q", thread="t1", text="*Why*?", after=HOUR),
    ]
    (item,) = shown(story)
    assert (item["text"], item["format"]) == ("*Why*?", "markdown")


def test_of_which_only_is_known_since_when_stands_where_it_was_placed():
    story = [
        asked(thread="t1"),
        commented("q.c1", thread="t1", between=(0, None), after=2 * HOUR),
        commented("q.c2", thread="t1", after=HOUR),
    ]
    found = shown(story)
    assert [item["item"] for item in found] == ["q", "q.c2", "q.c1"]
    assert found[-1]["placed"] > found[1]["when"]["at"] > found[-1]["when"]["after"]


def test_events_that_others_wrote_in_their_own_way_are_read_as_ours():
    """With spaces, names in another order, and characters that need no escape escaped."""
    story = [
        asked(thread="t1", text='Where "is" the café? \u2028 /'),
        commented("q.c1", thread="t1", text=None, after=HOUR),
        edited("q", thread="t1", text="Où?", after=HOUR),
    ]
    rows, said = told(story)
    others = [
        (kind, json.dumps(orjson.loads(value), sort_keys=True, indent=1).encode())
        for kind, value in said
    ]
    assert b"\\u00" in others[0][1]
    for kept in (1, 3):  # Before the edit, and with it.
        assert orjson.loads(readable(rows, others[:kept])) == orjson.loads(
            readable(rows, said[:kept])
        )
