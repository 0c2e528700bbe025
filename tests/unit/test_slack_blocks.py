"""Slack's documented limits, each at its edge: one more is one too many. https://docs.slack.dev/reference/block-kit"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.sim.slack_blocks import block_complaints, view_complaints

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Press"), **more}


def confirm(**more: Any) -> Json:
    words = {name: plain("x") for name in ("title", "text", "confirm", "deny")}
    return button(confirm={**words, **more})


def option(**more: Any) -> Json:
    return {"text": plain("One"), "value": "1", **more}


def pressed(element: Json) -> list[Json]:
    return [{"type": "actions", "elements": [element]}]


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


MESSAGES: list[tuple[str, int, Callable[[int], list[Json]]]] = [
    ("blocks", 50, lambda n: [section()] * n),
    ("block_id", 255, lambda n: [section(block_id="x" * n)]),
    ("action_id", 255, lambda n: pressed(button(action_id="x" * n))),
    ("section text", 3000, lambda n: [section("x" * n)]),
    ("fields", 10, lambda n: [{"type": "section", "fields": [plain("x")] * n}]),
    ("field", 2000, lambda n: [{"type": "section", "fields": [plain("x" * n)]}]),
    ("header", 150, lambda n: [{"type": "header", "text": plain("x" * n)}]),
    ("context", 10, lambda n: [{"type": "context", "elements": [plain("x")] * n}]),
    ("actions", 25, lambda n: [{"type": "actions", "elements": [button()] * n}]),
    ("button text", 75, lambda n: pressed(button(text=plain("x" * n)))),
    ("button value", 2000, lambda n: pressed(button(value="x" * n))),
    ("button url", 3000, lambda n: pressed(button(url="x" * n))),
    ("button label", 75, lambda n: pressed(button(accessibility_label="x" * n))),
    ("confirm title", 100, lambda n: pressed(confirm(title=plain("x" * n)))),
    ("confirm text", 300, lambda n: pressed(confirm(text=plain("x" * n)))),
    ("confirm yes", 30, lambda n: pressed(confirm(confirm=plain("x" * n)))),
    ("confirm no", 30, lambda n: pressed(confirm(deny=plain("x" * n)))),
    ("select", 100, lambda n: pressed({"type": "static_select", "options": [option()] * n})),
    ("option text", 75, lambda n: pressed({"type": "static_select", "options": [option(text=plain("x" * n))]})),
    ("option value", 150, lambda n: pressed({"type": "static_select", "options": [option(value="x" * n)]})),
    ("option hint", 75, lambda n: pressed({"type": "static_select", "options": [option(description=plain("x" * n))]})),
    ("overflow", 5, lambda n: pressed({"type": "overflow", "options": [option()] * n})),
    ("radio", 10, lambda n: pressed({"type": "radio_buttons", "options": [option()] * n})),
    ("alt text", 2000, lambda n: [{"type": "image", "image_url": "https://x.example", "alt_text": "x" * n}]),
    ("image url", 3000, lambda n: [{"type": "image", "image_url": "x" * n, "alt_text": "x"}]),
    ("image title", 2000, lambda n: [{"type": "image", "image_url": "x", "alt_text": "x", "title": plain("x" * n)}]),
]


@pytest.mark.parametrize(("what", "limit", "blocks"), MESSAGES, ids=[what for what, _, _ in MESSAGES])
def test_a_message_has_its_limits(what: str, limit: int, blocks: Callable[[int], list[Json]]) -> None:
    """T5"""
    assert block_complaints(blocks(limit)) == []
    assert block_complaints(blocks(limit + 1)) != []


def modal(element: Json | None = None, *, field: Json | None = None, **more: Any) -> Json:
    inner = element or {"type": "plain_text_input", "action_id": "body"}
    block = {"type": "input", "label": plain("Text"), "element": inner, **(field or {})}
    return {"type": "modal", "title": plain("Edit"), "submit": plain("Save"), "blocks": [block], **more}


def typed(**more: Any) -> Json:
    return modal({"type": "plain_text_input", "action_id": "body", **more})


MODALS: list[tuple[str, int, Callable[[int], Json]]] = [
    ("blocks", 100, lambda n: modal(blocks=[section()] * n)),
    ("title", 24, lambda n: modal(title=plain("x" * n))),
    ("submit", 24, lambda n: modal(submit=plain("x" * n))),
    ("close", 24, lambda n: modal(close=plain("x" * n))),
    ("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    ("external_id", 255, lambda n: modal(external_id="x" * n)),
    ("label", 2000, lambda n: modal(field={"label": plain("x" * n)})),
    ("hint", 2000, lambda n: modal(field={"hint": plain("x" * n)})),
    ("max_length", 3000, lambda n: typed(max_length=n)),
    ("min_length", 3000, lambda n: typed(min_length=n)),
    ("initial_value", 3000, lambda n: typed(initial_value="x" * n)),
    ("placeholder", 150, lambda n: typed(placeholder=plain("x" * n))),
]


@pytest.mark.parametrize(("what", "limit", "view"), MODALS, ids=[what for what, _, _ in MODALS])
def test_a_form_has_its_limits(what: str, limit: int, view: Callable[[int], Json]) -> None:
    """T5"""
    assert view_complaints(view(limit)) == []
    assert view_complaints(view(limit + 1)) != []


@pytest.mark.parametrize(
    "blocks",
    [
        [section("")],
        pressed({"type": "overflow", "options": [option()]}),
        pressed(button(style="default")),
        [section(color="red")],
        [{"type": "marquee", "text": plain("x")}],
        [section(block_id="same"), section(block_id="same")],
        [{"type": "actions", "elements": [button(action_id="same"), button(action_id="same")]}],
    ],
    ids=["empty text", "one-entry overflow", "unknown style", "unknown field", "unknown block", "block twice", "twice"],
)
def test_a_message_that_slack_does_not_understand_is_refused(blocks: list[Json]) -> None:
    assert block_complaints(blocks) != []
