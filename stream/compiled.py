"""The fold as machine code: ``python -m stream.compiled`` compiles it where it is installed.

The same sources, by mypyc: a worker then folds about half as many again in the same time. It takes
the extra ``compiled`` and a C compiler; without either, everything runs as before.
``python -m stream.compiled --undo`` takes it back.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from stream.errors import StreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(__file__).parent
MODULES: Final = (
    *(
        f"core/{name}.py"
        for name in (
            "addressed",
            "community",
            "creation",
            "edits",
            "firsts",
            "fold",
            "hearing",
            "identity",
            "in_time",
            "index",
            "item",
            "mentions",
            "moments",
            "people",
            "post",
            "replies",
            "restore",
            "room",
            "statements",
            "sums",
            "thread",
            "waits",
        )
    ),
    *(f"codec/{name}.py" for name in ("keys", "parts", "rows", "summary", "times", "views")),
)
ENDINGS: Final = (".so", ".pyd")
LAST_LINES: Final = 5


def compile_fold(root: Path) -> int:
    """Compile the fold of the package in ``root/stream``; how many libraries that made.

    `UsageError` where the compilers are missing, `StreamError` where they fail.
    """
    with TemporaryDirectory(prefix="threadline-compile-") as folder:
        work = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__", *(f"*{ending}" for ending in ENDINGS))
        shutil.copytree(root / PACKAGE.name, work / PACKAGE.name, ignore=ignored)
        _run_mypyc(work)
        made = [*_libraries(work / PACKAGE.name), *_shared(work)]
        for library in made:
            shutil.copy2(library, root / library.relative_to(work))
    return len(made)


def undo(root: Path) -> int:
    """Remove what `compile_fold` made; how many libraries that were."""
    made = [*_libraries(root / PACKAGE.name), *_shared(root)]
    for library in made:
        library.unlink()
    return len(made)


def _run_mypyc(work: Path) -> None:
    modules = [f"{PACKAGE.name}/{module}" for module in MODULES]
    command = [sys.executable, "-m", "mypyc", "--ignore-missing-imports", *modules]
    run = subprocess.run(  # noqa: S603 # Our own sources, our own interpreter.
        command, cwd=work, capture_output=True, text=True, check=False
    )
    if run.returncode == 0:
        return
    said = (run.stderr or run.stdout).strip().splitlines()[-LAST_LINES:]
    if "No module named mypyc" in run.stderr:
        msg = "mypyc is not installed; pip install 'threadline[compiled]'"
        raise UsageError(msg)
    msg = "the fold could not be compiled (is a C compiler there?): " + " | ".join(said)
    raise StreamError(msg)


def _libraries(package: Path) -> Iterator[Path]:
    for module in MODULES:
        source = package / module
        for ending in ENDINGS:
            yield from source.parent.glob(f"{source.stem}.*{ending}")


def _shared(root: Path) -> Iterator[Path]:
    """What the compiled modules share lies beside the package."""
    for ending in ENDINGS:
        yield from root.glob(f"*__mypyc.*{ending}")


def main(words: list[str]) -> int:
    """Exit status 0 where it is done, 2 or 3 where not; says what was done."""
    root = PACKAGE.parent
    try:
        if words == ["--undo"]:
            print(f"removed {undo(root)} libraries: the fold is interpreted again")  # noqa: T201
        elif words:
            msg = f"{' '.join(words)!r} is not known; give --undo or nothing"
            raise UsageError(msg)
        else:
            print(f"made {compile_fold(root)} libraries: the fold is compiled")  # noqa: T201
    except StreamError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, UsageError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
