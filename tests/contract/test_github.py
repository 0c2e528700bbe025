"""GitHub: recent commits and owners, each repository failing alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app import clock
from app.domain.readings import Outcome, Reading
from app.effects.github import GitHub
from app.sim import cast
from app.sim.github import Commit, GitHubSim, Repository
from tests.conftest import Serve


@pytest.fixture
def sim() -> GitHubSim:
    return GitHubSim()


@pytest.fixture
async def github(sim: GitHubSim, serve: Serve) -> AsyncIterator[GitHub]:
    code = GitHub(serve(sim.app()), cast.GITHUB_TOKEN, cast.GITHUB_ORG, [cast.GITHUB_REPO, "payments"])
    sim.repos["payments"] = Repository(commits=[Commit(clock.now() - timedelta(days=9), "Old", "someone")])
    yield code
    await code.aclose()


async def snapshot(github: GitHub) -> tuple[Reading, Reading]:
    commits, owners = await github.snapshot(cast.SERVICE, clock.now())
    return commits, owners


async def test_the_commits_of_the_last_hours_and_the_owners_of_the_service(github: GitHub) -> None:
    commits, owners = await snapshot(github)
    assert commits.outcome is owners.outcome is Outcome.MEASURED
    newest, second = commits.text.splitlines()
    assert newest.startswith("checkout ")
    assert newest.endswith("Lower the payment client's timeout to 3 s (checkout-lead)")
    assert second.endswith("(Dependency Bot)")
    assert owners.text == "checkout: @example-org/checkout, checkout-lead@example.com"


async def test_commits_between_two_moments(sim: GitHubSim, github: GitHub) -> None:
    now = clock.now()
    found = await github.commits(now - timedelta(hours=10), now - timedelta(hours=1))
    assert [line.split(" ", 3)[3] for line in found.text.splitlines()] == [
        "Bump http client from 4.1.0 to 4.2.0 (Dependency Bot)",
        "Show the delivery date in the cart (checkout-engineer)",
    ]


async def test_no_commit_and_no_owner_is_no_data_and_no_failure(sim: GitHubSim, github: GitHub) -> None:
    """S1: "no commits" is said only where the commits could be read."""
    sim.repos[cast.GITHUB_REPO] = Repository()
    assert [reading.outcome for reading in await snapshot(github)] == [Outcome.NO_DATA, Outcome.NO_DATA]


async def test_one_repository_fails_alone_and_that_is_said(sim: GitHubSim, github: GitHub) -> None:
    del sim.repos["payments"]
    for reading in await snapshot(github):
        assert reading.outcome is Outcome.MEASURED
        *lines, gap = reading.text.splitlines()
        assert lines[0].startswith("checkout")
        assert gap.startswith("payments: not read: github")
        assert "404" in gap


async def test_a_repository_that_may_not_be_seen_is_a_failure_and_not_ownerless(sim: GitHubSim, github: GitHub) -> None:
    """S1: GitHub says 404 for both."""
    sim.repos.clear()
    assert [reading.outcome for reading in await snapshot(github)] == [Outcome.FAILED, Outcome.FAILED]


async def test_a_wrong_token_is_two_failures_with_a_remedy(sim: GitHubSim, github: GitHub) -> None:
    sim.token = "ghp_rotated"
    for reading in await snapshot(github):
        assert (reading.outcome, reading.text) == (Outcome.FAILED, "")
        assert "credential" in reading.why


@pytest.mark.parametrize("path", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
async def test_the_file_may_be_in_three_places(sim: GitHubSim, github: GitHub, path: str) -> None:
    sim.repos[cast.GITHUB_REPO].files = {"docs/CODEOWNERS": "* @last", path: "* @found"}
    assert (await snapshot(github))[1].text == "checkout: @found"


async def test_what_people_wrote_is_one_plain_line(sim: GitHubSim, github: GitHub) -> None:
    """P-private: a commit message is foreign text."""
    message = "Call 10.1.2.3 for a@example.com\x1b[1m\rnow " + "x" * 300 + "\nbody"
    sim.repos[cast.GITHUB_REPO].commits = [Commit(clock.now() - timedelta(minutes=1), message, None, "Auto\nmation")]
    (line,) = (await snapshot(github))[0].text.splitlines()
    assert "10.1.2.3" not in line
    assert "a@example.com" not in line
    assert line.isprintable()
    assert len(line) < 200


async def test_more_commits_than_shown_is_said(sim: GitHubSim, github: GitHub) -> None:
    now = clock.now()
    sim.repos[cast.GITHUB_REPO].commits = [Commit(now - timedelta(minutes=n), f"Change {n}", "x") for n in range(1, 30)]
    assert (await snapshot(github))[0].text.splitlines()[-1] == "checkout: the 20 newest are shown"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(403, headers={"x-ratelimit-remaining": "0", "retry-after": "90"}), "rate limited"),
        (httpx.Response(502), "502"),
        (httpx.Response(200, json={"message": "a list was expected"}), "unknown shape"),
        (httpx.Response(200, text="<html>"), "unknown shape"),
        (httpx.ConnectError("refused"), "ConnectError"),
    ],
)
async def test_no_failure_becomes_an_exception(answer: httpx.Response | Exception, why: str) -> None:
    """S1"""

    def vendor(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    code = GitHub("https://github.example", "t", "org", ["one"], transport=httpx.MockTransport(vendor))
    reading = await code.commits(clock.now() - timedelta(hours=4), clock.now())
    assert reading.outcome is Outcome.FAILED
    assert why in reading.why
