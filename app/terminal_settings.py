"""What the commands of a terminal are told: less than a pod. Read by ``settings.load``, as the pods' are."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.setting_forms import Url, WebhookAuth


class AuditSettings(BaseSettings):
    """What an auditor needs to read a trail: two tables, no vendor."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, env_ignore_empty=True)

    aws_region: str = Field(description="The AWS region of the tables. From: the deployment.")
    incidents_table_name: str = Field(description="DynamoDB table of incidents. From: substrate output.")
    audit_table_name: str = Field(description="DynamoDB table of the audit trail. From: substrate output.")
    archive_bucket_name: str | None = Field(
        None, description="S3 bucket of archived heads, for the sweep. From: substrate output. Unset: not compared."
    )
    environment: str = Field(
        "development", description="Name of the deployment; tags drills, and what the sweep counts."
    )
    otel_exporter_otlp_endpoint: Url | None = Field(
        None, description="Where the sweep's count goes (OTLP over HTTP). Unset: nowhere."
    )


class DrillSettings(AuditSettings):
    """What it takes to fire a drill at a deployment, and to watch what becomes of it."""

    grafana_oncall_hmac_secret_id: str = Field(
        description="Secrets Manager id of the secret that the webhook verifies with. From: the deployment."
    )
    webhook_auth: WebhookAuth = Field(
        "oncall_hmac", description="How the deployment's webhook verifies. From: the deployment."
    )
    grafana_alerting_timestamp_header: str | None = Field(
        None, description="Header of the signed timestamp, if the deployment's webhook asks for one."
    )
    scheduler_group_name: str | None = Field(
        None,
        description="Group of schedules, to see what a drill leaves. From: substrate output. Unset: not looked at.",
    )


class ObserveSettings(AuditSettings):
    """What it takes to look at an incident while it goes on: its tables, and how much waits for the processor."""

    incident_events_queue_url: Url = Field(description="SQS FIFO queue of alerts and gestures. From: substrate output.")
    nudge_events_queue_url: Url = Field(description="SQS FIFO queue of reminders. From: substrate output.")
    sla_check_queue_url: Url = Field(description="SQS FIFO queue of SLA checks. From: substrate output.")


class JoinSettings(AuditSettings):
    """What it takes to let somebody into the room of a drill."""

    slack_bot_token: SecretStr = Field(description="xoxb-… From: Slack app, OAuth & Permissions.")
    slack_api_url: Url = Field("https://slack.com/api", description="Slack's Web API.")


class DoctorSettings(BaseSettings):
    """What the doctor looks at beyond the processor's settings, where it is told: the webhook pod's secret."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, env_ignore_empty=True)

    grafana_oncall_hmac_secret_id: str | None = Field(
        None, description="Secrets Manager id of the secret that the webhook verifies with. From: the deployment."
    )
