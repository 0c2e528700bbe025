"""Grafana OnCall: who is on call for an alert, and what is firing now.

Its API has no "responders" of an alert group. The way there is: route -> escalation chain -> policies -> the schedules'
``on_call_now`` -> users (S4). https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from app import clock
from app.domain.alert import Alert
from app.domain.people import OnCall, Person, Source
from app.errors import VendorError, VendorRefused
from app.intake.fields import BadPayload
from app.intake.oncall import alert_of
from app.outbound import Client, Transport

_PAGE = 100
_PAGES_MAX = 50
_PAYLOADS_MAX = 20  # alert groups in one round whose alert is read for its labels
_CLOCK_SKEW = timedelta(minutes=5)  # how far OnCall's clock may be ahead of ours
_OPEN_STATES = ("new", "acknowledged")  # the filter's words; "new" is what a group's own state calls "firing"
_STEPS_WITHOUT_PEOPLE = frozenset(
    {
        "wait", "resolve", "trigger_webhook", "repeat_escalation", "declare_incident",
        "notify_if_time_from_to", "notify_if_num_alerts_in_window",
    }
)  # fmt: skip

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class OnCallApi:
    """``base_url``: OnCall's address without ``/api/v1``."""

    def __init__(self, base_url: str, token: str, *, transport: Transport | None = None) -> None:
        # The token stands bare: OnCall does not strip a "Bearer" in front of it.
        self._http = Client(
            "OnCall", base_url.rstrip("/") + "/api/v1", headers={"Authorization": token}, transport=transport
        )
        self._last_alerts: dict[str, dict[str, Any]] = {}  # of the open groups, by group: read once, they do not change

    async def aclose(self) -> None:
        await self._http.aclose()

    # ------------------------------------------------------------ who is on call

    async def responders(self, alert: Alert) -> OnCall:
        """Everybody whom the escalation chain would reach, first to last. One unreadable schedule or user is said in
        ``chain`` and does not hide the others; if nobody is left for such a reason, the reason is raised."""
        route = await self._route(alert)
        chain_id = route.get("escalation_chain_id")
        if not chain_id:
            remedy = f"connect an escalation chain to route {route['id']} in OnCall"
            raise VendorRefused("OnCall", "find responders", "the route has no escalation chain", remedy=remedy)
        policies = await self._pages("escalation_policies/", {"escalation_chain_id": str(chain_id)}, "read policies")
        policies.sort(key=lambda policy: int(policy.get("position") or 0))

        words = [f"route {route['id']}", f"escalation chain {chain_id}"]
        failures: list[VendorError] = []
        return await self._found(await self._user_ids(policies, words, failures), words, failures)

    async def team(self, name: str) -> OnCall:
        """A team's own schedules, side by side; how they would be escalated is the chains' business."""
        teams = await self._pages("teams/", {"name": name}, "find the team")
        words, failures = [f"team {name}"], list[VendorError]()
        schedules = [
            schedule
            for team in teams
            for schedule in await self._pages("schedules/", {"team_id": str(team["id"])}, "find the team's schedules")
        ]
        words += [f"schedule {schedule['id']}" for schedule in schedules]
        return await self._found([id_ for one in schedules for id_ in _ids(one, "on_call_now")], words, failures)

    async def _found(self, user_ids: Iterable[str], words: list[str], failures: list[VendorError]) -> OnCall:
        users = _sorted_out(await _each(self._user(id_) for id_ in dict.fromkeys(user_ids)), words, failures)
        if not users and failures:
            raise failures[0]
        if not users:
            words.append("nobody is on call now")
        return OnCall(people=tuple(_person(user) for user in users), chain=", ".join(words))

    async def _route(self, alert: Alert) -> dict[str, Any]:
        """The alert's own route; else what OnCall knows of the group; else the integration's last route."""
        route_id, integration_id = alert.route_id, alert.integration_id
        if not route_id:
            groups = await self._pages("alert_groups/", {"id": alert.alert_group}, "find the alert group")
            if groups:
                route_id = groups[0].get("route_id")
                integration_id = integration_id or groups[0].get("integration_id")
        if route_id:
            return await self._one("routes", route_id, "read the route")
        if integration_id:
            routes = await self._pages("routes/", {"integration_id": integration_id}, "find the integration's routes")
            routes.sort(key=lambda route: (bool(route.get("is_the_last_route")), int(route.get("position") or 0)))
            if routes:
                return routes[-1]
        remedy = "send route_id or integration_id with the alert, or let the alert come from OnCall"
        raise VendorRefused("OnCall", "find responders", "the alert leads to no route", remedy=remedy)

    async def _user_ids(
        self, policies: Iterable[dict[str, Any]], words: list[str], failures: list[VendorError]
    ) -> list[str]:
        """In the order of the steps; the schedules are read side by side."""
        steps: list[Awaitable[list[str]]] = []
        for policy in policies:
            kind = policy.get("type")
            if kind == "notify_on_call_from_schedule" and policy.get("notify_on_call_from_schedule"):
                schedule_id = str(policy["notify_on_call_from_schedule"])
                words.append(f"schedule {schedule_id}")
                steps.append(self._on_call_now(schedule_id))
            elif named := [*_ids(policy, "persons_to_notify"), *_ids(policy, "persons_to_notify_next_each_time")]:
                steps.append(_known(named))
            elif kind not in _STEPS_WITHOUT_PEOPLE and kind is not None:
                words.append(f"step not followed: {kind}")
        found = _sorted_out(await _each(steps), words, failures)
        return [user_id for step in found for user_id in step]

    async def _on_call_now(self, schedule_id: str) -> list[str]:
        return _ids(await self._one("schedules", schedule_id, f"read schedule {schedule_id}"), "on_call_now")

    async def _user(self, user_id: str) -> dict[str, Any]:
        return await self._one("users", user_id, f"read user {user_id}")

    # ------------------------------------------------------------ what is firing

    async def open_alert_groups(self, since: datetime) -> list[Alert]:
        until = clock.now() + _CLOCK_SKEW
        began = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}_{until:%Y-%m-%dT%H:%M:%S}"
        groups = [
            group
            for state in _OPEN_STATES
            for group in await self._pages("alert_groups/", {"state": state, "started_at": began}, "list open groups")
        ]
        bare = [group for group in groups if not group.get("labels") and not group.get("last_alert")]
        ids = [str(group["id"]) for group in bare]
        self._last_alerts = {id_: alert for id_, alert in self._last_alerts.items() if id_ in ids}
        unread = [id_ for id_ in ids if id_ not in self._last_alerts][:_PAYLOADS_MAX]
        for id_, found in zip(unread, await _each(self._last_alert(id_) for id_ in unread), strict=True):
            if isinstance(found, VendorError):
                # Without labels its severity is the default one: a room too many is better than an alert lost.
                _log.warning("oncall_labels_unread", alert_group=id_, why=str(found))
            else:
                self._last_alerts[id_] = found
        for group in bare:
            group["last_alert"] = self._last_alerts.get(str(group["id"]))
        return [alert for group in groups if (alert := _alert(group))]

    async def _last_alert(self, group_id: str) -> dict[str, Any]:
        """A group may have no labels of its own: then they, and the severity, are in its alert's payload."""
        page = await self._page("alerts/", {"alert_group_id": group_id, "perpage": 1}, "read the group's alert")
        return page["results"][0] if page["results"] else {}

    # ------------------------------------------------------------ the API

    async def _one(self, kind: str, id_: str, operation: str) -> dict[str, Any]:
        found = await self._http.get_json(f"{kind}/{quote(id_, safe='')}/", operation=operation)
        if not isinstance(found, dict) or not found.get("id"):
            raise _odd(operation)
        return found

    async def _pages(self, path: str, params: Mapping[str, str], operation: str) -> list[dict[str, Any]]:
        """Ends at ``next: null``: a page number past the end gives the last page again."""
        results: list[dict[str, Any]] = []
        for number in range(1, _PAGES_MAX + 1):
            page = await self._page(path, {**params, "page": number, "perpage": _PAGE}, operation)
            results += page["results"]
            if page.get("next") is None:
                return results
        _log.warning("oncall_pages_cut", path=path, pages=_PAGES_MAX, read=len(results))
        return results

    async def _page(self, path: str, params: Mapping[str, str | int], operation: str) -> dict[str, Any]:
        page = await self._http.get_json(path, operation=operation, params=params)
        if not isinstance(page, dict) or not isinstance(page.get("results"), list):
            raise _odd(operation)
        page["results"] = [item for item in page["results"] if isinstance(item, dict) and item.get("id")]
        return page


