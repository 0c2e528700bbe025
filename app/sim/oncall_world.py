"""What the simulated OnCall is filled with, and what it sends: the shapes of its API and of its outgoing webhook."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app import clock
from app.sim import cast

Thing = dict[str, Any]

TEAM_ID = "TCHECKOUT0001"
_TIMED_EVENTS = {"alert group created", "acknowledge", "resolve", "silence", "escalation"}  # the others carry no time
_TIME_OF = {"resolve": "resolved_at", "acknowledge": "acknowledged_at", "silence": "silenced_at"}


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def public_id(letter: str) -> str:
    return letter + clock.new_id()[:12].upper()


# ---------------------------------------------------------------- who is paged


def routes() -> list[Thing]:
    """Two, as every integration has: one that matches, and the last one for the rest."""
    common = {"integration_id": cast.ONCALL_INTEGRATION, "slack": {"channel_id": None, "enabled": False}}
    return [
        {
            "id": cast.ONCALL_ROUTE,
            "escalation_chain_id": cast.ONCALL_CHAIN,
            "routing_type": "jinja2",
            "routing_regex": '{{ payload.commonLabels.severity == "critical" }}',
            "position": 0,
            "is_the_last_route": False,
            **common,
        },
        {
            "id": "RLASTROUTE0001",
            "escalation_chain_id": cast.ONCALL_CHAIN,
            "routing_type": None,
            "routing_regex": None,
            "position": 1,
            "is_the_last_route": True,
            **common,
        },
    ]


def chains() -> list[Thing]:
    return [{"id": cast.ONCALL_CHAIN, "name": "Checkout P1", "team_id": TEAM_ID}]


def policies() -> list[Thing]:
    """Whoever is on call, then a wait, then everybody on the rota by name."""
    on_call = [member.oncall_id for member in cast.PEOPLE if member.oncall_id]
    steps: list[Thing] = [
        {"type": "notify_on_call_from_schedule", "notify_on_call_from_schedule": cast.ONCALL_SCHEDULE},
        {"type": "wait", "duration": 300},
        {"type": "notify_persons", "persons_to_notify": on_call},
    ]
    return [
        {"id": f"ECHECKOUT000{n}", "escalation_chain_id": cast.ONCALL_CHAIN, "position": n, **step}
        for n, step in enumerate(steps)
    ]


def schedules() -> list[Thing]:
    return [
        {
            "id": cast.ONCALL_SCHEDULE,
            "name": "Checkout primary",
            "type": "web",
            "team_id": TEAM_ID,
            "time_zone": "UTC",
            "on_call_now": [member.oncall_id for member in cast.PEOPLE if member.on_call_now],
            "slack": {"channel_id": None, "user_group_id": None},
            "shifts": ["OCHECKOUT0001"],
        }
    ]


def teams() -> list[Thing]:
    return [{"id": TEAM_ID, "grafana_id": 1, "name": cast.TEAM, "email": "", "avatar_url": ""}]


def users() -> list[Thing]:
    return [
        {
            "id": member.oncall_id,
            "grafana_id": number,
            "email": member.email,
            "username": member.role,
            "role": "user",
            "timezone": "UTC",
            "teams": [TEAM_ID],
            "is_phone_number_verified": True,
            "slack": {"user_id": member.slack_id, "team_id": cast.TEAM_ID},
        }
        for number, member in enumerate(cast.PEOPLE, start=1)
        if member.oncall_id
    ]


# ---------------------------------------------------------------- alerts


def alert(group_id: str, title: str, labels: dict[str, str], at: str) -> Thing:
    """``payload`` is what Grafana Alerting sent to the integration."""
    annotations = {"summary": f"{title}: customers of {labels['service']} are affected"}
    one = {"status": "firing", "labels": labels, "annotations": annotations, "startsAt": at}
    payload = {
        "receiver": "oncall",
        "status": "firing",
        "alerts": [{**one, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": clock.new_id()[:16]}],
        "groupLabels": {"alertname": labels["alertname"]},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "https://example.grafana.net/",
        "version": "1",
        "groupKey": "{}:{alertname=" + labels["alertname"] + "}",
        "title": title,
        "state": "alerting",
    }
    return {"id": public_id("A"), "alert_group_id": group_id, "created_at": at, "payload": payload}


def group(id_: str, title: str, labels: dict[str, str], first: Thing) -> Thing:
    """``labels`` may be empty: then they are in the alert's payload alone."""
    return {
        "id": id_,
        "integration_id": cast.ONCALL_INTEGRATION,
        "team_id": TEAM_ID,
        "route_id": cast.ONCALL_ROUTE,
        "alerts_count": 1,
        "state": "firing",
        "created_at": first["created_at"],
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "labels": [{"key": {"id": key, "name": key}, "value": {"id": v, "name": v}} for key, v in labels.items()],
        "title": title,
        "permalinks": {
            "slack": None,
            "slack_app": None,
            "telegram": None,
            "web": f"https://example.grafana.net/a/grafana-oncall-app/alert-groups/{id_}",
        },
        "silenced_at": None,
        "last_alert": first,
    }


# ---------------------------------------------------------------- the outgoing webhook's bodies


def stock_payload(its_group: Thing, first: Thing, event_type: str) -> Thing:
    """OnCall's own, every key of it."""
    time = its_group[_TIME_OF.get(event_type, "created_at")]
    return {
        "event": {"type": event_type, **({"time": time} if event_type in _TIMED_EVENTS else {})},
        "user": None,
        "alert_group": its_group,
        "alert_group_id": its_group["id"],
        "alert_payload": first["payload"],
        "integration": {
            "id": cast.ONCALL_INTEGRATION,
            "type": "grafana_alerting",
            "name": "Grafana Alerting",
            "team": cast.TEAM,
        },
        "notified_users": [],
        "users_to_be_notified": [
            {"id": member.oncall_id, "username": member.role, "email": member.email}
            for member in cast.PEOPLE
            if member.on_call_now
        ],
        "alert_group_acknowledged_by": None,
        "alert_group_resolved_by": None,
    }


def templated_payload(its_group: Thing, first: Thing) -> Thing:
    """What a webhook with a ``data`` template of ours sends: it tells the event by the group's state."""
    resolved = {"status": "resolved", "endsAt": its_group["resolved_at"]} if its_group["state"] == "resolved" else {}
    return {
        "alert_group_id": its_group["id"],
        "alert_group": {key: its_group[key] for key in ("id", "title", "state")},
        "integration_id": its_group["integration_id"],
        "route_id": its_group["route_id"],
        "team_id": its_group["team_id"],
        "team_name": cast.TEAM,
        "labels": first["payload"]["commonLabels"],
        "alerts": [{**one, **resolved} for one in first["payload"]["alerts"]],
    }
