from __future__ import annotations

from app import ledger
from app.domain.audit import AuditType, Fact
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.ticket import Rating
from app.ledger import Decision
from app.messages.message import Message, say
from app.ports import Store


async def handle(gesture: Gesture, human: Human, store: Store) -> Message:
    given = Rating.read(gesture.value)

    def decide(incident: Incident) -> Decision | None:
        if incident.ratings.get(human.slack_id) == given.stars:
            return None
        rated = incident.but(ratings={**incident.ratings, human.slack_id: given.stars})
        details = {"stars": given.stars}
        return Decision(rated, [Fact(type=AuditType.RATING_GIVEN, actor=human.actor, details=details)])

    await ledger.amend(store, given.incident, decide)
    return say(f"{'★' * given.stars} Thank you. Press another one if you change your mind.")
