"""Runs say which stretch of a partition they are, however they are cut."""

from itertools import pairwise

from aiokafka.structs import ConsumerRecord
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from stream.process.runs import Forgetful, InTurn, Run, RunMessage

ONE, TWO = TP("log", 0), TP("log", 1)


def record(offset):
    return ConsumerRecord("log", 0, offset, 1_000, 0, b"key", b"value", None, 3, 5, ())


def run(after, *offsets):
    return Run(after, offsets[-1] + 1, [record(offset) for offset in offsets], seeks=1)


offsets = st.lists(st.integers(0, 100), min_size=1, unique=True).map(sorted)


@given(offsets, st.integers(1, 5))
def test_the_pieces_of_a_run_follow_one_another_without_a_gap(given_offsets, most):
    whole = run(0, *given_offsets)
    pieces = [piece for _, piece in InTurn(most).iterate({ONE: whole})]
    assert [r for piece in pieces for r in piece.records] == whole.records
    assert all(left.upto == right.after for left, right in pairwise(pieces))
    assert (pieces[0].after, pieces[-1].upto) == (whole.after, whole.upto)
    assert max(len(piece.records) for piece in pieces) <= most


def test_no_partition_waits_for_the_end_of_another():
    fetched = {ONE: run(0, 0, 1, 2), TWO: run(5, 7)}
    assert [tp for tp, _ in InTurn(1).iterate(fetched)] == [ONE, TWO, ONE, ONE]


def test_a_message_stands_at_its_last_record():
    message = RunMessage.of(run(3, 5, 9), ONE, generation=2)
    assert (message.offset, message.generation_id, message.run.after) == (9, 2, 3)


def test_nothing_that_was_read_before_is_remembered():
    read = Forgetful()
    read[ONE] = 7
    assert read[ONE] is None
