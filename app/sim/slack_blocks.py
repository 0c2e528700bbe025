"""Slack's rules for messages and modals. Pure. https://docs.slack.dev/reference/block-kit

A ``Check`` gives a complaint per fault, in Slack's form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any, str], Iterator[str]]

MESSAGE_BLOCKS_MAX = 50
MODAL_BLOCKS_MAX = 100


def _complaint(what: str, where: str) -> str:
    return f"[ERROR] {what} [json-pointer:{where}]"


# ---------------------------------------------------------------- the parts that shapes are made of


def string(limit: int, *, least: int = 1) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _complaint("must be a string", where)
        elif len(value) > limit:
            yield _complaint(f"must be less than {limit + 1} characters", where)
        elif len(value) < least:
            yield _complaint(f"must be more than {least - 1} characters", where)

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if value not in allowed:
            yield _complaint(f"must be one of {', '.join(allowed)}", where)

    return check


def flag(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _complaint("must be a boolean", where)


def number(least: int, most: int) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield _complaint("must be an integer", where)
        elif not least <= value <= most:
            yield _complaint(f"must be {least} to {most}", where)

    return check


def many(limit: int, of: Check, *, least: int = 1) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _complaint("must be an array", where)
            return
        if not least <= len(value) <= limit:
            yield _complaint(f"must hold {least} to {limit} items, holds {len(value)}", where)
        for index, item in enumerate(value):
            yield from of(item, f"{where}/{index}")

    return check


def shape(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    known = required | (optional or {})

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _complaint("must be an object", where)
            return
        for name in required.keys() - value.keys():
            yield _complaint(f"missing required field: {name}", where)
        for name, item in value.items():
            if name == "type":
                continue
            if name in known:
                yield from known[name](item, f"{where}/{name}")
            else:
                yield _complaint(f"invalid additional property: {name}", where)

    return check


def typed(**shapes: Check) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind in shapes:
            yield from shapes[kind](value, where)
        else:
            yield _complaint(f"unsupported type: {kind}", where)

    return check


def plain(limit: int) -> Check:
    return typed(plain_text=shape({"text": string(limit)}, {"emoji": flag}))


def text(limit: int) -> Check:
    return typed(
        plain_text=shape({"text": string(limit)}, {"emoji": flag}),
        mrkdwn=shape({"text": string(limit)}, {"verbatim": flag}),
    )


# ---------------------------------------------------------------- Block Kit

_ID = {"block_id": string(255)}
_CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
_OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
_ACTION = {"action_id": string(255), "confirm": _CONFIRM, "focus_on_load": flag}
_BUTTON = shape(
    {"text": plain(75)},
    {
        **_ACTION,
        "value": string(2000),
        "url": string(3000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
    },
)
_SELECT = shape({"options": many(100, _OPTION)}, {**_ACTION, "placeholder": plain(150), "initial_option": _OPTION})
_MULTI_SELECT = shape(
    {"options": many(100, _OPTION)},
    {**_ACTION, "placeholder": plain(150), "initial_options": many(100, _OPTION), "max_selected_items": number(1, 100)},
)
_RADIO = shape({"options": many(10, _OPTION)}, {**_ACTION, "initial_option": _OPTION})
_OVERFLOW = shape({"options": many(5, _OPTION, least=2)}, _ACTION)
_INPUT_TEXT = shape(
    {},
    {
        "action_id": string(255),
        "placeholder": plain(150),
        "initial_value": string(3000),
        "multiline": flag,
        "min_length": number(0, 3000),
        "max_length": number(1, 3000),
        "focus_on_load": flag,
    },
)
_IMAGE = shape({"image_url": string(3000), "alt_text": string(2000)})
_PRESSED = {"button": _BUTTON, "static_select": _SELECT, "radio_buttons": _RADIO, "overflow": _OVERFLOW}
_FILLED = {
    "plain_text_input": _INPUT_TEXT,
    "static_select": _SELECT,
    "multi_static_select": _MULTI_SELECT,
    "radio_buttons": _RADIO,
}
_LITTLE = {
    "plain_text": shape({"text": string(3000)}, {"emoji": flag}),
    "mrkdwn": shape({"text": string(3000)}, {"verbatim": flag}),
    "image": _IMAGE,
}


def _section(value: Any, where: str) -> Iterator[str]:
    fields = {"text": text(3000), "fields": many(10, text(2000)), "accessory": typed(**_PRESSED, image=_IMAGE)}
    yield from shape({}, {**_ID, **fields, "expand": flag})(value, where)
    if not {"text", "fields"} & value.keys():
        yield _complaint("must have text or fields", where)


BLOCK = typed(
    header=shape({"text": plain(150)}, _ID),
    section=_section,
    divider=shape({}, _ID),
    context=shape({"elements": many(10, typed(**_LITTLE))}, _ID),
    actions=shape({"elements": many(25, typed(**_PRESSED))}, _ID),
    image=shape({"image_url": string(3000), "alt_text": string(2000)}, {**_ID, "title": plain(2000)}),
    input=shape(
        {"label": plain(2000), "element": typed(**_FILLED)},
        {**_ID, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
)
_MODAL = typed(
    modal=shape(
        {"title": plain(24), "blocks": many(MODAL_BLOCKS_MAX, BLOCK)},
        {
            "submit": plain(24),
            "close": plain(24),
            "private_metadata": string(3000, least=0),
            "callback_id": string(255),
            "external_id": string(255),
            "notify_on_close": flag,
            "clear_on_close": flag,
        },
    )
)


def block_complaints(blocks: Any) -> list[str]:
    """Of a message's blocks; an empty list of blocks is a message without any."""
    if blocks == []:
        return []
    return [*many(MESSAGE_BLOCKS_MAX, BLOCK)(blocks, "/blocks"), *_repeated(blocks)]


def view_complaints(view: Any) -> list[str]:
    complaints = list(_MODAL(view, "/view"))
    if complaints:
        return complaints
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        complaints.append(_complaint("missing required field: submit", "/view"))
    return complaints + _repeated(view["blocks"])


def elements(block: Json) -> list[Json]:
    """What can be pressed or filled in inside a block."""
    found = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    return [one for one in found if isinstance(one, dict) and one.get("type") in {*_PRESSED, *_FILLED}]


def _repeated(blocks: Any) -> list[str]:
    """Ids are unique: a block's in the message, an action's in its block."""
    good = [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    used = Counter(block["block_id"] for block in good if "block_id" in block)
    complaints = [_complaint(f"block_id {one} is used twice", "/blocks") for one, count in used.items() if count > 1]
    for index, block in enumerate(good):
        actions = Counter(one["action_id"] for one in elements(block) if "action_id" in one)
        where = f"/blocks/{index}"
        complaints += [_complaint(f"action_id {one} is used twice", where) for one, n in actions.items() if n > 1]
    return complaints
