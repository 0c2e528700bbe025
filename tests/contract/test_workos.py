"""WorkOS: who is in a team's directory group."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from structlog.testing import capture_logs

from app.domain.people import Source
from app.effects.workos import WorkOS
from app.errors import VendorRefused, VendorThrottled, VendorUnavailable
from app.sim import cast
from app.sim.workos import WorkOSSim, user
from tests.conftest import Moved, Serve


@pytest.fixture
def sim() -> WorkOSSim:
    return WorkOSSim()


@pytest.fixture
async def workos(sim: WorkOSSim, serve: Serve) -> AsyncIterator[WorkOS]:
    teams = {cast.TEAM: cast.WORKOS_GROUP, "lost": "directory_group_gone"}
    directory = WorkOS(serve(sim.app()), cast.WORKOS_KEY, cast.WORKOS_DIRECTORY, teams)
    yield directory
    await directory.aclose()


async def test_active_members_and_nobody_else(workos: WorkOS) -> None:
    """P-people: whoever has left is not invited."""
    found = await workos.members(cast.TEAM)
    expected = [(m.role, m.email) for m in cast.PEOPLE if m.in_directory_group and m.active]
    assert [(p.name, p.email) for p in found] == expected
    assert all(p.source is Source.DIRECTORY and p.slack_id is None for p in found)


async def test_a_team_without_a_group_has_no_members(workos: WorkOS) -> None:
    assert await workos.members("payments") == []


async def test_a_large_team_is_read_to_the_end(sim: WorkOSSim, workos: WorkOS) -> None:
    sim.groups[cast.WORKOS_GROUP] = [user(n, f"Engineer {n}", f"e{n}@example.com") for n in range(250)]
    assert len({p.email for p in await workos.members(cast.TEAM)}) == 250


async def test_a_group_of_thousands_is_a_mistake_and_said(sim: WorkOSSim, workos: WorkOS) -> None:
    """T7: a whole company is not invited one by one."""
    sim.groups[cast.WORKOS_GROUP] = [user(n, f"Engineer {n}", None) for n in range(5001)]
    with pytest.raises(VendorRefused, match="map the team to a smaller group"):
        await workos.members(cast.TEAM)


async def test_addresses_are_as_slack_knows_them(sim: WorkOSSim, workos: WorkOS) -> None:
    upper, listed, nameless = user(1, "A B", "A.B@Example.com"), user(2, "C D", "c@example.com"), user(3, "", None)
    listed["email"] = None
    sim.groups[cast.WORKOS_GROUP] = [upper, listed, nameless]
    assert [p.email for p in await workos.members(cast.TEAM)] == ["a.b@example.com", "c@example.com", None]


async def test_members_of_another_directory_are_left_out(sim: WorkOSSim, workos: WorkOS) -> None:
    sim.groups[cast.WORKOS_GROUP][0]["directory_id"] = "directory_other"
    assert len(await workos.members(cast.TEAM)) == 1


async def test_an_unknown_group_is_refused_with_a_remedy(workos: WorkOS) -> None:
    with pytest.raises(VendorRefused, match="check the id"):
        await workos.members("lost")


async def test_a_wrong_key_is_refused_with_a_remedy(sim: WorkOSSim, workos: WorkOS) -> None:
    sim.key = "sk_rotated"
    with pytest.raises(VendorRefused, match="credential"):
        await workos.members(cast.TEAM)


async def test_answers_are_kept_for_five_minutes(sim: WorkOSSim, workos: WorkOS, moved: Moved) -> None:
    assert len(await workos.members(cast.TEAM)) == 2
    sim.groups[cast.WORKOS_GROUP].pop(0)
    assert len(await workos.members(cast.TEAM)) == 2
    moved(300)
    assert len(await workos.members(cast.TEAM)) == 1


async def test_the_last_answer_stands_in_for_a_day_and_the_log_says_so(
    sim: WorkOSSim, workos: WorkOS, moved: Moved
) -> None:
    known = await workos.members(cast.TEAM)
    sim.key = "sk_rotated"
    moved(600)
    with capture_logs() as lines:
        assert await workos.members(cast.TEAM) == known
    assert [(line["event"], line["age_s"]) for line in lines] == [("directory_stale", 600)]
    moved(86_400)
    with pytest.raises(VendorRefused):
        await workos.members(cast.TEAM)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(429, json="Ratelimited", headers={"Retry-After": "60"}), VendorThrottled),
        (httpx.Response(500), VendorUnavailable),
        (httpx.Response(200, text="<html>"), VendorRefused),
        (httpx.Response(200, json=["a list"]), VendorRefused),
        (httpx.Response(200, json={"data": [{"id": "x"}], "list_metadata": {"after": None}}), VendorRefused),
    ],
)
async def test_what_is_not_an_answer_is_a_typed_error(answer: httpx.Response, error: type[Exception]) -> None:
    vendor = httpx.MockTransport(lambda _: answer)
    directory = WorkOS("https://workos.example", "k", cast.WORKOS_DIRECTORY, {"t": "g"}, transport=vendor)
    with pytest.raises(error):
        await directory.members("t")
