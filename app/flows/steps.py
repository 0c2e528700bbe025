"""The journal of a flow: a step that was done stays done, whoever finishes the rest.

A flow is held under a lease, so that a second processor waits instead of doing the same (D11). Each finished step is
committed with its audit events and the next lease in one transaction, and only by the holder of the newest attempt:
one that stood still too long finds itself fenced off. From the second attempt on a flow is *adopting*: before a step
acts, it looks for what an earlier attempt may have left behind without recording it (D1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from opentelemetry import trace

from app import clock, ledger, telemetry
from app.domain.audit import AuditType, Fact
from app.domain.change import StepRecord
from app.domain.incident import Incident, Lease
from app.domain.people import SYSTEM
from app.errors import Busy, Retry, Unknown, VendorError, VendorThrottled
from app.ledger import Decision
from app.messages.message import Message
from app.ports import Chat, Store

LEASE_S = 30.0  # machine seconds, like the visibility of a message: a dead holder delays us once, not twice
PATIENCE = 3  # attempts after which a flow ends without its optional steps, and says so
PATIENCE_IN_A_STORM = 20  # the same, while it is a rate limit that holds them back

# By Slack as one processor holds it, and the message's effect id; gone with them.
_posting: WeakKeyDictionary[Chat, WeakValueDictionary[str, asyncio.Lock]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Done:
    """What a step gave: for the journal, for the trail, for the incident."""

    result: dict[str, Any] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    change: Callable[[Incident], Incident] = lambda incident: incident
    also: Callable[[Incident], Sequence[Fact]] = lambda _: ()  # facts that depend on how it stands just before
    lookups: Sequence[tuple[str, str]] = ()


Begin = Callable[[Incident], Decision | None]


class Flow:
    """One attempt at a flow. Made by ``begin``; steps may run side by side."""

    def __init__(self, store: Store, incident: Incident, name: str, done: dict[str, StepRecord]) -> None:
        self._store = store
        self._commits = asyncio.Lock()  # our own steps need not race each other
        self._done = done
        self.name = name
        self.incident = incident
        self.attempt = incident.attempts[name]
        self.missing: dict[str, VendorError] = {}  # optional steps that did not work this time

    @property
    def adopting(self) -> bool:
        return self.attempt > 1

    @property
    def ending(self) -> bool:
        """Whether ``end`` would end it: all is done, or there is no patience left for the rest."""
        return not self.missing or self.attempt >= (PATIENCE_IN_A_STORM if self._held_back else PATIENCE)

    @property
    def _held_back(self) -> VendorThrottled | None:
        """The longest of the rate limits that steps ran into: waiting helps, and it is nobody's failure (T7)."""
        limits = [error for error in self.missing.values() if isinstance(error, VendorThrottled)]
        return max(limits, key=lambda limit: limit.retry_after, default=None)

    async def step(self, name: str, act: Callable[[], Awaitable[Done]]) -> dict[str, Any]:
        """A required step. Whatever ``act`` raises ends this attempt."""
        if name in self._done:
            return self._done[name].result
        await self._hold()
        with telemetry.span(name):
            done = await act()
        await self._record(name, done)
        return done.result

    async def optional(self, name: str, act: Callable[[], Awaitable[Done]]) -> dict[str, Any] | None:
        """A step that the flow can end without. None: it did not work, and ``missing`` says why."""
        try:
            return await self.step(name, act)
        except VendorError as error:
            self.missing[name] = error
            return None

    async def end(self, change: Callable[[Incident], Incident], facts: Sequence[Fact]) -> Incident:
        """Close the flow. With steps missing it is put off while there is patience left: raises ``Retry``."""
        failures = [
            Fact(type=AuditType.STEP_FAILED, actor=SYSTEM, details={"flow": self.name, "step": name, "why": str(error)})
            for name, error in self.missing.items()
            if self.ending or not isinstance(error, VendorThrottled)
        ]
        if not self.ending:
            await self._amend(lambda incident: Decision(incident.but(lease=None), failures))
            if self._held_back:
                raise self._held_back
            raise Retry(f"{self.name}: not done yet: {', '.join(self.missing)}", after=2.0 * self.attempt)
        return await self._amend(lambda incident: Decision(change(incident).but(lease=None), [*failures, *facts]))

    async def release(self) -> None:
        """Let go without an end, so that the next attempt need not wait for the lease to run out."""
        await self._amend(lambda incident: Decision(incident.but(lease=None), []))

    async def _record(self, name: str, done: Done) -> None:
        record = StepRecord(flow=self.name, step=name, result=done.result, at=clock.now())

        def decide(incident: Incident) -> Decision:
            facts = [*done.facts, *done.also(incident)]
            return Decision(done.change(incident).but(lease=self._lease()), facts, steps=[record], lookups=done.lookups)

        await self._amend(decide)
        self._done[name] = record

    async def _hold(self) -> None:
        """Who stood still for as long as a lease lasts looks before acting: the flow may be another's by now (D11)."""
        if self.incident.lease is None or self.incident.lease.until <= clock.wall():
            await self._amend(lambda incident: Decision(incident.but(lease=self._lease()), []))

    def _lease(self) -> Lease:
        return Lease(flow=self.name, attempt=self.attempt, until=clock.wall() + LEASE_S)

    async def _amend(self, decide: Callable[[Incident], Decision]) -> Incident:
        def fenced(incident: Incident) -> Decision:
            if incident.attempts.get(self.name) != self.attempt:
                raise Busy(f"{self.name} of {incident.id} was taken over by another processor")
            return decide(incident)

        async with self._commits:
            self.incident = await ledger.amend(self._store, self.incident.id, fenced)
            return self.incident


