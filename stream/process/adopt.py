"""Taking a partition over: restore its state, and find where its views stand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stream.codec.cuts import Cut, decode_cut, fingerprint
from stream.errors import BrokerError
from stream.kafka.follow import LostOffsetError, open_reader
from stream.kafka.topics import VIEWS, Topics

if TYPE_CHECKING:
    from stream.config import Settings
    from stream.kafka.follow import LogReader, Place
    from stream.process.job import Job

READ_RECORDS: Final = 5000
READ_WITHIN_MS: Final = 500
SLICE: Final = 500  # Rows restored before the event loop gets its turn.
CUT_WITHIN: Final = 64  # Offsets from the end in which a cut is looked for first.


class LogReplacedError(BrokerError):
    """The views hold what the log does not."""

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        super().__init__(
            f"the views hold {topic}[{partition}] up to {offset}, which that log does not have: "
            "it was emptied or made anew; take another prefix with --prefix, or delete the topics "
            f"of {topic.rpartition('.')[0]} and replay"
        )


class LogWentBackError(BrokerError):
    """The log no longer has what we have read of it; whether the views do, a restart finds out."""

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        super().__init__(
            f"{topic}[{partition}] was read up to {offset}, which that log no longer has: its "
            "broker lost its last records, or it was emptied or made anew; start the worker again "
            "before anything is replayed, then, if it goes on, replay the archives"
        )


class ViewLostError(BrokerError):
    """A view's topic is shorter than the last cut says."""

    def __init__(self, topic: str, partition: int, *, end: int, told: int) -> None:
        prefix = topic.rpartition(".")[0]
        super().__init__(
            f"{topic}[{partition}] ends at {end}, where {told} had been committed: its broker lost "
            "its last records, or it was made anew; take another prefix with --prefix, or delete "
            f"the topics of {prefix} and replay"
        )


async def last_cut(settings: Settings, partition: int) -> Cut:
    """The last committed cut of ``partition``; one at 0 where there is none yet.

    Only the last cut counts, and the topic may hold very many: it is read from its end.
    """
    topic = Topics(settings.prefix).progress
    at = (topic, partition)
    within = CUT_WITHIN
    async with open_reader(settings, [topic], {}, partitions=[partition]) as reader:
        first, end = (await reader.starts())[at], (await reader.ends())[at]
        while True:
            start = max(first, end - within)
            reader.seek(at, start)
            cut = await _last_in(reader, at, end)
            if cut is not None:
                return cut
            if start == first:
                return Cut(partition=partition, offset=0, views=dict.fromkeys(VIEWS, 0))
            within *= 32


async def _last_in(reader: LogReader, at: Place, end: int) -> Cut | None:
    cut = None
    while (await reader.positions())[at] < end:
        for record in (await reader.batch(READ_RECORDS, READ_WITHIN_MS)).get(at, []):
            if record.value is not None:
                cut = decode_cut(record.value, where=f"{at[0]}[{at[1]}]@{record.offset}")
    return cut


async def check_log(settings: Settings, cut: Cut) -> None:
    """Refuse to go on where the log no longer has what comes after ``cut``, or is another one.

    A log that was made anew may be as long by now: then its last record of ours is another.
    """
    topic = Topics(settings.prefix).events
    at, before = (topic, cut.partition), cut.offset - 1
    try:
        async with open_reader(
            settings, [topic], {at: cut.offset}, partitions=[cut.partition]
        ) as reader:
            if cut.last is None or before < (await reader.starts())[at]:
                return  # Nothing to know it by, or no longer.
            reader.seek(at, before)
            if await _is_known(reader, at, before, cut.last):
                return
    except LostOffsetError as error:
        raise LogReplacedError(*at, cut.offset) from error
    raise LogReplacedError(*at, cut.offset)


async def _is_known(reader: LogReader, at: Place, offset: int, last: str) -> bool:
    while (await reader.positions())[at] <= offset:
        for record in (await reader.batch(1, READ_WITHIN_MS)).get(at, []):
            return record.offset == offset and fingerprint(record.value) == last
    return False


async def restore(settings: Settings, cut: Cut, job: Job) -> None:
    """Give ``job`` the rows of the cut's partition as they stand in the view topics.

    They are read up to the end *by position*: a transaction's end takes an offset, too, that no
    record ever has. `ViewLostError` where there are fewer than at the cut, the partition's last.
    """
    partition = cut.partition
    topics = Topics(settings.prefix)
    views = {(topics.view(view), partition): view for view in job.kept_in}
    names = [topic for topic, _ in views]
    async with open_reader(settings, names, {}, partitions=[partition]) as reader:
        ends = await reader.ends()
        for (topic, _), view in views.items():
            end, told = ends[topic, partition], cut.views.get(view, 0)
            if end < told:
                raise ViewLostError(topic, partition, end=end, told=told)
        while any(position < ends[at] for at, position in (await reader.positions()).items()):
            for at, records in (await reader.batch(READ_RECORDS, READ_WITHIN_MS)).items():
                latest = {record.key: record.value for record in records}
                await _put_back(job, views[at], latest)


async def _put_back(job: Job, view: str, rows: dict[bytes | None, bytes | None]) -> None:
    for n, (key, value) in enumerate(rows.items(), start=1):
        if key is not None and value is not None:  # As all rows of ours.
            job.restore(view, key, value)
        if n % SLICE == 0:
            await asyncio.sleep(0)
