"""Slack's raw payload: what a person did comes out as they did it, and anything else is parked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.gesture import EVENTS, Gesture, Unheeded, parse
from app.domain.people import Human
from app.errors import Park
from app.messages.message import escape
from app.signature import sign_slack, verify_slack
from tests import factories

_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
_id = st.from_regex(r"[A-Z][A-Z0-9]{8,10}", fullmatch=True)
_ts = st.from_regex(r"[0-9]{10}\.[0-9]{6}", fullmatch=True)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _interactive(payload: object) -> str:
    return urlencode({"payload": json.dumps(payload)})


def _button() -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U0PRIMARY", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "channel": {"id": "C0ROOM"},
        "container": {"message_ts": "1.1", "channel_id": "C0ROOM"},
        "message": {"ts": "1.1"},
        "trigger_id": "1.2.4",
        "response_url": "https://hooks.slack.example/1",
        "actions": [{"action_id": "rate:3", "block_id": "b1", "action_ts": "1.5", "value": "v"}],
    }


def _modal() -> dict[str, Any]:
    values = {
        "body": {"body": {"type": "plain_text_input", "value": "words"}},
        "status": {"status": {"type": "static_select", "selected_option": {"value": "resolved"}}},
    }
    return {
        "type": "view_submission",
        "user": {"id": "U0PRIMARY", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "view": {
            "id": "V1", "hash": "h1", "callback_id": "edited_statuspage", "private_metadata": "{}",
            "state": {"values": values},
        },
    }  # fmt: skip


# ---------------------------------------------------------------- what a person did


@given(user=_id, channel=_id, words=_words)
def test_a_command_keeps_its_words(user: str, channel: str, words: str) -> None:
    typed = escape(f"checklist {words}")  # Slack escapes what was typed, as we escape what we post
    raw = urlencode({"text": typed, "user_id": user, "channel_id": channel, "trigger_id": "1.2.3"})
    found = parse(raw)
    assert (found.form, found.name, found.text) == ("command", "checklist", words.strip())
    assert (found.user_id, found.channel_id, found.raw) == (user, channel, raw)


@pytest.mark.parametrize(
    ("typed", "name", "text"),
    [
        ("", "help", ""),
        ("  STATUS  ", "status", ""),
        ("status draft", "status_draft", ""),
        ("status  draft  we are on it", "status_draft", "we are on it"),
        ("status drafty", "status", "drafty"),
        ("status draft Q&amp;A is down, &lt;b&gt; too", "status_draft", "Q&A is down, <b> too"),
        ("status draft we type &amp;amp; ourselves", "status_draft", "we type &amp; ourselves"),
    ],
)
def test_a_command_has_its_name(typed: str, name: str, text: str) -> None:
    found = parse(urlencode({"text": typed, "user_id": "U1", "channel_id": "C1"}))
    assert (found.name, found.text) == (name, text)


@given(user=_id, channel=_id, value=_words, action_ts=_ts)
def test_a_button_carries_what_it_was_given(user: str, channel: str, value: str, action_ts: str) -> None:
    """G2: the value that comes back is the one that was put into the button."""
    action = {"action_id": "approve_statuspage", "block_id": "b", "action_ts": action_ts, "value": value}
    payload = {**_button(), "user": {"id": user}, "channel": {"id": channel}, "actions": [action]}
    found = parse(_interactive(payload))
    assert (found.form, found.name, found.value) == ("action", "approve_statuspage", value)
    assert (found.user_id, found.channel_id, found.message_ts) == (user, channel, "1.1")


@given(title=_words, body=_words, metadata=_words)
def test_a_form_carries_what_was_typed(title: str, body: str, metadata: str) -> None:
    payload = _modal()
    payload["view"]["private_metadata"] = metadata
    payload["view"]["state"]["values"] |= {
        "title": {"title": {"type": "plain_text_input", "value": title}},
        "body": {"body": {"type": "plain_text_input", "value": body}},
    }
    found = parse(_interactive(payload))
    assert (found.form, found.name, found.value) == ("modal", "edited_statuspage", metadata)
    assert found.fields == {"title": title, "body": body, "status": "resolved"}


def test_half_a_character_does_not_cost_the_words() -> None:
    """L7: a phone may cut an emoji in two."""
    payload = _modal()
    payload["view"]["state"]["values"]["body"]["body"]["value"] = "We look \ud83d"
    assert parse(_interactive(payload)).fields["body"] == "We look \ufffd"
    event = {"type": "message", "user": "U1", "channel": "C1", "text": "rolled back \ude00", "ts": "1.2"}
    said = {"type": "event_callback", "event_id": "E1", "event": event}
    assert parse(json.dumps(said)).text == "rolled back \ufffd"


# ---------------------------------------------------------------- anything else


def _read(raw: str) -> Gesture | None:
    """None: parked, with a reason that can be written down. A gesture can be written down as well."""
    try:
        found = parse(raw)
    except Park as parked:
        parked.why.encode()
        return None
    found.model_dump_json().encode()
    return found


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_gesture_or_parked(raw: str) -> None:
    """L6: what cannot be read is parked, and nothing else happens."""
    _read(raw)


@given(st.dictionaries(st.sampled_from(["text", "user_id", "channel_id", "trigger_id", "payload", "x"]), _words))
def test_any_form_is_a_gesture_or_parked(fields: dict[str, str]) -> None:
    """L6"""
    _read(urlencode(fields))


@given(_json)
def test_any_json_is_a_gesture_or_parked(payload: object) -> None:
    """L6"""
    _read(_interactive(payload))


_PLACES = [
    (), ("type",), ("user",), ("user", "id"), ("team",), ("channel",), ("container",), ("message",), ("trigger_id",),
    ("actions",), ("actions", 0), ("actions", 0, "action_id"), ("actions", 0, "action_ts"), ("actions", 0, "value"),
    ("view",), ("view", "id"), ("view", "hash"), ("view", "callback_id"), ("view", "private_metadata"),
    ("view", "state"), ("view", "state", "values"), ("view", "state", "values", "body"),
    ("view", "state", "values", "body", "body"), ("view", "state", "values", "body", "body", "value"),
]  # fmt: skip


def _with(payload: Any, place: tuple[str | int, ...], value: object) -> Any:
    """The payload with something else in one place, where it has that place."""
    if not place:
        return value
    head, *rest = place
    try:
        inner = payload[head]
    except KeyError:
        return payload
    changed = payload.copy()
    changed[head] = _with(inner, tuple(rest), value)
    return changed


@pytest.mark.parametrize("place", _PLACES, ids=lambda place: ".".join(map(str, place)) or "all")
@pytest.mark.parametrize("value", [None, 7, True, "x", "\ud800", [], [None], {}, {"id": None}], ids=repr)
@pytest.mark.parametrize("payload", [_button(), _modal()], ids=["button", "modal"])
def test_one_odd_field_is_no_fault_of_ours(
    payload: dict[str, Any], place: tuple[str | int, ...], value: object
) -> None:
    """L6: null where Slack has an object, a number where it has a text: read all the same, or parked."""
    _read(_interactive(_with(payload, place, value)))


def test_brackets_without_end_are_parked() -> None:
    """L6"""
    with pytest.raises(Park):
        parse(urlencode({"payload": "[" * 100_000}))


def test_nobody_is_made_from_the_proof_of_another_gesture() -> None:
    """G10: Slack's word for one gesture is not its word for the next."""
    this, other = (factories.command(words, user="U1") for words in ("status", "resolve"))
    signed = sign_slack("secret", "1000", this.raw.encode())
    proof = verify_slack("secret", "1000", this.raw.encode(), signed, now=1000.0)
    assert proof is not None
    assert Human(this, proof).slack_id == "U1"
    with pytest.raises(RuntimeError, match="other bytes"):
        Human(other, proof)


