"""What stands before moto in the sandbox: a request that AWS would refuse is refused, where moto would take it; what no
right allows, too (``rights.py``). ``GET /rights`` tells what the pods' roles were used for, ``GET /messages`` what
is in the queues.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel

from app.sim import aws_rules
from app.sim.rights import Guard

Environ = dict[str, Any]
Answer = Callable[..., Any]

_SERVICES = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}
_REFUSALS = {"sqs": "InvalidParameterValue"}  # elsewhere it is a ValidationException
_S3 = {("PUT", True): "PutObject", ("GET", True): "GetObject", ("DELETE", True): "DeleteObject"}
_DENIED_BY_S3 = "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>"


class Request(NamedTuple):
    operation: OperationModel
    given: Mapping[str, Any]

    @property
    def service(self) -> str:
        return self.operation.service_model.service_name


def refusing(
    wrapped: Callable[[Environ, Answer], Iterable[bytes]], messages: Callable[[], Any]
) -> Callable[[Environ, Answer], Iterable[bytes]]:
    """A WSGI application around another."""
    guard = Guard()
    told = {"/rights": guard.told, "/messages": messages}

    def app(environ: Environ, answer: Answer) -> Iterable[bytes]:
        if environ["PATH_INFO"] in told:
            answer("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(told[environ["PATH_INFO"]]()).encode()]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        request = _by_target(environ, body) or _by_path(environ, body) or _of_s3(environ)
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        service = _scope(authorization)
        asked = (request.operation.name, request.given) if request else ("a call that is not known here", {})
        if why := guard.refusal(authorization, service, *asked):
            return _denied(service, why, answer)
        found = aws_rules.complaints(*request) if request else []
        if not request or not found:
            return wrapped(environ, answer)
        code = _REFUSALS.get(request.service, "ValidationException")
        answer("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", code)])
        return [json.dumps({"__type": code, "message": "; ".join(found)}).encode()]

    return app


def _scope(authorization: str) -> str:
    """The service that the request was signed for."""
    found = re.search(r"/([\w-]+)/aws4_request", authorization)
    return found[1] if found else ""


def _denied(service: str, why: str, answer: Answer) -> Iterable[bytes]:
    code = "AccessDenied" if service == "sqs" else "AccessDeniedException"
    kind = "application/xml" if service == "s3" else "application/x-amz-json-1.0"
    answer("403 Forbidden", [("Content-Type", kind), ("x-amzn-ErrorType", code)])
    text = _DENIED_BY_S3.format(why) if service == "s3" else json.dumps({"__type": code, "message": why})
    return [text.encode()]


def _by_target(environ: Environ, body: bytes) -> Request | None:
    """The services that speak JSON and nothing else name the operation in a header."""
    prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if prefix not in _SERVICES:
        return None
    return Request(_model(_SERVICES[prefix]).operation_model(operation), json.loads(body or b"{}"))


def _of_s3(environ: Environ) -> Request | None:
    """Of its many calls, those that somebody here might make of heads."""
    if _scope(environ.get("HTTP_AUTHORIZATION", "")) != "s3":
        return None
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    operation = _S3.get((environ["REQUEST_METHOD"], bool(key)))
    if environ["REQUEST_METHOD"] == "GET" and not key and "versions" in environ["QUERY_STRING"].split("&"):
        operation = "ListObjectVersions"
    if operation is None:
        return None
    return Request(_model("s3").operation_model(operation), {"Bucket": bucket, **({"Key": key} if key else {})})


def _by_path(environ: Environ, body: bytes) -> Request | None:
    """EventBridge Scheduler is REST: some parameters are in the path, some in the query, the rest in the body."""
    if _scope(environ.get("HTTP_AUTHORIZATION", "")) != "scheduler":
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
            return Request(operation, {**json.loads(body or b"{}"), **given})
    return None


@cache
def _routes() -> list[tuple[OperationModel, re.Pattern[str]]]:
    model = _model("scheduler")
    operations = [model.operation_model(name) for name in model.operation_names]
    return [(one, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.http["requestUri"]))) for one in operations]


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)
