"""The only dice of the simulation: every roll follows from the seed. Streams, so that one more roll moves no other."""

from __future__ import annotations

import random

Chance = random.Random


def stream(seed: int, name: str) -> Chance:
    """The same for the same seed and name, in any process."""
    return Chance(f"{seed}/{name}")


def settle_libraries(seed: int) -> None:
    """What libraries roll by themselves (the jitter of a retry) follows from the seed too."""
    random.seed(seed)
