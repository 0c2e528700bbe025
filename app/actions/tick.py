from __future__ import annotations

from app import ledger
from app.domain.audit import AuditType, Fact
from app.domain.checklist import JUDGED
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.ticket import Tick
from app.errors import Refused
from app.flows import checklist
from app.ledger import Decision
from app.messages.message import Message, say
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    """Of the items that are judgement: facts tick themselves, and nobody can say of them what is not so."""
    pressed = Tick.read(gesture.value)
    item = JUDGED.get(pressed.item)
    if item is None:
        raise Refused("The checklist has no such item any more. `/incident-response checklist` shows what it has.")

    def decide(incident: Incident) -> Decision | None:
        if pressed.item in incident.ticks:
            return None
        fact = Fact(type=AuditType.CHECKLIST_TICKED, actor=human.actor, details={"item": pressed.item})
        return Decision(incident.but(ticks={**incident.ticks, pressed.item: human.slack_id}), [fact])

    incident = await ledger.amend(store, pressed.incident, decide)
    await checklist.refresh(store, chat, pressed.incident)
    return say(f":white_check_mark: {item.what}: ticked by <@{incident.ticks[pressed.item]}>.")
