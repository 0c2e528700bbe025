"""What a role of the substrate allows, and what a call to AWS asks for: IAM, as far as this system meets it.

The sandbox refuses what a role does not allow, and remembers what it did allow; so whatever is shown there is shown
with the rights of a deployment, and ``tests/e2e/test_rights.py`` sees which rights nothing ever needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from app.sim import substrate
from app.sim.substrate import ACCOUNT, REGION

POLICIES = {"webhook": "WebhookPolicy", "processor": "ProcessorPolicy", "sweep": "SweepPolicy"}  # by access key

_TABLE, _QUEUE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/", f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
_SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/"
_BEDROCK = f"arn:aws:bedrock:{REGION}:"


class Right(NamedTuple):
    """``resource``: an ARN, in a policy with wildcards."""

    action: str
    resource: str


@dataclass
class Guard:
    """Before one stand-in of AWS. Who calls with none of the roles' keys is the sandbox: it may do everything."""

    used: set[tuple[str, Right]] = field(default_factory=set)  # by whom
    refused: set[tuple[str, Right]] = field(default_factory=set)

    def refusal(self, authorization: str, service: str, operation: str, given: Mapping[str, Any]) -> str | None:
        """Why the call is refused; None: it is not."""
        role = caller(authorization)
        if role is None:
            return None
        for right in asked(service, operation, given):
            if not by(role, right):
                self.refused.add((role, right))
                return f"{role} is not authorized to perform: {right.action} on resource: {right.resource}"
            self.used.add((role, right))
        return None

    def told(self) -> dict[str, list[list[str]]]:
        """As JSON takes it: role, action, resource."""
        sets = {"used": self.used, "refused": self.refused}
        return {name: [[role, *right] for role, right in sorted(found)] for name, found in sets.items()}


def caller(authorization: str) -> str | None:
    """The role whose key a request was signed with."""
    found = re.search(r"Credential=(\w+)/", authorization)
    return found[1] if found and found[1] in POLICIES else None


@cache
def allowed(role: str) -> frozenset[Right]:
    """Each action on each resource that the role's policy names."""
    statements = substrate.properties(POLICIES[role])["PolicyDocument"]["Statement"]
    return frozenset(
        Right(action, resource)
        for statement in statements
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    )


def by(role: str, asked: Right) -> set[Right]:
    """What of the role's policy allows it; nothing: it is refused."""
    return {
        right for right in allowed(role) if right.action == asked.action and fnmatchcase(asked.resource, right.resource)
    }


def asked(service: str, operation: str, given: Mapping[str, Any]) -> Iterator[Right]:
    """The names of IAM's actions are not always those of the calls."""
    match service:
        case "dynamodb":
            yield from _of_tables(operation, given)
        case "sqs":
            yield Right(f"sqs:{operation.removesuffix('Batch')}", _QUEUE + given["QueueUrl"].rpartition("/")[2])
        case "scheduler":
            yield Right(f"scheduler:{operation}", f"{_SCHEDULE}{given.get('GroupName', 'default')}/{given['Name']}")
            if "Target" in given:
                yield Right("iam:PassRole", given["Target"]["RoleArn"])
        case "secretsmanager":
            yield Right(f"secretsmanager:{operation}", f"{_SECRET}{given['SecretId']}-sandbx")  # six of its own
        case "s3" if "Bucket" in given:
            action = "ListBucketVersions" if operation == "ListObjectVersions" else operation
            key = f"/{given['Key']}" if "Key" in given else ""
            yield Right(f"s3:{action}", f"arn:aws:s3:::{given['Bucket']}{key}")
        case "bedrock":  # an inference profile, and the model behind it
            yield Right("bedrock:InvokeModel", f"{_BEDROCK}{ACCOUNT}:inference-profile/{given['modelId']}")
            yield Right("bedrock:InvokeModel", f"{_BEDROCK}:foundation-model/{given['modelId'].partition('.')[2]}")
        case _:
            yield Right(f"{service}:{operation}", "*")


def _of_tables(operation: str, given: Mapping[str, Any]) -> Iterator[Right]:
    """A transaction asks for what each of its items asks for."""
    for item in given.get("TransactItems", ()):
        for kind, what in item.items():
            action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
            yield Right(f"dynamodb:{action}", _TABLE + what["TableName"])
    if "TableName" in given:
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield Right(f"dynamodb:{operation}", f"{_TABLE}{given['TableName']}{index}")


def _list(one_or_more: str | list[str]) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more
