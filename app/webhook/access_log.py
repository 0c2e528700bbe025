"""One line per request: who, what, how it ended, how long it took. Never the body, never a header (P-private)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock, telemetry

_PROBES = frozenset({"/health", "/ready"})  # asked every few seconds by the cluster: of interest when they fail


class AccessLog:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in _PROBES:
            await self._logged(scope, receive, send)
        else:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            with telemetry.work("webhook request", headers):  # its trace goes with the message into the queue
                await self._logged(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # unless somebody says otherwise before it is over
        started_at = clock.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            log = telemetry.log.debug if scope["path"] in _PROBES and status < 400 else telemetry.log.info
            log(
                "http_request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                sender=scope["client"][0] if scope.get("client") else None,
                duration_ms=round((clock.monotonic() - started_at) * 1000, 1),
            )
