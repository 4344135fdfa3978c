"""A post's and an edit's bytes are those of their events."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.codec import posts
from stream.codec.events import encode
from stream.codec.framing import framed
from stream.codec.times import stamp
from stream.core.events import Changes, EditData, PostCreated, PostData, PostEdited
from stream.core.when import When, to_datetime
from tests.codec.test_comments import _names, _people, _texts, _times

_ids = _texts.filter(bool)
_tags = st.lists(_texts, max_size=3).map(tuple)
_json = orjson.dumps


@pytest.mark.parametrize("kind", ["question", "answer"])
@given(st.data())
def test_a_post_without_its_event_is_encoded_as_the_event_is(kind, data):
    source, subject, item, at = (data.draw(each) for each in (_texts, _ids, _ids, _times))
    author, text, title, tags = (data.draw(each) for each in (_people, _texts, _texts, _tags))
    silent_on, question = data.draw(_tags), kind == "question"
    event = PostCreated(
        source=source,
        subject=subject,
        time=to_datetime(at),
        data=PostData(
            item=item,
            kind=kind,
            on=None if question else subject,
            author=author,
            title=(title or None) if question else None,
            text=text,
            format="markdown",
            tags=tags if question else (),
            silent_on=silent_on if question else None,
            when=When(at=to_datetime(at)),
        ),
    )
    said, time = (posts.person(author, b"author"), _json(item)), stamp(at).encode()
    if question:
        told = posts.question(
            *said, _json(silent_on), posts.listed(tags), _json(text), _json(title), time
        )
    else:
        told = posts.answer(*said, _json(subject), _json(text), time)
    assert framed(posts.begun(source, subject), at, time, told) == encode(event)


@given(
    source=_texts,
    subject=_ids,
    at=_times,
    who=_people,
    ids=st.tuples(_ids, _ids),
    changes=st.builds(Changes, title=_names, text=_names, tags=st.none() | _tags),
    note=_names,
    rollback=st.booleans(),
)
def test_an_edit_without_its_event_is_encoded_as_the_event_is(  # noqa: PLR0913, PLR0917
    source, subject, at, who, ids, changes, note, rollback
):
    item, revision = ids
    edited = EditData(
        item=item,
        revision=revision,
        by=who,
        changes=changes,
        note=note,
        rollback=rollback,
        when=When(at=to_datetime(at)),
    )
    event = PostEdited(source=source, subject=subject, time=to_datetime(at), data=edited)

    def said(value):
        return None if value is None else _json(value)

    time = stamp(at).encode()
    told = posts.edit(
        posts.person(who, b"by"),
        _json(item),
        said(note),
        _json(revision),
        said(changes.tags),
        said(changes.text),
        said(changes.title),
        time,
        rollback=rollback,
    )
    assert framed(posts.changed(source, subject), at, time, told) == encode(event)
