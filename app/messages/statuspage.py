"""The draft for customers as the room sees it."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain import ticket
from app.domain.draft import Draft, DraftState
from app.domain.incident import PublicIncident
from app.domain.promise import promised
from app.messages.message import (
    SECTION_MAX,
    Block,
    Message,
    actions,
    button,
    clip,
    context,
    cut,
    escape,
    link,
    listing,
    section,
)

_FATE = {
    DraftState.PENDING_APPROVAL: "*Draft for customers*: nothing is published until it is approved",
    DraftState.APPROVED: ":hourglass_flowing_sand: *Approved*, on its way to Statuspage",
    DraftState.PUBLISHED: ":white_check_mark: *PUBLISHED*",
    DraftState.REJECTED: ":no_entry_sign: *Rejected*; nothing was published",
    DraftState.SUPERSEDED: ":arrow_down: *Replaced* by a newer text; the buttons of this one no longer work",
    DraftState.FAILED: ":x: *Not published*: Statuspage did not take it. Approve again, or edit it first",
    DraftState.UNKNOWN: ":grey_question: *UNKNOWN*: it was sent, and Statuspage has not answered. "
    "It is being looked up; it will not be sent again",
}


def card(draft: Draft, problems: Sequence[str], *, public: PublicIncident | None, expired: bool) -> Message:
    """The draft, its fate, and, while it can be decided, the buttons. ``public``: what customers see now."""
    fate = _FATE[draft.state]
    if draft.approved_by and draft.state is DraftState.PUBLISHED:
        fate += f", approved by <@{draft.approved_by.removeprefix('slack:')}>" + (
            f" · {link(public.url, 'see it')}" if public and public.url else ""
        )
    undecided = draft.state in {DraftState.PENDING_APPROVAL, DraftState.FAILED}
    blocks: list[Block] = [
        section(fate),
        section(f">*{escape(draft.text.title)}*  ·  {_from(public) if undecided else ''}{draft.text.status}"),
        *(section(part) for part in _quoted(draft.text.body)),
        *(section(part) for part in _components(draft)),
    ]
    if promise := _promise(draft):
        blocks.append(context(promise))
    if undecided:
        if problems:
            blocks.append(
                section(listing(":warning: Cannot be approved: ", [escape(one) for one in problems], between="; "))
            )
        if expired:
            blocks.append(section(":hourglass: Too old to be approved unread: is it *Still true*? If not, *Edit* it."))
        blocks.append(_decision(draft, expired=expired))
    blocks.append(context(f"draft `{draft.id}` · sha256 `{draft.sha256[:16]}…`"))
    return Message(text=clip(f"Customer update ({draft.state}): {escape(draft.text.title)}", 300), blocks=tuple(blocks))


def _quoted(body: str) -> list[str]:
    """The whole of it, in as many sections as it takes: what is not shown cannot be approved (G2)."""
    parts = [">"]
    for character in body:
        shown = escape(character).replace("\n", "\n>")
        if len(parts[-1]) + len(shown) > SECTION_MAX:
            parts.append(">")
        parts[-1] += shown
    return parts


def _from(public: PublicIncident | None) -> str:
    """What customers see now, if this text would change it."""
    return f"{escape(public.status)} → " if public else ""


def _components(draft: Draft) -> list[str]:
    """All of them, like the words: they are part of what is approved (G2)."""
    parts: list[str] = []
    for change in draft.text.components:
        before = escape(_words(cut(change.before, 30)))
        line = f":small_blue_diamond: *{escape(change.name)}*: {before} → {change.after.words}"
        if parts and len(parts[-1]) + len(line) < SECTION_MAX:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _words(status: str) -> str:
    return status.replace("_", " ")


def _promise(draft: Draft) -> str:
    """How a "next update by …" in it is understood. A span counts from the approval."""
    said_at = draft.approved_at or draft.created_at
    at = promised(draft.text, said_at)
    if at is None:
        return ""
    if at <= said_at:
        return f":warning: It promises the next update by *{at:%H:%M} UTC*, which is past."
    soon = "" if draft.approved_at else ", if it is published at once"
    return f":alarm_clock: It promises customers the next update by *{at:%H:%M} UTC*{soon}."


def _decision(draft: Draft, *, expired: bool) -> Block:
    seen = ticket.of(draft)
    question = f"Customers will read:\n>{escape(cut(draft.text.body, 200))}"
    if expired:
        first = button("renew_statuspage", "Still true", seen)
    else:
        confirm = ("Publish to customers?", question)
        first = button("approve_statuspage", "Approve & Publish", seen, style="primary", confirm=confirm)
    return actions(
        first,
        button("edit_statuspage", "Edit", seen),
        button("reject_statuspage", "Reject", seen, style="danger"),
    )
