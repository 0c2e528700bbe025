"""What stands before moto in the sandbox: a request that AWS would refuse is refused, where moto would take it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel

from app.sim import aws_rules

Environ = dict[str, Any]
Answer = Callable[..., Any]

_SERVICES = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}
_REFUSALS = {"sqs": "InvalidParameterValue"}  # elsewhere it is a ValidationException


def refusing(wrapped: Callable[[Environ, Answer], Iterable[bytes]]) -> Callable[[Environ, Answer], Iterable[bytes]]:
    """A WSGI application around another."""

    def app(environ: Environ, answer: Answer) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        request = _by_target(environ, body) or _by_path(environ, body)
        found = aws_rules.complaints(*request) if request else []
        if not request or not found:
            return wrapped(environ, answer)
        code = _REFUSALS.get(request[0].service_model.service_name, "ValidationException")
        answer("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", code)])
        return [json.dumps({"__type": code, "message": "; ".join(found)}).encode()]

    return app


def _by_target(environ: Environ, body: bytes) -> tuple[OperationModel, Mapping[str, Any]] | None:
    """The services that speak JSON and nothing else name the operation in a header."""
    prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if prefix not in _SERVICES:
        return None
    return _model(_SERVICES[prefix]).operation_model(operation), json.loads(body or b"{}")


def _by_path(environ: Environ, body: bytes) -> tuple[OperationModel, Mapping[str, Any]] | None:
    """EventBridge Scheduler is REST: some parameters are in the path, some in the query, the rest in the body."""
    if "/scheduler/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
        return None
    for operation, path in _routes():
        match = path.fullmatch(environ["PATH_INFO"])
        if match and operation.http["method"] == environ["REQUEST_METHOD"]:
            query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
            members: Mapping[str, Any] = getattr(operation.input_shape, "members", {})
            texts = {name: unquote(value) for name, value in match.groupdict().items()} | query
            given = {
                name: texts[member.serialization["name"]]
                for name, member in members.items()
                if member.type_name == "string" and member.serialization.get("name") in texts
            }
            return operation, {**json.loads(body or b"{}"), **given}
    return None


@cache
def _routes() -> list[tuple[OperationModel, re.Pattern[str]]]:
    model = _model("scheduler")
    operations = [model.operation_model(name) for name in model.operation_names]
    return [(one, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.http["requestUri"]))) for one in operations]


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)
