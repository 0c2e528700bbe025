from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.task import read
from app.errors import Refused, VendorError
from app.flows import tasks
from app.messages import tasks as messages
from app.messages.message import Message, say
from app.ports import Chat, Store

HELP = 'what somebody should do: `task "what" @owner`; without an owner it is yours; `task` alone lists them'


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> Message:
    if not gesture.text:
        return messages.listed(incident)
    text, owner = read(gesture.text)
    if not text:
        raise Refused('Say what is to be done: `/incident-response task "roll back the release" @somebody`.')
    task = await tasks.add(store, chat, incident, text, owner or human.slack_id, human, by=gesture.key)
    return say(f"<@{task.owner}> has it.{await _absent(chat, incident, task.owner)}")


async def _absent(chat: Chat, incident: Incident, owner: str) -> str:
    """A mention in a private room reaches only who is in it."""
    try:
        here = await chat.members(incident.channel_id or "")
    except VendorError:
        return ""
    return "" if owner in here else " They are not in this room, so Slack did not tell them: invite them, or tell them."
