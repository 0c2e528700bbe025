"""A secret that changes while a pod runs is taken up, and nothing else stops for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from app import rotation
from app.rotation import rotated
from app.settings import ProcessorSettings, load
from app.sim.environment import Addresses, processor_env
from tests.mounted import Mounted

AT = Addresses(1, 2, 3, 4, 5)


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "LOOK_EVERY_S", 0.01)


async def test_a_changed_value_is_seen_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    mounted, ended = Mounted(tmp_path, LINEAR_API_KEY="old"), asyncio.Event()
    watch = asyncio.create_task(rotated(mounted.folder, ended))
    await asyncio.sleep(0)
    mounted.rotate(LINEAR_API_KEY="old")  # written anew, and the same
    for _ in range(100):
        await asyncio.sleep(0)
    assert not watch.done()
    mounted.rotate(LINEAR_API_KEY="new")
    assert await watch


async def test_the_end_comes_first_with_a_folder_or_without(tmp_path: Path) -> None:
    mounted, ended = Mounted(tmp_path, LINEAR_API_KEY="old"), asyncio.Event()
    watches = [asyncio.create_task(rotated(folder, ended)) for folder in (mounted.folder, None)]
    await asyncio.sleep(0)
    ended.set()
    assert await asyncio.gather(*watches) == [False, False]


async def test_a_folder_that_is_away_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    mounted, ended = Mounted(tmp_path, LINEAR_API_KEY="old"), asyncio.Event()
    watch = asyncio.create_task(rotated(mounted.folder, ended))
    await asyncio.sleep(0)
    mounted.folder.rename(tmp_path / "elsewhere")
    for _ in range(100):
        await asyncio.sleep(0)
    (tmp_path / "elsewhere").rename(mounted.folder)
    assert not watch.done()
    mounted.rotate(LINEAR_API_KEY="new")
    assert await watch


def test_settings_are_read_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = processor_env(AT, "1700000000.0,1")
    key = environment.pop("LINEAR_API_KEY")
    mounted = Mounted(tmp_path, LINEAR_API_KEY=key)
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in {**environment, "SECRETS_DIR": str(mounted.folder)}.items():
        monkeypatch.setenv(name, value)
    assert load(ProcessorSettings).linear_api_key.get_secret_value() == key
    mounted.rotate(LINEAR_API_KEY="lin_api_new")
    assert load(ProcessorSettings).linear_api_key.get_secret_value() == "lin_api_new"
