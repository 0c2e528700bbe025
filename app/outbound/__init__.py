"""The one HTTP way out: a deadline, bounded retries of what is safe to repeat, a breaker, typed errors, a span.

All of it sits in an httpx transport, so that a library that brings its own client (gql) obeys the same rules.
``Client`` is the face that the adapters use.

* The deadline covers the call with its retries; when it passes, both are cancelled (D10).
* A write is sent once (D6). Only reads, and writes that the caller calls idempotent, are tried again.
* Redirects are not followed and the environment's proxies are not used: a vendor is where the settings say.
"""

from __future__ import annotations

from app.outbound.client import Client, read_json
from app.outbound.guard import Response, Transport, transport

__all__ = ["Client", "Response", "Transport", "read_json", "transport"]
