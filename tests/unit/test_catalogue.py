"""The service catalogue: what may be written there, how a mistake is answered, and which service an alert means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app import services_file
from app.domain.catalogue import DEFAULT_QUERIES, Catalogue, Query, Service
from app.errors import SettingsError
from app.sim import cast
from app.sim.statuspage import StatuspageSim
from tests.architecture.tree import ROOT


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "services.yaml"
    path.write_text(text)
    return path


def test_the_example_can_be_used_and_shows_every_key() -> None:
    example = ROOT / "docs/services.example.yaml"
    checkout, search = services_file.read(example).services
    assert checkout.queries[0].slo == "at most 0.10 %"
    assert search.asked == DEFAULT_QUERIES
    keys = [*Service.model_fields, *Query.model_fields]
    assert [key for key in keys if f"{key}:" not in example.read_text() and key != "at_least"] == []
    assert "at_least:" in example.read_text()


def test_the_sandbox_has_one_whose_components_are_on_its_page() -> None:
    [checkout] = services_file.read(cast.SERVICES_FILE).services
    assert set(checkout.components) <= {one["name"] for one in StatuspageSim().components.values()}
    assert (checkout.name, checkout.team, checkout.repos) == (cast.SERVICE, cast.TEAM, (cast.GITHUB_REPO,))


def test_without_a_file_no_service_is_known() -> None:
    assert services_file.read(None) == Catalogue()


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("services: [{nam: x}]", "services[0].nam", "no such key"),
        ("services: [{tier: 1}]", "services[0].name", "is missing"),
        ("services: [{name: a}, {name: a}]", "services", "more than once"),
        ("services: [{name: a, name: b}]", "'name'", "there twice"),
        ("services: [{name: a, runbook: 'javascript:alert(1)'}]", "services[0].runbook", "must be a web address"),
        ("services: [{name: a, runbook: 'https://x.example/|<!here>'}]", "services[0].runbook", "must be a web"),
        ("services: [{name: a, repos: [../other]}]", "services[0].repos[0]", "match pattern"),
        ("services: [{name: a, queries: [{label: l, kind: sql, query: q}]}]", "queries[0].kind", "'metric', 'logs'"),
        ("services: [{name: a, queries: [{label: l, kind: logs, query: q, at_most: 1}]}]", "queries[0]", "kind metric"),
        (
            "services: [{name: a, queries: [{label: l, kind: metric, query: q, at_most: 1, at_least: 0}]}]",
            "queries[0]", "keep one",
        ),
        ("services: [{name: a, queries: [{label: l, kind: metric, query: q, at_most: .nan}]}]", "at_most", "finite"),
        (
            """services: [{name: a, queries: [{label: l, kind: metric, query: 'x{job="$NAME"}'}]}]""",
            "queries[0].query", "without quotes",
        ),
        (
            "services: [{name: a, queries: [{label: l, kind: logs, query: q}, {label: l, kind: logs, query: r}]}]",
            "services[0]", "nobody could tell them apart",
        ),
        ("services: 7", "services", "valid tuple"),
        ("just text", "the file", "valid dictionary"),
        ("services: [", "not YAML", "services.yaml"),
        ("services: !!python/object/apply:os.system [id]", "not YAML", "python/object"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_pod_and_says_where_it_is(tmp_path: Path, text: str, key: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        services_file.read(written(tmp_path, text))
    for part in ("SERVICES_FILE=", "services.yaml", key, remedy, "docs/services.example.yaml"):
        assert part in str(stopped.value)


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as stopped:
        services_file.read(written(tmp_path, "services: [{name: a, runbook: x}, {nam: b}]"))
    for part in ("services[0].runbook", "services[1].nam:", "services[1].name:"):
        assert part in str(stopped.value)


def test_a_file_that_is_not_there_stops_the_pod(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="mount the file, or unset SERVICES_FILE"):
        services_file.read(tmp_path / "services.yaml")


@pytest.mark.parametrize(
    ("name", "labels", "found"),
    [
        ("checkout", {}, "checkout"),
        ("web", {"app": "storefront", "more": "x"}, "checkout"),
        ("web", {"app": "storefronts"}, None),
        ("search", {"app": "storefront"}, "search"),  # its own name before any label
        ("Checkout", {}, None),
        ("", {}, None),
    ],
)
def test_a_service_is_found_by_its_name_or_else_by_labels(name: str, labels: dict[str, str], found: str | None) -> None:
    services: list[Any] = [{"name": "checkout", "match": {"app": "storefront"}}, {"name": "search"}]
    service = Catalogue.model_validate({"services": services}).find(name, labels)
    assert (service.name if service else None) == found


def test_one_that_is_not_listed_has_its_name_and_the_queries_for_any_service() -> None:
    service = Catalogue().of("payments", {})
    assert (service.name, service.asked, service.about) == ("payments", DEFAULT_QUERIES, Service(name="x").about)
