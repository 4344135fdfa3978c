"""Replays that are stopped, killed, repeated or run side by side, against a worker that runs."""

import asyncio
import json
import signal
import time
from collections import Counter

import pytest

from stream import verify
from stream.archive.base import Options, Report
from stream.archive.detect import read_encoded, read_packed
from stream.codec.events import decode, encode
from stream.core.events import Event, Person, PersonFlagged, ReplayFinished, ReplayProgressed
from stream.core.when import ms
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics
from stream.replay import publish
from stream.replay_source import How, Source
from tests.cli.test_pipeline import Live
from tests.story import DAY, HOUR, asked, commented, finished

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

COMMUNITY = "made-up.example"
STATEMENTS = (ReplayFinished, ReplayProgressed)
BEGUN = 20  # Records; statements of progress are some of them.


@pytest.fixture
def live(brokers, tmp_path):
    """A worker on topics of its own."""
    live = Live(brokers)
    worker = live.start("work", "--name", "w", "--data", str(tmp_path))
    try:
        yield live
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archives") / "made-up.jsonl"
    shown = Live("").run("generate", "--threads", 300, "--community", COMMUNITY)
    path.write_text(shown.stdout)
    return path


def _read(archive):
    return list(read_encoded([archive], Options(), Report()))


def _source(archive, *bots, **how):
    report, options = Report(), Options(bots=bots)
    return Source(lambda: read_packed([archive], options, report), How(**how), report.ends)


async def _log(settings):
    """Every record of the log, decoded, by partition."""
    found: dict[int, list[Event]] = {partition: [] for partition in range(settings.partitions)}
    async with open_reader(settings, [Topics(settings.prefix).events], {}) as reader:
        ends = await reader.ends()
        while True:
            for (_, partition), records in (await reader.batch(5000, 200)).items():
                found[partition] += [decode(one.value or b"", where="log") for one in records]
            positions = await reader.positions()
            if all(positions[place] >= end for place, end in ends.items()):
                return found


async def _published(settings):
    """How often each event is in the log; a statement about a community lies everywhere."""
    log = await _log(settings)
    return Counter(
        event.id
        for events in log.values()
        for event in events
        if event.subject and not isinstance(event, STATEMENTS)
    )


def _threads(archive):
    return {event.id for event in _read(archive) if event.key is not None}


class _Enough(asyncio.Event):
    """Stops a replay once it has published so many."""

    def after(self, events):
        def tell(progress):
            if progress.events >= events:
                self.set()

        return tell


async def _part(settings, archive, events, *bots, **how):
    stop = _Enough()
    return await publish(settings, _source(archive, *bots, **how), stop.after(events), stop)


async def test_a_replay_that_was_stopped_goes_on_where_it_stopped(settings, archive):
    stopped = await _part(settings, archive, 2000)
    assert stopped.stopped
    assert stopped.events < len(_read(archive))
    rest = await publish(settings, _source(archive))
    assert rest.already == stopped.events
    assert rest.already + rest.events == len(_read(archive))
    assert await _published(settings) == dict.fromkeys(_threads(archive), 1)


async def test_a_replay_that_was_stopped_amid_what_has_one_time_goes_on_where_it_stopped(
    settings, tmp_path
):
    path = tmp_path / "at-once.jsonl"
    events = [asked(), *(commented(f"q.c{n:04}", after=HOUR) for n in range(3_000)), finished(DAY)]
    path.write_bytes(b"".join(encode(event).value + b"\n" for event in events))
    stopped = await _part(settings, path, 2000)
    assert 0 < stopped.events < 3_000
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *reversed(lines[1:-1]), lines[-1]]))
    rest = await publish(settings, _source(path))
    assert rest.already + rest.events == len(_read(path))
    assert set(await _published(settings)) == _threads(path)


async def test_a_replay_that_states_who_is_a_robot_goes_on_where_it_stopped(settings, archive):
    stopped = await _part(settings, archive, 2000, "Roomba")
    rest = await publish(settings, _source(archive, "Roomba"))
    assert 0 < rest.already <= stopped.events
    assert rest.already + rest.events == len(_read(archive)) + 2
    log = await _log(settings)
    said = {event.data.person for event in log[0] if isinstance(event, PersonFlagged)}
    assert said >= {Person(id="Roomba"), Person(name="Roomba")}


async def test_in_halves_no_event_is_published_twice(settings, archive):
    middle = _read(archive)[3000].at
    first = await publish(settings, _source(archive, until=middle))
    second = await publish(settings, _source(archive))
    assert (first.already, second.already) == (0, first.events)
    assert set((await _published(settings)).values()) == {1}


async def test_what_was_finished_begins_anew(settings, archive):
    await publish(settings, _source(archive))
    again = await publish(settings, _source(archive))
    assert (again.already, again.events) == (0, len(_read(archive)))


