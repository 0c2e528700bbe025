from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.ticket import Ending
from app.flows import command, ending
from app.messages import alerts
from app.messages.message import Message, say
from app.ports import Chat, Store, Timers


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, timers: Timers) -> Message:
    """Its last alert has ended, and it goes on all the same."""
    asked = Ending.read(gesture.value)
    incident = await ledger.load(store, asked.incident)
    await command.demand(store, incident, human, "decide whether it is over")
    await ending.keep_open(store, timers, asked, human)
    if gesture.channel_id and gesture.message_ts:
        words = f"<@{human.slack_id}> keeps it open: it does not resolve by itself."
        await chat.update(gesture.channel_id, gesture.message_ts, alerts.answered(words))
    return say("It stays open. `/incident-response resolve` when it is over.")
