from __future__ import annotations

from app.domain.incident import Incident
from app.domain.policy import Policy
from app.flows import brief
from app.messages.message import Message
from app.ports import Store

HELP = "where this incident stands, in a dozen lines: what a new commander is given"


async def handle(incident: Incident, store: Store, policy: Policy) -> Message:
    return await brief.capsule(store, incident, policy)
