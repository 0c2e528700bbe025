"""What is killed in a test dies as a process does: at once, and without a last word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app import clock
from app.sim.virtual_time import run
from tests.lives import STILL_S, Life, Port, count_awaits


class World:
    def __init__(self) -> None:
        self.heard: list[str] = []

    async def tell(self, what: str) -> None:
        await clock.sleep(1)
        self.heard.append(what)


async def _work(world: World, port: Port) -> None:
    """Three calls, of which a kill may cut off any; the last would be a clean-up."""
    try:
        await asyncio.gather(port.tell("first"), asyncio.create_task(_second(port)))
    finally:
        world.heard.append("cleaned up")


async def _second(port: Port) -> None:
    try:
        await port.tell("second")
    except BaseException:
        await port.tell("sorry")
        raise


def _heard(life: Life, after: Callable[[Life], Awaitable[None]] | None = None) -> set[str]:
    async def story() -> set[str]:
        count_awaits()
        world = World()
        life.start(_work(world, Port(world, life)))
        if after:
            await after(life)
        await clock.sleep(STILL_S + 10)
        return set(world.heard)

    return run(story())


def test_undisturbed_all_is_done() -> None:
    life = Life()
    assert _heard(life) == {"first", "second", "cleaned up"}
    assert life.awaits == 5  # for both calls together, on the way to each, and while each is under way


def test_killed_on_the_way_nothing_was_called() -> None:
    assert _heard(Life(last=1)) == set()


def test_killed_while_a_call_is_under_way_it_is_carried_out_and_nothing_else_is() -> None:
    async def killed(life: Life) -> None:
        await clock.sleep(0.5)
        life.end()

    assert _heard(Life(), killed) == {"first", "second"}


def test_who_stands_still_goes_on() -> None:
    life = Life(still=4)
    assert _heard(life) == {"first", "second", "cleaned up"}
