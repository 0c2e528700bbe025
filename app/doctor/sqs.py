"""SQS: the three queues, and what their attributes must be for nothing to be lost or done twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from app.doctor import aws
from app.doctor.check import Check, Failed
from app.doctor.deployment import Deployment
from app.queue.delivery import SPARE_RECEIVES

Attributes = Mapping[str, str]


async def _queues(deployment: Deployment) -> str:
    wanted = {
        "NUDGE_EVENTS_QUEUE_ARN": (
            deployment.settings.nudge_events_queue_url,
            deployment.settings.nudge_events_queue_arn,
        ),
        "SLA_CHECK_QUEUE_ARN": (deployment.settings.sla_check_queue_url, deployment.settings.sla_check_queue_arn),
    }
    found = await _attributes(deployment)
    wrong = [f"{_name(url)} is no FIFO queue" for url, one in found.items() if one.get("FifoQueue") != "true"]
    wrong += [f"{setting} is not {found[url]['QueueArn']}" for setting, (url, arn) in wanted.items()
              if found[url]["QueueArn"] != arn]  # fmt: skip
    return _told(wrong, f"{', '.join(map(_name, found))}: FIFO, readable")


async def _deduplication(deployment: Deployment) -> str:
    found = await _attributes(deployment)
    off = [_name(url) for url, one in found.items() if one.get("ContentBasedDeduplication") != "true"]
    return _told([f"{name}: off" for name in off], "on for all of them")


async def _visibility(deployment: Deployment) -> str:
    least = deployment.settings.visibility_timeout_s
    found = {url: int(one["VisibilityTimeout"]) for url, one in (await _attributes(deployment)).items()}
    short = [f"{_name(url)}: {seconds} s, below {least} s" for url, seconds in found.items() if seconds < least]
    return _told(short, f"{', '.join(f'{seconds} s' for seconds in found.values())}; at least {least} s is needed")


async def _dead_letters(deployment: Deployment) -> str:
    least = SPARE_RECEIVES + deployment.settings.max_attempts
    found = await _attributes(deployment)
    policies = {url: json.loads(one.get("RedrivePolicy", "{}")) for url, one in found.items()}
    wrong = [f"{_name(url)}: {problem}" for url, policy in policies.items() if (problem := _problem(policy, least))]
    receives = ", ".join(str(policy.get("maxReceiveCount")) for policy in policies.values())
    return _told(wrong, f"a FIFO queue each, after {receives} receives")


def _problem(policy: Mapping[str, Any], least: int) -> str:
    dead_letters = str(policy.get("deadLetterTargetArn", ""))
    if not dead_letters:
        return "no dead-letter queue: what cannot be done would be tried for ever"
    if not dead_letters.endswith(".fifo"):
        return f"its dead-letter queue {dead_letters.rpartition(':')[2]} is no FIFO queue"
    if (receives := int(policy["maxReceiveCount"])) < least:
        return f"maxReceiveCount {receives} is below {least}: SQS would move messages before they have their reason"
    return ""


async def _attributes(deployment: Deployment) -> dict[str, Attributes]:
    """By the queue's address; all of them, or a failure that names those that cannot be read."""
    settings = deployment.settings
    urls = (settings.incident_events_queue_url, settings.nudge_events_queue_url, settings.sla_check_queue_url)
    sqs = await deployment.aws("sqs")
    answers = await asyncio.gather(
        *(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]) for url in urls), return_exceptions=True
    )
    refused = [
        f"{_name(url)}: {aws.code(one)}" for url, one in zip(urls, answers, strict=True) if isinstance(one, ClientError)
    ]
    if refused:
        raise Failed("; ".join(refused))
    found: dict[str, Attributes] = {}
    for url, one in zip(urls, answers, strict=True):
        if isinstance(one, BaseException):
            raise one
        found[url] = one["Attributes"]
    return found


def _told(wrong: list[str], right: str) -> str:
    if wrong:
        raise Failed("; ".join(wrong))
    return right


def _name(url: str) -> str:
    return url.rpartition("/")[2]


_QUEUES = "SQS: queues"

CHECKS = (
    Check(
        _QUEUES,
        "each queue may be read, is FIFO, and has the ARN that the settings say",
        "check INCIDENT_EVENTS_QUEUE_URL, NUDGE_EVENTS_QUEUE_URL and _ARN, SLA_CHECK_QUEUE_URL and _ARN, and the "
        "pod's role",
        _queues,
    ),
    Check(
        "SQS: content-based deduplication",
        "it is on for each queue: EventBridge Scheduler sends no deduplication id",
        "turn on content-based deduplication (SQS console, the queue, Edit)",
        _deduplication,
        after=_QUEUES,
    ),
    Check(
        "SQS: visibility",
        "each queue's visibility timeout is at least VISIBILITY_TIMEOUT_S",
        "raise the queue's visibility timeout (SQS console, the queue, Edit), or lower VISIBILITY_TIMEOUT_S",
        _visibility,
        after=_QUEUES,
    ),
    Check(
        "SQS: dead letters",
        f"each queue has a FIFO dead-letter queue, and a maxReceiveCount of at least {SPARE_RECEIVES} + MAX_ATTEMPTS",
        "give the queue a FIFO dead-letter queue and a high maxReceiveCount (SQS console, the queue, Dead-letter "
        "queue), or lower MAX_ATTEMPTS",
        _dead_letters,
        after=_QUEUES,
    ),
)
