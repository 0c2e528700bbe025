"""OnCall: who is on call, what is firing, and the webhook that the simulated one sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain.alert import Alert, AlertEvent
from app.domain.people import Source
from app.domain.severity import Severity, of_labels
from app.effects.oncall import OnCallApi
from app.errors import VendorRefused
from app.intake.oncall import alert_of
from app.signature import sign_hex
from app.sim import cast
from app.sim.oncall import OnCallSim
from tests.conftest import Serve

PRIMARY, SECONDARY = cast.PEOPLE[:2]


@pytest.fixture
def sim() -> OnCallSim:
    return OnCallSim()


@pytest.fixture
async def oncall(sim: OnCallSim, serve: Serve) -> AsyncIterator[OnCallApi]:
    api = OnCallApi(serve(sim.app()), cast.ONCALL_TOKEN)
    yield api
    await api.aclose()


def alert(**known: Any) -> Alert:
    about = {"route_id": cast.ONCALL_ROUTE, "integration_id": cast.ONCALL_INTEGRATION, **known}
    return Alert(alert_group="IUNSEEN", event=AlertEvent.FIRING, at=clock.now(), title="Checkout is down", **about)


# ---------------------------------------------------------------- who is on call


async def test_the_people_on_call_come_first_and_once(oncall: OnCallApi) -> None:
    """S4: found by the paths that OnCall has: route, chain, policies, schedule, users."""
    found = await oncall.responders(alert())
    assert [(p.name, p.email, p.slack_id, p.source) for p in found.people] == [
        (PRIMARY.role, PRIMARY.email, PRIMARY.slack_id, Source.ON_CALL),
        (SECONDARY.role, SECONDARY.email, SECONDARY.slack_id, Source.ON_CALL),
    ]
    for step in (cast.ONCALL_ROUTE, cast.ONCALL_CHAIN, cast.ONCALL_SCHEDULE):
        assert step in found.chain


async def test_the_order_is_the_chains_not_the_answers(sim: OnCallSim, oncall: OnCallApi) -> None:
    sim.policies.reverse()
    for policy in sim.policies:
        policy["position"] = 2 - policy["position"]  # named persons first now, the schedule last
    sim.policies[0]["persons_to_notify"] = [SECONDARY.oncall_id]
    found = await oncall.responders(alert())
    assert [p.name for p in found.people] == [SECONDARY.role, PRIMARY.role]


@pytest.mark.parametrize(
    ("slack", "expected"),
    [([{"user_id": "U0LISTED", "team_id": "T0"}], "U0LISTED"), ([], None), (None, None)],
)
async def test_a_users_slack_may_be_a_list_or_nothing(
    sim: OnCallSim, oncall: OnCallApi, slack: Any, expected: str | None
) -> None:
    sim.users[0]["slack"] = slack
    assert (await oncall.responders(alert())).people[0].slack_id == expected


async def test_without_a_route_the_alert_group_leads_to_it(sim: OnCallSim, oncall: OnCallApi) -> None:
    group = sim.fire("Checkout is down")
    bare = alert(route_id=None, integration_id=None).model_copy(update={"alert_group": group})
    assert len((await oncall.responders(bare)).people) == 2


async def test_without_a_route_and_a_group_the_integrations_last_route_counts(
    sim: OnCallSim, oncall: OnCallApi
) -> None:
    sim.routes.reverse()
    found = await oncall.responders(alert(route_id=None))
    assert "RLASTROUTE0001" in found.chain


async def test_an_alert_that_leads_nowhere_says_what_to_do(oncall: OnCallApi) -> None:
    with pytest.raises(VendorRefused, match="send route_id or integration_id"):
        await oncall.responders(alert(route_id=None, integration_id=None))


async def test_a_route_without_a_chain_says_what_to_do(sim: OnCallSim, oncall: OnCallApi) -> None:
    sim.routes[0]["escalation_chain_id"] = None
    with pytest.raises(VendorRefused, match="connect an escalation chain"):
        await oncall.responders(alert())


async def test_one_unreadable_schedule_hides_nobody_and_is_said(sim: OnCallSim, oncall: OnCallApi) -> None:
    """S4: each source fails alone."""
    sim.schedules.clear()
    found = await oncall.responders(alert())
    assert len(found.people) == 2  # by name, from the chain's last step
    assert f"FAILED: read schedule {cast.ONCALL_SCHEDULE}" in found.chain


async def test_nobody_found_because_of_a_failure_is_a_failure(sim: OnCallSim, oncall: OnCallApi) -> None:
    """P-people: an empty room is never explained by silence."""
    sim.schedules.clear()
    sim.policies.pop()
    with pytest.raises(VendorRefused):
        await oncall.responders(alert())


async def test_nobody_on_call_is_an_answer(sim: OnCallSim, oncall: OnCallApi) -> None:
    sim.schedules[0]["on_call_now"] = []
    sim.policies.pop()
    found = await oncall.responders(alert())
    assert found.people == ()
    assert "nobody is on call now" in found.chain


async def test_a_step_that_is_not_followed_is_said(sim: OnCallSim, oncall: OnCallApi) -> None:
    sim.policies.append(
        {"id": "E9", "escalation_chain_id": cast.ONCALL_CHAIN, "position": 9, "type": "notify_team_members"}
    )
    assert "step not followed: notify_team_members" in (await oncall.responders(alert())).chain


async def test_a_team_is_who_is_on_call_on_its_schedules(sim: OnCallSim, oncall: OnCallApi) -> None:
    """S4: the API has no on-call list of a team; its schedules have."""
    elsewhere = {**sim.schedules[0], "id": "S2", "team_id": "TOTHER", "on_call_now": ["UONCALLPRIMARY"]}
    sim.schedules[0]["on_call_now"] = [SECONDARY.oncall_id]
    sim.schedules.append(elsewhere)
    found = await oncall.team(cast.TEAM)
    assert [p.name for p in found.people] == [SECONDARY.role]
    assert found.chain == f"team {cast.TEAM}, schedule {cast.ONCALL_SCHEDULE}"


async def test_a_team_that_is_not_there_has_nobody_on_call(oncall: OnCallApi) -> None:
    found = await oncall.team("nowhere")
    assert found.people == ()
    assert "nobody is on call now" in found.chain


async def test_a_team_whose_people_cannot_be_read_is_a_failure(sim: OnCallSim, oncall: OnCallApi) -> None:
    """P-people: nobody found because of a failure is not nobody on call."""
    sim.users.clear()
    with pytest.raises(VendorRefused):
        await oncall.team(cast.TEAM)


async def test_a_wrong_token_is_refused_with_a_remedy(sim: OnCallSim, serve: Serve) -> None:
    api = OnCallApi(serve(sim.app()), "wrong")
    with pytest.raises(VendorRefused, match="403"):
        await api.responders(alert())
    await api.aclose()


async def test_another_services_address_is_refused_with_a_remedy(serve: Serve) -> None:
    async def something_else(_request: Request) -> Response:
        return Response('["welcome"]', media_type="application/json")

    api = OnCallApi(serve(Starlette(routes=[Route("/{path:path}", something_else)])), cast.ONCALL_TOKEN)
    with pytest.raises(VendorRefused, match="GRAFANA_ONCALL_URL"):
        await api.responders(alert())
    await api.aclose()


# ---------------------------------------------------------------- what is firing


async def test_open_groups_are_told_as_their_webhook_would_have(sim: OnCallSim, oncall: OnCallApi) -> None:
    """P-accept: an alert whose webhook was lost is found, and for the queue it is the same event."""
    began = clock.now() - timedelta(seconds=1)
    firing, acknowledged, resolved = (sim.fire(f"Alert {n}") for n in range(3))
    sim.acknowledge(acknowledged)
    sim.resolve(resolved)
    found = {one.alert_group: one for one in await oncall.open_alert_groups(began)}
    assert set(found) == {firing, acknowledged}
    told = alert_of(sim.payload(firing, "alert group created"))
    assert isinstance(told, Alert)
    assert found[firing] == told.model_copy(update={"source": "reconciler", "team_name": None})
    assert found[acknowledged].event is AlertEvent.FIRING
    assert found[firing].team == cast.TEAM
    assert found[firing].link == sim.groups[firing]["permalinks"]["web"]


async def test_groups_that_began_before_are_left_out(sim: OnCallSim, oncall: OnCallApi) -> None:
    sim.fire("Old news")
    assert await oncall.open_alert_groups(clock.now() + timedelta(seconds=2)) == []


async def test_every_page_of_open_groups_is_read(sim: OnCallSim, oncall: OnCallApi) -> None:
    began = clock.now() - timedelta(seconds=1)
    fired = {sim.fire(f"Alert {n}") for n in range(201)}
    assert {one.alert_group for one in await oncall.open_alert_groups(began)} == fired


@pytest.mark.parametrize("last_alert_shown", [True, False])
async def test_the_severity_is_found_in_the_alert_when_the_group_has_no_labels(
    sim: OnCallSim, oncall: OnCallApi, last_alert_shown: bool
) -> None:
    sim.labels_on_groups = False
    group = sim.fire("Disk is filling", severity="warning")
    if not last_alert_shown:
        sim.groups[group]["last_alert"] = None
    (found,) = await oncall.open_alert_groups(clock.now() - timedelta(minutes=1))
    assert of_labels(found.labels, Severity.P1) is Severity.P3


async def test_a_group_that_cannot_be_read_does_not_hide_the_others(sim: OnCallSim, oncall: OnCallApi) -> None:
    broken, good = sim.fire("Broken"), sim.fire("Good")
    sim.groups[broken]["permalinks"] = "none"
    sim.groups[broken]["id"] = "x" * 300
    found = await oncall.open_alert_groups(clock.now() - timedelta(minutes=1))
    assert [one.alert_group for one in found] == [good]


# ---------------------------------------------------------------- the simulated webhook


class Receiver:
    def __init__(self, status: int = 202) -> None:
        self.status = status
        self.got: list[tuple[dict[str, str], bytes]] = []

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            self.got.append((dict(request.headers), await request.body()))
            return Response(status_code=self.status)

        return Starlette(routes=[Route("/webhook", take, methods=["POST"])])


@pytest.mark.parametrize("templated", [False, True])
async def test_firing_sends_a_signed_webhook_that_intake_understands(
    sim: OnCallSim, serve: Serve, templated: bool
) -> None:
    receiver = Receiver()
    sim.templated = templated
    sim.webhook_url = serve(receiver.app()) + "/webhook"
    async with httpx.AsyncClient(base_url=serve(sim.app())) as console:
        fired = (
            await console.post("/people/fire", json={"title": "Checkout is down", "labels": {"drill": "true"}})
        ).json()
        for act in ("resolve", "fire_again"):
            await console.post(f"/people/{act}", json={"alert_group_id": fired["alert_group_id"]})
        deliveries = (await console.get("/people/deliveries")).json()
    assert [d["event"] for d in deliveries] == ["alert group created", "resolve", "unresolve"]
    assert {d["status"] for d in deliveries} == {202}
    assert fired["delivery"]["latency_ms"] > 0
    events = []
    for headers, body in receiver.got:
        assert headers["x-grafana-oncall-signature"] == sign_hex(cast.HMAC_SECRET, body)
        told = alert_of(httpx.Response(200, content=body).json())
        assert isinstance(told, Alert)
        assert (told.title, told.drill, told.team, told.route_id) == (
            "Checkout is down",
            True,
            "checkout",
            cast.ONCALL_ROUTE,
        )
        events.append(told.event)
    again = AlertEvent.FIRING if templated else AlertEvent.UNRESOLVED  # a template knows the state, and no event
    assert events == [AlertEvent.FIRING, AlertEvent.RESOLVED, again]


async def test_an_answer_is_never_asked_again_but_a_failed_connection_is(sim: OnCallSim, serve: Serve) -> None:
    receiver = Receiver(status=503)
    sim.webhook_url = serve(receiver.app()) + "/webhook"
    refused = await sim.deliver(sim.fire("Checkout is down"), "alert group created")
    assert refused is not None
    assert refused.status == 503
    assert sim._retrying == set()
    sim.webhook_url = "http://127.0.0.1:1/webhook"
    lost = await sim.deliver(sim.fire("Checkout is down"), "alert group created")
    assert lost is not None
    assert (lost.status, lost.error) == (None, "ConnectError")
    (retry,) = sim._retrying
    retry.cancel()


@pytest.mark.parametrize("body", ['{"titel": "x"}', '{"title": ""}', "no JSON"])
async def test_the_console_is_told_what_is_wrong_with_its_request(sim: OnCallSim, serve: Serve, body: str) -> None:
    async with httpx.AsyncClient(base_url=serve(sim.app())) as console:
        reply = await console.post("/people/fire", content=body)
    assert reply.status_code == 400
    assert reply.json()["detail"]
    assert sim.groups == {}
