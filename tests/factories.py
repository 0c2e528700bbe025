"""Small makers of what tests talk about. Defaults are plausible; a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from app import clock
from app.domain.alert import Alert, AlertEvent
from app.domain.audit import AuditType, Fact
from app.domain.change import Change, DraftWrite
from app.domain.draft import Draft, PublicStatus, PublicText, compose
from app.domain.gesture import Gesture, parse
from app.domain.ids import incident_id
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.severity import Severity
from app.ports import Store
from app.signature import sign_slack, verify_slack
from app.sim import cast

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SECRET = cast.SIGNING_SECRET
IC = "U0PRIMARY"


def alert(
    group: str = "I6HNZGUFG4K11", *, at: datetime = AT, event: AlertEvent = AlertEvent.FIRING, **more: object
) -> Alert:
    facts = {
        "alert_group": group, "event": event, "at": at, "title": "Checkout error rate above 5 %",
        "labels": {"service": cast.SERVICE, "team": cast.TEAM, "severity": "critical"},
        "integration_id": cast.ONCALL_INTEGRATION, "route_id": cast.ONCALL_ROUTE,
    }  # fmt: skip
    return Alert.model_validate({**facts, **more})


def incident(group: str = "I6HNZGUFG4K11", *, status: Status = Status.ACTIVE, **more: object) -> Incident:
    fired = alert(group)
    facts = {
        "id": incident_id(group, 1, AT), "status": status, "severity": Severity.P1, "title": fired.title,
        "service": fired.service, "team": fired.team, "alert": fired, "created_at": AT, "ic": IC,
        "channel_id": "C0ROOM", "channel_name": "incident-response-p1-20261121-x",
    }  # fmt: skip
    return Incident.model_validate({**facts, **more})


def text(body: str = "We are looking into failing checkouts. Next update in 30 minutes.") -> PublicText:
    return PublicText(title="Checkout is slow", status=PublicStatus.INVESTIGATING, body=body)


def draft(of: Incident, *, name: str = "draft1", author: str = "system", public: PublicText | None = None) -> Draft:
    return compose(name, of.id, public or text(), author=author, at=AT, lasts=timedelta(minutes=30))


async def stored(store: Store, what: Incident, *drafts: Draft) -> Incident:
    """Put an incident, and drafts with it, where it was not."""
    return await store.commit(
        Change(
            incident=what,
            facts=[Fact(type=AuditType.ALERT_RECEIVED, actor="system", details={"title": what.title})],
            at=AT,
            create=True,
            drafts=[DraftWrite(one, was=None) for one in drafts],
            lookups=[("ALERT", what.alert.alert_group), *([("CHANNEL", what.channel_id)] if what.channel_id else [])],
        )
    )


def command(words: str, *, user: str = IC, channel: str = "C0ROOM") -> Gesture:
    return parse(
        f"command=%2Fincident-response&text={quote(words)}&user_id={user}&team_id={cast.TEAM_ID}&channel_id={channel}"
        f"&trigger_id=1.2.{quote(words)}"
    )


def human(user: str = IC) -> Human:
    """Made the only way there is: from a gesture whose signature holds."""
    gesture = command("status", user=user)
    now = clock.wall()
    signed = sign_slack(SECRET, str(int(now)), gesture.raw.encode())
    proof = verify_slack(SECRET, str(int(now)), gesture.raw.encode(), signed, now=now)
    assert proof is not None
    return Human(gesture, proof)
