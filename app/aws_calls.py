"""Calls to AWS: a deadline around all the tries, and botocore's errors made ours (P-bounded).

Pods and adapters share it. The SDK's own retries are to be off: what is repeated, and how often, is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from app.errors import VendorError, VendorRefused, VendorThrottled, VendorUnavailable

_THROTTLED = frozenset({"OverLimit", "ProvisionedThroughputExceededException", "RequestLimitExceeded"})

T = TypeVar("T")


@dataclass(frozen=True)
class AwsCalls:
    """One service. ``remedy``: what to do about a refusal. ``pause_s``: before the second try; then twice that."""

    vendor: str
    remedy: str
    deadline_s: float
    pause_s: float
    tries: int = 3

    async def repeat(
        self,
        operation: str,
        call: Callable[[], Awaitable[T]],
        *,
        deadline_s: float | None = None,
        tries: int | None = None,
    ) -> T:
        """For what may be repeated. Raises what went wrong last; a refusal at once."""
        deadline_s = self.deadline_s if deadline_s is None else deadline_s
        failure: VendorError = VendorUnavailable(self.vendor, operation, f"no answer within {deadline_s:g} s")
        try:
            async with asyncio.timeout(deadline_s):
                for attempt in range(self.tries if tries is None else tries):
                    await asyncio.sleep(self.pause_s * attempt)
                    try:
                        return await call()
                    except (BotoCoreError, ClientError) as error:
                        failure = self.failure(operation, error)
                        if isinstance(failure, VendorRefused):
                            break
        except TimeoutError:
            pass  # told below, as what went wrong last
        raise failure

    def failure(self, operation: str, error: BotoCoreError | ClientError) -> VendorError:
        """In our words, for a read or for what may be repeated; a lost write is ``Unknown``, which its caller says."""
        if not isinstance(error, ClientError):
            return VendorUnavailable(self.vendor, operation, type(error).__name__)
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if "Throttl" in code or code in _THROTTLED:
            return VendorThrottled(self.vendor, operation, retry_after=1.0)
        if status >= 500:
            return VendorUnavailable(self.vendor, operation, code)
        return VendorRefused(self.vendor, operation, code, remedy=self.remedy)