async def begin(store: Store, incident_id: str, name: str, decide: Begin) -> Flow | None:
    """Take the flow. ``decide`` says what beginning it changes, or None when there is nothing to do (gives None).

    Raises ``Busy`` while somebody else holds it.
    """
    took = False

    def take(incident: Incident) -> Decision | None:
        nonlocal took
        took = False
        decision = decide(incident)
        if decision is None:
            return None
        if incident.lease and incident.lease.until > clock.wall():
            left = incident.lease.until - clock.wall()
            raise Busy(f"{incident.lease.flow} of {incident_id} is being worked", after=left + 1)
        took = True
        attempt = incident.attempts.get(name, 0) + 1
        lease = Lease(flow=name, attempt=attempt, until=clock.wall() + LEASE_S)
        begun = decision.incident.but(lease=lease, attempts={**incident.attempts, name: attempt})
        return Decision(begun, decision.facts)

    incident = await ledger.amend(store, incident_id, take)
    return Flow(store, incident, name, await store.steps(incident_id, name)) if took else None


async def run(flow: Flow, work: Callable[[], Awaitable[None]]) -> None:
    """Work the flow, and let go of it when it fails."""
    try:
        await work()
    except Exception:
        try:
            await flow.release()
        except Exception as error:  # the first failure is the one that counts; the lease runs out by itself
            trace.get_current_span().record_exception(error)
        raise


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Side by side; the first failure stops the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def post_once(chat: Chat, channel: str, message: Message, effect_id: str, *, adopting: bool) -> str:
    """The ts of the one message with this effect id: found if an earlier attempt left it, posted otherwise.

    Two lanes of one processor that want the same one take turns, so that the second finds what the first has left.
    """
    posting = _posting.setdefault(chat, WeakValueDictionary())
    turn = posting.get(effect_id) or asyncio.Lock()
    posting[effect_id] = turn
    async with turn:
        if adopting and (ts := await chat.find(channel, effect_id)):
            return ts
        try:
            return await chat.post(channel, message, effect_id=effect_id)
        except Unknown:
            if ts := await chat.find(channel, effect_id):
                return ts
            raise


async def tell_once(chat: Chat, slack_id: str, message: Message, effect_id: str) -> None:
    """The same for one person, in private. It costs two more calls than ``Chat.direct``, so it is for what can wait."""
    await post_once(chat, await chat.private(slack_id), message, effect_id, adopting=True)


async def keep_current(chat: Chat, channel: str, ts: str, content: Callable[[], Awaitable[Message]]) -> None:
    """Make the message say what is so; again, if that changed while it was being said: nobody else may know (D11)."""
    said = None
    while said != (now := await content()):
        await chat.update(channel, ts, now)
        said = now
