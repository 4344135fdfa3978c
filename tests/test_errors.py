"""What went wrong in a process of ours is raised where it was ordered, as it was."""

import pickle

import pytest

from stream.errors import BusyError, DecodeError, NoRoomError, RowError, UsageError

ERRORS = [
    UsageError("--speed is no number"),
    RowError(file="Posts.xml", row=7, problem="no Id"),
    DecodeError(where="views-0@7", problem="no JSON"),
    NoRoomError("more than 8 MiB of tags"),
    BusyError(200, again_s=5),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_it_comes_through_a_pipe_with_all_that_it_knows(error):
    error.add_note("where it was raised")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (ours)
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
