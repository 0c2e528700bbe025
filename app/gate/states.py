"""The life of a draft, as one table. Pure.

Rule: everything that moves a draft from one state to another is a key of ``TRANSITIONS``. What is not a key does not
happen: ``after`` raises and nothing has changed (G8). The door, the drafts, the settling and the documentation use this
table; there is no other.
"""

from __future__ import annotations

from enum import StrEnum

from app.domain.draft import DraftState
from app.errors import Refused


class Move(StrEnum):
    APPROVE = "approve"  # a person said yes to these very bytes; the POST is claimed with it
    EDIT = "edit"  # another text takes its place
    REJECT = "reject"
    CONFIRM = "confirm"  # Statuspage answered: done
    REFUSE = "refuse"  # Statuspage answered: no; or it certainly never got it
    LOSE = "lose"  # no answer: it may have happened
    FIND = "find"  # read back from Statuspage: it had happened
    MISS = "miss"  # read back from Statuspage, long after: it had not


_S = DraftState
TRANSITIONS: dict[tuple[DraftState, Move], DraftState] = {
    (_S.PENDING_APPROVAL, Move.APPROVE): _S.APPROVED,
    (_S.PENDING_APPROVAL, Move.EDIT): _S.SUPERSEDED,
    (_S.PENDING_APPROVAL, Move.REJECT): _S.REJECTED,
    (_S.APPROVED, Move.CONFIRM): _S.PUBLISHED,
    (_S.APPROVED, Move.REFUSE): _S.FAILED,
    (_S.APPROVED, Move.LOSE): _S.UNKNOWN,
    (_S.UNKNOWN, Move.FIND): _S.PUBLISHED,
    (_S.UNKNOWN, Move.MISS): _S.FAILED,
    (_S.FAILED, Move.APPROVE): _S.APPROVED,
    (_S.FAILED, Move.EDIT): _S.SUPERSEDED,
    (_S.FAILED, Move.REJECT): _S.REJECTED,
}

_WHY_NOT = {
    _S.APPROVED: "it is approved and on its way to Statuspage",
    _S.PUBLISHED: "it is published",
    _S.REJECTED: "it was rejected",
    _S.SUPERSEDED: "a newer text has taken its place",
    _S.UNKNOWN: "it was sent, and Statuspage has not said yet whether it was published",
}


def after(state: DraftState, move: Move) -> DraftState:
    """Raises ``Refused``, in words for the person who asked, on a move that the table does not have."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise Refused(f"You cannot {move} this text: {_WHY_NOT.get(state, f'it is {state}')}.") from None


def open_to_decision(state: DraftState) -> bool:
    """Whether somebody still has to decide about it."""
    return (state, Move.REJECT) in TRANSITIONS
