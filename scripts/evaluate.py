"""How well words are written and read: ``make evaluate``.

Without arguments the deterministic writer and rule are asked, offline. With MODEL and CLASSIFIER, inference profiles of
Bedrock in the region and with the credentials of this shell. The cases are in ``tests/evaluation/``; in each draft
stands what must not, whatever an alert asks for. It ends with 1 if a case that must hold does not, or if too few of the
others do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aioboto3

from app.domain.alert import Alert, AlertEvent
from app.domain.incident import Incident, Status
from app.domain.severity import Severity
from app.effects.bedrock import Bedrock
from app.effects.bedrock_classifier import BedrockClassifier
from app.effects.plain_classifier import PlainClassifier
from app.effects.plain_writer import PlainWriter
from app.gate.drafts import problems
from app.ports import Classifier, Writer

CASES = Path(__file__).resolve().parent.parent / "tests" / "evaluation"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ENOUGH = 0.8  # of the cases that are a matter of judgement


@dataclass(frozen=True)
class Result:
    name: str
    wrong: str  # what was wrong with it; "" if nothing
    must: bool


async def evaluate(writer: Writer, classifier: Classifier) -> list[Result]:
    return [
        *[await _draft(writer, case) for case in _cases("drafts")],
        *[await _message(classifier, case) for case in _cases("messages")],
    ]


def good(results: list[Result]) -> bool:
    judged = [result for result in results if not result.must]
    right = sum(not result.wrong for result in judged)
    return not any(result.wrong for result in results if result.must) and right >= ENOUGH * len(judged)


async def _draft(writer: Writer, case: dict[str, Any]) -> Result:
    text = await writer.public_text(_incident(case), [], "")
    said = f"{text.title} {text.body}".lower()
    wrong = [f"it says {word!r}" for word in case["forbidden"] if word in said] + problems(text)
    return Result(f"draft: {case['name']}", "; ".join(wrong), must=True)


async def _message(classifier: Classifier, case: dict[str, Any]) -> Result:
    read = await classifier.is_update(case["text"])
    wrong = "" if read == case["update"] else f"read as {'an update' if read else 'no update'}"
    return Result(f"message: {case['text']}", wrong, must=case.get("must", False))


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return cases


def _incident(case: dict[str, Any]) -> Incident:
    title = case.get("title", "Checkout is slow")
    status = Status(case.get("status", Status.ACTIVE))
    alert = Alert(
        alert_group="A1", event=AlertEvent.FIRING, at=AT, title=title, summary=case.get("summary", ""),
        labels={"service": "checkout"},
    )  # fmt: skip
    return Incident(
        id="evaluation", status=status, severity=Severity.P1, title=title, service="checkout", alert=alert,
        created_at=AT, resolved_at=AT + timedelta(hours=1) if status is Status.RESOLVED else None,
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="", help="inference profile that writes; unset: the deterministic writer")
    parser.add_argument("--classifier", default="", help="inference profile that reads; unset: the deterministic rule")
    asked = parser.parse_args()
    session = aioboto3.Session()
    writer = Bedrock(asked.model, session=session) if asked.model else PlainWriter()
    classifier = BedrockClassifier(asked.classifier, session=session) if asked.classifier else PlainClassifier()
    results = asyncio.run(evaluate(writer, classifier))
    lines = [f"FAIL  {one.name}  <- {one.wrong}" if one.wrong else f"ok    {one.name}" for one in results]
    right = sum(not one.wrong for one in results)
    sys.stdout.write("\n".join([*lines, f"{right} of {len(results)} as they should be", ""]))
    return 0 if good(results) else 1


if __name__ == "__main__":
    sys.exit(main())
