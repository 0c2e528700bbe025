"""Never two who command, and never nobody without an alarm: random histories, and trails that break the rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app import clock
from app.domain.audit import AuditType, Fact, chain
from app.sim import cast
from app.sim.simulation.chance import Chance, stream
from app.sim.simulation.check_command import problems
from app.sim.slack_people import NotPossible
from app.sim.virtual_time import run
from tests.factories import AT
from tests.house import House
from tests.lives import Life
from tests.office import Office

PEOPLE = ("U0PRIMARY", "U0SECONDARY", "U0LEAD", "U0ENGINEER")
PATIENCE = timedelta(minutes=12)  # five by the policy, a minute's rounding, and processors that die
_T = AuditType


@pytest.mark.parametrize("seed", range(12))
def test_a_random_history_of_claims_handoffs_departures_and_crashes(seed: int) -> None:
    """D11, P-once: from the trail alone; and when all is over no timer is left (S10)."""
    dice = stream(seed, "command")
    lives = [Life(last=dice.randint(40, 900)) for _ in range(dice.randint(0, 8))]

    async def story() -> None:
        house = House(archive_delay=timedelta(hours=1))
        async with Office(house, lives) as office:
            await office.fire()
            await office.until(lambda: office.shows("take_command"))
            for _ in range(25):
                try:
                    await _act(house, office, dice)
                except NotPossible:
                    continue  # who left can do nothing here
                await clock.sleep(dice.choice((1, 5, 30, 100, 240)))
            await _end(house, office)
            trail = await house.trail()
            assert list(problems(trail, PATIENCE)) == []
            assert office.unanswered() == []
            assert not [name for name in house.timers.schedules if "attendance" in name]

    run(story())


async def _act(house: House, office: Office, dice: Chance) -> None:
    who, other, room = dice.choice(PEOPLE), dice.choice(PEOPLE), house.rooms[-1]
    match dice.choice(
        ("take", "take", "offer", "offer", "accept", "accept", "decline", "deputy", "leave", "leave", "back")
    ):
        case "take":
            await office.press(who, "take_command")
        case "offer":
            await office.command((await house.incident()).ic or who, f"handoff <@{other}>")
        case "deputy":
            await office.command(who, f"role deputy <@{other}>")
        case "leave":
            office.people.leave(who, room.id)
        case "back":
            office.people.add(min(room.members - {cast.BOT_USER_ID}, default=""), room.id, who)
        case answer:
            offer = (await house.incident()).handoff
            direct = house.slack.workspace.direct(offer.to if offer else who)
            shown = [post for post in direct.posts if f"{answer}_handoff" in str(post.blocks)]
            if shown:
                await office.people.click(direct.with_user or "", direct.id, shown[-1].ts, f"{answer}_handoff")


async def _end(house: House, office: Office) -> None:
    """Somebody comes back, takes command, and says that it is over."""
    room = house.rooms[-1]
    room.members.add(PEOPLE[0])
    await office.press(PEOPLE[0], "take_command")
    await clock.sleep(120)
    await office.command(PEOPLE[0], "resolve")
    await clock.sleep(900)
    await office.quiet()


def _assigned(to: str, before: str | None, actor: str = "system") -> Fact:
    return Fact(type=_T.IC_ASSIGNED, actor=actor, details={"ic": to, "before": before, "why": "x"})


def _vacant(before: str) -> Fact:
    return Fact(type=_T.COMMAND_VACANT, actor="system", details={"before": before, "why": "left the room"})


OFFERED = Fact(type=_T.HANDOFF_OFFERED, actor="slack:U1", details={"id": "h", "to": "U2"})
STANDS = Fact(type=_T.WAR_ROOM_ASSEMBLED, actor="system", details={"missing": []})
LATER = Fact(type=_T.NUDGE_SENT, actor="system")


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ([_assigned("U1", None), _assigned("U2", None)], "and U1 had it"),
        ([_assigned("U1", None), _vacant("U2")], "and U1 had it"),
        ([_assigned("U2", None), OFFERED], "offers a command that U2 had"),
        (
            [_assigned("U1", None), OFFERED, Fact(type=_T.HANDOFF_ACCEPTED, actor="slack:U3", details={"id": "h"})],
            "accepts what was not offered to them",
        ),
        ([_assigned("U1", None, "slack:U1"), STANDS, _vacant("U1"), LATER], "and nobody was told"),
        ([_assigned("U1", None), STANDS, LATER], "and nobody was told"),
    ],
)
def test_a_trail_that_breaks_the_rule_is_seen(facts: Sequence[Fact], what: str) -> None:
    trail = [
        event.model_copy(update={"at": AT + timedelta(minutes=10 * number)})
        for number, event in enumerate(chain("i", 0, "", facts, AT))
    ]
    assert any(what in problem for problem in problems(trail, timedelta(minutes=5)))
