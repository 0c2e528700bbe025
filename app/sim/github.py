"""GitHub, simulated: repositories with commits, files and deployments."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app import clock
from app.sim import cast

Thing = dict[str, Any]

_CODEOWNERS = """\
# Whoever is not named below
*                   @example-org/platform
/docs/
/services/checkout/ @example-org/checkout checkout-lead@example.com  # payments page, cart
"""


@dataclass(frozen=True)
class Commit:
    at: datetime
    message: str
    login: str | None  # None: no account has the author's address
    name: str = "Automation"
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """``states``: oldest first."""

    at: datetime
    login: str
    environment: str = "production"
    states: tuple[str, ...] = ("in_progress", "success")
    log_url: str = "https://github.example/example-org/checkout/actions/runs/4711"


@dataclass
class Repository:
    commits: list[Commit] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)


def _checkout() -> Repository:
    """A day's work, seen from now: one of the commits is the likely culprit."""
    now = clock.now()
    return Repository(
        commits=[
            Commit(
                now - timedelta(minutes=25),
                "Lower the payment client's timeout to 3 s\n\nTicket 4711",
                "checkout-lead",
                files=("services/checkout/payment/client.py",),
            ),
            Commit(
                now - timedelta(hours=2),
                "Bump http client from 4.1.0 to 4.2.0",
                None,
                "Dependency Bot",
                files=("requirements.txt", "docs/dependencies.adoc"),
            ),
            Commit(now - timedelta(hours=9), "Show the delivery date in the cart", "checkout-engineer"),
        ],
        files={".github/CODEOWNERS": _CODEOWNERS},
        deployments=[
            Deployment(now - timedelta(minutes=15), "checkout-lead"),
            Deployment(now - timedelta(hours=5), "checkout-engineer"),
        ],
    )


@dataclass
class GitHubSim:
    token: str = cast.GITHUB_TOKEN
    org: str = cast.GITHUB_ORG
    repos: dict[str, Repository] = field(default_factory=lambda: {cast.GITHUB_REPO: _checkout()})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/rate_limit", self._rate_limit),
                Route("/repos/{org}/{repo}", self._repository),
                Route("/repos/{org}/{repo}/commits", self._commits),
                Route("/repos/{org}/{repo}/commits/{sha}", self._commit),
                Route("/repos/{org}/{repo}/deployments", self._deployments),
                Route("/repos/{org}/{repo}/deployments/{id:int}/statuses", self._statuses),
                Route("/repos/{org}/{repo}/contents/{path:path}", self._contents),
            ]
        )

    def _find(self, request: Request) -> Repository | Response:
        if not request.headers.get("user-agent"):
            return PlainTextResponse("Request forbidden by administrative rules.", 403)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _message(401, "Bad credentials")
        repo = self.repos.get(request.path_params["repo"])
        return repo if repo and request.path_params["org"] == self.org else _message(404, "Not Found")

    async def _rate_limit(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _message(401, "Bad credentials")
        return JSONResponse({"rate": {"limit": 5000, "remaining": 5000}})

    async def _repository(self, request: Request) -> Response:
        found = self._find(request)
        if isinstance(found, Response):
            return found
        name = request.path_params["repo"]
        return JSONResponse({"name": name, "full_name": f"{self.org}/{name}", "private": True})

    async def _commits(self, request: Request) -> Response:
        found, asked = self._find(request), request.query_params
        if isinstance(found, Response):
            return found
        if not found.commits:
            return _message(409, "Git Repository is empty.")
        since, until = (datetime.fromisoformat(asked[name]) if name in asked else None for name in ("since", "until"))
        size = min(int(asked.get("per_page", "30")), 100)
        wanted = [
            one for one in found.commits if (since is None or one.at >= since) and (until is None or one.at <= until)
        ]
        newest_first = sorted(wanted, key=lambda one: one.at, reverse=True)
        return JSONResponse([_shape(self.org, request.path_params["repo"], one) for one in newest_first[:size]])

    async def _commit(self, request: Request) -> Response:
        found, path = self._find(request), request.path_params
        if isinstance(found, Response):
            return found
        for one in found.commits:
            if (shape := _shape(self.org, path["repo"], one))["sha"] == path["sha"]:
                return JSONResponse(
                    {**shape, "files": [{"filename": name, "status": "modified"} for name in one.files]}
                )
        return _message(422, f"No commit found for SHA: {path['sha']}")

    async def _deployments(self, request: Request) -> Response:
        found = self._find(request)
        if isinstance(found, Response):
            return found
        size = min(int(request.query_params.get("per_page", "30")), 100)
        newest_first = sorted(enumerate(found.deployments), key=lambda one: one[1].at, reverse=True)
        return JSONResponse([_deployment(number, one) for number, one in newest_first[:size]])

    async def _statuses(self, request: Request) -> Response:
        found, number = self._find(request), request.path_params["id"]
        if isinstance(found, Response):
            return found
        if number >= len(found.deployments):
            return _message(404, "Not Found")
        one, size = found.deployments[number], int(request.query_params.get("per_page", "30"))
        states = [{"id": n, "state": state, "log_url": one.log_url} for n, state in enumerate(one.states)]
        return JSONResponse(states[::-1][:size])

    async def _contents(self, request: Request) -> Response:
        found = self._find(request)
        if isinstance(found, Response):
            return found
        path = request.path_params["path"]
        if path not in found.files:
            return _message(404, "Not Found")
        text = found.files[path]
        if request.headers.get("accept") == "application/vnd.github.raw+json":
            return Response(text, media_type="application/vnd.github.raw+json; charset=utf-8")
        content = base64.b64encode(text.encode()).decode()
        return JSONResponse({"type": "file", "path": path, "encoding": "base64", "content": content})


def _message(status: int, text: str) -> Response:
    return JSONResponse({"message": text, "documentation_url": "https://docs.github.com/rest"}, status)


def _deployment(number: int, one: Deployment) -> Thing:
    return {
        "id": number,
        "sha": hashlib.sha256(f"{one.at}".encode()).hexdigest()[:40],
        "ref": "main",
        "task": "deploy",
        "environment": one.environment,
        "created_at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
        "creator": {"login": one.login},
    }


def _shape(org: str, repo: str, commit: Commit) -> Thing:
    sha = hashlib.sha256(f"{commit.at}{commit.message}".encode()).hexdigest()[:40]
    signed = {"name": commit.name, "email": "noreply@example.com", "date": f"{commit.at:%Y-%m-%dT%H:%M:%SZ}"}
    return {
        "sha": sha,
        "commit": {"author": signed, "committer": signed, "message": commit.message},
        "html_url": f"https://github.example/{org}/{repo}/commit/{sha}",
        "author": {"login": commit.login} if commit.login else None,
        "committer": None,
    }
