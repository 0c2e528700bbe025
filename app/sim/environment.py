"""What the two pods of the sandbox are told: all that makes them differ from production is in these variables."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.sim import aws, cast, grafana_cloud

BEDROCK_MODEL = "us.anthropic.claude-sonnet-5"


@dataclass(frozen=True)
class Addresses:
    """Where everything listens; ports of this machine."""

    moto_port: int
    world_port: int
    wire_port: int
    webhook_port: int
    processor_port: int

    @property
    def aws(self) -> str:
        return f"http://127.0.0.1:{self.moto_port}"

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.world_port}"

    @property
    def wire(self) -> str:
        return f"http://127.0.0.1:{self.wire_port}"

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.webhook_port}"

    @property
    def processor(self) -> str:
        return f"http://127.0.0.1:{self.processor_port}"


def webhook_env(at: Addresses, clock: str) -> dict[str, str]:
    return {
        **_both("webhook", at, clock),
        "AWS_ENDPOINT_URL_SQS": at.wire,  # so that the queue can be out of reach while the secret is not
        "WEBHOOK_HOST": "127.0.0.1",
        "WEBHOOK_PORT": str(at.webhook_port),
        "GRAFANA_ONCALL_HMAC_SECRET_ID": cast.HMAC_SECRET_ID,
    }


def processor_env(at: Addresses, clock: str) -> dict[str, str]:
    return {
        **_both("processor", at, clock),
        **_vendors(at.world),
        "HEALTH_PORT": str(at.processor_port),
        "INCIDENTS_TABLE_NAME": aws.INCIDENTS_TABLE,
        "AUDIT_TABLE_NAME": aws.AUDIT_TABLE,
        "NUDGE_EVENTS_QUEUE_URL": aws.queue_url(at.aws, aws.NUDGE_EVENTS),
        "NUDGE_EVENTS_QUEUE_ARN": aws.queue_arn(aws.NUDGE_EVENTS),
        "SLA_CHECK_QUEUE_URL": aws.queue_url(at.aws, aws.SLA_CHECK),
        "SLA_CHECK_QUEUE_ARN": aws.queue_arn(aws.SLA_CHECK),
        "ARCHIVE_BUCKET_NAME": aws.ARCHIVE_BUCKET,
        "SCHEDULER_ROLE_ARN": aws.SCHEDULER_ROLE_ARN,
        "SCHEDULER_GROUP_NAME": aws.SCHEDULE_GROUP,
        "BEDROCK_MODEL_ID": BEDROCK_MODEL,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"{at.world}/bedrock",
    }


def sweep_env(at: Addresses) -> dict[str, str]:
    return {
        **_aws("sweep", at),
        "ENVIRONMENT": "sandbox",
        "INCIDENTS_TABLE_NAME": aws.INCIDENTS_TABLE,
        "AUDIT_TABLE_NAME": aws.AUDIT_TABLE,
        "ARCHIVE_BUCKET_NAME": aws.ARCHIVE_BUCKET,
    }


def _aws(role: str, at: Addresses) -> dict[str, str]:
    """The key of one of the substrate's roles: what that does not allow is refused (``rights.py``)."""
    return {
        "AWS_REGION": aws.REGION,
        "AWS_ENDPOINT_URL": at.aws,
        "AWS_ACCESS_KEY_ID": role,
        "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",  # whatever this person has configured is not the sandbox's
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def _both(role: str, at: Addresses, clock: str) -> dict[str, str]:
    return {
        **_aws(role, at),
        "ENVIRONMENT": "sandbox",
        "SANDBOX_CLOCK": clock,
        "SLACK_SIGNING_SECRET": cast.SIGNING_SECRET,
        "INCIDENT_EVENTS_QUEUE_URL": aws.queue_url(at.aws, aws.INCIDENT_EVENTS),
    }


def _vendors(world: str) -> dict[str, str]:
    return {
        "SLACK_API_URL": f"{world}/slack/api",
        "SLACK_BOT_TOKEN": cast.BOT_TOKEN,
        "SLACK_APP_TOKEN": cast.APP_TOKEN,
        "SLACK_FALLBACK_CHANNEL": cast.FALLBACK_CHANNEL,
        "MANAGER_CHANNEL": cast.FALLBACK_CHANNEL,
        "GRAFANA_ONCALL_URL": f"{world}/oncall",
        "GRAFANA_ONCALL_TOKEN": cast.ONCALL_TOKEN,
        "GRAFANA_CLOUD_TOKEN": cast.GRAFANA_TOKEN,
        "GRAFANA_CLOUD_ORG_ID": "100000",
        "GRAFANA_MIMIR_URL": f"{world}/grafana/api/prom",
        "GRAFANA_MIMIR_INSTANCE_ID": grafana_cloud.MIMIR_ID,
        "GRAFANA_LOKI_URL": f"{world}/grafana",
        "GRAFANA_LOKI_INSTANCE_ID": grafana_cloud.LOKI_ID,
        "GRAFANA_TEMPO_URL": f"{world}/grafana/tempo",
        "GRAFANA_TEMPO_INSTANCE_ID": grafana_cloud.TEMPO_ID,
        "GRAFANA_STACK_URL": "https://example.grafana.net",
        "STATUSPAGE_API_URL": f"{world}/statuspage/v1",
        "STATUSPAGE_API_KEY": cast.STATUSPAGE_KEY,
        "STATUSPAGE_PAGE_ID": cast.STATUSPAGE_PAGE,
        "LINEAR_API_URL": f"{world}/linear",
        "LINEAR_API_KEY": cast.LINEAR_KEY,
        "LINEAR_TEAM_ID": cast.LINEAR_TEAM,
        "LINEAR_PROJECT_ID": cast.LINEAR_PROJECT,
        "LINEAR_LABEL_NAMES": json.dumps(["Postmortem"]),
        "WORKOS_API_URL": f"{world}/workos",
        "WORKOS_API_KEY": cast.WORKOS_KEY,
        "WORKOS_DIRECTORY_ID": cast.WORKOS_DIRECTORY,
        "WORKOS_TEAM_GROUP_MAP": json.dumps({cast.TEAM: cast.WORKOS_GROUP}),
        "GITHUB_API_URL": f"{world}/github",
        "GITHUB_TOKEN": cast.GITHUB_TOKEN,
        "GITHUB_ORG_SLUG": cast.GITHUB_ORG,
        "GITHUB_REPO_NAMES": json.dumps([cast.GITHUB_REPO]),
        "SERVICES_FILE": str(cast.SERVICES_FILE),
    }