def _odd(operation: str) -> VendorRefused:
    remedy = "check GRAFANA_ONCALL_URL: it is OnCall's address without /api/v1"
    return VendorRefused("OnCall", operation, "not the shape of OnCall's API", remedy=remedy)


async def _each(calls: Iterable[Awaitable[T]]) -> list[T | VendorError]:
    """Side by side, each failing alone."""
    return [_or_raised(found) for found in await asyncio.gather(*calls, return_exceptions=True)]


def _or_raised(found: T | BaseException) -> T | VendorError:
    if isinstance(found, BaseException) and not isinstance(found, VendorError):
        raise found
    return found


async def _known(user_ids: list[str]) -> list[str]:
    return user_ids


def _sorted_out(results: Iterable[T | VendorError], words: list[str], failures: list[VendorError]) -> list[T]:
    good: list[T] = []
    for result in results:
        if isinstance(result, VendorError):
            words.append(f"FAILED: {result.operation}: {result.detail}")
            failures.append(result)
        else:
            good.append(result)
    return good


def _ids(thing: Mapping[str, Any], key: str) -> list[str]:
    return [str(id_) for id_ in thing.get(key) or () if id_]


def _person(user: Mapping[str, Any]) -> Person:
    """``slack`` is an object in OnCall's code and a list in its documentation."""
    slack = user.get("slack")
    if isinstance(slack, list):
        slack = slack[0] if slack else None
    email = str(user.get("email") or "").strip().lower() or None
    return Person(
        name=str(user.get("username") or email or user["id"]),
        email=email,
        source=Source.ON_CALL,
        slack_id=slack.get("user_id") if isinstance(slack, dict) else None,
    )


def _alert(group: Mapping[str, Any]) -> Alert | None:
    """Read as if its webhook had come: the same alert, and for the queue the same event."""
    last = group.get("last_alert") or {}
    event = {"type": "alert group created", "time": group.get("created_at")}
    try:
        alert = alert_of({"event": event, "alert_group": group, "alert_payload": last.get("payload")})
    except BadPayload as error:
        _log.error("oncall_group_unreadable", alert_group=group["id"], why=str(error))
        return None
    return alert.model_copy(update={"source": "reconciler"}) if isinstance(alert, Alert) else None
