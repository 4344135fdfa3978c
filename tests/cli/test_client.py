"""What the serve process answers, as values and as our errors."""

import httpx
import pytest

from stream.cli.client import raise_for_problem, thread_path
from stream.errors import ServeError, UsageError


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("community.example/t1", "/v1/threads/community.example/t1", id="plain"),
        pytest.param(
            "reddit.com%2Fr%2FCornell/abc",
            "/v1/threads/reddit.com%2Fr%2FCornell/abc",
            id="as it is printed",
        ),
        pytest.param(
            "reddit.com/r/Cornell/abc",
            "/v1/threads/reddit.com%2Fr%2FCornell/abc",
            id="as one would type it",
        ),
        pytest.param("a.example/100%25", "/v1/threads/a.example/100%25", id="a percent sign"),
    ],
)
def test_a_thread_is_found_by_the_name_that_threads_prints(name, path):
    assert thread_path(name) == path


@pytest.mark.parametrize("name", ["", "t1", "/", "community.example/"])
def test_half_a_name_is_refused(name):
    with pytest.raises(UsageError, match="COMMUNITY/THREAD"):
        thread_path(name)


def answer(status, **json):
    return httpx.Response(status, json=json, request=httpx.Request("GET", "http://x/v1/threads"))


def test_a_problem_with_what_was_asked_is_wrong_use():
    with pytest.raises(UsageError, match="no community 'x'"):
        raise_for_problem(answer(404, title="unknown", detail="no community 'x'"))


def test_a_problem_of_the_service_is_the_services():
    with pytest.raises(ServeError, match="not yet read"):
        raise_for_problem(answer(504, title="not yet read"))


def test_an_answer_that_is_no_problem_document_names_its_address():
    odd = httpx.Response(502, text="<html>", request=httpx.Request("GET", "http://x/y"))
    with pytest.raises(ServeError, match="http://x/y answers 502"):
        raise_for_problem(odd)
