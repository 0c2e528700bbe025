"""A whole processor in virtual time, and people before it: gestures go through the intake and the queue, timers fire,
and a processor can die at any await and be followed by the next.

``House`` is the world; ``Office`` works in it. What dies with a processor is what is in its head, and the answers to
the calls that it had under way; what it had done stays done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncBoltRequest

from app import clock
from app.domain.catalogue import Catalogue
from app.domain.policy import Policy
from app.flows.archive import Archive
from app.flows.resolution import Resolution
from app.flows.war_room import WarRoom
from app.gate.target import PublishTarget
from app.intake.oncall import wrap
from app.intake.slack import bolt_app
from app.ports import Chat, Classifier, Directory, OnCallSchedule, PublicPage, Queue, Store, Timers, Tracker, Writer
from app.processor.consumer import Consumer
from app.processor.dispatch import Dispatcher
from app.processor.registry import Registry
from app.queue.envelope import dedup
from app.sim import cast
from app.sim.slack_delivery import Gesture, signed
from app.sim.slack_people import People
from app.sim.slack_state import Post
from tests.factories import alert
from tests.house import FALLBACK, House
from tests.lives import Life, Port, Wire, count_awaits

_PATIENCE_S = 3 * 3600.0


class _Courier:
    """Slack's side of the intake: signs a gesture and hands it over."""

    def __init__(self, queue: Any) -> None:
        self._app = bolt_app(lambda: cast.SIGNING_SECRET, queue.send)

    async def deliver(self, gesture: Gesture) -> None:
        body, headers = signed(gesture, cast.SIGNING_SECRET, str(int(clock.wall())))
        await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))
        gesture.acknowledge(None)


class Office:
    """``lives``: processors, one after the other; then one that lives on. ``beside``: one that works beside them.
    ``attempts``: that each message has."""

    def __init__(
        self, house: House, lives: Iterable[Life] = (), *, beside: Life | None = None, attempts: int = 100
    ) -> None:
        self.house, self.attempts = house, attempts
        self.people = house.slack.people = People(house.slack.workspace, _Courier(house.queue))
        self.lived: list[Life] = []
        self._lives, self._beside = lives, beside
        self._registry: Registry | None = None

    # ------------------------------------------------------------ processors

    async def __aenter__(self) -> Office:
        count_awaits()
        work = [self._fire_timers(), self._work(iter(self._lives))]
        self._tasks = {asyncio.create_task(one) for one in work}
        if self._beside:
            self.second(self._beside)
        return self

    def second(self, life: Life | None = None) -> None:
        """From now on another processor works beside the first."""
        self._tasks.add(asyncio.create_task(self._work(iter([life] if life else []))))

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _work(self, lives: Iterator[Life]) -> None:
        while True:
            life = next(lives, None) or Life()
            self.lived.append(life)
            run = life.start(self._processor(life).run(asyncio.Event()))
            ended = asyncio.create_task(life.over.wait())
            try:
                await asyncio.wait({run, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                life.end()
                run.cancel()
                await asyncio.wait({run})
            await clock.sleep(2)

    async def _fire_timers(self) -> None:
        while True:
            await clock.sleep(30)
            for envelope in self.house.timers.due():
                # EventBridge names no deduplication id: the queue makes one of the content.
                await self.house.queue.send(envelope.model_copy(update={"dedup_id": dedup(envelope.encode())}))

    def _processor(self, life: Life) -> Consumer:
        house = self.house
        house.boot(lambda transport: Wire(transport, life))
        store, timers, queue = (Port(port, life) for port in (house.store, house.timers, house.queue))
        flows = house.flows(store, timers)
        services: dict[type, object] = {
            Store: store, Timers: timers, Queue: queue, Chat: house.chat, Policy: house.policy, Writer: house.writer,
            Classifier: house.classifier,
            PublicPage: house.read, PublishTarget: house.target,
            Catalogue: house.catalogue, OnCallSchedule: house.schedule, Directory: house.directory,
            Tracker: house.tracker,
            WarRoom: flows[0], Resolution: flows[1],
            Archive: replace(flows[2], vault=Port(house.vault, life)),  # type: ignore[arg-type]
        }  # fmt: skip
        self._registry = self._registry or Registry.load(services)
        dispatcher = Dispatcher(
            self._registry,
            services,
            signing_secret=cast.SIGNING_SECRET,
            store=store,  # type: ignore[arg-type]
            chat=house.chat,
            fallback_channel=FALLBACK,
        )
        return Consumer(
            queue,  # type: ignore[arg-type]
            dispatcher.work, name="office", visibility_s=30, max_attempts=self.attempts,
            drain_timeout_s=1.0, told=dispatcher.told,
            marks=store,  # type: ignore[arg-type]
        )  # fmt: skip

    # ------------------------------------------------------------ people

    async def fire(self, group: str = "I6HNZGUFG4K11", **facts: Any) -> None:
        await self.house.queue.send(wrap(alert(group, **{"at": clock.now(), **facts})))

    async def until(self, what: Callable[[], Any]) -> Any:
        """Something true, as soon as it is; people have patience, but not for ever."""
        async with asyncio.timeout(_PATIENCE_S):
            while not (found := what()):
                await clock.sleep(1)
        return found

    async def quiet(self) -> None:
        """Until nothing is left to do but what timers will bring."""
        await self.until(lambda: not self.house.queue.messages)

    async def settle(self) -> None:
        """Until what somebody did in the room has reached us, and nothing is left to do."""
        await clock.sleep(1)
        await self.quiet()

    async def command(self, user: str, words: str) -> None:
        await self.people.command(user, self.house.rooms[-1].id, words)

    async def press(self, user: str, button: str) -> Gesture:
        """The newest button of that name in the room, as soon as there is one."""
        post: Post = await self.until(lambda: self.shows(button))
        return await self.people.click(user, self.house.rooms[-1].id, post.ts, button)

    def shows(self, button: str) -> Post | None:
        if not self.house.rooms:
            return None
        return next((post for post in reversed(self.house.rooms[-1].posts) if button in str(post.blocks)), None)

    @property
    def gestures(self) -> set[str]:
        """The name of everything that a person can do."""
        return self.commands | self.actions

    @property
    def commands(self) -> set[str]:
        assert self._registry is not None
        return {*self._registry.commands}

    @property
    def actions(self) -> set[str]:
        assert self._registry is not None
        return {*self._registry.actions}

    def unanswered(self) -> list[str]:
        """Gestures whose maker was told nothing. Opening the editor is its own answer."""
        used = {url: known.uses for url, known in self.house.slack.workspace.response_urls.items()}
        silent = []
        for gesture in self.people.gestures:
            url = str(gesture.payload.get("response_url", "")).rpartition("/")[2]
            name = gesture.payload.get("text") or str(gesture.payload.get("actions"))
            if url and not used[url] and "edit_statuspage" not in name:
                silent.append(name)
        return silent
