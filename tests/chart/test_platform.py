"""Chart, platform.yaml, CloudFormation and ArgoCD speak of the same queues, tables, bucket, account and secrets.

The platform derives names from the environment, the platform's own and each datastore's; CloudFormation is written to
give the same ones, so that one file of values holds wherever the pods run.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from scripts.seed_secrets import INVENTORY
from tests.architecture.test_substrate import datastores, substrate
from tests.chart.rendered import CHART, ENVIRONMENTS, ROOT, Document, one, render

PLATFORM: Document = next(
    document for document in yaml.safe_load_all((ROOT / "platform.yaml").read_text()) if document["kind"] == "Platform"
)
NAME: str = PLATFORM["metadata"]["name"]
ARGO: Document = yaml.safe_load((ROOT / "gitops/applicationset-entry.yaml").read_text())["spec"]
# Each of the chart's names, and the datastore that it is of.
QUEUES = {"incidentEvents": "events", "nudgeEvents": "nudges", "slaCheck": "sla-check"}
TABLES = {"incidents": "incidents", "audit": "audit"}

every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def derived(environment: str) -> dict[str, str]:
    """What the platform calls everything, as the chart is told it."""
    base, (region, account) = f"{environment}-{NAME}", whose(environment)
    queues = {name: f"{base}-{store}.fifo" for name, store in QUEUES.items()}
    return {
        "awsRegion": region,
        **{f"{name}TableName": f"{base}-{store}" for name, store in TABLES.items()},
        **{
            f"{name}QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{queue}" for name, queue in queues.items()
        },
        **{
            f"{name}QueueArn": f"arn:aws:sqs:{region}:{account}:{queue}"
            for name, queue in queues.items()
            if name != "incidentEvents"  # no schedule sends there
        },
        "schedulerRoleArn": f"arn:aws:iam::{account}:role/{base}-scheduler-invoke",
        "schedulerGroupName": base,
        "archiveBucketName": f"{base}-archive-{account}",
    }


def whose(environment: str) -> tuple[str, str]:
    """Region and account, which are the installation's own."""
    told = values(environment)["tenantInfra"]
    return told["awsRegion"], told["schedulerRoleArn"].split(":")[4]


def made_by_cloudformation(environment: str) -> set[str]:
    """Every name that the template gives."""
    given = {"Environment": environment, "AWS::AccountId": whose(environment)[1]}
    kinds = ("TableName", "QueueName", "BucketName", "RoleName", "Name")
    found = [properties[kind] for properties in _all() for kind in kinds if kind in properties]
    return {re.sub(r"\$\{([\w:]+)\}", lambda part: given[part[1]], name["Sub"]) for name in found}


def _all() -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in substrate()["Resources"].values()]


def values(environment: str) -> Document:
    found: Document = yaml.safe_load((CHART / f"values-{environment}.yaml").read_text())
    return found


@every_environment
def test_the_chart_is_told_the_platforms_names(environment: str) -> None:
    assert values(environment)["tenantInfra"] == derived(environment)
    assert {*QUEUES.values(), *TABLES.values(), "archive"} == set(datastores())


@every_environment
def test_cloudformation_gives_the_same_names(environment: str) -> None:
    names = {re.split(r"[:/]", value)[-1] for key, value in derived(environment).items() if key != "awsRegion"}
    assert names - made_by_cloudformation(environment) == set()


@every_environment
def test_on_the_platform_the_pods_have_its_account_and_no_other(environment: str) -> None:
    documents = argo(environment)
    assert [document for document in documents if document["kind"] == "ServiceAccount"] == []
    pods = [document["spec"]["template"]["spec"] for document in documents if document["kind"] == "Deployment"]
    pods += [
        document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for document in documents
        if document["kind"] == "CronJob"
    ]
    assert len(pods) == 3
    assert {pod["serviceAccountName"] for pod in pods} == {"tenant-runtime"}
    assert [document["kind"] for document in documents if document["kind"] == "GrafanaDashboard"] == [
        "GrafanaDashboard"
    ]


@every_environment
def test_the_pods_read_only_secrets_that_somebody_seeds_and_may_be_read(environment: str) -> None:
    documents = argo(environment)
    prefix = f"{NAME}/{environment}/"
    read = {
        (entry["remoteRef"]["key"].removeprefix(prefix), entry["remoteRef"]["property"])
        for document in documents
        if document["kind"] == "ExternalSecret"
        for entry in document["spec"]["data"]
    }
    assert read - {(name, key) for name, keys in INVENTORY.items() for key in keys} == set()
    by_id = one(documents, "ConfigMap", "webhook")["data"]["GRAFANA_ONCALL_HMAC_SECRET_ID"]
    assert [by_id] == [prefix + name for name in PLATFORM["spec"]["identity"]["directSecretReads"]]


def test_argo_puts_each_environment_where_the_platform_expects_it() -> None:
    elements = ARGO["generators"][0]["list"]["elements"]
    assert sorted(element["environment"] for element in elements) == ENVIRONMENTS
    template = ARGO["template"]
    assert template["spec"]["destination"]["namespace"] == f"tenants-{NAME}"
    assert substrate()["Parameters"]["Namespace"]["Default"] == f"tenants-{NAME}"
    assert template["metadata"]["labels"]["agents.nanohype.dev/platform"] == NAME
    labelled = [document["metadata"]["labels"]["agents.nanohype.dev/platform"] for document in argo("staging")]
    assert set(labelled) == {NAME}


def test_whoever_runs_it_hears_of_its_end_where_people_depend_on_it() -> None:
    """Alerts and the beat for who watches outside: in staging, so that they are rehearsed, and in production."""
    watched = {
        environment: ("PrometheusRule" in {one["kind"] for one in argo(environment)}, _beats(environment))
        for environment in ENVIRONMENTS
    }
    assert watched == {environment: (environment != "development",) * 2 for environment in ENVIRONMENTS}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_alerts_are_of_their_environment(environment: str) -> None:
    [rules] = [document for document in argo(environment) if document["kind"] == "PrometheusRule"]
    for rule in rules["spec"]["groups"][0]["rules"]:
        assert rule["labels"]["environment"] == environment
        assert set(re.findall(r'environment="([^"]*)"', rule["expr"])) == {environment}
        assert rule["annotations"]["runbook_url"].startswith("https://")


def argo(environment: str) -> list[Document]:
    """As ArgoCD renders it."""
    first, *more = ARGO["template"]["spec"]["source"]["helm"]["valueFiles"]
    assert first.replace("{{ .environment }}", environment) == f"values-{environment}.yaml"
    return render(environment, *more)


def _beats(environment: str) -> bool:
    entries = one(argo(environment), "ExternalSecret", "processor")["spec"]["data"]
    return "HEARTBEAT_URL" in {entry["secretKey"] for entry in entries}
