"""The draft for customers as the room sees it, and the modal that edits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain import ticket
from app.domain.draft import BODY_MAX, Draft, DraftState, PublicStatus
from app.messages.message import SECTION_MAX, Block, Message, actions, button, context, cut, escape, link, section

MODAL = "edited_statuspage"  # callback_id: the file in actions/ that takes the submission

_FATE = {
    DraftState.PENDING_APPROVAL: "*Draft for customers*: nothing is published until the incident commander approves it",
    DraftState.APPROVED: ":hourglass_flowing_sand: *Approved*, on its way to Statuspage",
    DraftState.PUBLISHED: ":white_check_mark: *PUBLISHED*",
    DraftState.REJECTED: ":no_entry_sign: *Rejected*; nothing was published",
    DraftState.SUPERSEDED: ":arrow_down: *Replaced* by a newer text; the buttons of this one no longer work",
    DraftState.FAILED: ":x: *Not published*: Statuspage did not take it. Approve again, or edit it first",
    DraftState.UNKNOWN: ":grey_question: *UNKNOWN*: it was sent, and Statuspage has not answered. "
    "It is being looked up; it will not be sent again",
}


def card(draft: Draft, problems: Sequence[str], url: str = "") -> Message:
    """The draft, its fate, and, while it can be decided, the buttons."""
    fate = _FATE[draft.state]
    if draft.approved_by and draft.state is DraftState.PUBLISHED:
        fate += f", approved by <@{draft.approved_by.removeprefix('slack:')}>" + (
            f" · {link(url, 'see it')}" if url else ""
        )
    blocks: list[Block] = [
        section(fate),
        section(f">*{escape(draft.text.title)}*  ·  {draft.text.status}"),
        *(section(part) for part in _quoted(draft.text.body)),
    ]
    if draft.state in {DraftState.PENDING_APPROVAL, DraftState.FAILED}:
        if problems:
            blocks.append(section(":warning: Cannot be approved: " + escape("; ".join(problems))))
        blocks.append(_decision(draft))
    blocks.append(context(f"draft `{draft.id}` · sha256 `{draft.sha256[:16]}…`"))
    return Message(text=cut(f"Customer update ({draft.state}): {escape(draft.text.title)}", 300), blocks=tuple(blocks))


def _quoted(body: str) -> list[str]:
    """The whole of it, in as many sections as it takes: what is not shown cannot be approved (G2)."""
    parts = [">"]
    for character in body:
        shown = escape(character).replace("\n", "\n>")
        if len(parts[-1]) + len(shown) > SECTION_MAX:
            parts.append(">")
        parts[-1] += shown
    return parts


def _decision(draft: Draft) -> Block:
    seen = ticket.of(draft)
    question = f"Customers will read:\n>{escape(cut(draft.text.body, 200))}"
    return actions(
        button(
            "approve_statuspage",
            "Approve & Publish",
            seen,
            style="primary",
            confirm=("Publish to customers?", question),
        ),
        button("edit_statuspage", "Edit", seen),
        button("reject_statuspage", "Reject", seen, style="danger"),
    )


def editor(draft: Draft) -> dict[str, Any]:
    """The modal. Limits: https://docs.slack.dev/reference/views"""
    states = [{"text": {"type": "plain_text", "text": s.value.capitalize()}, "value": s.value} for s in PublicStatus]
    chosen = next(option for option in states if option["value"] == draft.text.status.value)
    return {
        "type": "modal",
        "callback_id": MODAL,
        "private_metadata": ticket.of(draft),
        "title": {"type": "plain_text", "text": "Edit the update"},
        "submit": {"type": "plain_text", "text": "Save as new draft"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            _input("title", "Title", {"max_length": 255, "initial_value": draft.text.title}),
            {
                "type": "input",
                "block_id": "status",
                "label": {"type": "plain_text", "text": "Status"},
                "element": {
                    "type": "static_select", "action_id": "status", "options": states, "initial_option": chosen,
                },
            },
            _input("body", "What customers read", {
                "max_length": BODY_MAX, "initial_value": draft.text.body, "multiline": True,
            }),
        ],
    }  # fmt: skip


def _input(name: str, label: str, element: dict[str, Any]) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "plain_text_input", "action_id": name, **element},
    }
