"""From an error to what a person sees and the status that a script sees."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from stream.cli import output
from stream.errors import StreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FINE: Final = 0
DIFFERENCE: Final = 1
WRONG_USE: Final = 2
OUTSIDE: Final = 3
INTERRUPTED: Final = 130  # As shells say it: 128 and SIGINT's number.


@dataclass(slots=True)
class Outcome:
    """How a command ended."""

    status: int = FINE


@contextmanager
def reported() -> Iterator[Outcome]:  # noqa: C901 - a clause for each way to end
    """Print what a person can mend as one ``error:`` line, and keep the status for it."""
    outcome = Outcome()
    try:
        yield outcome
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough (``threadline generate | head``).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome.status = FINE
    except click.exceptions.Exit as error:
        outcome.status = error.exit_code
    except (KeyboardInterrupt, RuntimeError) as error:
        if not _is_interrupt(error):
            raise
        outcome.status = INTERRUPTED
    except click.ClickException as error:
        outcome.status = _wrong_use(error)
    except StreamError as error:
        status = WRONG_USE if isinstance(error, UsageError) else OUTSIDE
        outcome.status = _said(str(error), status)
    except OSError as error:
        if error.filename is None:
            raise
        outcome.status = _said(f"{error.filename}: {error.strerror}", OUTSIDE)


def _is_interrupt(error: BaseException) -> bool:
    """Whether Ctrl-C is meant: while a class is being made, Python 3.11 wraps what is raised."""
    interrupts = (KeyboardInterrupt, click.Abort)
    return isinstance(error, interrupts) or isinstance(error.__cause__, interrupts)


def _wrong_use(error: click.ClickException) -> int:
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"; see {error.ctx.command_path} --help"
    message = error.format_message().rstrip(".")
    return _said(message[:1].lower() + message[1:] + hint, WRONG_USE)


def _said(message: str, status: int) -> int:
    prefix = click.style("error:", fg="red", bold=True)
    click.echo(f"{prefix} {output.harmless(message)}", err=True, color=_coloured())
    return status


def _coloured() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