# ---------------------------------------------------------------- events


def _happened(event: dict[str, Any], **more: Any) -> str:
    bot = {"team_id": "T0SANDBOX", "user_id": "U0BOT", "is_bot": True}
    whole = {"type": "event_callback", "event_id": "Ev1", "team_id": "T0SANDBOX", "authorizations": [bot]}
    return json.dumps({**whole, "event": event, **more})


_SAID = {
    "type": "message",
    "channel": "C0ROOM",
    "channel_type": "group",
    "user": "U1",
    "text": "a &amp; b",
    "ts": "1.1",
}
_JOINED = {"type": "member_joined_channel", "channel": "C0ROOM", "channel_type": "G", "user": "U1", "inviter": "U0BOT"}
_PINNED = {
    "type": "pin_added",
    "user": "U1",
    "channel_id": "C0ROOM",
    "item": {"type": "message", "message": {"ts": "1.1"}},
}
_REACTED = {
    "type": "reaction_added", "user": "U1", "reaction": "pushpin",
    "item": {"type": "message", "channel": "C0ROOM", "ts": "1.1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "text", "value", "about"),
    [
        (_SAID, "a & b", "", "1.1"),
        (_JOINED, "", "", None),
        (_JOINED | {"type": "member_left_channel"}, "", "", None),
        (_PINNED, "", "1.1", "1.1"),
        (_REACTED, "", "pushpin", "1.1"),
    ],
)
def test_what_people_do_among_themselves(event: dict[str, Any], text: str, value: str, about: str | None) -> None:
    found = parse(_happened(event))
    assert (found.form, found.name, found.user_id, found.channel_id) == ("event", event["type"], "U1", "C0ROOM")
    assert (found.text, found.value, found.message_ts) == (text, value, about)
    assert (found.key, found.team_id) == ("Ev1", "T0SANDBOX")
    assert found.name in EVENTS


_BEFORE: dict[str, Any] = {"type": "message", "user": "U1", "ts": "1.1", "text": "a"}
_AFTER = _BEFORE | {"text": "b &amp; c", "edited": {"user": "U1", "ts": "2.0"}}
_CHANGED = {
    "type": "message", "subtype": "message_changed", "channel": "C0ROOM", "ts": "2.2", "hidden": True,
    "message": _AFTER, "previous_message": _BEFORE,
}  # fmt: skip


def test_other_words_for_a_message_are_its_editors() -> None:
    found = parse(_happened(_CHANGED))
    assert (found.name, found.user_id, found.channel_id, found.edited) == ("message", "U1", "C0ROOM", True)
    assert (found.text, found.message_ts, found.key) == ("b & c", "1.1", "Ev1")
    assert not parse(_happened(_SAID)).edited


@pytest.mark.parametrize(
    "event",
    [
        _SAID | {"subtype": "message_changed"},
        _CHANGED | {"previous_message": _AFTER},
        _CHANGED | {"message": _BEFORE | {"text": "a link is shown"}},
        _CHANGED | {"message": _AFTER | {"bot_id": "B1"}},
        _CHANGED | {"message": _AFTER | {"subtype": "tombstone"}},
        _SAID | {"subtype": "channel_join"},
        _SAID | {"bot_id": "B1"},
        _SAID | {"user": "U0BOT"},
        _PINNED | {"user": "U0BOT"},
        _JOINED | {"user": "U0BOT"},
        {"type": "app_uninstalled"},
    ],
)
def test_what_no_person_did_is_not_heeded(event: dict[str, Any]) -> None:
    """Our own messages and pins come back to us, and an answer to those would never end."""
    with pytest.raises(Unheeded):
        parse(_happened(event))


@pytest.mark.parametrize("raw", ["{", "{}", '{"type":"url_verification"}', _happened(_SAID | {"user": None})])
def test_an_odd_event_is_parked(raw: str) -> None:
    with pytest.raises(Park):
        parse(raw)


@pytest.mark.parametrize(
    ("typed", "name", "text"),
    [
        ("update\nRolled back.\nWe watch it.", "update", "Rolled back.\nWe watch it."),
        ("update\tRolled back.", "update", "Rolled back."),
        ("update\u00a0Rolled back.", "update", "Rolled back."),
        ("status draft\nWe look into it.", "status_draft", "We look into it."),
        ("Status Draft We look into it.", "status_draft", "We look into it."),
        ("status drafts", "status", "drafts"),
        ("  ", "help", ""),
    ],
)
def test_whatever_blank_stands_behind_a_command_its_words_are_kept(typed: str, name: str, text: str) -> None:
    """P-loud: a text behind a new line was dropped, and the status shown in its place."""
    raw = urlencode({"text": typed, "user_id": "U1", "channel_id": "C1"})
    assert (parse(raw).name, parse(raw).text) == (name, text)


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_is_said_with_a_picture_is_said(subtype: str) -> None:
    said = {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1", "text": "done", "subtype": subtype},
    }
    assert parse(json.dumps(said)).text == "done"
