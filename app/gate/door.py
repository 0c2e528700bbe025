"""The only door to customers (P-gate).

A text passes when a person who may say so approved exactly these bytes, and it passes once:

1. approval, claim and audit event are one transaction, conditional on the draft's state;
2. the draft is read back with a strongly consistent read, and must be the approved one, hash and all;
3. one POST goes out, never repeated;
4. what came of it is recorded: PUBLISHED, FAILED, or UNKNOWN, which ``gate.settle`` resolves by reading Statuspage.

No setting, flag or timeout leads around it. Who may import this module is a contract in pyproject.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app import clock, ledger, telemetry
from app.domain.audit import AuditType, Fact
from app.domain.change import DraftWrite
from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident, PublicIncident
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.errors import Refused, Retry, Unknown, VendorError, VendorRefused
from app.gate._statuspage_write import Approval, StatuspageWrite, prove
from app.gate.rules import Approvers, refusal
from app.gate.settle import found_on, gave_up, gone, published
from app.gate.states import Move, after
from app.gate.target import PublishTarget
from app.ledger import Decision
from app.ports import PublicPage, Store

CLAIM_S = 30.0  # three times the POST's deadline: after that, no POST of this claim is still on its way


@dataclass(frozen=True)
class Outcome:
    """What became of it; ``draft.state`` is PUBLISHED, FAILED or UNKNOWN. ``now``: by this very call."""

    incident: Incident
    draft: Draft
    now: bool
    why: str = ""


class Door:
    def __init__(self, store: Store, page: PublicPage, target: PublishTarget, policy: Policy) -> None:
        self._store = store
        self._page = page
        self._target = target
        self._policy = policy

    @telemetry.traced("gate publish")
    async def publish(
        self, seen: Ticket, human: Human, approvers: Approvers, *, on_its_way: Callable[[Draft], None]
    ) -> Outcome:
        """``seen`` is what the button carried: the text that this person saw.

        ``on_its_way`` is called right before the text is sent, so that the room need not wait for the answer.
        Raises ``Refused``, in words for them; the refusal is audited.
        """
        claim = clock.new_id()
        was, incident, draft = await self._approve(seen, human, approvers, claim)
        if draft.claim != claim:
            if draft.state is DraftState.APPROVED:
                raise Retry("another click is publishing this text right now")
            return Outcome(incident, draft, now=False)
        try:
            if was is DraftState.FAILED and (public := await self._already_there(draft)):
                return await self._record(draft, Move.CONFIRM, public=public)
        except VendorError as error:
            return await self._record(draft, Move.REFUSE, why=f"not sent, since {error}")
        approval = prove(
            await self._read_back(draft, claim),
            expected_sha256=seen.sha256,
            approver=human.actor,
            public_id=_to_update(incident),
        )
        if clock.wall() > (draft.claimed_until or 0.0) - CLAIM_S / 2:
            # We stood still for long; whoever took over may have settled it already. Too late to send.
            return await self._record(draft, Move.REFUSE, why="the processor was too slow to send it in time")
        on_its_way(draft)
        try:
            public = await self._post(approval)
        except Unknown as error:
            return await self._record(draft, Move.LOSE, why=error.detail)
        except VendorError as error:
            not_there = isinstance(error, VendorRefused) and error.code == "404" and _to_update(incident) is not None
            deleted = not_there and await self._page_is_there(draft)
            return await self._record(draft, Move.REFUSE, why=str(error), deleted=deleted)
        return await self._record(draft, Move.CONFIRM, public=public)

    @telemetry.traced("gate approve")
    async def _approve(
        self, seen: Ticket, human: Human, approvers: Approvers, claim: str
    ) -> tuple[DraftState | None, Incident, Draft]:
        """Approval and claim in one transaction, or a look at what an earlier click already did."""
        why_not: str | None = None
        was: DraftState | None = None

        def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
            nonlocal why_not, was
            why_not, was = None, None
            draft = _the(drafts, seen.draft)
            if draft is not None and draft.sha256 == seen.sha256:
                if draft.state in {DraftState.PUBLISHED, DraftState.UNKNOWN}:
                    return None
                if draft.state is DraftState.APPROVED:
                    return _taken_over(incident, draft)
            why_not = refusal(
                incident,
                drafts,
                seen.draft,
                seen.sha256,
                slack_id=human.slack_id,
                approvers=approvers,
                four_eyes=self._policy.four_eyes,
                now=clock.now(),
            )
            if why_not or draft is None:
                return _refused(incident, seen, human, why_not)
            was = draft.state
            return _approved(incident, draft, human, claim)

        incident = await ledger.amend_drafts(self._store, seen.incident, decide)
        if why_not:
            raise Refused(why_not)
        draft = await self._store.draft(seen.incident, seen.draft)
        if draft is None:
            raise Refused("This draft no longer exists. Write a new one with `/incident-response status draft`.")
        return was, incident, draft

    @telemetry.traced("gate read back")
    async def _read_back(self, draft: Draft, claim: str) -> Draft:
        stored = await self._store.draft(draft.incident_id, draft.id)
        if stored is None or stored.claim != claim:
            raise Retry("the approval that was just written is not what is stored; another process holds the claim")
        return stored

    @telemetry.traced("gate post")
    async def _post(self, approval: Approval) -> PublicIncident:
        """A connection of its own: publishing is rare, and nothing else may hold one."""
        target = self._target
        write = StatuspageWrite(target.api_url, target.api_key, target.page_id, transport=target.transport)
        try:
            return await write.post(approval)
        finally:
            await write.aclose()

    async def _already_there(self, draft: Draft) -> PublicIncident | None:
        """An earlier POST of this draft was given up on: look once more whether it landed after all."""
        return found_on(await self._page.find(draft.id))

    async def _page_is_there(self, draft: Draft) -> bool:
        """One that is not known answers 404, too; then customers may well read the public incident on the right one."""
        try:
            await self._page.find(draft.id)
        except VendorError:
            return False
        return True

    async def _record(
        self, draft: Draft, move: Move, *, public: PublicIncident | None = None, why: str = "", deleted: bool = False
    ) -> Outcome:
        """``deleted``: the public incident that this was to be an update of."""

        def decide(incident: Incident, drafts: Sequence[Draft]) -> Decision | None:
            current = _the(drafts, draft.id)
            if current is None or current.claim != draft.claim or current.state is not DraftState.APPROVED:
                return None  # settled meanwhile by another process, which has recorded it
            if public is not None:
                return published(incident, current, move, public)
            if deleted and incident.public:
                return gone(incident, incident.public, current, why)
            return gave_up(incident, current, move, why)

        incident = await ledger.amend_drafts(self._store, draft.incident_id, decide)
        settled = await self._store.draft(draft.incident_id, draft.id)
        return Outcome(incident, settled or draft, now=True, why=why)


def _the(drafts: Sequence[Draft], draft_id: str) -> Draft | None:
    return next((draft for draft in drafts if draft.id == draft_id), None)


def _to_update(incident: Incident) -> str | None:
    """None: this text opens a public incident, the first one or one in the place of one that was deleted."""
    return incident.public.id if incident.public and not incident.public_deleted else None


def _refused(incident: Incident, seen: Ticket, human: Human, why: str | None) -> Decision:
    details = {"draft_id": seen.draft, "sha256": seen.sha256, "why": why}
    return Decision(incident, [Fact(type=AuditType.STATUSPAGE_APPROVAL_REFUSED, actor=human.actor, details=details)])


def _approved(incident: Incident, draft: Draft, human: Human, claim: str) -> Decision:
    approved = draft.model_copy(
        update={
            "state": after(draft.state, Move.APPROVE),
            "approved_by": human.actor,
            "approved_at": clock.now(),
            "claim": claim,
            "claimed_until": clock.wall() + CLAIM_S,
        }
    )
    details = {"draft_id": draft.id, "sha256": draft.sha256, "claim": claim}
    fact = Fact(type=AuditType.STATUSPAGE_DRAFT_APPROVED, actor=human.actor, details=details)
    return Decision(incident, [fact], drafts=[DraftWrite(approved, was=draft.state)])


def _taken_over(incident: Incident, draft: Draft) -> Decision:
    """Somebody approved it and was never heard of again: their POST may have gone out, so nobody repeats it (D7)."""
    left = (draft.claimed_until or 0.0) - clock.wall()
    if left > 0:
        raise Retry("another click is publishing this text right now", after=left + 1)
    return gave_up(incident, draft, Move.LOSE, "the process that was publishing it stopped")
