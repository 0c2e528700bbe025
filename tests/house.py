"""The processor's inside without pods or sockets: real adapters, simulated vendors, twins of AWS, virtual time.

A test tells a story with it: an alert, people who press buttons, vendors that fail; then it looks at what Slack,
Linear, Statuspage and the audit trail hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx

from app import clock
from app.domain.audit import AuditEvent, verify
from app.domain.catalogue import Catalogue, Service
from app.domain.incident import Incident
from app.domain.policy import Policy
from app.domain.readings import Outcome, Reading
from app.effects.linear import Linear
from app.effects.oncall import OnCallApi
from app.effects.plain_classifier import PlainClassifier
from app.effects.plain_writer import PlainWriter
from app.effects.slack import Slack
from app.effects.statuspage_read import StatuspageRead
from app.effects.workos import WorkOS
from app.events import alert_firing
from app.flows.archive import Archive
from app.flows.resolution import Resolution
from app.flows.war_room import WarRoom
from app.gate.target import PublishTarget
from app.ports import Classifier, Writer
from app.sim import cast
from app.sim.faults import Faulty
from app.sim.linear import LinearSim
from app.sim.memory_queue import MemoryQueue
from app.sim.memory_store import MemoryStore
from app.sim.memory_timers import MemoryTimers
from app.sim.memory_vault import MemoryVault
from app.sim.oncall import OnCallSim
from app.sim.slack import SlackSim
from app.sim.slack_state import Channel
from app.sim.statuspage import StatuspageSim
from app.sim.virtual_time import run
from app.sim.workos import WorkOSSim

FALLBACK = cast.FALLBACK_CHANNEL


class Sources:
    """Signals and code that say one thing; what the real ones say is their own contract tests' business."""

    def __init__(self) -> None:
        self.readings = [Reading(label="Error rate", outcome=Outcome.MEASURED, text="7.1 %", query="rate(x)")]
        self.delay_s = 0.0

    async def snapshot(self, service: Service, at: datetime) -> list[Reading]:
        await asyncio.sleep(self.delay_s)
        return self.readings

    async def commits(self, service: Service, since: datetime, until: datetime) -> Reading:
        return Reading(label="Commits", outcome=Outcome.NO_DATA)


class House:
    def __init__(self, **policy: Any) -> None:
        self.slack, self.oncall, self.workos = SlackSim(), OnCallSim(), WorkOSSim()
        self.linear, self.page = LinearSim(), StatuspageSim()
        self.slack.workspace.url = "http://slack"
        sims: dict[str, Any] = {
            "slack": self.slack,
            "oncall": self.oncall,
            "workos": self.workos,
            "linear": self.linear,
            "page": self.page,
        }
        self.faults = {name: Faulty(sim.app(), name) for name, sim in sims.items()}
        self.store, self.timers, self.queue = MemoryStore(), MemoryTimers(), MemoryQueue()
        self.vault = MemoryVault()
        self.policy = Policy(**{"fallback_channel": FALLBACK, **policy})
        self.sources = Sources()
        self.writer: Writer = PlainWriter()
        self.classifier: Classifier = PlainClassifier()
        self.labels = ["Postmortem"]
        self.catalogue = Catalogue()
        self.boot()

    def boot(self, way: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda it: it) -> None:
        """A processor starts: new adapters with empty heads; the world remembers. ``way``: what lies in between."""
        over = {name: way(httpx.ASGITransport(faulty)) for name, faulty in self.faults.items()}
        self.chat = Slack("http://slack/api", cast.BOT_TOKEN, transport=over["slack"])
        self.schedule = OnCallApi("http://oncall", cast.ONCALL_TOKEN, transport=over["oncall"])
        groups = {cast.TEAM: cast.WORKOS_GROUP}
        self.directory = WorkOS(
            "http://workos", cast.WORKOS_KEY, cast.WORKOS_DIRECTORY, groups, transport=over["workos"]
        )
        self.tracker = Linear(
            "http://linear", cast.LINEAR_KEY, cast.LINEAR_TEAM, cast.LINEAR_PROJECT,
            labels=self.labels, transport=over["linear"],
        )  # fmt: skip
        page = ("http://page/v1", cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE)
        self.read = StatuspageRead(*page, transport=over["page"])
        self.target = PublishTarget(*page, over["page"])
        self.war_room, self.resolution, self.archive = self.flows(self.store, self.timers)

    def flows(self, store: Any, timers: Any) -> tuple[WarRoom, Resolution, Archive]:
        chat, code, policy = self.chat, self.sources, self.policy
        return (
            WarRoom(store, chat, self.schedule, self.directory, self.sources, code, timers, policy, self.catalogue),
            Resolution(store, chat, code, self.writer, self.tracker, timers, policy, self.catalogue),
            Archive(store, chat, timers, policy, self.vault),
        )

    async def fire(self, group: str = "I6HNZGUFG4K11", **alert: Any) -> None:
        """One delivery of the alert, as the consumer makes it."""
        from tests.factories import alert as make

        body = alert_firing.Body.model_validate(make(group, **{"at": clock.now(), **alert}).model_dump())
        await alert_firing.handle(body, self.store, self.chat, self.timers, self.war_room, self.policy, self.catalogue)

    # ------------------------------------------------------------ what one sees afterwards

    async def incident(self, group: str = "I6HNZGUFG4K11") -> Incident:
        found = await self.store.incident_of_alert(group)
        assert found is not None
        return found

    async def trail(self, group: str = "I6HNZGUFG4K11") -> list[AuditEvent]:
        trail = await self.store.trail((await self.incident(group)).id)
        assert verify(trail) == []
        return trail

    async def types(self, group: str = "I6HNZGUFG4K11") -> list[str]:
        return [event.type.value for event in await self.trail(group)]

    @property
    def rooms(self) -> list[Channel]:
        return [c for c in self.slack.workspace.channels.values() if c.name.startswith("incident-response-")]

    def texts(self, channel: str) -> list[str]:
        return [f"{post.text} {post.blocks}" for post in self.slack.workspace.channels[channel].posts]


def play(story: Callable[[House], Awaitable[None]], **policy: Any) -> None:
    """Tell the story in virtual time."""

    async def whole() -> None:
        await story(House(**policy))

    run(whole())
