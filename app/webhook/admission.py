"""Who may hand in a body, and what body: everything that is checked before a byte of it is understood."""

from __future__ import annotations

from starlette.requests import Request

from app.errors import VendorError
from app.settings import WebhookSettings
from app.webhook.answers import Problem
from app.webhook.limits import RateLimit, read_body
from app.webhook.secret_cache import SecretCache
from app.webhook.verifiers import verifier


class Admission:
    def __init__(self, settings: WebhookSettings, secrets: SecretCache) -> None:
        self._limit_bytes = settings.body_limit_bytes
        self._auth = settings.webhook_auth
        self._verify = verifier(settings)
        self._secrets = secrets
        self._rate = RateLimit(settings.requests_per_second)

    async def body(self, request: Request) -> bytes:
        """The raw body of a sender that proved itself. Raises ``Problem``: 401, 408, 413, 415, 429, 503."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(415, "the body is not declared as JSON", "send Content-Type: application/json")
        body = await read_body(request, self._limit_bytes)
        genuine = await self._genuine(body, dict(request.headers))
        self._rate.count(request, genuine=genuine)
        if not genuine:
            raise Problem(
                401,
                "the signature is missing or wrong",
                f"sign the raw body as WEBHOOK_AUTH={self._auth} says, with the secret's current version",
            )
        return body

    async def _genuine(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            known = await self._secrets.values()
        except VendorError as error:
            raise Problem(
                503, "the secret to check signatures with is out of reach", error.remedy, retry_after_s=10
            ) from error
        if self._verify(known, body, headers):
            return True
        now_valid = await self._secrets.after_mismatch()
        return now_valid != known and self._verify(now_valid, body, headers) is not None
