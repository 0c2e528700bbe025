"""The people when the trouble is over: they finish what was begun, by what their rooms show, and by nothing else."""

from __future__ import annotations

import asyncio

from app import clock
from app.domain.draft import DraftState
from app.domain.incident import Incident, Status
from app.sim import cast
from app.sim.oncall_world import iso
from app.sim.simulation.house import House
from app.sim.simulation.people import buttons
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

_ROUND_S = 240.0
_END_S = 6 * 3600.0  # virtual; then it is not quiescent
_UNDECIDED = {DraftState.PENDING_APPROVAL, DraftState.FAILED}


async def until_quiescent(house: House) -> list[str]:
    """What is still going on when time is up; empty: all is quiet."""
    for _ in range(int(_END_S / _ROUND_S)):
        await asyncio.sleep(_ROUND_S)
        if not (left := unrest(house)):
            return []
        for incident in house.incidents:
            try:
                await _tend(house, incident)
            except NotPossible as why:
                house.book.note("", "caretaker", f"{incident.id}: {why}")
    return left


def unrest(house: House) -> list[str]:
    """What has not come to its end."""
    found = [f"{queue.name} still holds {one.id} {one.lane}" for queue in house.queues for one in queue.messages]
    for incident in house.incidents:
        if incident.lease and incident.lease.until > clock.wall():
            found.append(f"{incident.id}: {incident.lease.flow} is held")
        if incident.status is Status.TRACKED:
            continue
        if incident.status is not Status.RESOLVED:
            found.append(f"{incident.id} is {incident.status}")
        elif incident.channel_id and not incident.archived_at:
            found.append(f"{incident.id}: its room is open")
    found += [f"schedule {name} stands" for name in house.timers.schedules]
    found += [
        f"alert group {group['id']} is {group['state']}, and nobody knows of it"
        for group in house.oncall.groups.values()
        if group["state"] == "firing" and ("ALERT", group["id"]) not in house.store.lookups
    ]
    return found


async def _tend(house: House, incident: Incident) -> None:
    if incident.status is Status.TRACKED or incident.archived_at or incident.channel_id is None:
        return
    room = house.slack.workspace.channels[incident.channel_id]
    people = sorted(room.members - {cast.BOT_USER_ID})  # whoever let them in, and whether or not that is on record
    if not people:
        if incident.status is not Status.RESOLVED:
            await _end_alert(house, incident)
        return
    if incident.ic not in people:
        await _press(house, people[0], room, "take_command")
        return
    if incident.status is not Status.RESOLVED:
        await house.people.command(incident.ic, room.id, "resolve now")
        return
    drafts = [one for one in await house.store.drafts(incident.id) if one.state in _UNDECIDED]
    if not drafts:
        return
    shown = buttons(room, "approve_statuspage")
    if not shown or drafts[-1].id not in shown[-1][2]:  # what is to be decided is not before anybody's eyes
        await house.people.command(incident.ic, room.id, "status draft It is over.")
        return
    # A text that cannot be published, or of an author who may not approve it, is rejected in the next round.
    tried = any(entry.detail == drafts[-1].id for entry in house.book.of("tried"))
    house.book.note("", "tried", drafts[-1].id)
    await _press(house, incident.ic, room, "reject_statuspage" if tried else "approve_statuspage")


async def _press(house: House, user: str, room: Channel, button: str) -> None:
    shown = buttons(room, button)
    if not shown:
        raise NotPossible(f"nothing shows {button}")
    ts, action_id, _ = shown[-1]
    house.book.note("", "caretaker", f"{user} presses {action_id}")
    await house.people.click(user, room.id, ts, action_id)


async def _end_alert(house: House, incident: Incident) -> None:
    """Nobody is in the room: OnCall's own people resolve its alert groups. Of what a person declared OnCall knows
    nothing: whoever hears the call for help comes."""
    if incident.declared_by:
        await _press(house, incident.declared_by, house.slack.workspace.channels[cast.FALLBACK_CHANNEL], "take_command")
        return
    for alert_group in sorted(incident.not_over):
        group = house.oncall.groups[alert_group]
        group.update(state="resolved", resolved_at=iso(clock.now()))
        await house.deliver_alert(group["id"], "resolve")
