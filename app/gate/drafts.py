"""Texts for customers before the decision: written, edited, rejected, shown. Nothing here can publish."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.change import DraftWrite
from app.domain.draft import Draft, DraftState, PublicText, compose
from app.domain.incident import Incident
from app.domain.promise import unread
from app.domain.redaction import findings
from app.domain.ticket import Ticket
from app.errors import Refused
from app.gate.states import Move, after, open_to_decision
from app.ledger import Decision
from app.ports import Store

# "[describe impact]", "<service>", "{{eta}}", "TODO", "TBD", "XXX": a text that somebody meant to finish (G5).
_PLACEHOLDER = re.compile(
    r"\[[^\]\n]{2,300}\]|\{\{[^}\n]*\}\}|<[a-z][^>\n]{1,300}>|\b(?:TODO|TBD|XXX|FIXME)\b", re.IGNORECASE
)

_SLACK_MARKUP = re.compile(r"<[!@#][^>\n]{1,300}>")  # "<!channel>": means something in Slack alone


def problems(text: PublicText) -> list[str]:
    """Why this text cannot be approved, in words; empty when it can."""
    words = f"{text.title}\n{text.body}"
    found = [f"it still holds a placeholder: {hit[0]}" for hit in _PLACEHOLDER.finditer(words)]
    found += [f"it holds what only Slack understands: {hit[0]}" for hit in _SLACK_MARKUP.finditer(words)]
    found += [f"it holds what customers must not see: {kind}" for kind in findings(words)]
    found += unread(text)
    return list(dict.fromkeys(found))  # each once, however often it is in there


def draft_id(incident_id: str, cause: str) -> str:
    """From what caused it, so that the same gesture delivered twice is the same draft."""
    return hashlib.sha256(f"{incident_id}\x1f{cause}".encode()).hexdigest()[:20]


async def create(
    store: Store, incident_id: str, cause: str, text: PublicText, *, author: str, lasts: timedelta
) -> Draft:
    """A new draft; whatever was still undecided is superseded by it. The same cause again gives the same draft."""
    draft = compose(draft_id(incident_id, cause), incident_id, text, author=author, at=clock.now(), lasts=lasts)

    def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
        if any(known.id == draft.id for known in drafts):
            return None
        replaced = [known for known in drafts if open_to_decision(known.state)]
        return _replacing(incident, replaced, draft, actor=author)

    await ledger.amend_drafts(store, incident_id, decide)
    return await _read(store, incident_id, draft.id)


async def edit(
    store: Store, seen: Ticket, cause: str, text: PublicText, *, author: str, actor: str, lasts: timedelta
) -> Draft:
    """``seen``: the text that the editor saw. Raises ``Refused`` when that is no longer it.

    ``actor`` did it; ``author`` wrote the words, and with four eyes is not the one who approves them.
    """
    draft = compose(draft_id(seen.incident, cause), seen.incident, text, author=author, at=clock.now(), lasts=lasts)

    def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
        if any(known.id == draft.id for known in drafts):
            return None
        old = next((known for known in drafts if (known.id, known.sha256) == (seen.draft, seen.sha256)), None)
        if old is None:
            raise Refused("The text that you edited is not this incident's. Open the newest draft and edit that.")
        after(old.state, Move.EDIT)
        return _replacing(incident, [old], draft, actor=actor)

    await ledger.amend_drafts(store, seen.incident, decide)
    return await _read(store, seen.incident, draft.id)


async def reject(store: Store, incident_id: str, draft_id: str, *, actor: str) -> Draft:
    def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
        draft = next((known for known in drafts if known.id == draft_id), None)
        if draft is None:
            raise Refused("There is no such draft in this incident.")
        if draft.state is DraftState.REJECTED:
            return None
        rejected = draft.model_copy(update={"state": after(draft.state, Move.REJECT), "settled_at": clock.now()})
        fact = Fact(type=AuditType.STATUSPAGE_DRAFT_REJECTED, actor=actor, details=_named(draft))
        return Decision(incident, [fact], drafts=[DraftWrite(rejected, was=draft.state)])

    await ledger.amend_drafts(store, incident_id, decide)
    return await _read(store, incident_id, draft_id)


async def shown(store: Store, incident_id: str, draft_id: str, message_ts: str) -> Draft:
    """Record where the room sees it, so that its message can follow its fate (G9)."""

    def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
        draft = next(known for known in drafts if known.id == draft_id)
        if draft.message_ts == message_ts:
            return None
        fact = Fact(
            type=AuditType.STATUSPAGE_DRAFT_SHOWN, actor="system", details={**_named(draft), "message_ts": message_ts}
        )
        placed = draft.model_copy(update={"message_ts": message_ts})
        return Decision(incident, [fact], drafts=[DraftWrite(placed, was=draft.state)])

    await ledger.amend_drafts(store, incident_id, decide)
    return await _read(store, incident_id, draft_id)


def _replacing(incident: Incident, old: Sequence[Draft], new: Draft, *, actor: str) -> Decision:
    text, components = new.text, {one.name: one.after.value for one in new.text.components}
    said = {"title": text.title, "status": text.status.value, "body": text.body, "components": components}
    created = Fact(type=AuditType.STATUSPAGE_DRAFT_CREATED, actor=actor, details={**_named(new), **said})
    gone = [
        Fact(type=AuditType.STATUSPAGE_DRAFT_SUPERSEDED, actor=actor, details={**_named(draft), "by": new.id})
        for draft in old
    ]
    writes = [
        DraftWrite(
            draft.model_copy(update={"state": after(draft.state, Move.EDIT), "replaced_by": new.id}), was=draft.state
        )
        for draft in old
    ]
    return Decision(incident, [*gone, created], drafts=[*writes, DraftWrite(new, was=None)])


def _named(draft: Draft) -> dict[str, str]:
    return {"draft_id": draft.id, "sha256": draft.sha256}


async def _read(store: Store, incident_id: str, draft_id: str) -> Draft:
    draft = await store.draft(incident_id, draft_id)
    if draft is None:
        raise Refused("There is no such draft in this incident.")
    return draft