async def test_another_archive_of_the_same_community_is_not_taken_for_the_one_that_stopped(
    settings, archive, tmp_path
):
    await _part(settings, archive, 2000)
    lines = archive.read_text().splitlines(keepends=True)
    other = tmp_path / "other.jsonl"
    other.write_text("".join(lines[:300] + lines[301:]))  # Known by the same first events.
    replayed = await publish(settings, _source(other))
    assert (replayed.already, replayed.events) == (0, len(lines) - 1)
    different = tmp_path / "different.jsonl"
    different.write_text("".join(lines[1:]))
    assert (await publish(settings, _source(different))).already == 0


async def test_an_archive_is_known_by_its_content_not_by_its_name_or_the_order_of_its_lines(
    settings, archive, tmp_path
):
    stopped = await _part(settings, archive, 2000)
    other = tmp_path / "renamed.jsonl"
    other.write_text("".join(reversed(archive.read_text().splitlines(keepends=True))))
    assert 0 < (await publish(settings, _source(other))).already <= stopped.events


async def test_from_the_start_where_that_is_asked_for(settings, archive):
    await _part(settings, archive, 2000)
    assert (await publish(settings, _source(archive, resume=False))).already == 0


async def test_everything_said_to_be_there_is_there_in_every_partition(settings, archive):
    await _part(settings, archive, 2000)
    await _part(settings, archive, 1)
    await publish(settings, _source(archive, until=_read(archive)[4500].at))
    events = [event for event in _read(archive) if event.key is not None]
    for partition, records in (await _log(settings)).items():
        there = set()
        places = {event.id: event for event in records}
        mine = [event for event in events if event.id in places]
        for event in records:
            there.add(event.id)
            if isinstance(event, STATEMENTS):
                until = ms(event.data.until)
                assert not [one for one in mine if one.at <= until and one.id not in there], (
                    partition
                )


async def test_a_replay_of_the_end_says_nothing_of_the_beginning(settings, archive):
    middle = _read(archive)[3000].at
    ended = await publish(settings, _source(archive, since=middle))
    assert ended.unstated == {COMMUNITY}
    log = await _log(settings)
    assert not [
        event for events in log.values() for event in events if isinstance(event, STATEMENTS)
    ]
    await publish(settings, _source(archive, until=middle))
    assert (await publish(settings, _source(archive, since=middle))).unstated == set()


async def test_speed_keeps_pace_and_states_its_progress_each_second(settings, archive):
    span_ms = _read(archive)[-1].at - _read(archive)[0].at
    began = time.monotonic()
    ended = await publish(settings, _source(archive, speed=span_ms / 1000 / 4))
    assert 3.5 < time.monotonic() - began < 8
    assert ended.events == len(_read(archive))
    log = await _log(settings)
    said = [event.data.until for event in log[0] if isinstance(event, ReplayProgressed)]
    assert len(said) >= 3
    assert said == sorted(said)


async def test_a_silence_is_cut_short(settings, archive):
    began = time.monotonic()
    ended = await publish(settings, _source(archive, speed=3_600_000, max_gap_ms=1000))
    assert time.monotonic() - began < 20
    assert ended.events == len(_read(archive))


def _audited(live, archive):
    events = (decode(one.value, where="") for one in _read(archive))
    wanted = verify.folded(events, live.settings.partitions)
    return verify.audit(wanted, asyncio.run(verify.live(live.settings, wanted)))


def _begun(live, within_s=30.0):
    """Wait until some of the archive is on the log."""
    deadline = time.monotonic() + within_s
    while sum(map(len, asyncio.run(_log(live.settings)).values())) < BEGUN:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_ctrl_c_ends_it_in_good_order_and_the_same_command_goes_on(live, archive):
    slow = ("replay", str(archive), "--speed", "500000")
    first = live.start(*slow)
    _begun(live)
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 130
    found = live.json("replay", archive)
    assert found["already"] > 0
    assert found["already"] + found["events"] == len(_read(archive))
    assert _audited(live, archive).differences == []


@pytest.mark.long
def test_killed_amid_it_or_run_side_by_side_the_views_are_the_same(live, archive):
    killed = live.start("replay", str(archive), "--speed", "1000000")
    _begun(live)
    killed.kill()
    killed.wait()
    both = [live.start("replay", str(archive)) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert _audited(live, archive).differences == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--speed", "fast"], "'fast' is no speed"),
        (["--speed", "0"], "'0' is no speed"),
        (["--speed", "nan"], "'nan' is no speed"),
        (["--max-gap", "1w", "--speed", "9"], "'1w' is no duration"),
        (["--max-gap", "1d"], "--max-gap needs --speed"),
        (["--since", "2017-05-02", "--until", "2017-05-02"], "--until is not after --since"),
    ],
)
def test_a_wrong_option_is_told(archive, args, said):
    ended = Live("127.0.0.1:9").run("replay", archive, "--dry-run", *args)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_dry_run_counts_between_the_ends(archive):
    middle = "2017-05-01"
    parts = [
        json.loads(Live("").run("replay", archive, "--dry-run", "--json", end, middle).stdout)
        for end in ("--until", "--since")
    ]
    assert sum(part["events"] for part in parts) == len(_read(archive))
