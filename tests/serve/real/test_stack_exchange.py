"""Waits in two whole site dumps as of moments in their past, against plain XML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.core.when import ms
from tests.archive.conftest import ARCHIVES
from tests.archive.stack_exchange_posts import rows

MOMENTS = [datetime(year, 5, 1, tzinfo=UTC) for year in range(2015, 2022)]


class Site:
    """The posts of a dump, as Posts.xml has them; what was deleted for a while is not looked at."""

    def __init__(self, name: str) -> None:
        self.folder = ARCHIVES / "stack-exchange" / name
        self.posts = {row["Id"]: row for row in rows(self.folder, "Posts")}
        self.comments = list(rows(self.folder, "Comments"))

    def first_answers(self, until: datetime, without: str = "nobody") -> list[int | None]:
        """Of each question of that time, how long the first answer by another account took."""
        posts = [row for row in self.posts.values() if row.get("OwnerUserId") != without]
        waits = []
        for asked in posts:
            if asked["PostTypeId"] == "1" and _at(asked) <= until:
                took = [
                    (_at(post) - _at(asked)) // timedelta(milliseconds=1)
                    for post in posts
                    if post.get("ParentId") == asked["Id"] and _at(post) <= until
                    if (owner := post.get("OwnerUserId")) is None
                    or owner != asked.get("OwnerUserId")
                ]
                waits.append(min(took, default=None))
        return waits


def _at(row) -> datetime:
    return datetime.fromisoformat(row["CreationDate"] + "Z")


@pytest.fixture(params=["coffee.meta", "conlang.meta"])
def site(request):
    return Site(request.param)


@pytest.fixture
def follow(served, site):
    served.world.publish(*read([site.folder], Options(), Report()))
    served.world.work()
    served.follow()
    return served


@pytest.mark.parametrize(("bots", "without"), [("include", "nobody"), ("exclude", "-1")])
async def test_first_answers_as_of_every_may_are_those_of_the_posts(follow, site, bots, without):
    async with follow.api() as client:
        for moment in MOMENTS:
            params = {"metric": "first_answer", "as_of": moment.isoformat(), "bots": bots}
            found = (await client.get("/v1/latency", params=params)).json()
            waits = site.first_answers(moment, without)
            known = sorted(wait for wait in waits if wait is not None)
            assert (found["n"] - found["n_robots"], found["n_observed"]) == (len(waits), len(known))
            assert [step["ms"] for step in found["curve"]] == sorted(set(known))
            assert found["n"] == len(site.first_answers(moment))


async def test_as_of_the_end_the_answered_waited_as_long_as_is_known(follow, site):
    end = max(ms(_at(row)) for row in (*site.posts.values(), *site.comments))
    known = {"coffee.meta": (24_485_226.5, 64), "conlang.meta": (9_776_283, 48)}
    waits = [wait for wait in site.first_answers(datetime(2099, 1, 1, tzinfo=UTC)) if wait]
    assert (median(waits), len(waits)) == known[site.folder.name]
    async with follow.api() as client:
        now = (await client.get("/v1/latency")).json()
        then = (await client.get("/v1/latency", params={"as_of": "2099-01-01"})).json()
        assert now["n_observed"] == then["n_observed"] == known[site.folder.name][1]
        assert ms(datetime.fromisoformat(now["as_of"])) >= end
