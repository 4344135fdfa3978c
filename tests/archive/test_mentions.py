# ruff: noqa: RUF001  (people type both apostrophes)
from __future__ import annotations

import pytest

from stream.archive.mentions import mentions


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("@Ann yes", ("Ann",), id="at the start"),
        pytest.param("well, @Ann: no", ("Ann",), id="a colon is not the name's"),
        pytest.param("as (@Ann) says.", ("Ann",), id="in brackets"),
        pytest.param("thanks @Ann.", ("Ann",), id="a full stop is not the name's"),
        pytest.param("@dot_Sp0T and @HDE226868", ("dot_Sp0T", "HDE226868"), id="several"),
        pytest.param("@Randal'Thor no", ("Randal'Thor",), id="an apostrophe within"),
        pytest.param("@Ann's idea, @Bob’s too", ("Ann", "Bob"), id="possessive"),
        pytest.param("@J.R. wrote", ("J.R",), id="dots within"),
        pytest.param("@Łukasz and @王小明", ("Łukasz", "王小明"), id="any script"),
        pytest.param("@Ann @ann @Ann", ("Ann", "ann"), id="each as written once"),
        pytest.param("write to ann@example.com", (), id="an address is nobody"),
        pytest.param("see https://a.example/@ann", (), id="a page's address is nobody"),
        pytest.param("use `@Override` there", (), id="code is nobody"),
        pytest.param("2 kg @ 3 per kg, @5", (), id="a price is nobody"),
        pytest.param("@@ and @ and @-", (), id="no name"),
    ],
)
def test_who_is_called(text, names):
    assert mentions(text) == names
