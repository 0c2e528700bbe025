"""A sandbox for each test that asks for one, and patience with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest

from app import clock
from app.sim.sandbox import Sandbox

T = TypeVar("T")
PATIENCE_S = 45.0  # on two slow cores


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


async def eventually(look: Callable[[], Awaitable[T]], *, within_s: float = PATIENCE_S) -> T:
    """The first answer of ``look`` that is not empty; fails with the last one."""
    until = clock.monotonic() + within_s
    while not (found := await look()):
        if clock.monotonic() > until:
            raise AssertionError(f"{look.__name__} did not come true within {within_s:g} s: {found!r}")
        await asyncio.sleep(0.1)
    return found
