"""The modal that edits a draft for customers. Limits: https://docs.slack.dev/reference/views"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain import ticket
from app.domain.component import Component, ComponentStatus
from app.domain.draft import BODY_MAX, Draft, PublicStatus
from app.messages.message import Block, context, cut, escape

MODAL = "edited_statuspage"  # callback_id: the file in actions/ that takes the submission
OPTIONS_MAX = 100  # of one list
_OPTION_MAX = 75


def editor(draft: Draft, components: Sequence[Component], unread: str = "") -> dict[str, Any]:
    """``unread``: why the page's components are not known; then those of the text stay as they are."""
    states = [_option(status.value.capitalize(), status.value) for status in PublicStatus]
    chosen = next(option for option in states if option["value"] == draft.text.status.value)
    return {
        "type": "modal",
        "callback_id": MODAL,
        "private_metadata": ticket.of(draft),
        "title": {"type": "plain_text", "text": "Edit the update"},
        "submit": {"type": "plain_text", "text": "Save as new draft"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            _input("title", "Title", {
                "type": "plain_text_input", "max_length": 255, "initial_value": draft.text.title,
            }),
            _input("status", "Status", {"type": "static_select", "options": states, "initial_option": chosen}),
            _input("body", "What customers read", {
                "type": "plain_text_input", "max_length": BODY_MAX, "initial_value": draft.text.body, "multiline": True,
            }),
            *_lists(draft, components[:OPTIONS_MAX]),
            *_remarks(draft, components, unread),
        ],
    }  # fmt: skip


def _lists(draft: Draft, components: Sequence[Component]) -> list[Block]:
    """One list for each status that a component can be set to: any mapping fits, however many there are."""
    if not components:
        return []
    options = {one.id: _option(one.name, one.id) for one in components}
    blocks = []
    for status in ComponentStatus:
        chosen = [options[one.id] for one in draft.text.components if one.after is status and one.id in options]
        element: Block = {"type": "multi_static_select", "options": list(options.values())}
        if chosen:
            element["initial_options"] = chosen
        blocks.append(_input(status.value, f"Set to {status.words}", element) | {"optional": True})
    return blocks


def _remarks(draft: Draft, components: Sequence[Component], unread: str) -> list[Block]:
    if unread:
        held = ", ".join(one.name for one in draft.text.components) or "none"
        why = f"The page's components could not be read: {unread}. Those of this text stay: {held}."
        return [context(f":warning: {escape(why)}")]
    if len(components) > OPTIONS_MAX:
        return [context(f"The first {OPTIONS_MAX} of {len(components)} components. Any: `status draft --component`.")]
    return []


def _option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": cut(text, _OPTION_MAX)}, "value": value}


def _input(name: str, label: str, element: Block) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }
