"""Many seeds on all cores, or one seed in full: what struck, what was worked, what did not hold."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape

from app import clock
from app.sim.faults import Kind
from app.sim.simulation.house import VENDORS
from app.sim.simulation.processor import handlers
from app.sim.simulation.runner import Outcome, plan_of, play
from app.sim.simulation.shrink import replay, shrink
from app.sim.simulation.wires import AwsFault

WHOLE_CATALOGUE = 2000  # seeds from which a kind that never struck, or a handler never reached, is a gap and no chance
_EVERY = 100  # seeds between two lines of progress
_SHRUNK_MAX = 3  # failures that are worth the time of shortening them
_OTHER_FAULTS = (
    *(f"dynamodb {kind}" for kind in AwsFault),
    *(f"{of} {kind}" for of in ("sqs", "scheduler", "s3") for kind in AwsFault if kind is not AwsFault.CONFLICT),
    *(f"timers {kind}" for kind in ("late", "lost", "twice")),
    *(f"skew {where}" for where in ("processor", "slack", "oncall")),
    *(f"processor {kind}" for kind in ("crash", "sigterm", "stall", "second")),
    "delivery duplicate", "delivery reordered", "delivery expired visibility",
)  # fmt: skip
FAULTS = (*(f"{vendor} {kind}" for vendor in VENDORS for kind in Kind), *_OTHER_FAULTS)


@dataclass
class Result:
    seeds: int = 0
    seconds: float = 0.0
    virtual_hours: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    handled: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)

    @property
    def never(self) -> list[str]:
        """The kinds of fault that did not strike, and the handlers that were not reached."""
        return [*(kind for kind in FAULTS if not self.faults[kind]), *(n for n in handlers() if not self.handled[n])]

    @property
    def gaps(self) -> list[str]:
        """Of so many seeds, what was never tried: what it would have broken is not known. In few, that is chance."""
        return self.never if self.seeds >= WHOLE_CATALOGUE else []

    @property
    def ok(self) -> bool:
        return not self.failures and not self.gaps

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.virtual_hours += outcome.virtual_s / 3600
        self.faults += outcome.faults
        self.handled += outcome.handled
        if outcome.violations:
            self.failures.append(outcome)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "seeds": self.seeds,
            "violations": sum(len(one.violations) for one in self.failures),
            "seconds": round(self.seconds, 1),
            "seeds_per_second": round(self.seeds / self.seconds, 2) if self.seconds else None,
            "virtual_hours": round(self.virtual_hours, 1),
            "faults": {kind: self.faults[kind] for kind in FAULTS},
            "handled": {name: self.handled[name] for name in handlers()},
            "never": self.never,
            "failures": [_failure(one) for one in self.failures],
        }


def simulate(seeds: int, *, as_json: bool) -> bool:
    """Seeds 0, 1, 2, …; whether every promise held in every one, and with ``WHOLE_CATALOGUE`` all of it was tried."""
    progress = Console(stderr=True, highlight=False)
    result, began = Result(), clock.monotonic()
    for outcome in _played(seeds):
        result.add(outcome)
        if outcome.violations:
            progress.print(f"seed {outcome.seed}: {escape(str(outcome.violations[0]))}")
        if result.seeds % _EVERY == 0:
            progress.print(f"[dim]{result.seeds} of {seeds} seeds, {len(result.failures)} broke a promise[/]")
    result.seconds = clock.monotonic() - began
    result.failures.sort(key=lambda outcome: outcome.seed)
    result.failures[:_SHRUNK_MAX] = [shrink(one) for one in result.failures[:_SHRUNK_MAX]]
    if as_json:
        print(json.dumps(result.as_json(), indent=2))  # noqa: T201
    else:
        _show(result)
    return result.ok


def simulate_one(seed: int, only: Collection[int] | None, *, as_json: bool) -> bool:
    """The trace, and the verdict after it. The same seed prints the same bytes."""
    outcome = play(seed, only)
    if as_json:
        print(json.dumps({**_failure(outcome), "ok": not outcome.violations, "trace": outcome.trace}, indent=2))  # noqa: T201
    else:
        sys.stdout.write("\n".join((*outcome.trace, "", *verdict(outcome))) + "\n")
    return not outcome.violations


def _played(seeds: int) -> Iterator[Outcome]:
    """On all cores, in processes: a virtual clock is a process's own."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        yield from pool.imap_unordered(_without_trace, range(seeds), chunksize=4)


def _without_trace(seed: int) -> Outcome:
    outcome = play(seed)
    return Outcome(**{**vars(outcome), "trace": ()})


def _failure(outcome: Outcome) -> dict[str, Any]:
    return {
        "seed": outcome.seed,
        "violations": [{"promise": one.promise, "what": one.what} for one in outcome.violations],
        "steps": [step.line() for step in outcome.steps],
        "replay": replay(outcome, len(plan_of(outcome.seed))),
    }


def verdict(outcome: Outcome) -> list[str]:
    """What broke, by which steps, and the command that tells it again; one line if nothing did."""
    if not outcome.violations:
        return [f"seed {outcome.seed}: every promise held"]
    return [
        f"seed {outcome.seed}: broken",
        *(f"  {violation}" for violation in outcome.violations),
        f"  by these {len(outcome.steps)} steps:",
        *(f"    {step.line()}" for step in outcome.steps),
        f"  again: {replay(outcome, len(plan_of(outcome.seed)))}",
    ]


def _show(result: Result) -> None:
    out = Console(highlight=False, soft_wrap=True)
    told = result.as_json()
    for title, counts in (("Faults that struck", told["faults"]), ("Worked", told["handled"])):
        out.print(f"[bold]{title}[/]")
        for name, count in counts.items():
            out.print(f"  {count:>8}  {name}" + ("  [red]never[/]" if not count else ""))
    for failure in result.failures:
        for line in verdict(failure):
            out.print(escape(line))
    if result.gaps:
        out.print(f"[red]never in {result.seeds} seeds, so not proven[/]: {', '.join(result.gaps)}")
    out.print(
        f"{told['seeds']} seeds, {told['virtual_hours']:.0f} virtual hours in {told['seconds']} s "
        f"({told['seeds_per_second']} seeds/s): [bold]{told['violations']} violations[/]"
    )
