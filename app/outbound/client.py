"""The face that the adapters use."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from json import loads
from typing import Any

import httpx

from app.errors import VendorRefused
from app.outbound.guard import ATTEMPTS, DEADLINE_S, Transport
from app.outbound.guard import transport as guarded

# An escaped backslash, a whole pair, or half of one.
_ESCAPES = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)")

Params = Mapping[str, str | int | float] | Sequence[tuple[str, str]]


class Client:
    """One vendor's HTTP API. Paths are relative to ``base_url``, or absolute."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
        attempts: int = ATTEMPTS,
        transport: Transport | None = None,
    ) -> None:
        self._vendor = vendor
        self._base_url = base_url.rstrip("/") + "/"
        self._headers = dict(headers or {})
        self._auth = httpx.BasicAuth(*auth) if auth else None
        self._http = httpx.AsyncClient(
            transport=guarded(vendor, deadline_s=deadline_s, attempts=attempts, inner=transport),
            headers={"User-Agent": "incident-response"},
            follow_redirects=False,
            trust_env=False,
        )

    async def get(
        self,
        path: str,
        *,
        operation: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> httpx.Response:
        return await self._call("GET", path, headers, {"operation": operation, "accept": accept}, params=params)

    async def get_json(self, path: str, *, operation: str, params: Params | None = None) -> Any:
        """The answer as JSON. Anything else is somebody else's answer: a login page, a proxy."""
        response = await self.get(path, operation=operation, params=params)
        try:
            return read_json(response)
        except ValueError as error:
            remedy = "check the vendor's base URL in the settings"
            raise VendorRefused(self._vendor, operation, "not JSON", remedy=remedy) from error

    async def send(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = False,
        accept: Collection[int] = (),
        deadline_s: float | None = None,
    ) -> httpx.Response:
        """Sent once, whatever comes back, unless ``idempotent``."""
        extensions: dict[str, Any] = {"operation": operation, "accept": accept, "idempotent": idempotent}
        if deadline_s is not None:
            extensions["deadline_s"] = deadline_s
        return await self._call(method, path, headers, extensions, json=json, data=form, content=content)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None, extensions: dict[str, Any], **body: Any
    ) -> httpx.Response:
        try:
            base = httpx.URL(self._base_url)
            absolute = path.startswith(("http://", "https://"))
            url = httpx.URL(path if absolute else self._base_url + path.lstrip("/"))
        except httpx.InvalidURL as error:
            raise VendorRefused(self._vendor, extensions["operation"], "invalid address") from error
        # The credential is for the vendor's own address only, whatever absolute address we are told to call.
        ours = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        return await self._http.request(
            method,
            url,
            headers={**(self._headers if ours else {}), **(headers or {})},
            auth=self._auth if ours else None,
            extensions=extensions,
            **body,
        )

    async def aclose(self) -> None:
        await self._http.aclose()


def read_json(response: httpx.Response) -> Any:
    """Raises ``ValueError``. Half a surrogate pair, as somebody's name may end in, is no text and could not be stored:
    U+FFFD stands in its place."""
    whole = _ESCAPES.sub(lambda hit: rb"\ufffd" if hit[1] else hit[0], response.content)
    return loads(whole)
