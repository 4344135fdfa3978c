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
MOST = re.compile(r"(?m)^([A-Z][A-Z_]*_MAX)\b")
CACHE = re.compile(r"lru_cache\(maxsize=(?:(\d[\d_]*)(?: << (\d+))?|([A-Z_]+))\)")
# What these bound is how exactly something is found out, or how much of it is said or made up.
NOTHING_HELD = {
    "stream/archive/base.py": {"EXAMPLE_MAX"},
    "stream/archive/generate.py": {"ALIASES_MAX"},
    "stream/archive/hosts.py": {"NAME_MAX"},
    "stream/archive/inspect.py": {"MONTHS_MAX", "YEARS_MAX"},
    "stream/archive/kiwix_page.py": {"NAME_MAX"},
    "stream/archive/made_up/thread.py": {"REGULARS_MAX"},
    "stream/archive/made_up/world.py": {"TEXT_MAX"},
    "stream/archive/mail_people.py": {"WRITTEN_MAX"},
    "stream/archive/stack_exchange_lines.py": {"DIGITS_MAX"},
    "stream/archive/stack_exchange_rows.py": {"WHOLE_MAX"},
    "stream/core/npmle.py": {"GAP_MAX", "HALVINGS_MAX", "ROUNDS_MAX", "SHRINK_MAX", "STEP_MAX"},
    "stream/core/turnbull.py": {"DIGITS_MAX"},
    "stream/serve/api/problems.py": {"KNOWN_MAX"},
}
NO_ARGUMENTS = {"stream/serve/api/parameters.py": 1}  # Caches of functions that take none.
VALUE = r"(?m)^{}(?:: Final)? = ([\d_]+)(?: <<\s*(\d+)| \* 1024 \* 1024)?"
CODE = [
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "stream").rglob("*.py"))
    if re.search(r"_MAX\b|\b(lru_)?cache\b", path.read_text("utf-8"))
]


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


def rows_about(file):
    return [row for row in ROWS if file in named(row)[0]]


@pytest.mark.parametrize("file", CODE)
def test_a_bound_of_the_code_is_written_down(file):
    code = (ROOT / file).read_text("utf-8")
    written = {name for row in rows_about(file) for name in named(row)[1]}
    names = set(MOST.findall(code))
    assert NOTHING_HELD.get(file, set()) <= names
    assert names - NOTHING_HELD.get(file, set()) - written == set()


@pytest.mark.parametrize("file", CODE)
def test_a_cache_of_the_code_is_written_down(file):
    code = (ROOT / file).read_text("utf-8")
    caches = CACHE.findall(code)
    bare = NO_ARGUMENTS.get(file, 0)
    assert len(caches) + bare == len(re.findall(r"lru_cache\(|@(?:lru_)?cache\n", code))
    said = re.findall(r"`([A-Z_]+)`|\b(\d[\d,]*)", "|".join(row[1] for row in rows_about(file)))
    names, numbers = {name for name, _ in said}, {number.replace(",", "") for _, number in said}
    sizes = {str(int(size) << int(shift or 0)) for size, shift, _ in caches if size}
    assert sizes - numbers == set()
    assert {name for _, _, name in caches if name} - names == set()


def test_most_bounds_have_a_place_in_the_code():
    assert len(ROWS) > 50
