"""``artifacts/aws-substrate.yaml``, read as CloudFormation would for an environment called sandbox.

The sandbox makes its AWS from what a deployment is made from, so the two cannot drift apart. Only as much of
CloudFormation is understood as that file uses.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("aws-substrate.yaml")  # a link to artifacts/, so that a wheel has it too
REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
}
_PARAMETERS = {
    "Environment": "sandbox",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "OidcProviderArn": "",
    "OidcProvider": "",
    "Namespace": "sandbox",
    "ArchiveRetentionDays": 1,
}
_ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
    "AWS::Scheduler::ScheduleGroup": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{{}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
}

Properties = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """``!Sub x`` is read as ``_Call("Sub", x)``, to be worked out when it is asked for."""


class _Call:
    def __init__(self, name: str, given: Any) -> None:
        self.name, self.given = name, given


def _call(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> _Call:
    if isinstance(node, yaml.SequenceNode):
        return _Call(tag, loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - the file has no other, and cfn-lint would say so
    return _Call(tag, loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _call)


def properties(logical: str) -> Properties:
    """What that resource is made with, everything worked out."""
    found: Properties = _worked_out(_resources()[logical].get("Properties", {}))
    return found


def of_type(kind: str) -> list[str]:
    """Logical names, in the order of the file."""
    return [logical for logical, resource in _resources().items() if resource["Type"] == kind]


def name(logical: str) -> str:
    """As AWS knows it."""
    return str(_worked_out(_resources()[logical]["Properties"][_NAMES[_resources()[logical]["Type"]]]))


def arn(logical: str) -> str:
    return _ARNS[_resources()[logical]["Type"]].format(name(logical))


@cache
def _resources() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)["Resources"]  # noqa: S506 - a SafeLoader
    return found


def _worked_out(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _worked_out(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_worked_out(inner) for inner in value]
    if not isinstance(value, _Call):
        return value
    if value.name == "Ref":
        return _reference(value.given)
    if value.name == "GetAtt":
        return arn(value.given.removesuffix(".Arn"))
    if value.name == "Sub":
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(_reference(found[1])), value.given)
    if value.name == "If":  # the one condition there is, Irsa, does not hold here
        return _worked_out(value.given[2])
    raise LookupError(f"!{value.name} in {TEMPLATE.name} is not understood here: teach this module, or do without it")


def _reference(wanted: str) -> Any:
    if wanted.endswith(".Arn"):
        return arn(wanted.removesuffix(".Arn"))
    return _PARAMETERS[wanted] if wanted in _PARAMETERS else name(wanted)
