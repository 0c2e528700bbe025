"""Linear: the key, and the team, project and labels of postmortems."""

from __future__ import annotations

from typing import Any

from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

_BAD_REQUEST = 400  # what a GraphQL error may come with
_TEAM = "query Team($id: String!) { team(id: $id) { id key name } }"
_PROJECT = "query Project($id: String!) { project(id: $id) { id name } }"

_LABELS = """
query Labels($names: [String!]!) {
  issueLabels(filter: { name: { in: $names } }, first: 50) { nodes { name isGroup team { id } } }
}"""


async def _team(deployment: Deployment) -> str:
    team = (await _ask(deployment, _TEAM, id=deployment.settings.linear_team_id))["team"]
    return f"{team['name']} ({team['key']})"


async def _project(deployment: Deployment) -> str:
    project_id = deployment.settings.linear_project_id
    if project_id is None:
        raise CouldNotTell("LINEAR_PROJECT_ID is not set: postmortems will belong to the team alone")
    return str((await _ask(deployment, _PROJECT, id=project_id))["project"]["name"])


async def _labels(deployment: Deployment) -> str:
    """A label counts if an issue of the team can have it: its own or the workspace's, and no group of labels."""
    names = deployment.settings.linear_label_names
    if not names:
        return "not needed: LINEAR_LABEL_NAMES is not set"
    found = (await _ask(deployment, _LABELS, names=names))["issueLabels"]["nodes"]
    teams = (None, {"id": deployment.settings.linear_team_id})
    usable = {label["name"] for label in found if not label["isGroup"] and label["team"] in teams}
    if missing := [name for name in names if name not in usable]:
        raise Failed(f"no issue of the team can have: {', '.join(missing)}")
    return ", ".join(names)


async def _ask(deployment: Deployment, query: str, **variables: object) -> dict[str, Any]:
    settings = deployment.settings
    asked = {"query": query, "variables": variables}
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
    Check(
        "Linear: labels",
        "each of LINEAR_LABEL_NAMES is a label that an issue of the team can have",
        "create the label in the team or the workspace (Linear, Settings, Labels), or correct LINEAR_LABEL_NAMES",
        _labels,
        after="Linear: team",
    ),
)
