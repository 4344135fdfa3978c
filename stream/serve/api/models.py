"""The shapes of all answers, as OpenAPI tells them.

Answers are spliced from the topics' bytes, not made from these: tests hold the one to the other.
"""

from __future__ import annotations

from typing import Literal

from stream.serve.api.shapes import Counts, Item, Person, Reply, Shape, Thread, Time, When


class ReadItem(Item):
    """An item with its words, when it was last edited, and how many comments stand under it."""

    text: str | None
    format: Literal["text", "html", "markdown"]
    depth: int
    edited: Time | None
    comments: int


class Closed(Shape):
    """When the thread was closed that is closed now."""

    when: When
    by: Person | None = None
    why: str | None = None


class Accepted(Shape):
    """The answer that is accepted now, and since when."""

    item: str
    when: When


class FullThread(Thread):
    """The items are in reading order. `closed`, `accepted`: null where it is open, or none is."""

    closed: Closed | None
    accepted: Accepted | None
    items: list[ReadItem]
    as_of: Time | None


class Threads(Shape):
    """One page; `next` is the cursor of the one after."""

    threads: list[Thread]
    next: str | None
    as_of: Time | None


class Replies(Shape):
    """Those that answer somebody by `policy`."""

    policy: str
    replies: list[Reply]
    as_of: Time | None


class Entry(Shape):
    """`bounded`: it stands where the archive first proves it."""

    at: Time
    entry: Literal[
        "question",
        "answer",
        "post",
        "comment",
        "revision",
        "accepted_answer",
        "unaccepted_answer",
        "post_state_changed",
    ]
    item: str | None
    by: Person | None
    bounded: bool


class Timeline(Shape):
    """In order of time."""

    timeline: list[Entry]
    as_of: Time | None


class Bucket(Counts):
    """`people`: distinct authors in the bucket; they do not add up."""

    people: int


class Activity(Shape):
    """Rows without anything are there too."""

    bucket: str
    zone: str
    since: Time
    until: Time
    rows: list[Bucket]
    as_of: Time | None


class Quantile(Shape):
    """`ms`, or bounds where any wait has only bounds; null where the curve does not come."""

    p: float
    ms: int | None = None
    after_ms: int | None = None
    by_ms: int | None = None


class Share(Shape):
    """Of all threads, those whose wait was at most `ms`; bounds where not exact."""

    ms: int
    share: float | None = None
    share_min: float | None = None
    share_max: float | None = None


class Point(Shape):
    """A step of the curve: `ms` or bounds, and who still waits after it."""

    unanswered: float


class Latency(Shape):
    """`n` counts all threads whose wait has begun, whatever became of it.

    Of those, `n_excluded` have no part in the figures: `n_unknown`, of whom the archive cannot
    tell; `n_negative`, where it errs; `n_robots`, which robots asked, where those are left out.
    """

    metric: str
    as_of: Time | None
    bots: Literal["include", "exclude"]
    aliases: Literal["apply", "ignore"]
    estimator: Literal["kaplan-meier", "turnbull"]
    n: int
    n_observed: int
    n_between: int
    n_waiting: int
    n_unknown: int
    n_excluded: int
    n_negative: int
    n_robots: int
    quantiles: list[Quantile]
    within: list[Share]
    curve: list[Point]


class Lag(Shape):
    """`seconds`: since when the log has been longer than what is shown."""

    records: int
    seconds: float


class LogPartition(Shape):
    """`shown`: the offset up to which the views hold it."""

    partition: int
    shown: int
    end: int
    lag: int
    lag_seconds: float
    watermark: Time | None


class TopicPartition(Shape):
    """`read`: where the follower goes on."""

    topic: str
    partition: int
    read: int
    end: int


class Positions(Shape):
    """`communities`: as of when each is shown."""

    position: str
    lag: Lag
    log: list[LogPartition]
    topics: list[TopicPartition]
    communities: dict[str, Time | None]
    as_of: Time | None


class Health(Shape):
    """How the process is."""

    status: str
