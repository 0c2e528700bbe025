"""Secrets Manager: the secret that alerts are signed with. The webhook pod's, so its settings must be given."""

from __future__ import annotations

from app.doctor.check import Check, CouldNotTell, Deployment
from app.webhook.secrets import SecretsManager


async def _hmac_secret(deployment: Deployment) -> str:
    if deployment.hmac_secret_id is None:
        raise CouldNotTell("GRAFANA_ONCALL_HMAC_SECRET_ID is not set here: only the webhook pod needs it")
    region = deployment.settings.aws_region
    async with SecretsManager(deployment.aws, deployment.hmac_secret_id, region=region) as secret:
        versions = await secret.versions()
    return f"readable, {len(versions)} valid version{'s' if len(versions) > 1 else ''}"


CHECKS = (
    Check(
        "webhook: HMAC secret",
        "the secret that senders sign with exists, may be read and is not empty",
        "set GRAFANA_ONCALL_HMAC_SECRET_ID to the secret's id or ARN, and allow secretsmanager:GetSecretValue on it",
        _hmac_secret,
    ),
)
