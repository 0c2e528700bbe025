"""What OnCall does: alert groups fire, change and end; its webhook comes late, twice, in another order, or never."""

from __future__ import annotations

from typing import Any

from app import clock
from app.sim import cast
from app.sim.oncall_world import iso
from app.sim.simulation.chance import Chance
from app.sim.simulation.house import House
from app.sim.simulation.steps import Step

WHO = "alerts"
CREATED, ESCALATED = "alert group created", "escalation"
Planned = tuple[float, str, str, dict[str, Any]]

_STATES = {
    "acknowledge": {"state": "acknowledged", "at": "acknowledged_at"},
    "unacknowledge": {"state": "firing", "at": ""},
    "silence": {"state": "silenced", "at": "silenced_at"},
    "unsilence": {"state": "firing", "at": ""},
    "resolve": {"state": "resolved", "at": "resolved_at"},
    "unresolve": {"state": "firing", "at": ""},
}


def plan(chance: Chance) -> tuple[list[Planned], list[float]]:
    """The steps, and when each alert group fires."""
    fires = [chance.uniform(0, 60)]
    fires += [chance.uniform(0, 900) for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))]
    if chance.random() < 0.15:  # a storm
        fires += [chance.uniform(fires[0], fires[0] + 20) for _ in range(chance.randint(3, 8))]
    steps: list[Planned] = []
    for group, at in enumerate(fires):
        severity = chance.choices(("critical", "warning", "P2", ""), (85, 7, 5, 3))[0]
        drill = chance.random() < 0.08
        service = cast.SERVICE if chance.random() < 0.7 else "search"
        facts = {"group": group, "severity": severity, "drill": drill, "service": service}
        steps.append((at, WHO, "fire", facts))
        if chance.random() < 0.9:  # else the webhook was down: the reconciler has to find it
            steps += _told(chance, group, CREATED, at)
        if chance.random() < 0.3:
            steps += _told(chance, group, ESCALATED, at + chance.uniform(60, 400))
        steps += _changes(chance, group, at)
    return steps, fires


def _changes(chance: Chance, group: int, at: float) -> list[Planned]:
    steps: list[Planned] = []
    for first, then in (("acknowledge", "unacknowledge"), ("silence", "unsilence")):
        if chance.random() < 0.35:
            when = at + chance.uniform(20, 1500)
            steps += _changed(chance, group, first, when)
            if chance.random() < 0.5:
                steps += _changed(chance, group, then, when + chance.uniform(10, 600))
    if chance.random() < 0.4:
        when = at + chance.choice((chance.uniform(1, 30), chance.uniform(300, 2400)))
        steps += _changed(chance, group, "resolve", when)
        if chance.random() < 0.5:
            steps += _changed(chance, group, "unresolve", when + chance.uniform(5, 600))
    return steps


def _changed(chance: Chance, group: int, event: str, at: float) -> list[Planned]:
    return [(at, WHO, "change", {"group": group, "event": event}), *_told(chance, group, event, at)]


def _told(chance: Chance, group: int, event: str, at: float) -> list[Planned]:
    """A moment later; or so much later that another event overtakes it. Sometimes again, within SQS's five minutes of
    deduplication or after them."""
    delays = [chance.uniform(0.1, 3) if chance.random() < 0.85 else chance.uniform(3, 120)]
    if chance.random() < 0.2:
        delays.append(delays[0] + chance.choice((chance.uniform(0.1, 30), chance.uniform(301, 900))))
    return [
        (at + delay, WHO, "tell", {"group": group, "event": event, "again": again > 0})
        for again, delay in enumerate(delays)
    ]


class Alerts:
    """``groups``: the ids of those that fired, by their number in the plan."""

    def __init__(self, house: House) -> None:
        self.groups: dict[int, str] = {}
        self._house = house
        self._happened: dict[tuple[int, str], float] = {}
        self._newest: dict[int, float] = {}  # of what was told, when it had happened

    async def do(self, step: Step) -> None:
        oncall, number = self._house.oncall, step.args["group"]
        if step.act == "fire":
            labels = {"drill": "true"} if step.args["drill"] else {}
            self.groups[number] = oncall.fire(
                f"Checkout fails, case {number}", labels, service=step.args["service"], severity=step.args["severity"]
            )
            return
        if number not in self.groups:
            return
        group = self.groups[number]
        if step.act == "tell":
            self._count(number, step.args["event"], again=step.args["again"])
            await self._house.deliver_alert(group, step.args["event"])
            return
        self._happened[number, step.args["event"]] = clock.monotonic()
        change = _STATES[step.args["event"]]
        oncall.groups[group]["state"] = change["state"]
        if change["at"]:
            oncall.groups[group][change["at"]] = iso(clock.now())

    def _count(self, number: int, event: str, *, again: bool) -> None:
        happened = self._happened.get((number, event), 0.0)
        if again:
            self._house.book.struck("delivery duplicate")
        elif happened < self._newest.get(number, 0.0):
            self._house.book.struck("delivery reordered")
        self._newest[number] = max(happened, self._newest.get(number, 0.0))
