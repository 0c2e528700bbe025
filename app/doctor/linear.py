"""Linear: the key, the team and the project that postmortems go to."""

from __future__ import annotations

from typing import Any

from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

_BAD_REQUEST = 400  # what a GraphQL error may come with
_TEAM = "query Team($id: String!) { team(id: $id) { id key name } }"
_PROJECT = "query Project($id: String!) { project(id: $id) { id name } }"


async def _team(deployment: Deployment) -> str:
    team = (await _ask(deployment, _TEAM, deployment.settings.linear_team_id))["team"]
    return f"{team['name']} ({team['key']})"


async def _project(deployment: Deployment) -> str:
    project_id = deployment.settings.linear_project_id
    if project_id is None:
        raise CouldNotTell("LINEAR_PROJECT_ID is not set: postmortems will belong to the team alone")
    return str((await _ask(deployment, _PROJECT, project_id))["project"]["name"])


async def _ask(deployment: Deployment, query: str, id_: str) -> dict[str, Any]:
    settings = deployment.settings
    asked = {"query": query, "variables": {"id": id_}}
    headers = {"Authorization": settings.linear_api_key.get_secret_value()}  # bare: Bearer is for OAuth tokens
    http = deployment.http("Linear", settings.linear_api_url, headers=headers)
    response = await http.send(
        "POST", "graphql", operation="query", json=asked, idempotent=True, accept=(_BAD_REQUEST,)
    )
    body = response.json()
    if body.get("errors"):
        error = body["errors"][0]
        raise Failed(f"{(error.get('extensions') or {}).get('code', 'refused')}: {str(error.get('message'))[:200]}")
    data: dict[str, Any] = body["data"]
    return data


CHECKS = (
    Check(
        "Linear: team",
        "the key is valid and sees the team",
        "set LINEAR_API_KEY (Linear, Settings, API), and LINEAR_TEAM_ID to the UUID of a team that the key's owner is "
        "a member of",
        _team,
    ),
    Check(
        "Linear: project",
        "the project that postmortems are filed in exists",
        "set LINEAR_PROJECT_ID to the UUID of a project of the team (Linear, the project, Copy model UUID), or unset "
        "it",
        _project,
        after="Linear: team",
    ),
)
