"""Grafana OnCall: the token, and that somebody would be found."""

from __future__ import annotations

from typing import Any

from app.doctor.check import Check, Failed
from app.doctor.deployment import Deployment


async def _token(deployment: Deployment) -> str:
    return f"{(await _routes(deployment))['count']} routes are readable"


async def _escalation(deployment: Deployment) -> str:
    routes = (await _routes(deployment))["results"]
    connected = [route for route in routes if route.get("escalation_chain_id")]
    if not connected:
        raise Failed(f"none of {len(routes)} routes has an escalation chain, so an alert leads to nobody")
    return f"{len(connected)} of {len(routes)} routes lead to an escalation chain"


async def _routes(deployment: Deployment) -> Any:
    settings = deployment.settings
    headers = {"Authorization": settings.grafana_oncall_token.get_secret_value()}
    http = deployment.http("OnCall", f"{settings.grafana_oncall_url}/api/v1", headers=headers)
    return await http.get_json("routes/", operation="list routes", params={"perpage": 100})


CHECKS = (
    Check(
        "OnCall: token",
        "its API is where the settings say and takes the token",
        "check GRAFANA_ONCALL_URL, and set GRAFANA_ONCALL_TOKEN to an API token (Grafana OnCall, Settings, API Tokens)",
        _token,
    ),
    Check(
        "OnCall: escalation",
        "at least one route leads to an escalation chain, so that responders can be found",
        "connect an escalation chain to the integration's route (Grafana OnCall, Integrations)",
        _escalation,
        after="OnCall: token",
    ),
)
