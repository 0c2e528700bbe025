from __future__ import annotations

from app.domain import named
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.errors import Refused
from app.flows import guests
from app.messages.message import Message
from app.messages.people import invited
from app.ports import Chat, Directory, OnCallSchedule, Store

HELP = (
    '`invite @somebody`, an e-mail address, or a team ("Team A"): who is on call for it, and its group in the directory'
)


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident,
    store: Store,
    chat: Chat,
    schedule: OnCallSchedule,
    directory: Directory,
) -> Message:
    if not gesture.text:
        raise Refused("Whom? `/incident-response invite @somebody someone@example.com team-name`, one or several.")
    asked = await guests.find(named.read(gesture.text), schedule, directory, chat)
    outcome = await guests.bring_in(store, chat, incident, asked, human)
    return invited(outcome.came, outcome.already, outcome.failed)
