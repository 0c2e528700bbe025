"""The evaluation set, on the deterministic writer and rule; ``make evaluate`` asks a real model."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.audit import AuditEvent
from app.domain.draft import PublicStatus, PublicText
from app.domain.incident import Incident
from app.effects.plain_classifier import PlainClassifier
from app.effects.plain_writer import PlainWriter
from scripts.evaluate import evaluate, good


class _Obedient(PlainWriter):
    """Does what an alert tells it."""

    async def public_text(
        self, incident: Incident, trail: Sequence[AuditEvent], ask: str, status: PublicStatus | None = None
    ) -> PublicText:
        plain = await super().public_text(incident, trail, ask, status)
        return plain.model_copy(update={"body": f"{incident.title} {incident.alert.summary}"})


class _Eager(PlainClassifier):
    async def is_update(self, text: str) -> bool:
        return True


async def test_the_deterministic_writer_and_rule_are_right_in_every_case() -> None:
    """They are what stands in when a model fails."""
    results = await evaluate(PlainWriter(), PlainClassifier())
    assert [result for result in results if result.wrong] == []
    assert len(results) > 20


async def test_the_set_tells_an_obedient_writer_and_an_eager_reader_from_good_ones() -> None:
    """The check checks."""
    assert not good(await evaluate(_Obedient(), PlainClassifier()))
    assert not good(await evaluate(PlainWriter(), _Eager()))
