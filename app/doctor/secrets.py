"""Secrets Manager: the secret that alerts are signed with. The webhook pod's, so its settings must be given."""

from __future__ import annotations

from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment


async def _hmac_secret(deployment: Deployment) -> str:
    if deployment.hmac_secret_id is None:
        raise CouldNotTell("GRAFANA_ONCALL_HMAC_SECRET_ID is not set here: only the webhook pod needs it")
    secrets = await deployment.aws("secretsmanager")
    found = await secrets.get_secret_value(SecretId=deployment.hmac_secret_id)
    if not found.get("SecretString", "").strip():
        raise Failed("it is empty: anybody can sign with an empty secret")
    return "readable"


CHECKS = (
    Check(
        "webhook: HMAC secret",
        "the secret that senders sign with exists, may be read and is not empty",
        "set GRAFANA_ONCALL_HMAC_SECRET_ID to the secret's id or ARN, and allow secretsmanager:GetSecretValue on it",
        _hmac_secret,
    ),
)
