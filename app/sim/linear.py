"""Linear, simulated: one team and one project behind a true subset of its public GraphQL schema.

https://linear.app/developers/graphql
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, graphql_sync, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app import clock
from app.sim import cast
from app.sim.linear_schema import SCHEMA

Json = dict[str, Any]
Info = GraphQLResolveInfo[Any]

TITLE_MAX = 255
TEAM_KEY = "OPS"
STATE_TYPES = ("triage", "backlog", "unstarted", "started", "completed", "canceled", "duplicate")
OTHER_TEAM = "5e1b0a52-0c65-4c1e-8a3e-000000000003"


def throttled(retry_after: int) -> Response:
    """Linear's own way of saying "too many requests": a 400, and the end of the pause in epoch milliseconds."""
    reset = str(int((clock.wall() + retry_after) * 1000))
    return _refusal(400, "Rate limit exceeded", "RATELIMITED", "ratelimited", {"X-RateLimit-Requests-Reset": reset})


class LinearSim:
    def __init__(self) -> None:
        self.team: Json = {"id": cast.LINEAR_TEAM, "key": TEAM_KEY, "name": "Operations"}
        self.project: Json = {"id": cast.LINEAR_PROJECT, "name": "Postmortems"}
        self.users: list[Json] = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{person.email}")),
                "email": person.email,
                "active": person.active,
                "displayName": person.role,
            }
            for person in cast.PEOPLE
        ]
        self.labels: list[Json] = [
            _label("Postmortem", self.team),
            _label("Incident", None),
            _label("Kind", None, isGroup=True),  # a group of labels: no issue can have it
            _label("Elsewhere", {"id": OTHER_TEAM, "key": "WEB", "name": "Website"}),
        ]
        self.issues: dict[str, Json] = {}
        self.attachments: dict[tuple[str, str], Json] = {}  # by issue and url, which is their key

    # ------------------------------------------------------------ what can be done

    def create_issue(self, _: Info, input: Json) -> Json:  # noqa: A002  (the schema's name for it)
        id_ = input.get("id") or str(uuid.UUID(hex=clock.new_id(), version=4))
        title = input.get("title") or ""
        if not _is_uuid4(id_):
            raise _input_error("Argument Validation Error", "id must be a UUID v4")
        if id_ in self.issues:
            raise _input_error("conflict on insert of Issue: entity with id already exists")
        if not title or len(title) > TITLE_MAX:
            raise _input_error("Argument Validation Error", f"title must have 1 to {TITLE_MAX} characters")
        if input.get("priority", 0) not in range(5):
            raise _input_error("Argument Validation Error", "priority must be 0 to 4")
        labels = [_known(self.labels, label, "IssueLabel") for label in input.get("labelIds", ())]
        if unfit := [label["name"] for label in labels if label["isGroup"] or label["team"] not in (None, self.team)]:
            raise _input_error("Argument Validation Error", f"labels that an issue of this team cannot have: {unfit}")
        parent_id, project_id, assignee_id = (input.get(name) for name in ("parentId", "projectId", "assigneeId"))
        number = len(self.issues) + 1
        identifier = f"{TEAM_KEY}-{number}"
        issue = {
            "id": id_, "identifier": identifier, "url": f"https://linear.example.com/issue/{identifier}",
            "title": title, "description": input.get("description"), "createdAt": clock.now().isoformat(),
            "priority": float(input.get("priority", 0)), "dueDate": input.get("dueDate"), "labels": labels,
            "parent": self._issue(parent_id) if parent_id else None, "state": _workflow_state("backlog"),
            "team": _known([self.team], input["teamId"], "Team"),
            "project": _known([self.project], project_id, "Project") if project_id else None,
            "assignee": _known(self.users, assignee_id, "User") if assignee_id else None,
        }  # fmt: skip
        self.issues[id_] = issue
        return {"success": True, "lastSyncId": number, "issue": self._with_lists(issue)}

    def attach(self, _: Info, input: Json) -> Json:  # noqa: A002
        """The same url on the same issue changes the attachment that is there."""
        issue = self._issue(input["issueId"])
        if not input["url"].startswith(("http://", "https://")):
            raise _input_error("Argument Validation Error", "url must be a URL")
        key = (issue["id"], input["url"])
        known = self.attachments.setdefault(key, {"id": str(uuid.UUID(hex=clock.new_id(), version=4))})
        known.update({name: input.get(name) for name in ("title", "subtitle", "url")})
        return {"success": True, "lastSyncId": len(self.issues), "attachment": known}

    def move(self, id_: str, kind: str) -> None:
        """Somebody drags the issue to another column; ``kind`` is the type of the workflow state that it stands for."""
        self._issue(id_)["state"] = _workflow_state(kind)

    def find_users(
        self,
        _: Info,
        filter: Json | None = None,  # noqa: A002
        includeDisabled: bool = False,  # noqa: N803
        first: int = 50,
    ) -> Json:
        email = ((filter or {}).get("email") or {}).get("eq")
        found = [u for u in self.users if (includeDisabled or u["active"]) and email in (None, u["email"])]
        return {"nodes": found[:first]}

    def find_labels(self, _: Info, filter: Json | None = None, first: int = 50) -> Json:  # noqa: A002
        names = ((filter or {}).get("name") or {}).get("in")
        return {"nodes": [label for label in self.labels if names is None or label["name"] in names][:first]}

    def _issue(self, id_: str) -> Json:
        """By its id, or by its identifier (OPS-1)."""
        by_identifier = (issue for issue in self.issues.values() if issue["identifier"] == id_)
        found = self.issues.get(id_) or next(by_identifier, None)
        if found is None:
            raise _input_error("Entity not found: Issue", "Could not find referenced Issue.")
        return found

    def _with_lists(self, issue: Json) -> Json:
        def attachments(_: Info, first: int = 50) -> Json:
            return {"nodes": [a for (id_, _), a in self.attachments.items() if id_ == issue["id"]][:first]}

        def labels(_: Info, first: int = 50) -> Json:
            return {"nodes": issue["labels"][:first]}

        return {**issue, "attachments": attachments, "labels": labels}

    # ------------------------------------------------------------ its HTTP face

    def app(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=["POST"]),
                Route("/people/state", self._state),
                Route("/people/move", self._move, methods=["POST"]),
            ]
        )

    async def _graphql(self, request: Request) -> Response:
        if request.headers.get("authorization") != cast.LINEAR_KEY:  # an API key goes without "Bearer"
            why = "Authentication required, not authenticated"
            return _refusal(400, why, "AUTHENTICATION_ERROR", "authentication error")
        try:
            asked = json.loads(await request.body())
            document = parse(asked["query"])
        except (ValueError, TypeError, KeyError, GraphQLError) as error:
            return _refusal(400, f"Syntax Error: {error}", "GRAPHQL_PARSE_FAILED", "graphql error")
        if problems := validate(SCHEMA, document):
            return _refusal(400, problems[0].message, "GRAPHQL_VALIDATION_FAILED", "graphql error")
        root: dict[str, Callable[..., Json]] = {
            "issue": lambda _, id: self._with_lists(self._issue(id)),  # noqa: A006
            "users": self.find_users,
            "issueLabels": self.find_labels,
            "team": lambda _, id: _known([self.team], id, "Team"),  # noqa: A006
            "project": lambda _, id: _known([self.project], id, "Project"),  # noqa: A006
            "issueCreate": self.create_issue,
            "attachmentCreate": self.attach,
        }
        result = graphql_sync(
            SCHEMA,
            asked["query"],
            root,
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        return JSONResponse(result.formatted)

    async def _move(self, request: Request) -> Response:
        asked = await request.json()
        self.move(asked["issue"], asked["type"])
        return JSONResponse({"ok": True})

    async def _state(self, _: Request) -> Response:
        attachments = [{"issueId": issue, **attachment} for (issue, _), attachment in self.attachments.items()]
        return JSONResponse({"issues": [*self.issues.values()], "attachments": attachments, "users": self.users})


def _workflow_state(kind: str) -> Json:
    if kind not in STATE_TYPES:
        raise ValueError(f"Linear knows no state of type {kind}; there are: {', '.join(STATE_TYPES)}")
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"state:{kind}")), "name": kind.capitalize(), "type": kind}


def _label(name: str, team: Json | None, *, isGroup: bool = False) -> Json:  # noqa: N803
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"label:{name}"))
    return {"id": id_, "name": name, "isGroup": isGroup, "team": team}


def _known(entities: list[Json], id_: str, kind: str) -> Json:
    for entity in entities:
        if entity["id"] == id_:
            return entity
    raise _input_error(f"Entity not found: {kind}", f"Could not find referenced {kind}.")


def _is_uuid4(text: str) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return parsed.version == 4 and str(parsed) == text.lower()


def _input_error(message: str, presentable: str = "") -> GraphQLError:
    return GraphQLError(message, extensions=_extensions("INPUT_ERROR", "invalid input", presentable or message))


def _extensions(code: str, type_: str, presentable: str) -> Json:
    return {
        "code": code, "type": type_, "statusCode": 400,
        "userError": True, "userPresentableMessage": presentable,
    }  # fmt: skip


def _refusal(status: int, message: str, code: str, type_: str, headers: dict[str, str] | None = None) -> Response:
    error = {"message": message, "extensions": _extensions(code, type_, message)}
    return JSONResponse({"errors": [error]}, status, headers)
