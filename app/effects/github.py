"""GitHub: what was changed shortly before the alert, and who owns what was touched.

https://docs.github.com/en/rest/commits/commits https://docs.github.com/en/rest/deployments/deployments
Each repository fails alone, and a failure is said: "no commits" is only said where the commits could be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from app import json_text
from app.domain.catalogue import Service
from app.domain.codeowners import owners, owners_of_paths
from app.domain.readings import Line, Reading, listed, plain
from app.errors import VendorError
from app.outbound import Client, Transport

RECENT = timedelta(hours=4)
DEADLINE_S = 7.0  # of one reading, a little less than the room's: so that a slow one does not take the others with it
_COMMITS = 20  # per repository
_DEPLOYMENTS_READ = 50  # GitHub cannot be asked for those of a time: the newest are read, and the right ones kept
_DEPLOYMENTS = 10  # per repository
_LOOKED_INTO = 10  # commits per repository whose files are read
_PATHS_SHOWN = 3  # of each owner
_PATHS = 30  # per repository whose owners are looked up
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # GitHub takes the first
_OWNERS = 20
_EMPTY_REPOSITORY = 409  # what GitHub answers where there is no commit yet
_CODEOWNERS_MAX = 3_000_000  # bytes; GitHub ignores a larger one
_RAW = "raw"  # in the content type of a file as GitHub sends it; anything else is somebody else's page
_UNREADABLE = (VendorError, KeyError, IndexError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class _Found:
    """Of one repository: when each thing was, the thing, and what could not be read."""

    lines: Sequence[tuple[datetime | None, Line]] = ()
    gaps: Sequence[str] = ()


class GitHub:
    """``repos``: of a service that has none of its own."""

    def __init__(
        self, api_url: str, token: str, org: str, repos: Sequence[str], *, transport: Transport | None = None
    ) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._http = Client("GitHub", api_url, headers=headers, transport=transport)
        self._org = org
        self._repos = tuple(repos)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def snapshot(self, service: Service, at: datetime) -> list[Reading]:
        """Side by side; what the owners need of the commits is read once for both."""
        since, repos = at - RECENT, service.repos or self._repos
        when = f"of {', '.join(repos)} from {_iso(since)} to {_iso(at)}"
        pushed = {repo: asyncio.ensure_future(self._pushed(repo, since, at)) for repo in repos}
        try:
            return list(
                await asyncio.gather(
                    _of_all("Commits", f"commits {when}", repos, lambda repo: _commits(repo, pushed[repo])),
                    _of_all("Deployments", f"deployments {when}", repos, lambda repo: self._deployed(repo, since, at)),
                    _of_all(
                        "Code owners", f"CODEOWNERS of what was changed in {', '.join(repos)}, or else of "
                        f"{plain(service.name)}", repos, lambda repo: self._owners(repo, service.name, pushed[repo]),
                    ),
                )
            )  # fmt: skip
        finally:
            for task in pushed.values():
                task.cancel()

    # ------------------------------------------------------------ commits

    async def commits(self, service: Service, since: datetime, until: datetime) -> Reading:
        repos = service.repos or self._repos
        query = f"commits of {', '.join(repos)} from {_iso(since)} to {_iso(until)}"
        return await _of_all("Commits", query, repos, lambda repo: _commits(repo, self._pushed(repo, since, until)))

    async def _pushed(self, repo: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        params: dict[str, str | int | float] = {"since": _iso(since), "until": _iso(until), "per_page": _COMMITS}
        reply = await self._http.get(
            f"{self._path(repo)}/commits", operation="list commits", params=params, accept=(_EMPTY_REPOSITORY,)
        )
        return [] if reply.status_code == _EMPTY_REPOSITORY else _things(json_text.read(reply.content))

    # ------------------------------------------------------------ deployments

    async def _deployed(self, repo: str, since: datetime, until: datetime) -> _Found:
        path = f"{self._path(repo)}/deployments"
        newest = _things(
            await self._http.get_json(path, operation="list deployments", params={"per_page": _DEPLOYMENTS_READ})
        )
        then = [one for one in newest if since <= _moment(one["created_at"]) <= until]
        lines = await asyncio.gather(*(self._deployment(repo, path, one) for one in then[:_DEPLOYMENTS]))
        gaps = [f"{repo}: the {_DEPLOYMENTS} newest are shown"] if len(then) > _DEPLOYMENTS else []
        if len(newest) == _DEPLOYMENTS_READ and _moment(newest[-1]["created_at"]) > since:
            gaps.append(f"{repo}: only the {_DEPLOYMENTS_READ} newest deployments were looked at")
        return _Found(lines, gaps)

    async def _deployment(self, repo: str, path: str, one: dict[str, Any]) -> tuple[datetime, Line]:
        """How it ended is read on its own: a deployment whose state is not known is still one."""
        state, link = "state not read", None
        try:
            told = await self._http.get_json(
                f"{path}/{int(one['id'])}/statuses", operation="read a deployment's state", params={"per_page": 1}
            )
            newest = _things(told)[0] if told else {"state": "no state yet"}
            state, link = plain(str(newest["state"]), 30), newest.get("log_url") or newest.get("target_url")
        except _UNREADABLE:
            pass  # and said so
        at, who = _moment(one["created_at"]), (one.get("creator") or {}).get("login") or "?"
        where = plain(str(one["environment"]), 40)
        text = f"{repo} {plain(str(one['sha'])[:7])} {at:%H:%M} to {where}: {state} ({plain(str(who), 40)})"
        return at, Line(text=text, link=link if isinstance(link, str) else None)

    # ------------------------------------------------------------ owners

    async def _owners(self, repo: str, service: str, pushed: Awaitable[list[dict[str, Any]]]) -> _Found:
        """Of the paths that were touched; where nothing was, or it cannot be known, of the service's directory."""
        codeowners, (touched, gaps) = await asyncio.gather(self._codeowners_file(repo), self._touched(repo, pushed))
        if not codeowners:
            return _Found()
        by_owners: dict[str, list[str]] = {}
        for path, named in owners_of_paths(codeowners, touched[:_PATHS]).items():
            by_owners.setdefault(", ".join(named[:_OWNERS]) or "nobody", []).append(path)
        lines = [f"{repo}: {who}: {_some(paths)}" for who, paths in by_owners.items()]
        if len(touched) > _PATHS:
            gaps.append(f"{repo}: {len(touched) - _PATHS} more files were touched")
        if not lines and (named := owners(codeowners, service)):
            lines = [f"{repo}: {', '.join(named[:_OWNERS])}"]
        return _Found([(None, Line(text=text)) for text in lines], gaps)

    async def _touched(self, repo: str, pushed: Awaitable[list[dict[str, Any]]]) -> tuple[list[str], list[str]]:
        """The paths, and what could not be read of them."""
        try:
            commits = [str(one["sha"]) for one in await asyncio.shield(pushed)]
        except _UNREADABLE as error:
            return [], [f"{repo}: what was touched is not known: {_why(error)}"]
        paths: dict[str, None] = {}
        gaps = [f"{repo}: {len(commits) - _LOOKED_INTO} older commits were not looked into"][
            : len(commits) > _LOOKED_INTO
        ]
        read = (self._files(repo, sha) for sha in commits[:_LOOKED_INTO])
        for sha, files in zip(commits, await asyncio.gather(*read, return_exceptions=True), strict=False):
            if isinstance(files, BaseException):
                gaps.append(f"{repo}: what {sha[:7]} touched was not read: {_why(files)}")
            else:
                paths |= dict.fromkeys(files)
        return list(paths), gaps

    async def _files(self, repo: str, sha: str) -> list[str]:
        commit = await self._http.get_json(
            f"{self._path(repo)}/commits/{quote(sha, safe='')}", operation="read a commit"
        )
        return [str(file["filename"]) for file in commit["files"]]

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
        if not replies[-1].json()["name"] or (found and _RAW not in found.headers.get("content-type", "")):
            raise TypeError
        return found.text if found is not None and len(found.content) < _CODEOWNERS_MAX else ""

    def _path(self, repo: str) -> str:
        return f"repos/{quote(self._org, safe='')}/{quote(repo, safe='')}"


