"""The world, the webhook pod's side of it, and the processors that live in it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from datetime import timedelta
from typing import Any, cast

from slack_bolt.async_app import AsyncBoltRequest

from app import clock
from app.domain.incident import Incident
from app.domain.policy import Policy, Together
from app.domain.schedule import Into
from app.errors import VendorError
from app.intake.oncall import Ignored, alert_of, wrap
from app.intake.slack import bolt_app
from app.ports import Queue, Store, Timers, Vault
from app.queue.envelope import Envelope
from app.sim import cast as people_of
from app.sim import linear, slack, statuspage
from app.sim.faults import Faulty, too_many_requests
from app.sim.github import GitHubSim
from app.sim.grafana_cloud import GrafanaCloudSim
from app.sim.linear import LinearSim
from app.sim.memory_store import MemoryStore
from app.sim.memory_timers import MemoryTimers
from app.sim.memory_vault import MemoryVault
from app.sim.oncall import OnCallSim
from app.sim.simulation.chance import Chance, stream
from app.sim.simulation.lives import Life
from app.sim.simulation.processor import Processor
from app.sim.simulation.wires import AwsFaults, AwsWire, Book, BookedQueue
from app.sim.slack import SlackSim
from app.sim.slack_delivery import Gesture, signed
from app.sim.slack_people import People
from app.sim.slack_state import Channel
from app.sim.statuspage import StatuspageSim
from app.sim.workos import WorkOSSim

VENDORS = ("slack", "oncall", "workos", "grafana", "github", "statuspage", "linear")
_THROTTLED = {"slack": slack.throttled, "statuspage": statuspage.throttled, "linear": linear.throttled}
_RECEIVES_MAX = 100  # as a deployment has it (artifacts/aws-substrate.yaml)
_TIMERS_LOOK_S = 15.0


class House:
    def __init__(self, seed: int) -> None:
        self.book = Book()
        self.chance: Chance = stream(seed, "network")
        self.slack, self.oncall, self.workos = SlackSim(), OnCallSim(), WorkOSSim()
        self.grafana, self.github = GrafanaCloudSim(), GitHubSim()
        self.statuspage, self.linear = StatuspageSim(), LinearSim()
        self.slack.workspace.url = "http://slack"
        self.faulty = {
            name: Faulty(getattr(self, name).app(), name, throttled=_THROTTLED.get(name, too_many_requests))
            for name in VENDORS
        }
        self.aws = AwsFaults()
        self.store, self.timers, self.vault = MemoryStore(), MemoryTimers(), MemoryVault()
        self.events, self.nudges, self.sla_checks = (
            BookedQueue(f"{name}.fifo", _RECEIVES_MAX) for name in ("incident-events", "nudge-events", "sla-check")
        )
        self.queues = (self.events, self.nudges, self.sla_checks)
        rules = stream(seed, "policy")
        self.policy = Policy(
            fallback_channel=people_of.FALLBACK_CHANNEL,
            together=rules.choice((Together.SERVICE, Together.SERVICE, Together.TEAM, Together.NONE)),
            together_within=timedelta(minutes=rules.choice((2, 15))),
            reopen_within=timedelta(minutes=6),
            auto_resolve_after=timedelta(minutes=5),
            archive_delay=timedelta(minutes=rules.choice((20, 40))),
            answer_within=timedelta(minutes=8),
            rating_follow_up=timedelta(minutes=15),
            rating_skipped=timedelta(minutes=30),
            postmortem_sla=timedelta(minutes=30),
            manager_channel=people_of.FALLBACK_CHANNEL,
            four_eyes=rules.random() < 0.2,
            approval_expires=timedelta(minutes=6),
            approver_group=people_of.APPROVER_GROUP if rules.random() < 0.5 else None,
        )
        self.skews = {"slack": 0.0, "oncall": 0.0}  # of the vendors' clocks; a processor's is its life's
        self.late_timers_s = 0.0
        self.timers_to_lose = self.timers_to_double = 0
        self.processors: list[Processor] = []
        self.lives: list[Life] = []
        self.handled: Counter[str] = Counter()
        self.deaths: list[str] = []  # of processors that nobody killed
        self._webhook = cast(Queue, self._wire("sqs", self.events, None))
        self.slack.people = self.people = People(self.slack.workspace, _Courier(self, self._webhook))
        self._clockwork = asyncio.create_task(self._fire_timers())

    # ------------------------------------------------------------ processors

    def boot(self, *, skew: float = 0.0) -> Processor:
        """A processor starts, with nothing in its head."""
        processor = Processor(self, Life(f"p{len(self.lives) + 1}", skew))
        self.processors.append(processor)
        self.lives.append(processor.life)
        self.book.note(processor.life.name, "boot", f"skew {skew:+.1f} s" if skew else "")
        return processor

    def kill(self, processor: Processor) -> None:
        self.book.note(processor.life.name, "killed")
        processor.life.end()
        self.processors.remove(processor)

    def wires(self, life: Life) -> tuple[Store, Timers, list[BookedQueue]]:
        """The queues as ``queues`` has them."""
        store, timers = self._wire("dynamodb", self.store, life), self._wire("scheduler", self.timers, life)
        return store, timers, [self._wire("sqs", queue, life) for queue in self.queues]

    def way_to_vault(self, life: Life) -> Vault:
        return cast(Vault, self._wire("s3", self.vault, life))

    def _wire(self, service: str, inner: Any, life: Life | None) -> Any:
        return AwsWire(service, inner, life, self.book, self.aws, self.chance)

    # ------------------------------------------------------------ what reaches us from outside

    async def deliver_alert(self, group: str, event: str) -> None:
        """OnCall calls the webhook: normalised, wrapped, sent. What the queue refuses, OnCall never sends again."""
        alert = alert_of(self.oncall.payload(group, event))
        if isinstance(alert, Ignored):
            return
        alert = alert.model_copy(update={"at": alert.at + timedelta(seconds=self.skews["oncall"])})
        try:
            await self._webhook.send(wrap(alert))
        except VendorError as error:
            self.book.note("", "webhook", f"503 {group} {event}: {error}")

    async def _fire_timers(self) -> None:
        """EventBridge: at least once, sometimes late. Only a firing that is followed by another may be lost here."""
        while True:
            await asyncio.sleep(_TIMERS_LOOK_S)
            for queue, into in ((self.nudges, Into.NUDGES), (self.sla_checks, Into.SLA_CHECKS)):
                for envelope in self.timers.due(into):
                    self._fire(queue, envelope)

    def _fire(self, queue: BookedQueue, envelope: Envelope) -> None:
        if self.timers_to_lose and envelope.event == "nudge_due":
            self.timers_to_lose -= 1
            self.book.struck("timers lost")
            return
        if self.late_timers_s:
            self.book.struck("timers late")
            asyncio.get_running_loop().call_later(self.late_timers_s, self._fired, queue, envelope.encode())
            return
        self._fired(queue, envelope.encode())
        if self.timers_to_double:
            self.timers_to_double -= 1
            self.book.struck("timers twice")
            asyncio.get_running_loop().call_later(400, self._fired, queue, envelope.encode())

    def _fired(self, queue: BookedQueue, text: str) -> None:
        lane = str(json.loads(text)["lane"])
        self.book.note("", "timer", lane)
        queue.put(text, lane=lane, dedup_id=hashlib.sha256(text.encode()).hexdigest())

    # ------------------------------------------------------------ what one sees

    @property
    def incidents(self) -> list[Incident]:
        return list(self.store.incidents.values())

    @property
    def rooms(self) -> list[Channel]:
        return list(self.slack.workspace.rooms())


class _Courier:
    """Slack's side of the intake: signs a gesture, by Slack's clock, and hands it to the pods' own Bolt app."""

    def __init__(self, house: House, queue: Queue) -> None:
        self._house = house
        self._app = bolt_app(lambda: people_of.SIGNING_SECRET, queue.send)

    async def deliver(self, gesture: Gesture) -> None:
        timestamp = str(int(clock.wall() + self._house.skews["slack"]))
        body, headers = signed(gesture, people_of.SIGNING_SECRET, timestamp)
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))
        if answer.status == 200:
            gesture.acknowledge(json.loads(answer.body) if answer.body.startswith("{") else answer.body or None)
        else:
            gesture.outcome, gesture.shown = "lost", f"dispatch_failed ({answer.status})"
