"""What came of a POST: recorded when it answered, and found out by reading when it did not. Never a second POST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app import clock, ledger, telemetry
from app.domain.audit import AuditType, Fact
from app.domain.change import DraftWrite
from app.domain.draft import Draft, DraftState
from app.domain.incident import DELETED, Incident, PublicIncident, Status
from app.domain.people import SYSTEM
from app.domain.promise import promised
from app.errors import Retry
from app.gate.states import Move, after
from app.ledger import Decision
from app.ports import PublicPage, Store

LOOK_AGAIN_S = 10.0


@telemetry.traced("gate settle")
async def settle(store: Store, page: PublicPage, incident_id: str, draft_id: str) -> Draft | None:
    """Look on Statuspage for an UNKNOWN draft. None: there is no such draft.

    Raises ``Retry`` while it is not there and could still be on its way.
    """
    draft = await store.draft(incident_id, draft_id)
    if draft is None or draft.state is not DraftState.UNKNOWN:
        return draft
    over = clock.wall() >= (draft.claimed_until or 0.0)  # before the look: what lands after it is not missed
    public = found_on(await page.find(draft_id))
    if public is None and not over:
        raise Retry(f"draft {draft_id} is not on Statuspage yet, and may still be on its way", after=LOOK_AGAIN_S)

    def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
        current = next(known for known in drafts if known.id == draft_id)
        if current.state is not DraftState.UNKNOWN or current.claim != draft.claim:
            return None  # settled meanwhile; if it is UNKNOWN again, then by a later POST, which we did not look for
        if public is not None:
            return published(incident, current, Move.FIND, public)
        return gave_up(incident, current, Move.MISS, "Statuspage does not have it")

    await ledger.amend_drafts(store, incident_id, decide)
    return await store.draft(incident_id, draft_id)


def found_on(page_incident: dict[str, Any] | None) -> PublicIncident | None:
    if page_incident is None:
        return None
    return PublicIncident(
        id=page_incident["id"], status=page_incident["status"], url=page_incident.get("shortlink") or ""
    )


def published(incident: Incident, draft: Draft, move: Move, public: PublicIncident) -> Decision:
    done = draft.model_copy(update={"state": after(draft.state, move), "settled_at": clock.now()})
    fact = Fact(
        type=AuditType.STATUSPAGE_PUBLISHED,
        actor=draft.approved_by or SYSTEM,
        details={
            "draft_id": draft.id, "sha256": draft.sha256, "statuspage_id": public.id, "status": public.status,
            "url": public.url, "found_by_reading": move is Move.FIND,
        },
    )  # fmt: skip
    at = _promise(incident, draft)
    promise = [Fact(type=AuditType.UPDATE_PROMISED, actor=fact.actor, details={"at": at.isoformat()})] if at else []
    read = public.model_copy(update={"texts": (incident.public.texts if incident.public else 0) + 1})
    told = incident.but(public=read, last_update_at=clock.now(), promised_update_at=at)
    return Decision(told, [fact, *promise], drafts=[DraftWrite(done, was=draft.state)])


def _promise(incident: Incident, draft: Draft) -> datetime | None:
    """When customers were told that they will hear more. Whatever was promised before is kept, or overtaken, by this.

    Counted from the approval: that is when they read it, however late we learn that they did.
    """
    if incident.status is Status.RESOLVED:
        return None
    at = promised(draft.text, draft.approved_at or clock.now())
    return at if at and at > clock.now() else None


def gone(incident: Incident, public: PublicIncident, draft: Draft, why: str) -> Decision:
    """Somebody deleted ``public`` on Statuspage: customers read nothing of it. Nothing is left to close."""
    failed = gave_up(incident, draft, Move.REFUSE, why)
    details = {"statuspage_id": public.id, "was": public.status}
    fact = Fact(type=AuditType.PUBLIC_INCIDENT_GONE, actor=SYSTEM, details=details)
    closed = incident.but(public=public.model_copy(update={"status": DELETED}), promised_update_at=None)
    return replace(failed, incident=closed, facts=[*failed.facts, fact])


def gave_up(incident: Incident, draft: Draft, move: Move, why: str) -> Decision:
    """FAILED or UNKNOWN, with the reason."""
    state = after(draft.state, move)
    unknown = state is DraftState.UNKNOWN
    fact = Fact(
        type=AuditType.STATUSPAGE_PUBLISH_UNKNOWN if unknown else AuditType.STATUSPAGE_PUBLISH_FAILED,
        actor=SYSTEM,
        details={"draft_id": draft.id, "sha256": draft.sha256, "why": why},
    )
    return Decision(incident, [fact], drafts=[DraftWrite(draft.model_copy(update={"state": state}), was=draft.state)])
