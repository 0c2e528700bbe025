"""What Kubernetes itself does not know is held to what we know of it: a field that nobody reads is an alert that nobody
gets, or a secret that never arrives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jsonschema  # comes with kubernetes-validate
import pytest
import yaml

from tests.chart.rendered import ENVIRONMENTS, KNOWN_TO_KUBERNETES, ROOT, Document, render

SCHEMAS: dict[str, Any] = yaml.safe_load((ROOT / "tests/chart/custom_resources.yaml").read_text())["resources"]
FILES = ("platform.yaml", "gitops/applicationset-entry.yaml")
EVERYTHING = ("prometheusRule.enabled=true", "dashboard.grafanaOperator=true", "processor.heartbeat=true")


def problems(document: Document) -> list[str]:
    schema = SCHEMAS.get(f"{document['apiVersion']}/{document['kind']}")
    if schema is None:
        return [f"there is no {document['kind']} in {document['apiVersion']}"]
    rest = {key: value for key, value in document.items() if key not in {"apiVersion", "kind", "metadata"}}
    found = jsonschema.Draft7Validator(schema).iter_errors(rest)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


def of_files() -> list[Document]:
    return [document for file in FILES for document in yaml.safe_load_all((ROOT / file).read_text())]


def custom(environment: str) -> list[Document]:
    return [one for one in render(environment, *EVERYTHING) if one["apiVersion"] not in KNOWN_TO_KUBERNETES]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_of_the_chart_is_one_that_its_operator_takes(environment: str) -> None:
    documents = custom(environment)
    assert {one["kind"] for one in documents} == {"ExternalSecret", "PrometheusRule", "GrafanaDashboard"}
    assert [found for document in documents for found in problems(document)] == []


def test_every_resource_beside_the_chart_is_one_that_its_operator_takes() -> None:
    documents = of_files()
    assert {one["kind"] for one in documents} == {"Tenant", "BudgetPolicy", "Platform", "ApplicationSet"}
    assert [found for document in documents for found in problems(document)] == []
    assert [one["metadata"]["name"] for one in documents if not one["metadata"].get("name")] == []


Spoil = Callable[[Any], object]


@pytest.mark.parametrize(
    ("kind", "spoil", "says"),
    [
        ("ExternalSecret", lambda d: d.update(apiVersion="external-secrets.io/v1beta1"), "there is no ExternalSecret"),
        ("ExternalSecret", lambda d: d["spec"]["data"][0].pop("secretKey"), "'secretKey' is a required"),
        ("ExternalSecret", lambda d: d["spec"]["data"][0]["remoteRef"].update(propery="X"), "'propery' was unexpected"),
        ("PrometheusRule", lambda d: _rule(d).update({"for": "5 minutes"}), "'5 minutes' does not match"),
        ("PrometheusRule", lambda d: _rule(d).pop("expr"), "'expr' is a required"),
        ("PrometheusRule", lambda d: _rule(d)["labels"].update(tier=1), "1 is not of type 'string'"),
        ("GrafanaDashboard", lambda d: d["spec"].pop("instanceSelector"), "'instanceSelector' is a required"),
        ("ApplicationSet", lambda d: d["spec"].pop("generators"), "'generators' is a required"),
        ("BudgetPolicy", lambda d: d["spec"].update(monthlyUsd=2500), "2500 is not of type 'string'"),
        ("Tenant", lambda d: d["spec"].update(primaryPersona="sre"), "'sre' is not one of"),
        ("Platform", lambda d: d["spec"]["identity"].update(allowedModelFamilies=["claude"]), "'claude' is not one of"),
        ("Platform", lambda d: d["spec"]["datastores"][0].update(kind="queue"), "is not valid under any"),
        ("Platform", lambda d: d["spec"]["datastores"][2]["queue"].update(receives=3), "'receives' was unexpected"),
    ],
)  # fmt: skip
def test_a_resource_that_its_operator_would_not_take_is_seen(kind: str, spoil: Spoil, says: str) -> None:
    document = next(copy.deepcopy(one) for one in (*custom("staging"), *of_files()) if one["kind"] == kind)
    spoil(document)
    assert any(says in found for found in problems(document)), problems(document)


def _rule(document: Document) -> Any:
    return document["spec"]["groups"][0]["rules"][0]
