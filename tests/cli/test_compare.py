"""What the audit says of two rows."""

import pytest

from stream.codec.compare import differing, differing_where_both


@pytest.mark.parametrize(
    ("wanted", "found", "fields"),
    [
        pytest.param(b'{"a":1}', b'{"a":1}', [], id="equal"),
        pytest.param(b'{"a":1}', b'{"a":2}', [("a", "1", "2")], id="a value"),
        pytest.param(b'{"a":{"b":1}}', b'{"a":{"b":null}}', [("a.b", "1", "null")], id="deeper"),
        pytest.param(b'{"a":1}', b"{}", [("a", "1", "nothing")], id="one that is missing"),
        pytest.param(b"{}", b'{"a":1}', [("a", "nothing", "1")], id="one too many"),
        pytest.param(b'{"a":[1,2]}', b'{"a":[1,3]}', [("a[1]", "2", "3")], id="in a list"),
        pytest.param(b'{"a":[1]}', b'{"a":[1,3]}', [("a", "[1]", "[1,3]")], id="a longer list"),
        pytest.param(
            b'{"a":1,"b":2}',
            b'{"b":2,"a":1}',
            [("(bytes)", '{"a":1,"b":2}', '{"b":2,"a":1}')],
            id="equal values in other bytes",
        ),
    ],
)
def test_every_field_that_differs_is_named(wanted, found, fields):
    assert differing(wanted, found) == fields


def test_what_only_one_side_has_is_not_compared_with_what_is_served():
    assert differing_where_both(b'{"a":1,"kept":2}', {"a": 3, "text": "x"}) == [("a", "1", "3")]


def test_a_long_value_is_shown_by_its_beginning():
    ((_, wanted, _),) = differing(b'{"a":"%b"}' % (b"x" * 500), b'{"a":""}')
    assert len(wanted) == 80
    assert wanted.endswith("…")
