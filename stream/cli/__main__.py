"""``python -m stream.cli``: how a command starts another of ours with its own Python."""

from stream.cli.main import main

main()
