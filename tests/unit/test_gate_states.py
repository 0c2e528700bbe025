"""The life of a draft: only the moves of the table, whatever is tried (G8)."""

from __future__ import annotations

from itertools import product

import pytest

from app.domain.draft import DraftState
from app.errors import Refused
from app.gate.states import TRANSITIONS, Move, after, open_to_decision


@pytest.mark.parametrize(("state", "move"), list(product(DraftState, Move)))
def test_every_move_is_in_the_table_or_refused_in_words(state: DraftState, move: Move) -> None:
    if (state, move) in TRANSITIONS:
        assert after(state, move) is TRANSITIONS[state, move]
        return
    with pytest.raises(Refused, match="You cannot"):
        after(state, move)


def test_what_is_published_stays_published() -> None:
    """G8: a late reject or edit does not take a published text back."""
    assert not [move for state, move in TRANSITIONS if state is DraftState.PUBLISHED]


def test_only_an_approval_leads_towards_customers() -> None:
    into_approved = {move for (_, move), to in TRANSITIONS.items() if to is DraftState.APPROVED}
    into_published = {state for (state, _), to in TRANSITIONS.items() if to is DraftState.PUBLISHED}
    assert into_approved == {Move.APPROVE}
    assert into_published == {DraftState.APPROVED, DraftState.UNKNOWN}


def test_what_is_claimed_cannot_be_claimed_again() -> None:
    """D5: an approval holds the claim to the one POST."""
    assert {state for state, move in TRANSITIONS if move is Move.APPROVE} == {
        DraftState.PENDING_APPROVAL,
        DraftState.FAILED,
    }


def test_an_unknown_outcome_cannot_be_approved_again() -> None:
    """D7: what may have been published is settled by reading, never by a second POST."""
    assert (DraftState.UNKNOWN, Move.APPROVE) not in TRANSITIONS


def test_what_waits_for_a_decision() -> None:
    assert {state for state in DraftState if open_to_decision(state)} == {
        DraftState.PENDING_APPROVAL,
        DraftState.FAILED,
    }
