"""EventBridge Scheduler: whether a schedule can be made. Proven by making one that never fires, and removing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from app import clock
from app.doctor import aws
from app.doctor.check import Check, Failed
from app.doctor.deployment import Deployment

_NEVER = timedelta(days=365)
_REMEDIES = {
    "ResourceNotFoundException": "create the schedule group, or correct SCHEDULER_GROUP_NAME",
    "ValidationException": "correct SCHEDULER_ROLE_ARN; the role must trust scheduler.amazonaws.com (an aws:SourceArn "
    "condition must name the schedule group) and may send to the queue of NUDGE_EVENTS_QUEUE_ARN",
    "AccessDeniedException": "allow the pod's role scheduler:CreateSchedule and DeleteSchedule in the group, and "
    "iam:PassRole on SCHEDULER_ROLE_ARN",
}


async def _schedule(deployment: Deployment) -> str:
    group = deployment.settings.scheduler_group_name
    name = f"doctor-{clock.new_id()}"
    scheduler = await deployment.aws("scheduler")
    try:
        await scheduler.create_schedule(**_never_fires(deployment, name))
    except ClientError as error:
        code = aws.code(error)
        raise Failed(f"CreateSchedule in {group}: {code}", _REMEDIES.get(code, "")) from error
    try:
        await scheduler.delete_schedule(Name=name, GroupName=group)
    except ClientError as error:
        remedy = f"{_REMEDIES['AccessDeniedException']}; then remove the schedule {name}, which never fires"
        raise Failed(f"DeleteSchedule in {group}: {aws.code(error)}", remedy) from error
    return f"made and removed one in {group}"


def _never_fires(deployment: Deployment, name: str) -> dict[str, Any]:
    settings = deployment.settings
    return {
        "Name": name,
        "GroupName": settings.scheduler_group_name,
        "ScheduleExpression": f"at({clock.now() + _NEVER:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "DISABLED",
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": settings.nudge_events_queue_arn,
            "RoleArn": settings.scheduler_role_arn,
            "SqsParameters": {"MessageGroupId": "doctor"},
            "Input": "{}",
        },
    }


CHECKS = (
    Check(
        "Scheduler: schedules",
        "the group exists, a schedule can be made in it (disabled, a year away) and removed, the role is accepted",
        "check SCHEDULER_GROUP_NAME and SCHEDULER_ROLE_ARN",
        _schedule,
    ),
)
