"""Payloads of alerting systems: each shape becomes one alert, whatever is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.alert import Alert, AlertEvent
from app.intake.fields import LABELS_MAX, BadPayload
from app.intake.oncall import SUMMARY_CHARS, TITLE_CHARS, UNTITLED, Ignored, alert_of, wrap

SQS_MESSAGE_BYTES = 1_048_576


def stock(event_type: str = "alert group created", **changes: Any) -> dict[str, Any]:
    """OnCall's stock outgoing webhook, every key that matters here."""
    payload: dict[str, Any] = {
        "event": {"type": event_type, "time": "2026-01-31T12:00:05.123456Z"},
        "user": None,
        "alert_group_id": "I68T24C13IFW1",
        "alert_group": {
            "id": "I68T24C13IFW1",
            "integration_id": "CFRPV98RPR1U8",
            "team_id": "T3HRAP3K3IKOP",
            "route_id": "RIYGUJXCPFHXY",
            "alerts_count": 1,
            "state": "firing",
            "created_at": "2026-01-31T12:00:00Z",
            "resolved_at": "2026-01-31T12:30:00Z",
            "acknowledged_at": "2026-01-31T12:10:00Z",
            "silenced_at": "2026-01-31T12:20:00Z",
            "labels": [{"key": {"id": "k1", "name": "team"}, "value": {"id": "v1", "name": "checkout"}}],
            "title": "Checkout fails",
            "permalinks": {"slack": None, "web": "https://oncall.example.com/alert-groups/I68T24C13IFW1"},
            "last_alert": {"id": "AA1", "payload": {}},
        },
        "alert_payload": {
            "labels": {"severity": "critical", "team": "payments"},
            "commonLabels": {"service": "checkout"},
            "commonAnnotations": {"summary": "Half of all payments fail"},
        },
        "integration": {"id": "CFRPV98RPR1U8", "type": "alertmanager", "name": "Prometheus", "team": "Checkout team"},
        "notified_users": [],
        "users_to_be_notified": [],
    }
    return {**payload, **changes}


def templated(**changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "alert_group_id": "I68T24C13IFW1",
        "alert_group": {"id": "I68T24C13IFW1", "title": "Checkout fails", "state": "firing"},
        "integration_id": "CFRPV98RPR1U8",
        "route_id": "RIYGUJXCPFHXY",
        "team_id": "T3HRAP3K3IKOP",
        "team_name": "checkout",
        "labels": {"severity": "critical", "drill": True},
        "alerts": [{"startsAt": "2026-01-31T12:00:09Z"}, {"startsAt": "2026-01-31T12:00:05Z"}],
    }
    return {**payload, **changes}


def alerting(**changes: Any) -> dict[str, Any]:
    """Grafana Alerting's default webhook payload."""
    one = {
        "status": "firing",
        "labels": {"alertname": "CheckoutErrors", "severity": "critical", "pod": "a"},
        "startsAt": "2026-01-31T12:00:05.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://grafana.example.com/alerting/grafana/abc/view",
    }
    payload: dict[str, Any] = {
        "receiver": "incident-response",
        "status": "firing",
        "alerts": [one, {**one, "startsAt": "2026-01-31T12:00:01Z"}],
        "groupLabels": {"alertname": "CheckoutErrors"},
        "commonLabels": {"alertname": "CheckoutErrors", "severity": "critical"},
        "commonAnnotations": {"summary": "Half of all payments fail"},
        "externalURL": "https://grafana.example.com/",
        "groupKey": '{}:{alertname="CheckoutErrors"}',
        "orgId": 1,
        "title": "[FIRING:2] CheckoutErrors",
        "state": "alerting",
        "message": "…",
    }
    return {**payload, **changes}


def read(payload: object) -> Alert:
    alert = alert_of(payload)
    assert isinstance(alert, Alert)
    return alert


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---------------------------------------------------------------- shapes


def test_stock_oncall_is_taken_as_it_comes() -> None:
    """X4: the payload of a stock OnCall is understood; its severity lives in the alert's own labels."""
    assert read(stock()) == Alert(
        alert_group="I68T24C13IFW1",
        event=AlertEvent.FIRING,
        at=utc("2026-01-31T12:00:05.123456"),
        title="Checkout fails",
        labels={"team": "checkout", "severity": "critical", "service": "checkout"},
        summary="Half of all payments fail",
        integration_id="CFRPV98RPR1U8",
        route_id="RIYGUJXCPFHXY",
        team_id="T3HRAP3K3IKOP",
        team_name="Checkout team",
        link="https://oncall.example.com/alert-groups/I68T24C13IFW1",
        source="oncall",
    )


