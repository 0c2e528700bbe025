"""The first seed of a story in which a promise breaks: ``python -m tests.simulation.first_broken P-once <story>``.

``<story>``: a function of ``stories``, or ``any``, for whatever the seed would have planned. Ends with 1 if it broke.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from app.sim.simulation.report import verdict
from app.sim.simulation.runner import Outcome, plan_of, tell
from app.sim.simulation.steps import Step
from tests.simulation import stories

FEW = 12


def first_broken(promise: str, story: Callable[[int], list[Step]]) -> Outcome | None:
    for seed in range(FEW):
        outcome = tell(seed, story(seed))
        if promise in {violation.promise for violation in outcome.violations}:
            return outcome
    return None


def main(promise: str, name: str) -> None:
    story = plan_of if name == "any" else getattr(stories, name)
    if outcome := first_broken(promise, story):
        sys.exit("\n".join(verdict(outcome)))
    sys.stdout.write(f"{promise} held in {FEW} seeds of {name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
