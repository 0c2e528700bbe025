"""The gate holds in every order of events, and the search would see it if it did not (P-gate, P-once)."""

from __future__ import annotations

import pytest

from app.domain.draft import DraftState as S
from app.gate.states import Move
from tests.simulation import gate_search as promises
from tests.simulation.gate_model import Safeguards
from tests.simulation.gate_search import search


def test_no_order_of_events_breaks_a_promise() -> None:
    """D5, D6, D7, D11, G1, G2, G3, G8: closed, so nothing was left out."""
    result = search()
    assert result.broken == {}
    assert result.states > 10_000


@pytest.mark.parametrize(
    ("without", "promise"),
    [
        pytest.param(Safeguards(conditional_claim=False), promises.ONE_PUBLIC, id="the condition of the claim"),
        pytest.param(Safeguards(read_back=False), promises.APPROVAL, id="the read-back"),
        pytest.param(Safeguards(too_late_to_send=False), promises.ONE_PUBLIC, id="the look at the clock"),
        pytest.param(Safeguards(settles_its_own_claim=False), promises.ONE_PUBLIC, id="the settling's own claim"),
        pytest.param(Safeguards(clock_before_page=False), promises.ON_PAGE, id="the clock before the page"),
        pytest.param(Safeguards(expiry=False), promises.APPROVAL, id="the age of the text"),
        pytest.param(Safeguards(group_is_asked=False), promises.APPROVAL, id="the group's members"),
        pytest.param(Safeguards(moves={(S.APPROVED, Move.LOSE): S.FAILED}), promises.ONE_PUBLIC, id="UNKNOWN"),
        pytest.param(Safeguards(moves={(S.PUBLISHED, Move.REJECT): S.REJECTED}), promises.FINAL, id="the end"),
    ],
)
def test_without_a_safeguard_its_promise_breaks(without: Safeguards, promise: str) -> None:
    """D5, D7, G1, G2, G3, G8: what the model guards against is reachable, once a safeguard is gone."""
    assert promise in search(without, until=promise).broken
