"""What a line tells: whoever was refused something was refused what the broker said, no more."""

from __future__ import annotations

import struct

import pytest
from aiokafka.protocol.api import RequestHeader_v1
from aiokafka.protocol.group import HeartbeatResponse_v1, JoinGroupResponse_v5
from aiokafka.protocol.produce import ProduceResponse_v7
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnResponse_v0,
    AddPartitionsToTxnResponse_v0,
    EndTxnResponse_v0,
    InitProducerIdRequest_v0,
    TxnOffsetCommitResponse_v0,
)

from tests.faults.heard import Api, Heard, Refusal, Request

UNKNOWN_MEMBER, REBALANCE, OLD_EPOCH, FENCED, NOT_ENOUGH = 25, 27, 47, 90, 19


def in_lists(code):
    return [("t", [(0, 0), (1, code)])]


def produced(code):
    return ProduceResponse_v7([("t", [(0, 0, 5, -1, 0), (1, code, -1, -1, 0)])], 0)


@pytest.mark.parametrize(
    ("answer", "fenced", "expelled"),
    [
        (produced(OLD_EPOCH), True, False),
        (produced(NOT_ENOUGH), False, False),
        (AddPartitionsToTxnResponse_v0(0, in_lists(FENCED)), True, False),
        (AddOffsetsToTxnResponse_v0(0, OLD_EPOCH), True, False),
        (TxnOffsetCommitResponse_v0(0, in_lists(OLD_EPOCH)), True, False),
        (EndTxnResponse_v0(0, FENCED), True, False),
        (EndTxnResponse_v0(0, 0), False, False),
        (HeartbeatResponse_v1(0, UNKNOWN_MEMBER), False, True),
        (HeartbeatResponse_v1(0, REBALANCE), False, False),
        (JoinGroupResponse_v5(0, UNKNOWN_MEMBER, -1, "", "", "", []), False, True),
    ],
    ids=repr,
)
async def test_a_refusal_is_heard_on_its_line(answer, fenced, expelled):
    heard = Heard()
    request = Request(answer.API_KEY, answer.API_VERSION)
    heard.answer(3, request, struct.pack(">i", 7) + answer.encode())
    found = await heard.refusal([3], 0, within_s=0.01)
    assert (found is not None) == (fenced or expelled)
    if isinstance(found, Refusal):
        assert (found.fenced, found.expelled) == (fenced, expelled)
        assert await heard.refusal([2, 4], 0, within_s=0.01) is None
        assert await heard.refusal([3], 1, within_s=0.01) is None
        assert (await heard.refusal([3], 0, within_s=0.01, fenced=True) is None) == expelled


def test_it_counts_what_was_not_written_as_too_few_copies_were_in_step():
    heard = Heard()
    for code in (0, OLD_EPOCH, NOT_ENOUGH, NOT_ENOUGH + 1):
        answer = produced(code)
        request = Request(answer.API_KEY, answer.API_VERSION)
        heard.answer(3, request, struct.pack(">i", 7) + answer.encode())
    assert heard.unwritten == 2


def test_who_asks_to_be_a_writer_is_heard():
    asked = InitProducerIdRequest_v0("prefix-2", 20_000)
    number, request = Request.read(RequestHeader_v1(asked, 9, "a client").encode() + asked.encode())
    heard = Heard()
    heard.request(request)
    assert (number, request.api, set(heard.asked)) == (9, Api.INIT_PRODUCER_ID, {"prefix-2"})
