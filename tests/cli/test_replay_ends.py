"""Up to which time a community has been read, and published, is that of its last event."""

from __future__ import annotations

from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.codec.events import encode
from stream.codec.packing import packed
from stream.core.events import FlagData, Person, PersonFlagged
from stream.core.when import to_datetime
from stream.replay_source import Progress
from tests.story import NOON, asked


def _asked(community, after):
    return asked(community=community, after=after)


def _flagged(community, after):
    data = FlagData(person=Person(id="1"), robot=True)
    return PersonFlagged(source=community, time=to_datetime(NOON + after), data=data)


@given(
    st.lists(
        st.builds(
            lambda told, *place: told(*place),
            st.sampled_from([_asked, _flagged]),
            st.sampled_from(["a", "ab", "a/b", "a%", "\0", "\0a", "é"]),
            st.integers(0, 9_999),
        ),
        max_size=20,
    )
)
def test_each_community_ends_with_its_last_event(told):
    told.sort(key=attrgetter("time"))
    events = list(map(encode, told))
    last = {event.source: encoded.at for event, encoded in zip(told, events, strict=True)}
    report, progress = Report(), Progress()
    assert list(report.read(events, Options())) == events
    progress.add(list(map(packed, events)))
    assert report.ends == progress.ends == last