async def _of_all(label: str, query: str, repos: Sequence[str], read: Callable[[str], Awaitable[_Found]]) -> Reading:
    """One reading of all repositories, the newest things first: what one of them did not tell is said beside."""
    parts = await asyncio.gather(*(_alone(repo, read) for repo in repos))
    lines = [line for part in parts for line in part.lines]
    lines.sort(key=lambda line: line[0] or datetime.min.replace(tzinfo=UTC), reverse=True)
    return listed(label, [line for _, line in lines], [gap for part in parts for gap in part.gaps], query=query)


async def _alone(repo: str, read: Callable[[str], Awaitable[_Found]]) -> _Found:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await read(repo)
    except (TimeoutError, *_UNREADABLE) as error:
        return _Found(gaps=[f"{repo}: not read: {_why(error)}"])


async def _commits(repo: str, pushed: Awaitable[list[dict[str, Any]]]) -> _Found:
    lines = [_commit(repo, commit) for commit in await asyncio.shield(pushed)]
    return _Found(lines, [f"{repo}: the {_COMMITS} newest are shown"] if len(lines) == _COMMITS else [])


def _commit(repo: str, commit: dict[str, Any]) -> tuple[datetime, Line]:
    told, page = commit["commit"], commit.get("html_url")
    at = _moment(told["committer"]["date"])
    author = (commit.get("author") or {}).get("login") or told["author"]["name"]
    title = plain(told["message"].partition("\n")[0], 100)
    text = f"{repo} {plain(commit['sha'][:7])} {at:%H:%M} {title} ({plain(author, 40)})"
    return at, Line(text=text, link=page if isinstance(page, str) else None)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(plain(path, 80) for path in paths[:_PATHS_SHOWN])
    return f"{shown} and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else shown


def _things(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
        raise TypeError
    return answer


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {DEADLINE_S:g} s"
    return str(error) if isinstance(error, VendorError) else "the answer has an unknown shape"


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso).astimezone(UTC)


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
