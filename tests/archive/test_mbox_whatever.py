"""Whatever a mailbox holds, it is read, or told to be none; nothing else comes of it."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.mbox import Mbox
from stream.codec.events import decode, encode
from stream.errors import StreamError
from tests.archive.mails import mail

MAILS = "".join(
    [
        mail(1, List_Id="<l.x>"),
        mail(2, hours=1, In_Reply_To="<1@x>", frm="=?utf-8?B?R8O2?= <g@x>"),
        mail(3, hours=2, References="<1@x> <2@x>", Content_Type="text/html; charset=utf-16"),
        mail(
            4, body="--b\n\nHi\n--b--", Content_Type="multipart/mixed; boundary=b", Subject="Re: x"
        ),
    ]
).encode()
PIECES = st.sampled_from(
    [
        b"\0",
        b"\xff\xfe",
        b"\n\n",
        b"\r",
        b"From a  Wed Mar  1 12:00:00 2017\n",
        b"charset=",
        b"=?x?Q?",
        b"=?utf-8?B?=?=",
        b"<",
        b"Date: Wed, 99 Mar 2017 99:99:99 +9999\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: x-uuencode\n",
        b"boundary=",
        b"In-Reply-To: <3@x>\n",
        b"(",
        b'"',
        "\u2028".encode(),
    ]
)
CUTS = st.tuples(st.integers(0, len(MAILS)), st.integers(0, 40), PIECES | st.binary(max_size=8))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CUTS, max_size=8))
def test_damaged_mails_are_read_or_told(tmp_path, cuts):
    data = bytearray(MAILS)
    for place, length, piece in cuts:
        data[place : place + length] = piece
    path = tmp_path / "list.mbox"
    path.write_bytes(data)
    report = Report()
    try:
        events = list(Mbox().read(path, Options(skip_unreadable=True), report))
    except StreamError:
        return
    for event in events:
        encoded = encode(event)
        assert decode(encoded.value, where="here").subject
    assert len({event.data.item for event in events}) == len(events)
