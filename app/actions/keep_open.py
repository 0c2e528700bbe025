from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.schedule import schedule_name
from app.flows import command, ending
from app.messages import alerts
from app.messages.message import Message, say
from app.ports import Chat, Store, Timers


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, timers: Timers) -> Message:
    """Its last alert has ended, and it goes on all the same."""
    incident = await ledger.load(store, gesture.value)
    await command.demand(store, incident, human, "decide whether it is over")
    await ending.keep_open(store, incident, human)
    await timers.remove(schedule_name("auto-resolve", incident.id))
    if gesture.channel_id and gesture.message_ts:
        words = f"<@{human.slack_id}> keeps it open: it does not resolve by itself."
        await chat.update(gesture.channel_id, gesture.message_ts, alerts.answered(words))
    return say("It stays open. `/incident-response resolve` when it is over.")
