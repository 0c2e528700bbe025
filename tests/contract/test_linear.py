"""The real adapter against the simulated Linear, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any

import httpx
import pytest

from app.domain.ids import issue_id
from app.domain.issue import Issue
from app.domain.progress import Progress
from app.effects.linear import Linear
from app.errors import Unknown, VendorRefused, VendorThrottled, VendorUnavailable
from app.sim import cast
from app.sim.faults import Faulty, Kind
from app.sim.linear import LinearSim, throttled
from tests.conftest import Serve

ID = issue_id("incident abc: postmortem")
LINK = "https://slack.example.com/archives/C1"


@pytest.fixture
def sim() -> LinearSim:
    return LinearSim()


@pytest.fixture
def faulty(sim: LinearSim) -> Faulty:
    return Faulty(sim.app(), "linear", throttled=throttled)


@pytest.fixture
def url(faulty: Faulty, serve: Serve) -> str:
    return serve(faulty)


def _linear(
    url: str, *, key: str = cast.LINEAR_KEY, team: str = cast.LINEAR_TEAM, labels: Sequence[str] = ()
) -> Linear:
    return Linear(url, key, team, cast.LINEAR_PROJECT, labels=labels)


@pytest.fixture
async def linear(url: str) -> AsyncIterator[Linear]:
    linear = _linear(url)
    yield linear
    await linear.aclose()


async def _file(linear: Linear, **other: Any) -> Any:
    given: dict[str, Any] = {
        "id": ID, "title": "Postmortem", "markdown": "# What happened", "link": LINK, "priority": 2,
    }  # fmt: skip
    return await linear.file(Issue(**{**given, **other}))


async def test_files_the_issue_with_all_that_was_said(linear: Linear, sim: LinearSim) -> None:
    filed = await _file(
        linear, assignee_id=await linear.member("primary@example.com"), priority=2, due=date(2026, 11, 23)
    )
    issue = sim.issues[ID]
    assert (issue["priority"], issue["dueDate"]) == (2.0, "2026-11-23")
    assert (filed.id, filed.identifier, filed.url) == (ID, issue["identifier"], issue["url"])
    assert (issue["title"], issue["description"]) == ("Postmortem", "# What happened")
    assert issue["team"]["id"] == cast.LINEAR_TEAM
    assert issue["project"]["id"] == cast.LINEAR_PROJECT
    assert issue["assignee"]["email"] == "primary@example.com"
    assert [a["url"] for a in sim.attachments.values()] == [LINK]


async def test_twice_with_one_id_is_one_issue(linear: Linear, sim: LinearSim) -> None:
    """D9: two resolutions, or two deliveries of one, give one postmortem with one link to the room."""
    first, second = await _file(linear), await _file(linear, title="Another title")
    assert first == second
    assert len(sim.issues) == len(sim.attachments) == 1


@pytest.mark.parametrize("email", ["nobody@example.com", "former@example.com"])
async def test_someone_linear_does_not_know_is_nobody_and_not_the_keys_owner(
    linear: Linear, sim: LinearSim, email: str
) -> None:
    assert await linear.member(email) is None
    await _file(linear)
    assert sim.issues[ID]["assignee"] is None


async def test_labels_are_those_an_issue_of_the_team_can_have_and_the_rest_is_named(url: str, sim: LinearSim) -> None:
    linear = _linear(url, labels=["Postmortem", "Incident", "Kind", "Elsewhere", "Invented"])
    labels = await linear.labels()
    await _file(linear, label_ids=labels.ids)
    await linear.aclose()
    assert [label["name"] for label in sim.issues[ID]["labels"]] == ["Postmortem", "Incident"]
    assert labels.missing == ("Kind", "Elsewhere", "Invented")


async def test_a_sub_issue_stands_under_its_parent(linear: Linear, sim: LinearSim) -> None:
    parent = await _file(linear)
    child = await _file(linear, id=issue_id("task"), title="Add an alarm", parent_id=parent.id)
    assert sim.issues[child.id]["parent"]["id"] == parent.id
    assert sim.issues[child.id]["assignee"] is None


async def test_a_sub_issue_of_nothing_is_refused(linear: Linear, sim: LinearSim) -> None:
    with pytest.raises(VendorRefused):
        await _file(linear, parent_id=issue_id("never filed"))
    assert not sim.issues


async def test_a_long_title_is_cut_and_not_refused(linear: Linear, sim: LinearSim) -> None:
    await _file(linear, title="x" * 400)
    assert len(sim.issues[ID]["title"]) == 255


async def test_a_lost_answer_is_recovered_by_reading(url: str, faulty: Faulty, sim: LinearSim) -> None:
    """D9: Linear commits and never answers; the issue is found by its id and not made again."""
    linear = Linear(url, cast.LINEAR_KEY, cast.LINEAR_TEAM, None, transport=_Impatient("issueCreate"))
    faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1)
    filed = await _file(linear)
    await linear.aclose()
    assert filed.id == ID
    assert list(sim.issues) == [ID]
    assert faulty.struck[Kind.COMMIT_THEN_TIMEOUT] == 1


async def test_a_request_that_never_arrived_is_unknown_and_the_next_try_files_it_once(
    url: str, faulty: Faulty, sim: LinearSim
) -> None:
    linear = Linear(url, cast.LINEAR_KEY, cast.LINEAR_TEAM, None, transport=_Impatient("issueCreate"))
    faulty.add(Kind.DROP_BEFORE, times=1)
    with pytest.raises(Unknown):
        await _file(linear)
    assert not sim.issues
    await _file(linear)
    await linear.aclose()
    assert list(sim.issues) == [ID]


async def test_reads_are_tried_again_and_an_outage_says_so(linear: Linear, faulty: Faulty, sim: LinearSim) -> None:
    faulty.add(Kind.ERROR)
    with pytest.raises(VendorUnavailable):
        await linear.member("primary@example.com")
    assert faulty.struck[Kind.ERROR] > 1
    faulty.clear()
    await _file(linear)
    assert list(sim.issues) == [ID]


async def test_the_rate_limit_is_told_from_a_refusal(linear: Linear, faulty: Faulty, sim: LinearSim) -> None:
    """Linear says 400 and RATELIMITED, with the end of the pause in milliseconds."""
    faulty.add(Kind.THROTTLE, seconds=120)
    with pytest.raises(VendorThrottled) as caught:
        await _file(linear)
    assert 60 < caught.value.retry_after <= 120
    assert not sim.issues


async def test_refusals_name_the_remedy(url: str) -> None:
    stranger, elsewhere = _linear(url, key="lin_api_wrong"), _linear(url, team="00000000-0000-4000-8000-000000000000")
    with pytest.raises(VendorRefused, match="LINEAR_API_KEY") as caught:
        await _file(stranger)
    assert "lin_api_wrong" not in str(caught.value)
    with pytest.raises(VendorRefused, match="LINEAR_TEAM_ID"):
        await _file(elsewhere)
    await stranger.aclose()
    await elsewhere.aclose()


@pytest.mark.parametrize("id_", ["not a uuid", "5e1b0a52-0c65-5c1e-8a3e-000000000001"])
async def test_the_simulated_linear_wants_a_uuid_of_version_4(linear: Linear, sim: LinearSim, id_: str) -> None:
    with pytest.raises(VendorRefused):
        await _file(linear, id=id_)
    assert not sim.issues


@pytest.mark.usefixtures("refused_on_purpose")
async def test_the_simulated_linear_knows_only_the_real_schema(url: str) -> None:
    async with httpx.AsyncClient(headers={"Authorization": cast.LINEAR_KEY}) as http:
        invented = await http.post(f"{url}/graphql", json={"query": '{ issue(id: "1") { mood } }'})
        missing = await http.post(f"{url}/graphql", json={"query": '{ issue(id: "OPS-9") { id } }'})
        state = await http.get(f"{url}/people/state")
    assert (invented.status_code, invented.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "GRAPHQL_VALIDATION_FAILED",
    )
    assert (missing.status_code, missing.json()["data"]) == (200, None)
    assert missing.json()["errors"][0]["extensions"]["code"] == "INPUT_ERROR"
    assert state.json()["issues"] == []


def test_an_issue_id_is_the_same_for_the_same_key_and_of_version_4() -> None:
    assert issue_id("a") == issue_id("a") != issue_id("b")
    assert (issue_id("a")[14], issue_id("a")[19] in "89ab") == ("4", True)


class _Impatient(httpx.AsyncHTTPTransport):
    """The real transport with a short deadline for one operation, so that a lost answer does not cost seconds."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation = operation

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions["operation"] == self._operation:
            request.extensions["timeout"] = httpx.Timeout(0.5).as_dict()
        return await super().handle_async_request(request)


@pytest.mark.parametrize(
    ("kind", "progress"),
    [
        ("triage", Progress.UNTOUCHED),
        ("backlog", Progress.UNTOUCHED),
        ("unstarted", Progress.UNTOUCHED),
        ("started", Progress.STARTED),
        ("completed", Progress.DONE),
        ("canceled", Progress.DROPPED),
        ("duplicate", Progress.DROPPED),
    ],
)
async def test_tells_how_far_somebody_has_come(linear: Linear, sim: LinearSim, kind: str, progress: Progress) -> None:
    """S5: the types of states are Linear's; what a team calls its columns does not matter."""
    await _file(linear)
    sim.move(ID, kind)
    assert await linear.state(ID) is progress


async def test_an_issue_that_is_gone_has_no_state_and_an_outage_is_no_answer(linear: Linear, faulty: Faulty) -> None:
    """S1: that it cannot be read does not mean that it is not there."""
    assert await linear.state(ID) is None
    faulty.add(Kind.ERROR)
    with pytest.raises(VendorUnavailable):
        await linear.state(ID)
