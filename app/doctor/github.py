"""GitHub: what is read of each repository before somebody needs it."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from app.doctor.check import Check, Failed
from app.doctor.deployment import Deployment
from app.errors import VendorRefused
from app.outbound import Client

# What is read, and what GitHub answers where there is nothing of it yet.
_READ = {
    "contents": ("contents/", (404,)),
    "commits": ("commits?per_page=1", (409,)),
    "deployments": ("deployments?per_page=1", ()),
}


async def _token(deployment: Deployment) -> str:
    http = _client(deployment)
    await http.get("rate_limit", operation="read the rate limit")  # asks nothing of any repository
    return "valid"


async def _repositories(deployment: Deployment) -> str:
    of_services = (repo for service in deployment.catalogue.services for repo in service.repos)
    names = list(dict.fromkeys([*deployment.settings.github_repo_names, *of_services]))
    http = _client(deployment)
    gaps = await asyncio.gather(*(_gaps(http, deployment, name) for name in names))
    if wrong := [f"{name}: {gap}" for name, gap in zip(names, gaps, strict=True) if gap]:
        raise Failed("; ".join(wrong))
    return f"contents, commits and deployments are readable: {', '.join(names) or 'no repository is named'}"


async def _gaps(http: Client, deployment: Deployment, name: str) -> str:
    """What cannot be read of this repository; empty: all can."""
    path = f"repos/{quote(deployment.settings.github_org_slug, safe='')}/{quote(name, safe='')}"
    try:
        await http.get(path, operation="read the repository")
    except VendorRefused as error:
        return f"not visible ({error.code})"
    refused: list[str] = []
    for what, (rest, nothing_yet) in _READ.items():
        try:
            await http.get(f"{path}/{rest}", operation=f"read {what}", accept=nothing_yet)
        except VendorRefused as error:
            refused.append(f"no {what} ({error.code})")
    return ", ".join(refused)


def _client(deployment: Deployment) -> Client:
    settings = deployment.settings
    headers = {
        "Authorization": f"Bearer {settings.github_token.get_secret_value()}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return deployment.http("GitHub", settings.github_api_url, headers=headers)


CHECKS = (
    Check(
        "GitHub: token",
        "the token is valid",
        "set GITHUB_TOKEN to a fine-grained token or an installation token that has not expired (GitHub, Settings)",
        _token,
    ),
    Check(
        "GitHub: repositories",
        "contents, commits and deployments of each of GITHUB_REPO_NAMES, and of the services' own, are readable",
        "check GITHUB_ORG_SLUG, GITHUB_REPO_NAMES and the repos in SERVICES_FILE, and give the token of GITHUB_TOKEN "
        "the repository with the read permissions Contents and Deployments",
        _repositories,
        after="GitHub: token",
    ),
)
