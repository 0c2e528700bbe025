"""Defects that the crash matrix must see, by name: ``--plant``."""

from __future__ import annotations

import pytest

from app.flows.steps import Flow
from tests.simulation import plants


def a_flow_that_does_not_look_before_it_acts(patch: pytest.MonkeyPatch) -> None:
    """The first defect that the matrix found: who woke up went on as if the flow were still theirs."""

    async def _hold(_self: Flow) -> None:
        return None

    patch.setattr(Flow, "_hold", _hold)


PLANTS: dict[str, plants.Plant] = {
    plant.__name__: plant
    for plant in (
        plants.claim_without_its_condition,
        plants.no_read_back,
        plants.audit_keys_without_numbers,
        plants.room_without_its_adoption,
        a_flow_that_does_not_look_before_it_acts,
    )
}
