"""Clocks: signatures, leases and the order of a timeline live on this machine's being right."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from app import clock
from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

SKEW_MAX_S = 60.0


async def _skew(deployment: Deployment) -> str:
    http = deployment.http("Slack", deployment.settings.slack_api_url)
    response = await http.send("POST", "api.test", operation="api.test", idempotent=True)
    now = clock.wall()
    if "date" not in response.headers:
        raise CouldNotTell("Slack's answer has no Date")
    skew = now - parsedate_to_datetime(response.headers["date"]).timestamp()
    told = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Slack's"
    if abs(skew) > SKEW_MAX_S:
        raise Failed(f"this machine's clock is {told}")
    return told if abs(skew) >= 1 else "the same time as Slack's"


CHECKS = (
    Check(
        "clock",
        f"this machine's clock is at most {SKEW_MAX_S:.0f} s away from Slack's",
        "let the node keep time with NTP or chrony (on AWS: 169.254.169.123); Slack and AWS refuse signatures that "
        "are five minutes off",
        _skew,
    ),
)
