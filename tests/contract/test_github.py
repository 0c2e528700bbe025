"""GitHub: what was changed before the alert and who owns it, each repository failing alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app import clock
from app.domain.catalogue import Service
from app.domain.readings import Outcome, Reading
from app.effects.github import RECENT, GitHub
from app.sim import cast
from app.sim.faults import Faulty, Kind
from app.sim.github import Commit, Deployment, GitHubSim, Repository
from tests.conftest import Serve

CHECKOUT = Service(name=cast.SERVICE)


@pytest.fixture
def sim() -> GitHubSim:
    return GitHubSim()


@pytest.fixture
async def github(sim: GitHubSim, serve: Serve) -> AsyncIterator[GitHub]:
    code = GitHub(serve(sim.app()), cast.GITHUB_TOKEN, cast.GITHUB_ORG, [cast.GITHUB_REPO, "payments"])
    sim.repos["payments"] = Repository(commits=[Commit(clock.now() - timedelta(days=9), "Old", "someone")])
    yield code
    await code.aclose()


async def snapshot(github: GitHub) -> tuple[Reading, Reading, Reading]:
    commits, deployments, owners = await github.snapshot(CHECKOUT, clock.now())
    return commits, deployments, owners


async def test_what_was_changed_in_the_last_hours_and_who_owns_what_was_touched(github: GitHub) -> None:
    commits, deployments, owners = await snapshot(github)
    assert commits.outcome is deployments.outcome is owners.outcome is Outcome.MEASURED
    newest, second = commits.text.splitlines()
    assert newest.startswith("checkout ")
    assert newest.endswith("Lower the payment client's timeout to 3 s (checkout-lead)")
    assert second.endswith("(Dependency Bot)")
    assert deployments.text.endswith("to production: success (checkout-lead)")
    assert owners.text.splitlines() == [
        "checkout: @example-org/checkout, checkout-lead@example.com: services/checkout/payment/client.py",
        "checkout: @example-org/platform: requirements.txt",
        "checkout: nobody: docs/dependencies.adoc",
    ]


async def test_what_was_found_has_links(github: GitHub) -> None:
    commits, deployments, _ = await snapshot(github)
    assert {line.text for line in commits.lines} == set(commits.text.splitlines())
    assert all(
        str(line.link).startswith("https://github.example/example-org/checkout/commit/") for line in commits.lines
    )
    assert [line.link for line in deployments.lines] == [
        "https://github.example/example-org/checkout/actions/runs/4711"
    ]


async def test_what_was_changed_is_that_before_the_alert_and_not_before_now(sim: GitHubSim, github: GitHub) -> None:
    fired = clock.now() - timedelta(hours=3)
    sim.repos[cast.GITHUB_REPO] = Repository(
        commits=[Commit(fired + timedelta(minutes=n * 60), f"Commit {n}", "x") for n in (-5, -1, 1)],
        deployments=[Deployment(fired + timedelta(minutes=n * 60), f"deployer-{n}") for n in (-5, -1, 1)],
    )
    commits, deployments, _ = await github.snapshot(CHECKOUT, fired)
    assert [line.rpartition("Commit ")[2] for line in commits.text.splitlines()] == ["-1 (x)"]
    assert "deployer--1" in deployments.text
    assert len(deployments.lines) == 1


async def test_a_service_has_repositories_of_its_own(sim: GitHubSim, github: GitHub) -> None:
    sim.repos["search"] = Repository(commits=[Commit(clock.now() - timedelta(minutes=1), "Rank anew", "x")])
    (commit,) = (await github.snapshot(Service(name="search", repos=("search",)), clock.now()))[0].lines
    assert commit.text.startswith("search ")
    found = await github.commits(Service(name="search", repos=("search",)), clock.now() - RECENT, clock.now())
    assert found.lines == (commit,)


async def test_a_deployment_whose_state_cannot_be_read_is_still_one(sim: GitHubSim, serve: Serve) -> None:
    faulty = Faulty(sim.app(), "github")
    faulty.add(Kind.ERROR, match="/statuses")
    code = GitHub(serve(faulty), cast.GITHUB_TOKEN, cast.GITHUB_ORG, [cast.GITHUB_REPO])
    deployments = (await code.snapshot(CHECKOUT, clock.now()))[1]
    assert deployments.text.endswith("to production: state not read (checkout-lead)")
    await code.aclose()


async def test_where_what_was_touched_cannot_be_read_the_directory_decides_and_the_gap_is_said(
    sim: GitHubSim, serve: Serve
) -> None:
    faulty = Faulty(sim.app(), "github")
    faulty.add(Kind.ERROR, match="/commits")
    code = GitHub(serve(faulty), cast.GITHUB_TOKEN, cast.GITHUB_ORG, [cast.GITHUB_REPO])
    commits, _, owners = await code.snapshot(CHECKOUT, clock.now())
    owner, gap = owners.text.splitlines()
    assert owner == "checkout: @example-org/checkout, checkout-lead@example.com"
    assert gap.startswith("checkout: what was touched is not known: GitHub")
    assert commits.outcome is Outcome.FAILED
    await code.aclose()


async def test_what_a_commit_touched_is_bounded_and_that_is_said(sim: GitHubSim, github: GitHub) -> None:
    now = clock.now()
    sim.repos[cast.GITHUB_REPO].commits = [
        Commit(now - timedelta(minutes=n), f"Change {n}", "x", files=tuple(f"src/{n}/{m}.py" for m in range(10)))
        for n in range(1, 13)
    ]
    owners = (await snapshot(github))[2]
    assert owners.text.splitlines() == [
        "checkout: @example-org/platform: src/1/0.py, src/1/1.py, src/1/2.py and 27 more",
        "checkout: 2 older commits were not looked into",
        "checkout: 70 more files were touched",
    ]


async def test_commits_between_two_moments(sim: GitHubSim, github: GitHub) -> None:
    now = clock.now()
    found = await github.commits(CHECKOUT, now - timedelta(hours=10), now - timedelta(hours=1))
    assert [line.split(" ", 3)[3] for line in found.text.splitlines()] == [
        "Bump http client from 4.1.0 to 4.2.0 (Dependency Bot)",
        "Show the delivery date in the cart (checkout-engineer)",
    ]


async def test_no_commit_and_no_owner_is_no_data_and_no_failure(sim: GitHubSim, github: GitHub) -> None:
    """S1: "no commits" is said only where the commits could be read."""
    sim.repos[cast.GITHUB_REPO] = Repository()
    assert [reading.outcome for reading in await snapshot(github)] == [Outcome.NO_DATA] * 3


async def test_one_repository_fails_alone_and_that_is_said(sim: GitHubSim, github: GitHub) -> None:
    del sim.repos["payments"]
    for reading in await snapshot(github):
        assert reading.outcome is Outcome.MEASURED
        *lines, gap = reading.text.splitlines()
        assert lines[0].startswith("checkout")
        assert gap.startswith("payments: not read: GitHub")
        assert "404" in gap


async def test_a_repository_that_may_not_be_seen_is_a_failure_and_not_ownerless(sim: GitHubSim, github: GitHub) -> None:
    """S1: GitHub says 404 for both."""
    sim.repos.clear()
    assert [reading.outcome for reading in await snapshot(github)] == [Outcome.FAILED] * 3


async def test_a_wrong_token_is_three_failures_with_a_remedy(sim: GitHubSim, github: GitHub) -> None:
    sim.token = "ghp_rotated"
    for reading in await snapshot(github):
        assert (reading.outcome, reading.text) == (Outcome.FAILED, "")
        assert "credential" in reading.why


@pytest.mark.parametrize("path", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
async def test_the_file_may_be_in_three_places(sim: GitHubSim, github: GitHub, path: str) -> None:
    sim.repos[cast.GITHUB_REPO] = Repository(files={"docs/CODEOWNERS": "* @last", path: "* @found"})
    assert (await snapshot(github))[2].text == "checkout: @found"


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
    reading = await code.commits(CHECKOUT, clock.now() - timedelta(hours=4), clock.now())
    assert reading.outcome is Outcome.FAILED
    assert why in reading.why
