from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.ticket import TaskTicket
from app.flows import tasks
from app.messages.message import Message, say
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    pressed = TaskTicket.read(gesture.value)
    task = await tasks.done(store, chat, pressed.incident, pressed.task, human)
    return say("Done." if task.done_by == human.slack_id else f"<@{task.done_by}> was first: it is done.")
