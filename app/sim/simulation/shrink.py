"""The shortest story found that still breaks the same promise: steps are left out, halves first, then one by one."""

from __future__ import annotations

from collections.abc import Sequence

from app.sim.simulation.runner import Outcome, play

TRIES_MAX = 60  # plays; a shorter list is worth some seconds, not minutes


def shrink(failed: Outcome, tries: int = TRIES_MAX) -> Outcome:
    """Without violations it is given back as it is."""
    promises = {violation.promise for violation in failed.violations}
    best = failed
    size = len(best.steps) // 2
    while size >= 1 and tries > 0:
        start = 0
        while start < len(best.steps) and tries > 0:
            kept = [*best.steps[:start], *best.steps[start + size :]]
            tries -= 1
            outcome = play(failed.seed, {step.number for step in kept})
            if promises & {violation.promise for violation in outcome.violations}:
                best = outcome
            else:
                start += size
        size //= 2
    return best


def replay(outcome: Outcome, full: int) -> str:
    """The command that tells this very story again. ``full``: how many steps the seed's whole plan has."""
    only = "" if len(outcome.steps) == full else f" --only {_numbers([step.number for step in outcome.steps])}"
    return f"incident-response simulate --seed {outcome.seed}{only}"


def _numbers(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) or "none"
