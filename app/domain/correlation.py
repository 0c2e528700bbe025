"""Which alerts are one incident: of the same service or team, and close together. Pure."""

from __future__ import annotations

import hashlib

from app.domain.alert import Alert
from app.domain.alert_group import AT_MOST
from app.domain.incident import Incident, Status
from app.domain.policy import Policy, Together

_KEY_MAX = 200


def key(policy: Policy, alert: Alert, team: str | None) -> str | None:
    """What the alerts of one incident share; None: this one has nothing to share. ``team``: of the alert's service.

    A drill and the real thing never meet (S9).
    """
    if policy.together is Together.TEAM:
        value = team
    elif policy.together is Together.SERVICE:
        value = alert.service if alert.service_named else None
    else:
        value = None
    if not value:
        return None
    name = f"{'drill-' if alert.drill else ''}{policy.together}:{value}"
    if len(name) <= _KEY_MAX:
        return name
    return f"{name[:_KEY_MAX]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"  # T2


def joins(policy: Policy, alert: Alert, incident: Incident) -> bool:
    """An incident takes what fires near it in time, while it is not over and not full."""
    if incident.status is Status.RESOLVED or len(incident.groups) >= AT_MOST:
        return False
    fired = [group.fired_at for group in incident.groups]
    return min(fired) - policy.together_within <= alert.at <= max(fired) + policy.together_within