@pytest.mark.parametrize(
    ("event_type", "event", "kind"),
    [
        ("alert group created", AlertEvent.FIRING, "event:alert_firing"),
        ("escalation", AlertEvent.FIRING, "event:alert_firing"),
        ("status change", AlertEvent.FIRING, "event:alert_firing"),
        ("acknowledge", AlertEvent.ACKNOWLEDGED, "event:alert_updated"),
        ("unacknowledge", AlertEvent.UNACKNOWLEDGED, "event:alert_updated"),
        ("silence", AlertEvent.SILENCED, "event:alert_updated"),
        ("unsilence", AlertEvent.UNSILENCED, "event:alert_updated"),
        ("resolve", AlertEvent.RESOLVED, "event:alert_resolved"),
        ("unresolve", AlertEvent.UNRESOLVED, "event:alert_firing"),
    ],
)
def test_every_event_of_oncall_has_its_kind(event_type: str, event: AlertEvent, kind: str) -> None:
    alert = read(stock(event_type))
    assert alert.event is event
    assert wrap(alert).kind == kind


def test_a_personal_notification_needs_nothing() -> None:
    ignored = alert_of(stock("personal notification"))
    assert isinstance(ignored, Ignored)
    assert "personal notification" in ignored.reason


@pytest.mark.parametrize(
    ("event_type", "at"),
    [
        ("unresolve", "2026-01-31T12:30:00"),
        ("unacknowledge", "2026-01-31T12:10:00"),
        ("unsilence", "2026-01-31T12:20:00"),
    ],
)
def test_events_that_oncall_sends_without_a_time_take_that_of_the_state_that_ended(event_type: str, at: str) -> None:
    alert = read(stock(event_type, event={"type": event_type}))
    assert alert.at == utc(at)
    assert not alert.at_is_arrival


def test_the_template_is_taken() -> None:
    alert = read(templated())
    assert alert.event is AlertEvent.FIRING
    assert alert.at == utc("2026-01-31T12:00:05"), "S8: the first alert's own time"
    assert alert.labels == {"severity": "critical", "drill": "true"}
    assert alert.drill
    assert (alert.team_name, alert.route_id, alert.source) == ("checkout", "RIYGUJXCPFHXY", "oncall_templated")


def test_the_template_tells_the_event_by_the_state() -> None:
    group = {"id": "I68T24C13IFW1", "state": "resolved"}
    alert = read(templated(alert_group=group, alerts=[{"endsAt": "2026-01-31T13:00:00Z"}]))
    assert (alert.event, alert.at) == (AlertEvent.RESOLVED, utc("2026-01-31T13:00:00"))


def test_grafana_alerting_fires_with_its_first_alert() -> None:
    alert = read(alerting())
    assert alert.event is AlertEvent.FIRING
    assert alert.at == utc("2026-01-31T12:00:01")
    assert alert.title == "[FIRING:2] CheckoutErrors"
    assert alert.labels["severity"] == "critical"
    assert alert.link == "https://grafana.example.com/alerting/grafana/abc/view"


def test_grafana_alerting_is_resolved_with_its_last_alert() -> None:
    ends = [{"endsAt": "2026-01-31T12:40:00Z"}, {"endsAt": "2026-01-31T12:50:00+00:00"}]
    resolved = read(alerting(status="resolved", alerts=ends))
    assert (resolved.event, resolved.at) == (AlertEvent.RESOLVED, utc("2026-01-31T12:50:00"))
    assert resolved.alert_group == read(alerting()).alert_group, "the resolution finds the incident that it is of"


def test_other_groups_of_grafana_alerting_are_other_alert_groups() -> None:
    other = read(alerting(groupKey='{}:{alertname="Other"}'))
    assert other.alert_group != read(alerting()).alert_group


# ---------------------------------------------------------------- the envelope


def test_a_retried_body_is_the_same_event() -> None:
    """X2, D1: OnCall rebuilds the payload for each try, so alerts_count and the rest differ."""
    retried = stock()
    retried["alert_group"] = {**retried["alert_group"], "alerts_count": 7, "last_alert": {"id": "AA7", "payload": {}}}
    retried["notified_users"] = [{"id": "U1"}]

    first, second = wrap(read(stock())), wrap(read(retried))

    assert first.dedup_id == second.dedup_id
    assert first.lane == second.lane == "alert:I68T24C13IFW1"


@pytest.mark.parametrize(
    "other",
    [
        stock("escalation", event={"type": "escalation", "time": "2026-01-31T12:09:00Z"}),
        stock("acknowledge"),
        stock(alert_group_id="IANOTHER"),
    ],
)
def test_another_event_is_another_event(other: dict[str, Any]) -> None:
    assert wrap(read(other)).dedup_id != wrap(read(stock())).dedup_id


