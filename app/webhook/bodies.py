"""What the webhook pod takes, as its OpenAPI describes it.

Described more narrowly than it is read: an alert with an odd field in it is still an alert, and is taken.
"""

from __future__ import annotations

from typing import Any

from app.domain.gesture import EVENTS as EVENTS_OF_SLACK
from app.intake.oncall import EVENTS, ID_CHARS, NO_EVENT, STATES, STATUS_CHANGE

Schema = dict[str, Any]


def _object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _array(of: Schema) -> Schema:
    return {"type": "array", "items": of}


_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "minLength": 1, "maxLength": ID_CHARS, "pattern": r"^[A-Za-z0-9_-]+$"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LINK: Schema = {"type": "string", "format": "uri"}
_LABELS: Schema = {"type": "object", "additionalProperties": _TEXT}
_NAME = _object(("name",), id=_TEXT, name=_TEXT)
_FIRING = _object(labels=_LABELS, startsAt=_TIME, endsAt=_TIME, generatorURL=_LINK)
_GROUP = _object(
    ("state",),
    id=_ID,
    state={"type": "string", "enum": [*STATES]},
    title=_TEXT,
    created_at=_TIME,
    acknowledged_at=_TIME,
    silenced_at=_TIME,
    resolved_at=_TIME,
    integration_id=_TEXT,
    route_id=_TEXT,
    team_id=_TEXT,
    labels=_array(_object(("key", "value"), key=_NAME, value=_NAME)),
    permalinks=_object(web=_LINK),
)
_EVENT = _object(("type",), type={"type": "string", "enum": [*EVENTS, STATUS_CHANGE, NO_EVENT]}, time=_TIME)
_FIRST = _object(labels=_LABELS, commonLabels=_LABELS, commonAnnotations=_LABELS, alerts=_array(_FIRING))

ONCALL_STOCK = _object(
    ("event", "alert_group_id", "alert_group"),
    event=_EVENT,
    alert_group_id=_ID,
    alert_group=_GROUP,
    alert_payload=_FIRST,
    integration=_object(id=_TEXT, team=_TEXT, labels=_LABELS),
) | {"title": "Grafana OnCall, stock: 'Forward whole payload'"}

ONCALL_TEMPLATED = _object(
    ("alert_group_id", "alert_group"),
    alert_group_id=_ID,
    alert_group=_GROUP,
    labels=_LABELS,
    alerts=_array(_FIRING),
    integration_id=_TEXT,
    route_id=_TEXT,
    team_id=_TEXT,
    team_name=_TEXT,
) | {"title": "Grafana OnCall, templated: the event is told by the group's state"}

GRAFANA_ALERTING = _object(
    ("groupKey", "status"),
    groupKey=_TEXT | {"minLength": 1},
    status={"type": "string", "enum": ["firing", "resolved"]},
    alerts=_array(_FIRING),
    commonLabels=_LABELS,
    groupLabels=_LABELS,
    commonAnnotations=_LABELS,
    title=_TEXT,
    message=_TEXT,
    externalURL=_LINK,
) | {"title": "Grafana Alerting, default payload"}

_USER = _object(("id",), id=_ID, team_id=_TEXT)
_ACTION = _object(("action_id", "action_ts"), action_id=_TEXT, action_ts=_TEXT, block_id=_TEXT, value=_TEXT)
_BUTTON = _object(
    ("type", "user", "actions"),
    type={"const": "block_actions"},
    user=_USER,
    channel=_object(("id",), id=_ID),
    actions=_array(_ACTION) | {"minItems": 1},
    trigger_id=_TEXT,
    response_url=_LINK,
)
_VIEW = _object(("id", "callback_id"), id=_TEXT, callback_id=_TEXT, hash=_TEXT, private_metadata=_TEXT)
_MODAL = _object(("type", "user", "view"), type={"const": "view_submission"}, user=_USER, view=_VIEW)

_COMMAND = _object(
    ("command", "text", "user_id", "channel_id"),
    command={"const": "/incident-response"},
    text=_TEXT,
    user_id=_ID,
    channel_id=_ID,
    team_id=_TEXT,
    trigger_id=_TEXT,
    response_url=_LINK,
) | {"title": "A slash command"}

_INTERACTION = _object(
    ("payload",),
    payload={"type": "string", "contentMediaType": "application/json", "contentSchema": {"anyOf": [_BUTTON, _MODAL]}},
) | {"title": "A button, or a submitted form: JSON in a form field"}


_HAPPENED = _object(("type", "user"), type={"type": "string", "enum": sorted(EVENTS_OF_SLACK)}, user=_ID, channel=_ID)
_EVENT_OF_SLACK = _object(
    ("type", "event_id", "event"), type={"const": "event_callback"}, event_id=_TEXT, event=_HAPPENED
) | {"title": "What people do in a channel that the app is in"}


def _body(**shapes: list[Schema]) -> Schema:
    """For a route's ``openapi_extra``: shapes by media type, ``application/`` left out."""
    content = {f"application/{kind}": {"schema": {"anyOf": of}} for kind, of in shapes.items()}
    return {"requestBody": {"required": True, "content": content}}


ALERT = _body(json=[ONCALL_STOCK, ONCALL_TEMPLATED, GRAFANA_ALERTING])
GESTURE = _body(**{"x-www-form-urlencoded": [_COMMAND, _INTERACTION], "json": [_EVENT_OF_SLACK]})
