"""GitHub: what changed lately, and who owns the code. https://docs.github.com/en/rest/commits/commits

Each repository fails alone, and a failure is said: "no commits" is only said where the commits could be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from app.domain.codeowners import owners
from app.domain.readings import Outcome, Reading, failed, plain
from app.errors import VendorError
from app.outbound import Client, Transport

RECENT = timedelta(hours=4)
_COMMITS = 20  # per repository
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # GitHub takes the first
_OWNERS = 20
_EMPTY_REPOSITORY = 409  # what GitHub answers where there is no commit yet
_CODEOWNERS_MAX = 3_000_000  # bytes; GitHub ignores a larger one


@dataclass(frozen=True)
class _NotRead:
    repo: str
    why: str


class GitHub:
    def __init__(
        self, api_url: str, token: str, org: str, repos: Sequence[str], *, transport: Transport | None = None
    ) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._http = Client("github", api_url, headers=headers, transport=transport)
        self._org = org
        self._repos = tuple(repos)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def snapshot(self, service: str, at: datetime) -> list[Reading]:
        return list(await asyncio.gather(self.commits(at - RECENT, at), self._code_owners(service)))

    # ------------------------------------------------------------ commits

    async def commits(self, since: datetime, until: datetime) -> Reading:
        query = f"commits of {', '.join(self._repos)} from {_iso(since)} to {_iso(until)}"
        parts = await asyncio.gather(*(self._commits(repo, since, until) for repo in self._repos))
        return _together("Commits", query, parts)

    async def _commits(self, repo: str, since: datetime, until: datetime) -> list[str] | _NotRead:
        params: dict[str, str | int | float] = {"since": _iso(since), "until": _iso(until), "per_page": _COMMITS}
        try:
            reply = await self._http.get(
                f"{self._path(repo)}/commits", operation="list commits", params=params, accept=(_EMPTY_REPOSITORY,)
            )
            commits = [] if reply.status_code == _EMPTY_REPOSITORY else reply.json()
            lines = [_commit(repo, commit) for commit in commits]
        except VendorError as error:
            return _NotRead(repo, str(error))
        except (KeyError, TypeError, ValueError, AttributeError):
            return _NotRead(repo, "the answer has an unknown shape")
        return [*lines, f"{repo}: the {_COMMITS} newest are shown"] if len(lines) == _COMMITS else lines

    # ------------------------------------------------------------ owners

    async def _code_owners(self, service: str) -> Reading:
        query = f"CODEOWNERS of {', '.join(self._repos)} for {plain(service)}"
        parts = await asyncio.gather(*(self._owners(repo, service) for repo in self._repos))
        return _together("Code owners", query, parts)

    async def _owners(self, repo: str, service: str) -> list[str] | _NotRead:
        try:
            named = owners(await self._codeowners_file(repo), service)
        except VendorError as error:
            return _NotRead(repo, str(error))
        return [f"{repo}: {', '.join(named[:_OWNERS])}"] if named else []

    async def _codeowners_file(self, repo: str) -> str:
        """Empty where there is none. GitHub says 404 for the unseen too: whether the repository is seen tells which.

        All four at once: one after the other, a slow GitHub would use up the time that the room has for all of it.
        """
        replies = await asyncio.gather(
            *(
                self._http.get(
                    f"{self._path(repo)}/contents/{path}",
                    operation="read CODEOWNERS",
                    headers={"Accept": "application/vnd.github.raw+json"},
                    accept=(404,),
                )
                for path in _CODEOWNERS
            ),
            self._http.get(self._path(repo), operation="read the repository"),
        )
        found = next((reply for reply in replies[:-1] if reply.status_code != 404), None)
        return found.text if found is not None and len(found.content) < _CODEOWNERS_MAX else ""

    def _path(self, repo: str) -> str:
        return f"repos/{quote(self._org, safe='')}/{quote(repo, safe='')}"


def _together(label: str, query: str, parts: Sequence[list[str] | _NotRead]) -> Reading:
    """One reading of all repositories: what one of them did not tell is said beside what the others told."""
    lines = [line for part in parts if not isinstance(part, _NotRead) for line in part]
    gaps = [f"{part.repo}: not read: {part.why}" for part in parts if isinstance(part, _NotRead)]
    if lines:
        return Reading(label=label, outcome=Outcome.MEASURED, text="\n".join([*lines, *gaps]), query=query)
    if gaps:
        return failed(label, "; ".join(gaps), query=query)
    return Reading(label=label, outcome=Outcome.NO_DATA, query=query)


def _commit(repo: str, commit: dict[str, Any]) -> str:
    told = commit["commit"]
    at = datetime.fromisoformat(told["committer"]["date"]).astimezone(UTC)
    author = (commit.get("author") or {}).get("login") or told["author"]["name"]
    title = plain(told["message"].partition("\n")[0], 100)
    return f"{repo} {commit['sha'][:7]} {at:%H:%M} {title} ({plain(author, 40)})"


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
