"""Production's rules of the gate, asked in the model's terms. Nothing is decided here.

``gate.rules.refusal`` says who may approve, ``_statuspage_write.prove`` whether what was read back may be sent, and
``gate.states.after`` what becomes of a draft. Answers are remembered: the model asks each question very often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from unittest.mock import patch

from app.domain.draft import Draft, DraftState
from app.errors import Refused
from app.gate import states
from app.gate._statuspage_write import AutoPublishNotPermittedError, prove
from app.gate.rules import Approvers, refusal
from app.gate.states import Move
from tests import factories

_INCIDENT = factories.incident(ic="U0")
_APPROVERS = Approvers(members=frozenset({"U1"}))
_DRAFTS = [factories.draft(_INCIDENT, name=f"text{n}", public=factories.text(f"Text {n}.")) for n in (0, 1)]


@cache
def may_approve(found: tuple[DraftState, ...], by: int, text: int, seen: int, *, old: bool) -> bool:
    """``by``: 0 commands the incident, 1 is of the approvers' group. ``seen``: the text whose hash the button carried.

    ``old``: the text is past its time.
    """
    drafts: list[Draft] = [
        draft.model_copy(update={"state": state}) for draft, state in zip(_DRAFTS, found, strict=False)
    ]
    button = _DRAFTS[text].id, _DRAFTS[seen].sha256
    now = _DRAFTS[text].valid_until - timedelta(seconds=0 if old else 1)
    return (
        refusal(_INCIDENT, drafts, *button, slack_id=f"U{by}", approvers=_APPROVERS, four_eyes=False, now=now) is None
    )


@cache
def proven(text: int, state: DraftState, seen: int) -> bool:
    stored = {"state": state, "approved_by": "slack:U0", "claim": "this very one"}
    draft = _DRAFTS[text].model_copy(update=stored)
    try:
        prove(draft, expected_sha256=_DRAFTS[seen].sha256, approver="slack:U0", public_id=None)
    except AutoPublishNotPermittedError:
        return False
    return True


@cache
def after(state: DraftState, move: Move) -> DraftState | None:
    """None: the table has no such move."""
    try:
        return states.after(state, move)
    except Refused:
        return None


@contextmanager
def table(changes: Mapping[tuple[DraftState, Move], DraftState]) -> Iterator[None]:
    """Production's own table, changed for a while."""
    with patch.dict(states.TRANSITIONS, changes):
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for rule in (may_approve, proven, after):
        rule.cache_clear()
