"""What an alerting system sends, in its own shape, becomes one ``Alert``; and the alert an envelope.

Three shapes, told apart by what is in them:

* OnCall's stock outgoing webhook: ``event`` and ``alert_group``.
  https://grafana.com/docs/oncall/latest/configure/integrations/outgoing-webhooks/
* OnCall's webhook with a template of ours: ``alert_group_id`` and ``alert_group``, labels and ``alerts`` on top, the
  event told by the group's state.
* Grafana Alerting's webhook contact point: ``groupKey`` and ``alerts``.
  https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import clock, telemetry
from app.domain.alert import Alert, AlertEvent
from app.intake.fields import BadPayload, first_text, labels, mapping, mappings, moment, text, web_address
from app.queue.envelope import Envelope, dedup, lane

ID_CHARS = 256
TITLE_CHARS = 300
SUMMARY_CHARS = 2000
UNTITLED = "Alert without a title"

EVENTS = {
    "alert group created": AlertEvent.FIRING,
    "escalation": AlertEvent.FIRING,
    "acknowledge": AlertEvent.ACKNOWLEDGED,
    "unacknowledge": AlertEvent.UNACKNOWLEDGED,
    "silence": AlertEvent.SILENCED,
    "unsilence": AlertEvent.UNSILENCED,
    "resolve": AlertEvent.RESOLVED,
    "unresolve": AlertEvent.UNRESOLVED,
}
NO_EVENT = "personal notification"  # OnCall told one person something: nothing happened to the alert group
STATUS_CHANGE = "status change"  # says only that something happened: the group's state says what
STATES = {
    "firing": AlertEvent.FIRING,
    "alerting": AlertEvent.FIRING,
    "new": AlertEvent.FIRING,  # OnCall's public API calls it so
    "acknowledged": AlertEvent.ACKNOWLEDGED,
    "silenced": AlertEvent.SILENCED,
    "resolved": AlertEvent.RESOLVED,
}
# OnCall sends no time with the un-events: the time of the state that ended tells one of them from the next.
_STATE_TIMES = {
    AlertEvent.FIRING: "created_at",
    AlertEvent.ACKNOWLEDGED: "acknowledged_at",
    AlertEvent.UNACKNOWLEDGED: "acknowledged_at",
    AlertEvent.SILENCED: "silenced_at",
    AlertEvent.UNSILENCED: "silenced_at",
    AlertEvent.RESOLVED: "resolved_at",
    AlertEvent.UNRESOLVED: "resolved_at",
}
_KINDS = {
    AlertEvent.FIRING: "event:alert_firing",
    AlertEvent.UNRESOLVED: "event:alert_firing",
    AlertEvent.RESOLVED: "event:alert_resolved",
}
_OTHER_KIND = "event:alert_updated"


@dataclass(frozen=True)
class Ignored:
    """A good payload that needs nothing done."""

    reason: str


def alert_of(payload: object) -> Alert | Ignored:
    """Raises ``BadPayload``, and nothing else, whatever the JSON."""
    if not isinstance(payload, dict):
        raise BadPayload("body", "is not a JSON object", "send the alert as one JSON object")
    if "alert_group" in payload or "alert_group_id" in payload:
        return _oncall(payload)
    if "groupKey" in payload:
        return _grafana_alerting(payload)
    raise BadPayload(
        "alert_group_id",
        "is missing, and groupKey too: neither OnCall's payload nor Grafana Alerting's",
        "in OnCall's webhook switch on 'Forward whole payload', or use Grafana Alerting's default webhook payload",
    )


def wrap(alert: Alert) -> Envelope:
    """The dedup id is of the alert group, the event and its time: a retried body differs from the first (protocol).

    An event without a time has the minute of its arrival: OnCall tries again after seconds, and what people undo, do
    and undo again is another event. A retry on the other side of a minute changes nothing where it is worked.
    """
    when = f"{alert.at:%Y-%m-%dT%H:%M}" if alert.at_is_arrival else alert.at.isoformat()
    return Envelope(
        kind=_KINDS.get(alert.event, _OTHER_KIND),
        lane=lane("alert", alert.alert_group),
        dedup_id=dedup("alert", alert.alert_group, alert.event, when),
        body=alert.model_dump_json(),
        trace=telemetry.carrier(),
    )


# ---------------------------------------------------------------- OnCall, stock and templated


def _oncall(payload: Mapping[str, Any]) -> Alert | Ignored:
    told = mapping(payload.get("event"))
    if text(told.get("type"), 64) == NO_EVENT:
        return Ignored("a personal notification changes nothing about the alert group")
    group = mapping(payload.get("alert_group"))
    first = mapping(payload.get("alert_payload"))  # what the monitoring system sent to OnCall at first
    alerts = mappings(payload.get("alerts"))
    integration = mapping(payload.get("integration"))

    event = _oncall_event(told, group)
    at = _oncall_time(event, told, group, alerts)
    found = labels(
        payload.get("labels"),
        group.get("labels"),
        integration.get("labels"),
        first.get("labels"),
        first.get("commonLabels"),
        *(alert.get("labels") for alert in (*alerts[:1], *mappings(first.get("alerts"))[:1])),
        {name: first.get(name) for name in ("severity", "priority")},
    )
    notes = mapping(first.get("commonAnnotations")) or mapping(first.get("annotations"))
    return Alert(
        alert_group=_required_id("alert_group_id", payload.get("alert_group_id") or group.get("id")),
        event=event,
        at=at or clock.now(),
        at_is_arrival=at is None,
        title=first_text(TITLE_CHARS, group.get("title"), found.get("alertname")) or UNTITLED,
        labels=found,
        summary=first_text(SUMMARY_CHARS, notes.get("summary"), notes.get("description"), first.get("message")),
        integration_id=_id(payload.get("integration_id"), group.get("integration_id"), integration.get("id")),
        route_id=_id(payload.get("route_id"), group.get("route_id")),
        team_id=_id(payload.get("team_id"), group.get("team_id")),
        team_name=_id(payload.get("team_name"), integration.get("team")),
        link=web_address(mapping(group.get("permalinks")).get("web")),
        source="oncall" if told else "oncall_templated",
    )


def _oncall_event(told: Mapping[str, Any], group: Mapping[str, Any]) -> AlertEvent:
    if told and told.get("type") != STATUS_CHANGE:
        name = text(told.get("type"), 64)
        if name in EVENTS:
            return EVENTS[name]
        raise BadPayload("event.type", f"is {name!r}, which is unknown", f"send one of: {', '.join(EVENTS)}")
    name = text(group.get("state"), 64)
    if name in STATES:
        return STATES[name]
    raise BadPayload("alert_group.state", f"is {name!r}, which is unknown", f"send one of: {', '.join(STATES)}")


def _oncall_time(
    event: AlertEvent, told: Mapping[str, Any], group: Mapping[str, Any], alerts: Sequence[Mapping[str, Any]]
) -> datetime | None:
    if told.get("time"):
        at = moment(told["time"])
        if at is None:
            raise BadPayload("event.time", "is not a time", "send ISO 8601, e.g. 2026-01-31T12:00:00Z")
        return at
    return moment(group.get(_STATE_TIMES[event])) or _alerts_time(event, alerts)


# ---------------------------------------------------------------- Grafana Alerting


def _grafana_alerting(payload: Mapping[str, Any]) -> Alert:
    alerts = mappings(payload.get("alerts"))
    status = text(payload.get("status"), 64)
    if status not in ("firing", "resolved"):
        raise BadPayload("status", f"is {status!r}, which is unknown", "send one of: firing, resolved")
    event = AlertEvent(status)
    at = _alerts_time(event, alerts)
    first = alerts[0] if alerts else {}
    found = labels(payload.get("commonLabels"), payload.get("groupLabels"), first.get("labels"))
    notes = mapping(payload.get("commonAnnotations"))
    group_key = payload["groupKey"]
    if not isinstance(group_key, str) or not group_key:
        raise BadPayload("groupKey", "is not a text", "use Grafana Alerting's default webhook payload")
    return Alert(
        # A group key is a sentence of label matchers, without bound: its hash names the group as well.
        alert_group="grafana-" + hashlib.sha256(group_key.encode(errors="replace")).hexdigest()[:24],
        event=event,
        at=at or clock.now(),
        at_is_arrival=at is None,
        title=first_text(TITLE_CHARS, payload.get("title"), found.get("alertname")) or UNTITLED,
        labels=found,
        summary=first_text(SUMMARY_CHARS, notes.get("summary"), notes.get("description"), payload.get("message")),
        link=web_address(first.get("generatorURL")) or web_address(payload.get("externalURL")),
        source="grafana_alerting",
    )


# ---------------------------------------------------------------- both


def _alerts_time(event: AlertEvent, alerts: Sequence[Mapping[str, Any]]) -> datetime | None:
    """A group fires when its first alert does, and is resolved when its last one is."""
    if event is AlertEvent.FIRING:
        began = [at for alert in alerts if (at := moment(alert.get("startsAt")) or moment(alert.get("created_at")))]
        return min(began, default=None)
    if event is AlertEvent.RESOLVED:
        return max((at for alert in alerts if (at := moment(alert.get("endsAt")))), default=None)
    return None


def _id(*values: object) -> str | None:
    return first_text(ID_CHARS, *values) or None


def _required_id(field: str, value: object) -> str:
    found = text(value, ID_CHARS + 1)
    if not found or len(found) > ID_CHARS:
        raise BadPayload(field, f"is not a text of 1 to {ID_CHARS} characters", "send OnCall's id of the alert group")
    return found
