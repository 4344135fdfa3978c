"""``python -m stream.cli``: how a command starts another of ours with its own Python."""

from stream.cli.start import main

main()
