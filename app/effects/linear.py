"""Linear, where postmortems and what is left to do live: GraphQL through gql, over the one HTTP way out.

The issue's id is chosen by us, so filing is never ambiguous for long: whatever an attempt came to, the issue with that
id is there or it is not. https://linear.app/developers/graphql
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn

import structlog
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

from app import clock, outbound
from app.domain.incident import Postmortem
from app.domain.issue import Issue, Labels
from app.domain.progress import Progress
from app.errors import Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.messages.message import cut

VENDOR = "Linear"
TITLE_MAX = 255
_PAUSE_S = 60.0  # when rate limited without a word about how long
_PAUSE_MAX_S = 3600.0
# Types of errors that are not our request's fault; compared by their letters, since Linear writes them in two ways.
_ITS_OWN_FAULT = frozenset({"internalerror", "internalservererror", "locktimeout", "networkerror", "unknown"})
_REMEDIES = {
    "AUTHENTICATION_ERROR": "check LINEAR_API_KEY",
    "FORBIDDEN": "the key's owner needs access to the team and the project",
    "INPUT_ERROR": "check LINEAR_TEAM_ID and LINEAR_PROJECT_ID",
}

# Types of workflow states; a team names the states themselves as it likes.
_PROGRESS = {
    "started": Progress.STARTED,
    "completed": Progress.DONE,
    "canceled": Progress.DROPPED,
    "duplicate": Progress.DROPPED,
}

_log = structlog.get_logger(__name__)

_ISSUE = GraphQLRequest("query Issue($id: String!) { issue(id: $id) { id identifier url } }")
_STATE = GraphQLRequest("query State($id: String!) { issue(id: $id) { state { type } } }")
_USERS = GraphQLRequest("""
query Users($email: String!) {
  users(filter: { email: { eq: $email } }, includeDisabled: false, first: 1) { nodes { id } }
}""")
_LABELS = GraphQLRequest("""
query Labels($names: [String!]!) {
  issueLabels(filter: { name: { in: $names } }, first: 50) { nodes { id name isGroup team { id } } }
}""")
_CREATE = GraphQLRequest("""
mutation Create($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id identifier url } }
}""")
_ATTACH = GraphQLRequest("""
mutation Attach($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success }
}""")


class Linear:
    """A ``ports.Tracker``. ``project_id`` None: issues belong to the team alone. ``labels``: names that each gets."""

    def __init__(
        self,
        api_url: str,
        api_key: str,
        team_id: str,
        project_id: str | None,
        *,
        labels: Sequence[str] = (),
        transport: outbound.Transport | None = None,
    ) -> None:
        self._team_id = team_id
        self._project_id = project_id
        self._label_names = tuple(labels)
        self._http = HTTPXAsyncTransport(
            url=f"{api_url}/graphql",
            headers={"Authorization": api_key},  # bare: Bearer is for OAuth tokens
            transport=outbound.transport(VENDOR, inner=transport),
            trust_env=False,
        )
        self._client = Client(transport=self._http, execute_timeout=None)  # the deadline is outbound's
        self._session: AsyncClientSession | None = None

    async def member(self, email: str) -> str | None:
        told = await self._ask(_USERS, {"email": email}, operation="users", repeatable=True)
        return next((str(user["id"]) for user in told["users"]["nodes"]), None)

    async def labels(self) -> Labels:
        """Those of the team or of the whole workspace; a group of labels is none that an issue could have."""
        if not self._label_names:
            return Labels()
        told = await self._ask(_LABELS, {"names": list(self._label_names)}, operation="issueLabels", repeatable=True)
        ids = {
            label["name"]: str(label["id"])
            for label in told["issueLabels"]["nodes"]
            if not label["isGroup"] and (label["team"] is None or label["team"]["id"] == self._team_id)
        }
        return Labels(
            ids=tuple(ids[name] for name in self._label_names if name in ids),
            missing=tuple(name for name in self._label_names if name not in ids),
        )

    async def file(self, issue: Issue) -> Postmortem:
        """Twice with one id is one issue (D9). Raises ``Unknown`` only while it is not there yet."""
        fields = {
            "id": issue.id,
            "teamId": self._team_id,
            "title": cut(issue.title, TITLE_MAX),
            "description": issue.markdown,
            "projectId": self._project_id,
            "assigneeId": issue.assignee_id,
            "labelIds": list(issue.label_ids) or None,
            "parentId": issue.parent_id,
            "priority": issue.priority,
            "dueDate": issue.due.isoformat() if issue.due else None,
        }
        filed = await self._create(issue.id, {name: value for name, value in fields.items() if value is not None})
        # The address is the attachment's key within the issue: the same one again changes nothing.
        attachment = {"issueId": issue.id, "title": "War room", "url": issue.link}
        try:
            await self._ask(_ATTACH, {"input": attachment}, operation="attachmentCreate", repeatable=True)
        except VendorRefused as refused:  # an issue without the link rather than none
            _log.warning("issue_without_link", why=refused.detail)
        return filed

    async def state(self, issue_id: str) -> Progress | None:
        found = await self._there(_STATE, issue_id, "issue state")
        return _PROGRESS.get(str(found["state"]["type"]), Progress.UNTOUCHED) if found else None

    async def aclose(self) -> None:
        if self._session:
            await self._client.close_async()  # type: ignore[no-untyped-call]  # gql's own
            self._session = None

    async def _create(self, issue_id: str, fields: dict[str, Any]) -> Postmortem:
        try:
            told = await self._ask(_CREATE, {"input": fields}, operation="issueCreate", repeatable=False)
        except (Unknown, VendorRefused):
            # The answer was lost, or the id is taken: either way, what is there now decides.
            found = await self._issue(issue_id)
            if found is None:
                raise
            return found
        return _postmortem(told["issueCreate"]["issue"])

    async def _issue(self, issue_id: str) -> Postmortem | None:
        found = await self._there(_ISSUE, issue_id, "issue")
        return _postmortem(found) if found else None

    async def _there(self, request: GraphQLRequest, issue_id: str, operation: str) -> dict[str, Any] | None:
        """What is asked of the issue; None if there is no such issue."""
        try:
            told = await self._ask(request, {"id": issue_id}, operation=operation, repeatable=True)
        except VendorRefused as refused:
            if refused.code == "INPUT_ERROR":  # Linear's way of saying that there is none
                return None
            raise
        return told.get("issue")

    async def _ask(
        self, request: GraphQLRequest, variables: dict[str, Any], *, operation: str, repeatable: bool
    ) -> dict[str, Any]:
        # Linear answers 400 with a GraphQL error inside, also for its rate limit.
        extensions = {"operation": operation, "idempotent": repeatable, "accept": {400}}
        if self._session is None:
            self._session = await self._client.connect_async()  # type: ignore[no-untyped-call]  # gql's own
        try:
            return await self._session.execute(
                GraphQLRequest(request, variable_values=variables), extra_args={"extensions": extensions}
            )
        except TransportQueryError as error:
            self._raise(error.errors or [], operation, repeatable)
        except TransportError as error:
            if isinstance(error.__cause__, VendorError):
                raise error.__cause__ from None
            raise _silence(operation, repeatable, "the answer is not GraphQL") from error

    def _raise(self, errors: list[Any], operation: str, repeatable: bool) -> NoReturn:
        extensions = errors[0].get("extensions") or {} if errors and isinstance(errors[0], dict) else {}
        code = str(extensions.get("code") or extensions.get("type") or "unknown")
        if code == "RATELIMITED":
            raise VendorThrottled(VENDOR, operation, retry_after=self._pause())
        kinds = {re.sub(r"[^a-z]", "", str(word).lower()) for word in (code, extensions.get("type", code))}
        if kinds & _ITS_OWN_FAULT:
            raise _silence(operation, repeatable, f"answered {code}")
        raise VendorRefused(VENDOR, operation, code, remedy=_REMEDIES.get(code, ""))

    def _pause(self) -> float:
        """Linear tells when the next request is free, in epoch milliseconds."""
        reset = (self._http.response_headers or {}).get("X-RateLimit-Requests-Reset", "")
        seconds = float(reset) / 1000 - clock.wall() if re.fullmatch(r"\d{1,15}", reset) else _PAUSE_S
        return min(max(seconds, 1.0), _PAUSE_MAX_S)


def _silence(operation: str, harmless: bool, what: str) -> VendorError:
    if harmless:
        return VendorUnavailable(VENDOR, operation, what)
    return Unknown(VENDOR, operation, what, remedy="it may have happened: read before writing again")


def _postmortem(issue: dict[str, Any]) -> Postmortem:
    return Postmortem(id=issue["id"], identifier=issue["identifier"], url=issue["url"])
