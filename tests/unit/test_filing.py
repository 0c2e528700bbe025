"""What outlives the room: one postmortem in Linear, assigned and labelled, the open tasks beneath it (D9, S9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLError

from app import clock
from app.domain.incident import Status
from app.sim import memory_queue
from app.sim.faults import Kind
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

LEAD, HOUR = "U0LEAD", 3600.0


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 30.0)


def _play(
    story: Callable[[House, Office], Awaitable[None]], *, before: Callable[[House], None] = lambda _: None
) -> None:
    """Told up to the point at which somebody may resolve it."""

    async def whole() -> None:
        house = House(archive_delay=timedelta(days=3))
        before(house)
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await story(house, office)

    run(whole())


async def _task(office: Office, words: str) -> None:
    await office.command(IC, f"task {words}")
    await office.quiet()


async def _resolve(office: Office, by: str = IC) -> None:
    await office.command(by, "resolve")
    await office.quiet()


def _issues(house: House) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The postmortem, and what stands beneath it."""
    issues = list(house.linear.issues.values())
    [postmortem] = [issue for issue in issues if issue["parent"] is None]
    return postmortem, [issue for issue in issues if issue["parent"] is not None]


def test_the_postmortem_is_the_commanders_with_labels_and_a_link_to_the_room() -> None:
    async def story(house: House, office: Office) -> None:
        await _resolve(office)
        postmortem, beneath = _issues(house)
        assert postmortem["assignee"]["email"] == "primary@example.com"
        assert [label["name"] for label in postmortem["labels"]] == ["Postmortem"]
        assert postmortem["dueDate"] == f"{clock.now() + timedelta(days=2):%Y-%m-%d}"
        assert beneath == []
        assert [a["url"] for a in house.linear.attachments.values()] == [await house.chat.link(house.rooms[0].id)]

    _play(story)


def test_it_is_assigned_to_whoever_commands_in_the_end_though_no_schedule_named_them() -> None:
    async def story(house: House, office: Office) -> None:
        await office.press("U0SECONDARY", "take_command")
        await office.quiet()
        house.rooms[0].members.add("U0BYSTANDER")
        await office.press("U0BYSTANDER", "take_command")
        await office.quiet()
        await _resolve(office, by="U0BYSTANDER")
        assert _issues(house)[0]["assignee"]["email"] == "bystander@example.com"

    _play(story)


def test_what_an_issue_lacks_stands_in_its_text_with_the_reason() -> None:
    """P-people: nobody rather than somebody else; P-loud: and it is said."""

    def strange(house: House) -> None:
        house.labels = ["Postmortem", "Invented"]
        house.linear.users.clear()

    async def story(house: House, office: Office) -> None:
        await _resolve(office)
        postmortem, _ = _issues(house)
        assert postmortem["assignee"] is None
        assert "Not assigned" in postmortem["description"]
        assert "Without the label “Invented”" in postmortem["description"]

    _play(story, before=strange)


def test_each_open_task_is_an_issue_beneath_the_postmortem_once() -> None:
    async def story(house: House, office: Office) -> None:
        await _task(office, f'"Add an alarm on queue depth" <@{LEAD}>')
        await _task(office, f'"Write to the provider" <@{IC}>')
        await office.press(IC, "task_done")  # the newest one
        await office.quiet()
        await _resolve(office)
        postmortem, beneath = _issues(house)
        assert [(task["title"], task["assignee"]["email"]) for task in beneath] == [
            ("Add an alarm on queue depth", "checkout-lead@example.com")
        ]
        assert beneath[0]["parent"]["id"] == postmortem["id"]
        assert "Write to the provider" in postmortem["description"]
        assert (await house.types()).count("TASK_FILED") == 1

    _play(story)


def test_linear_down_for_hours_delays_the_filing_and_nothing_else() -> None:
    """D9: in the end there is one postmortem with one task beneath it, and the room has its link."""

    async def story(house: House, office: Office) -> None:
        await _task(office, f'"Add an alarm" <@{LEAD}>')
        house.faults["linear"].add(Kind.ERROR)
        await _resolve(office)
        assert (await house.incident()).status is Status.RESOLVED
        await clock.sleep(5 * HOUR)
        assert not house.linear.issues
        house.faults["linear"].clear()
        lost = _lose_answers(house)
        await clock.sleep(12 * HOUR)
        await office.quiet()
        postmortem, beneath = _issues(house)
        assert [task["title"] for task in beneath] == ["Add an alarm"]
        assert any(postmortem["identifier"] in text for text in house.texts(house.rooms[0].id))
        types = await house.types()
        assert (types.count("POSTMORTEM_CREATED"), types.count("TASK_FILED")) == (1, 1)
        assert len(lost) == 2

    _play(story)


def _lose_answers(house: House) -> list[str]:
    """Linear creates, and goes down before it says so; gives the titles of what that happened to."""
    lost: list[str] = []
    create = house.linear.create_issue

    def create_and_go_down(info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  (the schema's name)
        answer = create(info, input)
        if input["title"] in lost:
            return answer
        lost.append(input["title"])
        house.faults["linear"].add(Kind.ERROR, times=5)
        raise GraphQLError("gone", extensions={"code": "INTERNAL_SERVER_ERROR", "type": "internal error"})

    house.linear.create_issue = create_and_go_down  # type: ignore[method-assign,assignment]
    return lost


def test_the_room_is_not_told_that_all_is_filed_while_a_task_is_not() -> None:
    """T4: the room is archived only after that, so nothing is left unfiled."""

    async def story(house: House, office: Office) -> None:
        await _task(office, f'"Add an alarm" <@{LEAD}>')
        create = house.linear.create_issue

        def create_no_task(info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  (the schema's name)
            if input.get("parentId"):
                raise GraphQLError("busy", extensions={"code": "INTERNAL_SERVER_ERROR", "type": "internal error"})
            return create(info, input)

        house.linear.create_issue = create_no_task  # type: ignore[method-assign,assignment]
        await _resolve(office)
        incident = await house.incident()
        assert incident.postmortem is not None
        assert "announce_postmortem" not in await house.store.steps(incident.id, "resolution")
        house.linear.create_issue = create  # type: ignore[method-assign]
        await clock.sleep(2 * HOUR)
        await office.quiet()
        assert len(_issues(house)[1]) == 1

    _play(story)


def test_a_drill_files_neither() -> None:
    """S9."""

    async def whole() -> None:
        house = House()
        async with Office(house) as office:
            await office.fire(labels={"severity": "critical", "drill": "true"})
            await office.quiet()
            await _task(office, f'"Add an alarm" <@{LEAD}>')
            await _resolve(office)
            assert house.linear.issues == {}
            assert "TASK_FILED" not in await house.types()

    run(whole())
