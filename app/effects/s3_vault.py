"""Heads of closed trails in S3 under Object Lock: while that holds nobody can change or delete one, us included.

The key says all, so that a later object of the same key says nothing else. Versions are read, not objects: a delete
marker, which may be put over a locked object, hides none of them. Whoever keeps needs no right to read.
"""

from __future__ import annotations

import re
from typing import Any

from app.aws_calls import AwsCalls
from app.domain.sweep import Head, Kept

DEADLINE_S = 5.0
_CALLS = AwsCalls(
    "S3", "check ARCHIVE_BUCKET_NAME, and the role's right to its heads/: run the doctor",
    deadline_s=DEADLINE_S, pause_s=0.2,
)  # fmt: skip
_KEY = re.compile(r"heads/([^/]+)/(\d{8})-([0-9a-f]{64})")


class S3Vault:
    """``ports.Vault``. The client's own retries are to be off."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def keep(self, incident_id: str, head: Head) -> None:
        # A bucket under Object Lock takes nothing without a checksum. The bucket's own rule says for how long.
        put = {
            "Bucket": self._bucket,
            "Key": f"heads/{incident_id}/{head.seq:08d}-{head.hash}",
            "ChecksumAlgorithm": "SHA256",
        }
        await _CALLS.repeat("PutObject", lambda: self._client.put_object(**put))

    async def kept(self) -> list[Kept]:
        found: list[Kept] = []
        request = {"Bucket": self._bucket, "Prefix": "heads/"}
        while True:  # a page holds 1,000
            page = await self._page(request)
            found.extend(
                Kept(key[1], Head(int(key[2]), key[3]), version["LastModified"])
                for version in page.get("Versions", [])
                if (key := _KEY.fullmatch(version["Key"]))
            )
            if not page["IsTruncated"]:
                return found
            request |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}

    async def _page(self, request: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = await _CALLS.repeat(
            "ListObjectVersions", lambda: self._client.list_object_versions(**request)
        )
        return found
