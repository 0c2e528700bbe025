"""A processor in the simulation: production code from the queue to the vendors' HTTP, composed as the wiring does.

Simulated are the vendors (behind their HTTP), AWS (its twins in memory) and the network; nothing else.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app import actions, commands, events, room_events, services_file
from app.domain.catalogue import Catalogue
from app.domain.gesture import parse
from app.domain.policy import Policy
from app.effects.github import GitHub
from app.effects.grafana_cloud import GrafanaCloud
from app.effects.linear import Linear
from app.effects.oncall import OnCallApi
from app.effects.plain_classifier import PlainClassifier
from app.effects.plain_writer import PlainWriter
from app.effects.slack import Slack
from app.effects.statuspage_read import StatuspageRead
from app.effects.workos import WorkOS
from app.flows.archive import Archive
from app.flows.resolution import Resolution
from app.flows.war_room import WarRoom
from app.gate.target import PublishTarget
from app.ports import (
    Chat,
    Classifier,
    Code,
    Directory,
    OnCallSchedule,
    PublicPage,
    Queue,
    Signals,
    Store,
    Timers,
    Tracker,
    Vault,
    Writer,
)
from app.processor.attempts import Marks
from app.processor.consumer import Consumer
from app.processor.dispatch import Dispatcher
from app.processor.reconciler import Reconciler
from app.processor.registry import Registry, bind
from app.queue.delivery import Delivery
from app.sim import cast as people_of
from app.sim import grafana_cloud
from app.sim.simulation.lives import Life
from app.sim.simulation.wires import BookedQueue, VendorWire

if TYPE_CHECKING:
    from app.sim.simulation.house import House

_VISIBILITY_S = 30
_MAX_ATTEMPTS = 6
_DRAIN_S = 25.0
_FOLDERS = {"command": "commands", "event": "room_events"}
_RECONCILE_S = 600.0  # ten times the usual: hours pass here


class Processor:
    """What the wiring makes, over this house's wires."""

    def __init__(self, house: House, life: Life) -> None:
        self.life = life
        self._house = house
        self._stop = asyncio.Event()
        store, timers, queues = house.wires(life)
        inbox = queues[0]
        services: dict[type, object] = {
            Store: store, Queue: inbox, Timers: timers, Vault: house.way_to_vault(life), Policy: house.policy,
            Catalogue: services_file.read(people_of.SERVICES_FILE), **self._vendors(),
        }  # fmt: skip
        services |= {flow: flow(**bind(flow, services)) for flow in (WarRoom, Resolution, Archive)}
        chat = cast(Chat, services[Chat])
        self._dispatcher = Dispatcher(
            _registry(tuple(services)), services, signing_secret=people_of.SIGNING_SECRET, store=store, chat=chat,
            fallback_channel=people_of.FALLBACK_CHANNEL,
        )  # fmt: skip
        consumers = [
            Consumer(
                source, functools.partial(self._work, queue), name=queue.name, visibility_s=_VISIBILITY_S,
                max_attempts=_MAX_ATTEMPTS, drain_timeout_s=_DRAIN_S, told=self._dispatcher.told,
                marks=cast(Marks, store),
            )
            for source, queue in zip(queues, house.queues, strict=True)
        ]  # fmt: skip
        schedule = cast(OnCallSchedule, services[OnCallSchedule])
        self.tasks = [life.start(one.run(self._stop), f"consumer {number}") for number, one in enumerate(consumers)]
        reconciler = Reconciler(schedule, store, cast(Queue, inbox), interval_s=_RECONCILE_S)
        self.tasks.append(life.start(reconciler.run(self._stop), "reconciler"))
        for task in self.tasks:
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """SIGTERM."""
        self._house.book.note(self.life.name, "sigterm")
        self._house.processors.remove(self)
        self._stop.set()
        await asyncio.wait(self.tasks, timeout=_DRAIN_S + 3)
        self.life.end()

    async def _work(self, queue: BookedQueue, delivery: Delivery) -> None:
        book, name, message = self._house.book, self.life.name, f"{queue.name} {delivery.id}"
        book.note(name, "work", f"{message} {_subject(delivery)}")
        try:
            await self._dispatcher.work(delivery)
        except Exception as error:
            book.note(name, "failed", f"{message} {type(error).__name__}: {error}")
            raise
        book.note(name, "worked", message)
        self._house.handled[_handler(delivery)] += 1

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not (self.life.ended or self._stop.is_set()):
            why = None if task.cancelled() else task.exception()
            self._house.deaths.append(f"{self.life.name}: {task.get_name()} ended by itself: {why!r}")

    def _vendors(self) -> dict[type, object]:
        house = self._house

        def over(vendor: str) -> VendorWire:
            return VendorWire(vendor, house.faulty[vendor], self.life, house.book, house.chance)

        page = over("statuspage")
        address = ("http://statuspage/v1", people_of.STATUSPAGE_KEY, people_of.STATUSPAGE_PAGE)
        return {
            Chat: Slack("http://slack/api", people_of.BOT_TOKEN, transport=over("slack")),
            OnCallSchedule: OnCallApi("http://oncall", people_of.ONCALL_TOKEN, transport=over("oncall")),
            Directory: WorkOS(
                "http://workos", people_of.WORKOS_KEY, people_of.WORKOS_DIRECTORY,
                {people_of.TEAM: people_of.WORKOS_GROUP}, transport=over("workos"),
            ),
            Signals: GrafanaCloud(
                people_of.GRAFANA_TOKEN, "1", mimir_url="http://grafana/api/prom",
                mimir_instance_id=grafana_cloud.MIMIR_ID, loki_url="http://grafana",
                loki_instance_id=grafana_cloud.LOKI_ID, tempo_url="http://grafana/tempo",
                tempo_instance_id=grafana_cloud.TEMPO_ID, transport=over("grafana"),
            ),
            Code: GitHub(
                "http://github", people_of.GITHUB_TOKEN, people_of.GITHUB_ORG, (people_of.GITHUB_REPO,),
                transport=over("github"),
            ),
            Tracker: Linear(
                "http://linear", people_of.LINEAR_KEY, people_of.LINEAR_TEAM, people_of.LINEAR_PROJECT,
                transport=over("linear"),
            ),
            Writer: PlainWriter(),
            Classifier: PlainClassifier(),
            PublicPage: StatuspageRead(*address, transport=page),
            PublishTarget: PublishTarget(*address, page),
        }  # fmt: skip


def _subject(delivery: Delivery) -> str:
    envelope = delivery.envelope
    return f"{envelope.event or 'gesture'} {delivery.lane}"


def _handler(delivery: Delivery) -> str:
    if delivery.envelope.event:
        return f"events/{delivery.envelope.event}"
    gesture = parse(delivery.envelope.body)
    return f"{_FOLDERS.get(gesture.form, 'actions')}/{gesture.name}"


def handlers() -> list[str]:
    """Every command, button, machine event and event of a room that there is."""
    return sorted(
        f"{package.__name__.removeprefix('app.')}/{file.stem}"
        for package in (commands, actions, events, room_events)
        for file in Path(package.__path__[0]).glob("[a-z]*.py")
    )


@functools.cache
def _registry(services: tuple[type, ...]) -> Registry:
    return Registry.load(services)
