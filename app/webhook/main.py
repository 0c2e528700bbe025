"""POD 1: takes alerts, and in Slack's HTTP mode gestures, and puts them into the queue. Nothing else (P-accept, X3)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aioboto3
import uvicorn
from fastapi import FastAPI

from app import telemetry
from app.errors import SettingsError
from app.intake.slack import bolt_app
from app.queue.sqs import SqsQueue
from app.rotation import rotated
from app.settings import WebhookSettings
from app.webhook import answers, routes
from app.webhook.access_log import AccessLog
from app.webhook.admission import Admission
from app.webhook.connection import Connection
from app.webhook.secret_cache import SecretCache, SecretSource
from app.webhook.secrets import SecretsManager
from app.webhook.slack_events import slack_events

# Longer than load balancers keep theirs (60 s): one that sends into a connection we close just then has lost an alert.
KEEP_ALIVE_S = 75
SHUTDOWN_S = 10  # for the requests in flight; each has an answer within four


def build(
    settings: WebhookSettings, *, queue: routes.Queue, secrets: SecretSource, signing_secret: Callable[[], str]
) -> FastAPI:
    """``signing_secret``: Slack's, as it is now."""
    app = FastAPI(
        title="incident-response webhook",
        version="1",
        # The page around the OpenAPI document loads scripts from elsewhere; this pod faces the internet.
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(AccessLog)
    answers.install(app)
    cache = SecretCache(secrets)
    app.include_router(routes.alerts(Admission(settings, cache), queue))
    app.include_router(routes.health(cache, queue))
    if settings.slack_transport == "http":
        bolt = bolt_app(signing_secret, queue.send)
        app.include_router(slack_events(bolt, settings, signing_secret))
    return app


async def run(settings: WebhookSettings, read_again: Callable[[], WebhookSettings]) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is in flight. Run it on uvloop's event loop."""
    newest, ended = settings, asyncio.Event()

    async def follow() -> None:
        nonlocal newest
        while await rotated(settings.secrets_dir, ended):
            try:
                newest = read_again()
            except SettingsError as error:  # what it knows serves on
                telemetry.log.error("secrets_unreadable", why=str(error))

    telemetry.configure("webhook", settings)
    session, region = aioboto3.Session(), settings.aws_region
    async with (
        SqsQueue(session, settings.incident_events_queue_url, region=region) as queue,
        SecretsManager(session, settings.grafana_oncall_hmac_secret_id, region=region) as secrets,
    ):
        config = uvicorn.Config(
            build(
                settings,
                queue=queue,
                secrets=secrets,
                signing_secret=lambda: newest.slack_signing_secret.get_secret_value(),
            ),
            host=settings.webhook_host,
            port=settings.webhook_port,
            http=Connection,
            timeout_keep_alive=KEEP_ALIVE_S,
            reset_contextvars=True,  # otherwise a connection's next request may find itself in the trace of the last
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        server = _Server(config)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
        following = asyncio.create_task(follow())
        await server.serve()
        ended.set()
        await following
    telemetry.close()


class _Server(uvicorn.Server):
    """Leaves signals to ``run``: uvicorn would raise the one that stopped it again, and so end the process mid-way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
