"""All laws on many stories without Hypothesis: ``python -m tests.laws.check STORIES``.

Ends with 1 at the first story that breaks one. The mutants' test runs it on a mutated fold.
"""

from __future__ import annotations

import sys
from random import Random

from tests.laws import stories
from tests.laws.telling import cut, fold, plain, shuffled, truth

MAKES = (
    stories.crowded,
    stories.crowded,
    stories.broad,
    stories.renaming,
    stories.erasing,
    stories.vanishing,
)


def broken(seed: int) -> str | None:
    """The law that a story breaks, if any."""
    rng = Random(seed)  # noqa: S311 - stories, not secrets
    story = MAKES[seed % len(MAKES)](rng)
    whole = fold([story])
    if plain(whole) != truth(story):
        return "the clean fold says something else"
    again = shuffled(story, rng)
    if fold(cut(again, rng)) != whole:
        return "order or repetition matters"
    at = rng.randint(0, len(again))
    kept = fold(cut(again[:at], rng))
    if fold(cut(again[at:], rng), kept) != whole:
        return "stopping is seen"
    return None


if __name__ == "__main__":
    for seed in range(int(sys.argv[1])):
        law = broken(seed)
        if law is not None:
            sys.exit(f"story {seed}: {law}")