def test_without_any_time_the_event_is_the_same_within_a_minute_and_another_one_later() -> None:
    """D1, L3: OnCall tries again after seconds; who takes a resolution back twice in five minutes means it twice."""
    group = {**stock()["alert_group"], "resolved_at": None}
    first = read(stock(event={"type": "unresolve"}, alert_group=group)).model_copy(
        update={"at": utc("2026-01-31T12:00:10")}
    )
    assert first.at_is_arrival
    retried = first.model_copy(update={"at": first.at + timedelta(seconds=40)})
    second = first.model_copy(update={"at": first.at + timedelta(minutes=2)})
    assert wrap(first).dedup_id == wrap(retried).dedup_id
    assert wrap(first).dedup_id != wrap(second).dedup_id


def test_the_alert_survives_the_journey() -> None:
    alert = read(stock())
    assert Alert.model_validate_json(wrap(alert).body) == alert


def test_a_huge_payload_becomes_a_message_that_fits() -> None:
    """L2: what was accepted always fits the queue."""
    junk = {f"label {n} " + '"' * 500: '"\\' * 5000 for n in range(500)}
    group = {**stock()["alert_group"], "title": '"' * 100_000, "labels": junk}
    notes = {"summary": "\u20ac" * 100_000}
    alert = read(stock(alert_group=group, alert_payload={"commonAnnotations": notes, "labels": {"drill": "true"}}))

    assert len(wrap(alert).encode().encode()) < SQS_MESSAGE_BYTES
    assert (len(alert.title), len(alert.summary), len(alert.labels)) == (TITLE_CHARS, SUMMARY_CHARS, LABELS_MAX)
    assert alert.drill, "S9: however many labels there are, a rehearsal stays one"


# ---------------------------------------------------------------- what is not so


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        (None, "body"),
        ({}, "alert_group_id"),
        (stock(alert_group_id=None, alert_group={}), "alert_group_id"),
        (stock(alert_group_id="x" * 257), "alert_group_id"),
        (stock(alert_group_id="\x00"), "alert_group_id"),
        (stock(alert_group_id={"id": 1}), "alert_group_id"),
        (stock(event={"type": "explode"}), "event.type"),
        (stock(event={"type": "resolve", "time": "yesterday"}), "event.time"),
        (templated(alert_group={"id": "I1"}), "alert_group.state"),
        (alerting(status="odd"), "status"),
        (alerting(groupKey=7), "groupKey"),
    ],
)
def test_a_bad_payload_is_told_its_field_and_its_remedy(payload: object, field: str) -> None:
    with pytest.raises(BadPayload) as bad:
        alert_of(payload)
    assert bad.value.field == field
    assert bad.value.problem
    assert bad.value.remedy


def test_what_people_read_holds_no_control_characters() -> None:
    group = {**stock()["alert_group"], "title": "a\x00b\r\n\x1b[31mc\ud800\uffff"}
    assert read(stock(alert_group=group)).title == "a b [31mc"


def test_an_alert_without_a_title_is_called_by_its_name() -> None:
    group = {**stock()["alert_group"], "title": None}
    assert read(stock(alert_group=group)).title == UNTITLED
    assert read(stock(alert_group=group, labels={"alertname": "Down"})).title == "Down"


@pytest.mark.parametrize("web", ["javascript:alert(1)", "", None, 7, ["https://x"]])
def test_only_a_web_address_becomes_a_link(web: object) -> None:
    group = {**stock()["alert_group"], "permalinks": {"web": web}}
    assert read(stock(alert_group=group)).link is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)
_WORDS = st.sampled_from(
    ["resolve", "unresolve", "escalation", "firing", "resolved", "2026-01-31T12:00:00Z", "0001-01-01T00:00:00+14:00"]
)
_value = _json | _WORDS


def _some(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these names, and anything under them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, _value))


_group = _some("id", "state", "title", "labels", "created_at", "resolved_at", "permalinks", "team_id")
_alert = _some("startsAt", "endsAt", "created_at", "labels", "generatorURL")
_payload = st.fixed_dictionaries(
    {},
    optional={
        "event": _some("type", "time") | _value,
        "alert_group": _group | _value,
        "alert_group_id": st.just("I1") | _value,
        "alert_payload": _some("labels", "commonLabels", "commonAnnotations", "alerts", "severity") | _value,
        "integration": _some("id", "team", "labels") | _value,
        "labels": st.lists(_some("key", "value")) | _value,
        "alerts": st.lists(_alert) | _value,
        "groupKey": _value,
        "status": _WORDS | _value,
        "commonLabels": _value,
        "team_name": _value,
    },
)


@settings(deadline=None)
@given(_payload | _json)
def test_whatever_comes_it_is_an_alert_that_fits_or_a_bad_payload(payload: object) -> None:
    """P-loud: no JSON, however odd, ends in a fault of ours."""
    try:
        alert = alert_of(payload)
    except BadPayload as bad:
        json.dumps([bad.field, bad.problem, bad.remedy], ensure_ascii=False).encode()
        return
    if isinstance(alert, Alert):
        assert Alert.model_validate_json(wrap(alert).body) == alert
        assert len(wrap(alert).encode().encode()) < SQS_MESSAGE_BYTES
