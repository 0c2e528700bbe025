"""Who may approve a text for customers beside the commander: the members of a Slack user group, asked for each time."""

from __future__ import annotations

from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.errors import VendorError
from app.gate.rules import Approvers
from app.ports import Chat
from app.telemetry import metrics


async def beside_the_commander(chat: Chat, policy: Policy, incident: Incident, human: Human) -> Approvers:
    """Never fails: while nobody can tell who is in the group, the commander alone approves, and the others are told.

    The commander needs no group, and does not wait for Slack to list it.
    """
    if policy.approver_group is None or human.slack_id == incident.ic:
        return Approvers()
    try:
        return Approvers(members=frozenset(await chat.group_members(policy.approver_group)))
    except VendorError as error:
        metrics.step_failed("look_up_approvers", str(error))
        return Approvers(unknown=f"the group was not read: {error}")
