"""A plan is a list of steps; a step is one thing that an alert, a person or a fault does, at its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """``number``: its place in the plan that the seed makes; kept when others are left out."""

    number: int
    at: float  # virtual seconds from the beginning
    who: str  # alerts, people, faults
    act: str
    args: dict[str, Any]

    def line(self) -> str:
        told = " ".join(f"{name}={value}" for name, value in self.args.items())
        return f"[{self.number}] at {self.at:.1f} s: {self.who}: {self.act} {told}".rstrip()


def numbered(steps: list[tuple[float, str, str, dict[str, Any]]]) -> list[Step]:
    """In the order of time."""
    ordered = sorted(steps, key=lambda step: step[0])
    return [Step(number, round(at, 3), who, act, args) for number, (at, who, act, args) in enumerate(ordered)]
