"""What travels through the queue: it comes out as it went in, or is parked; and names of lanes fit SQS."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Park
from app.queue.envelope import Envelope, SlackSignature, decode, dedup, lane

_text = st.text(st.characters(exclude_categories=["Cs"]))
_id = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
_parts = st.lists(_text.filter(lambda it: "\x1f" not in it), min_size=1, max_size=4)
_envelopes = st.builds(
    Envelope,
    kind=st.just("slack") | st.from_regex(r"event:[a-z_]{1,30}", fullmatch=True),
    lane=_id,
    dedup_id=_id,
    body=_text,
    signature=st.none() | st.builds(SlackSignature, timestamp=_text, v0=_text),
    trace=st.dictionaries(_text, _text, max_size=3),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("x" * 200 + "a", "x" * 200 + "b"), ("a b", "a_b"), ("ä", "ö")],
)
def test_two_lanes_have_two_names_that_sqs_takes(one: str, other: str) -> None:
    """T2: what is cut is hashed."""
    names = lane("alert", one), lane("alert", other)
    assert names[0] != names[1]
    assert all(len(name) <= 128 and name.isascii() and " " not in name for name in names)


@given(_text, _text)
def test_any_two_lanes_have_two_names_that_sqs_takes(one: str, other: str) -> None:
    """T2"""
    names = lane("slack", one), lane("slack", other)
    assert (names[0] == names[1]) is (one == other)
    assert all(1 <= len(name) <= 128 and name.isascii() and name.isprintable() for name in names)


@given(_parts, _parts)
def test_two_events_have_two_dedup_ids(one: list[str], other: list[str]) -> None:
    assert (dedup(*one) == dedup(*other)) is (one == other)


@given(_envelopes)
def test_an_envelope_comes_out_as_it_went_in(envelope: Envelope) -> None:
    """G10: with every character of the body, or its signature would not hold any more."""
    assert decode(envelope.encode()) == envelope


@given(_envelopes, st.data())
def test_an_envelope_that_was_tampered_with_is_another_or_parked(envelope: Envelope, data: st.DataObject) -> None:
    """L6"""
    fields = json.loads(envelope.encode())
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(_json)
    found = _read(json.dumps(fields))
    assert found is None or decode(found.encode()) == found


@given(st.dictionaries(st.text(max_size=9), _json, max_size=4), _envelopes)
def test_what_an_envelope_does_not_have_parks_it(more: dict[str, object], envelope: Envelope) -> None:
    fields = json.loads(envelope.encode())
    extra = {name: value for name, value in more.items() if name not in fields}
    assert (_read(json.dumps({**fields, **extra})) is None) is bool(extra)


@given(st.text(st.characters()) | _json.map(json.dumps) | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_anything_else_is_parked_and_nothing_else_happens(text: str) -> None:
    """L6: with a reason that can be written down."""
    assert _read(text) is None


def _read(text: str) -> Envelope | None:
    try:
        return decode(text)
    except Park as parked:
        parked.why.encode()
        return None
