"""Runs the checks side by side. Each has a deadline and fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from app.doctor import (
    archive,
    bedrock,
    clocks,
    dynamodb,
    github,
    grafana,
    linear,
    oncall,
    scheduler,
    secrets,
    slack,
    sqs,
    statuspage,
    workos,
)
from app.doctor.check import Check, CouldNotTell, Failed, Finding, Verdict
from app.doctor.deployment import Deployment
from app.errors import Unknown, VendorError, VendorThrottled, VendorUnavailable

DEADLINE_S = 20.0  # for a whole check, which may ask several things; a model takes longest
_SETTINGS = Check(
    "settings",
    "each of the processor's is there and of its form, and the files they name can be read; all problems at once",
    "mend what is listed, as docs/settings.md says",
    run=lambda _: _nothing_to_find(),
)
_VENDORS: tuple[Check, ...] = (
    *slack.CHECKS,
    *oncall.CHECKS,
    *grafana.CHECKS,
    *workos.CHECKS,
    *github.CHECKS,
    *statuspage.CHECKS,
    *linear.CHECKS,
    *secrets.CHECKS,
    *dynamodb.CHECKS,
    *archive.CHECKS,
    *sqs.CHECKS,
    *scheduler.CHECKS,
    *bedrock.CHECKS,
    *clocks.CHECKS,
)
CHECKS = (_SETTINGS, *_VENDORS)
_UNREACHABLE = "check the address in the settings, that the network lets this machine out, and the vendor's status page"


async def examine(deployment: Deployment, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """One finding for each check, in their order. A check comes after the one it names."""
    running: dict[str, asyncio.Task[Finding]] = {}
    for check in checks:
        before = running.get(check.after) if check.after else None
        running[check.name] = asyncio.create_task(_in_turn(check, before, deployment), name=check.name)
    return list(await asyncio.gather(*running.values()))


def without_settings(problems: str) -> list[Finding]:
    """What can be said of a deployment whose settings cannot be read."""
    return [
        Finding(_SETTINGS.name, Verdict.FAILED, problems, _SETTINGS.remedy),
        *(_not_tried(check, _SETTINGS.name) for check in _VENDORS),
    ]


async def _in_turn(check: Check, before: asyncio.Task[Finding] | None, deployment: Deployment) -> Finding:
    if before is not None and (await before).verdict is not Verdict.OK:
        return _not_tried(check, before.get_name())
    try:
        async with asyncio.timeout(DEADLINE_S):
            return Finding(check.name, Verdict.OK, await check.run(deployment))
    except CouldNotTell as reason:
        return Finding(check.name, Verdict.COULD_NOT_TELL, reason.found, reason.remedy or check.remedy)
    except Failed as reason:
        return Finding(check.name, Verdict.FAILED, reason.found, reason.remedy or check.remedy)
    except VendorThrottled as error:
        return Finding(check.name, Verdict.COULD_NOT_TELL, error.detail, "run the doctor again in a few minutes")
    except Exception as error:
        return Finding(check.name, Verdict.FAILED, *_explained(check, error))


def _explained(check: Check, error: Exception) -> tuple[str, str]:
    """What to show of it, and the remedy. An exception's own words may quote what was sent, so they are not shown."""
    match error:
        case TimeoutError():
            return f"no answer within {DEADLINE_S:g} s", _UNREACHABLE
        case VendorUnavailable() | Unknown():
            return f"{error.operation}: {error.detail}", _UNREACHABLE
        case VendorError():
            return f"{error.operation}: {error.detail}", check.remedy
        case ClientError():
            return f"{error.operation_name}: {error.response.get('Error', {}).get('Code')}", check.remedy
        case BotoCoreError():
            return type(error).__name__, "check AWS_REGION and the pod's AWS identity (docs/settings.md)"
        case _:
            return f"the answer has an unknown shape ({type(error).__name__})", check.remedy


def _not_tried(check: Check, before: str) -> Finding:
    return Finding(check.name, Verdict.COULD_NOT_TELL, f"not tried: it needs what {before!r} is to prove", "mend that")


async def _nothing_to_find() -> str:
    return "complete"
