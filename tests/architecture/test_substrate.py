"""What the platform is asked for, what CloudFormation makes, and what the code uses, are one and the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.tree import ROOT, text

TEMPLATE = ROOT / "artifacts" / "aws-substrate.yaml"
TABLES = {"incidents": "IncidentsTable", "audit": "AuditTable"}
QUEUES = {"events": "IncidentEventsQueue", "nudges": "NudgeEventsQueue", "sla-check": "SlaCheckQueue"}


class _CloudFormation(yaml.SafeLoader):
    """Reads ``!Ref x`` as ``{"Ref": x}``: enough to look at what stands there."""


_CloudFormation.add_multi_constructor("!", lambda loader, tag, node: {tag: _plain(loader, node)})


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


def substrate() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _CloudFormation)
    return found


def resource(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = substrate()["Resources"][name]["Properties"]
    return properties


def datastores() -> dict[str, dict[str, Any]]:
    platform = next(one for one in yaml.safe_load_all(text(Path("platform.yaml"))) if one["kind"] == "Platform")
    return {store["name"]: store for store in platform["spec"]["datastores"]}


def test_cfn_lint_finds_nothing_to_complain_of() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(TEMPLATE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_platform_makes_the_tables_that_cloudformation_makes() -> None:
    for name, logical in TABLES.items():
        asked, made = datastores()[name]["keyValue"], resource(logical)
        assert [asked["partitionKey"]["name"], asked["sortKey"]["name"]] == _keys(made["KeySchema"])
        indexes = {index["name"]: index for index in asked["globalSecondaryIndexes"]}
        assert set(indexes) == {index["IndexName"] for index in made["GlobalSecondaryIndexes"]}
        for index in made["GlobalSecondaryIndexes"]:
            wanted = indexes[index["IndexName"]]
            assert [wanted["partitionKey"]["name"], wanted["sortKey"]["name"]] == _keys(index["KeySchema"])
            assert wanted["projection"] == index["Projection"]["ProjectionType"]
        assert asked["ttlAttribute"] == made["TimeToLiveSpecification"]["AttributeName"]
        assert asked["pointInTimeRecovery"] == made["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_the_platform_makes_the_queues_that_cloudformation_makes() -> None:
    for name, logical in QUEUES.items():
        asked, made = datastores()[name]["queue"], resource(logical)
        assert asked == {
            "fifo": made["FifoQueue"],
            "maxReceiveCount": made["RedrivePolicy"]["maxReceiveCount"],
            "visibilityTimeoutSeconds": made["VisibilityTimeout"],
            "messageRetentionSeconds": made["MessageRetentionPeriod"],
        }


def test_the_platforms_names_fit() -> None:
    """Platform's and datastore's name together: 28 characters at most (protocol of the platform's CRD)."""
    assert all(len("incident-response" + name) <= 28 for name in datastores())


def test_the_chart_is_told_the_substrates_outputs() -> None:
    values = yaml.safe_load(text(Path("chart/values.yaml")))
    told = {*values["tenantInfra"], *values["aws"]}
    assert told <= set(substrate()["Outputs"])


def test_the_nightly_drills_role_is_its_workflows_alone_and_changes_nothing() -> None:
    """Whoever takes it can sign one alert, which opens a room, and read what became of it."""
    role = resource("DrillRole")
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Ref": "DrillSubject"},
        }
    }
    allowed = {
        statement["Action"] for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    }
    assert allowed == {"secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:Query", "scheduler:ListSchedules"}
    subject = substrate()["Parameters"]["DrillSubject"]["Default"]
    assert subject.endswith(":environment:staging")  # and the workflow's environment is that one
    assert substrate()["Resources"]["DrillRole"]["Condition"] == "Drill"  # made only where somebody asks for it


def _keys(schema: list[dict[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in sorted(schema, key=lambda key: key["KeyType"])]  # HASH before RANGE
