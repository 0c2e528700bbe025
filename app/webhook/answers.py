"""Every answer the webhook pod gives, as its OpenAPI describes it. None of them holds a secret: OnCall keeps them."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app import telemetry
from app.domain.alert import AlertEvent
from app.intake.fields import BadPayload


class Accepted(BaseModel):
    """The event is durable."""

    status: Literal["accepted"] = "accepted"
    alert_group: str
    event: AlertEvent
    id: str  # of this event: the same event sent twice has the same


class NothingToDo(BaseModel):
    """Understood, and nothing needs to be done."""

    status: Literal["ignored"] = "ignored"
    reason: str


class Failure(BaseModel):
    error: str
    remedy: str


class FieldFailure(Failure):
    field: str


class Healthy(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"


class NotReady(Failure):
    failed: dict[Literal["queue", "secret"], str]  # what failed, and what to do about it


class Problem(Exception):
    """An answer that is not a 2xx."""

    def __init__(self, status: int, error: str, remedy: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.failure = Failure(error=error, remedy=remedy)
        self.headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else {}


def documented(**models: type[Failure]) -> dict[int | str, dict[str, Any]]:
    """``_401=Failure, ...`` as FastAPI's ``responses``."""
    return {int(name.lstrip("_")): {"model": model} for name, model in models.items()}


def failure(status: int, content: Failure, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(content.model_dump(), status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Failures of every kind are told in one shape."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return failure(error.status, error.failure, error.headers)

    @app.exception_handler(BadPayload)
    async def bad_payload(_: Request, error: BadPayload) -> JSONResponse:
        told = f"{error.field} {error.problem}"
        return failure(422, FieldFailure(error=told, field=error.field, remedy=error.remedy))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return failure(error.status_code, Failure(error=error.detail, remedy="what is served is in /openapi.json"))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        telemetry.log.error("unexpected", exc_info=error)
        return failure(500, Failure(error="a fault of ours", remedy="send it again; the webhook's log has the cause"))
