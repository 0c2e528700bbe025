from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import nudges, timeline
from app.ports import Chat, Classifier, Store, Timers


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident,
    store: Store,
    chat: Chat,
    timers: Timers,
    policy: Policy,
    classifier: Classifier,
) -> None:
    """What the commander tells the room may be an update; in any case it shows that they are there. Other words for
    what is on the timeline stand there beside the first ones."""
    if gesture.edited:
        await timeline.correct(store, chat, incident, human, gesture.message_ts or "", gesture.text)
        return
    if human.slack_id != incident.ic or not incident.open:
        return
    words = gesture.words[: timeline.TEXT_MAX]
    if gesture.message_ts and await classifier.is_update(words):
        await timeline.update(store, timers, policy, incident, human, words, gesture.message_ts, how="message")
    await nudges.answered(store, incident, human)
