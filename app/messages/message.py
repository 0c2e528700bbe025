"""A Slack message: the text (for notifications and screen readers) and the blocks.

Cut to Slack's limits and escaped here, so that no text from outside can break a message or ping a channel (T5).
Limits: https://docs.slack.dev/reference/block-kit
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

Block = dict[str, Any]

TEXT_MAX = 3900  # chat.postMessage recommends 4,000 at most
SECTION_MAX = 3000
HEADER_MAX = 150
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
BLOCKS_MAX = 50


class Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    text: str
    blocks: tuple[Block, ...] = ()


def escape(text: str) -> str:
    """For text from outside: nothing in it is markup any more."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(address: str, label: str) -> str:
    """The label is escaped here. Whatever a stranger put into the address, the link ends where it ends."""
    safe = address.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{safe}|{escape(label)}>"


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def clip(text: str, limit: int) -> str:
    """``cut`` for mrkdwn: half a link, a mention or an escaped character would be none. Lists: ``listing``."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rfind("<")]
    return re.sub(r"&[a-z]{0,3}$", "", kept).rstrip() + "…"


def listing(head: str, items: Sequence[str], *, between: str = "\n", limit: int = SECTION_MAX) -> str:
    """``head`` and as many of the items, of mrkdwn, as fit whole; the others are counted."""
    if len(whole := head + between.join(items)) <= limit:
        return whole
    more = f"{between}… and {len(items)} more"
    room = limit - len(head) - len(more)
    kept: list[str] = []
    for item in items:
        if kept and len(item) + len(between) > room:
            break
        kept.append(clip(item, room))
        room -= len(kept[-1]) + len(between)
    left = len(items) - len(kept)
    return head + between.join(kept) + (f"{between}… and {left} more" if left else "")


def say(text: str) -> Message:
    """A message of one paragraph of mrkdwn; the caller has escaped what came from outside."""
    return Message(text=clip(text, TEXT_MAX), blocks=(section(text),))


def section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": clip(text, SECTION_MAX)}}


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, HEADER_MAX), "emoji": True}}


def context(*texts: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": clip(text, SECTION_MAX)} for text in texts[:10]],
    }


def button(
    action_id: str, text: str, value: str, *, style: str | None = None, confirm: tuple[str, str] | None = None
) -> Block:
    """``confirm``: title and question of the dialog that asks once more."""
    if len(value) > BUTTON_VALUE_MAX:
        raise ValueError(f"a button's value holds {BUTTON_VALUE_MAX} characters, not {len(value)}")
    block: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": cut(text, BUTTON_TEXT_MAX), "emoji": True},
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        title, question = confirm
        block["confirm"] = {
            "title": {"type": "plain_text", "text": cut(title, 100)},
            "text": {"type": "mrkdwn", "text": clip(question, 300)},
            "confirm": {"type": "plain_text", "text": "Yes"},
            "deny": {"type": "plain_text", "text": "Not yet"},
        }
    return block


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons[:25])}
