"""The bounds that are written down are those of the code: names, places and plain numbers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/bounds.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| .*`[\w/]+\.py`", line)
]
VALUE = r"(?m)^{}(?:: Final)? = ([\d_]+)(?: <<\s*(\d+)| \* 1024 \* 1024)?"


def named(row):
    """What is in backticks: files, which may leave out the folder of the one before; constants."""
    words = re.findall(r"`([^`]+)`", "|".join(row))
    files, folder = [], ""
    for word in words:
        if word.endswith(".py"):
            folder = word.rpartition("/")[0] or folder
            files.append(f"{folder}/{word.rpartition('/')[2]}")
    return files, [word for word in words if re.fullmatch(r"[A-Z_]{3,}", word)]


def ids(row):
    return row[0][:40]


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_bound_is_where_it_is_said_to_be(row):
    files, constants = named(row)
    assert [file for file in files if not (ROOT / file).is_file()] == []
    code = "\n".join((ROOT / file).read_text("utf-8") for file in files)
    outside = {"RING_BYTES", "TMPDIR"}
    assert [name for name in constants if name not in code and name not in outside] == []


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_bounds_number_is_the_codes(row):
    files, _ = named(row)
    code = "\n".join((ROOT / file).read_text("utf-8") for file in files)
    differ = []
    for number, unit, name in re.findall(r"([\d,]+)((?: MiB)?)[^|(,;\d]*\(`([A-Z_]+)`\)", row[1]):
        found = re.search(VALUE.format(name), code)
        if found is None:
            continue  # Made of others, or a name of Python's.
        value, shift = int(found[1]), int(found[2] or 0)
        value = value << shift if shift else value
        value = value * (1 << 20) if "1024 * 1024" in found[0] else value
        said = int(number.replace(",", "")) * ((1 << 20) if unit else 1)
        if said != value:
            differ.append((name, said, value))
    assert differ == []


def test_most_bounds_have_a_place_in_the_code():
    assert len(ROWS) > 50
