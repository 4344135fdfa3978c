"""Where the command starts: Ctrl-C ends it quietly also while its modules are being imported."""

from __future__ import annotations

import signal


def main() -> None:
    """The console script."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        # There is nothing to clean up yet, and nobody wants to see where the import stood.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from stream.cli import main as command

    signal.signal(signal.SIGINT, handler)
    command.main()
