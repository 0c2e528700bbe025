"""Everything that differs between one deployment and another. The only reader of the environment.

Two models, because the two pods have different rights (X3): ``WebhookSettings`` knows two secrets and one queue. The
commands of a terminal have theirs in ``terminal_settings.py``. Each field says where its value comes from, and its
unit. A missing one stops the pod with one message that lists all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.severity import Severity
from app.errors import SettingsError
from app.setting_forms import Names, TeamGroups, Url, WebhookAuth

S = TypeVar("S", bound=BaseSettings)


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, env_ignore_empty=True)

    aws_region: str = Field(description="The AWS region of tables, queues and schedules. From: the deployment.")
    environment: str = Field("development", description="Name of the deployment; tags traces and drills.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line to log.")
    otel_exporter_otlp_endpoint: Url | None = Field(
        None,
        description="Where traces and metrics go (OTLP over HTTP). Unset: nowhere. From: your collector.",
    )
    sandbox_clock: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)?,\d+(\.\d+)?$",
        description="`<unix s>,<speed>`: the people's time runs that much faster from then on. Sandbox only.",
    )
    aws_endpoint_url: Url | None = Field(
        None,
        validate_default=True,
        description="Another AWS: a sandbox's. botocore reads the same variable. Unset in production.",
    )

    secrets_dir: Path | None = Field(
        None,
        description="Folder with a file for each secret, named like its variable; a change is taken up while running.",
    )
    slack_signing_secret: SecretStr = Field(
        description="Proves that a gesture came from Slack. From: Slack app, Basic Information, Signing Secret."
    )
    slack_transport: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches us: its websocket (processor) or /slack/events (webhook)."
    )
    incident_events_queue_url: Url = Field(description="SQS FIFO queue of alerts and gestures. From: substrate output.")

    # Validators of fields, not of the whole: that one is asked only when every field is good, and then what it finds
    # would be missing from the list.
    @field_validator("aws_endpoint_url", mode="after")
    @classmethod
    def _fast_clock_only_in_a_sandbox(cls, value: str | None, others: ValidationInfo) -> str | None:
        if others.data.get("sandbox_clock") and not value:
            raise ValueError("SANDBOX_CLOCK is for a sandbox: it needs AWS_ENDPOINT_URL to point at one; unset it")
        return value


class WebhookSettings(_Settings):
    """The internet-facing pod."""

    webhook_auth: WebhookAuth = Field(
        "oncall_hmac",
        description="How the sender proves itself: our HMAC header, Grafana Alerting's, or a shared token.",
    )
    grafana_oncall_hmac_secret_id: str = Field(
        description="Secrets Manager id of the secret that the sender signs with (or of its token)."
    )
    grafana_alerting_timestamp_header: str | None = Field(
        None, description="Header of the signed timestamp, when Grafana Alerting's contact point sends one."
    )
    replay_tolerance_s: float = Field(300.0, gt=0, description="Oldest signed timestamp that is believed, seconds.")
    body_limit_bytes: int = Field(
        262_144,
        ge=1_024,
        le=500_000,
        description="Largest body of /webhook, bytes; escaped for the queue it must stay below SQS's 1,048,576.",
    )
    requests_per_second: float = Field(
        50.0, gt=0, description="Requests taken per second and sender, ten seconds' worth at once; above: 429."
    )
    # A pod learns its own address at its start, so it listens on all it has; the cluster decides who gets there.
    webhook_host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104
    webhook_port: int = Field(8080, ge=1, le=65_535, description="Port of /webhook, /health and /ready.")


class ProcessorSettings(_Settings):
    """The pod that does the work."""

    slack_bot_token: SecretStr = Field(description="xoxb-… From: Slack app, OAuth & Permissions.")
    slack_app_token: SecretStr | None = Field(
        None,
        validate_default=True,
        description="xapp-… for Socket Mode. From: Slack app, Basic Information, App-Level Tokens.",
    )
    slack_api_url: Url = Field("https://slack.com/api", description="Slack's Web API.")
    slack_fallback_channel: str | None = Field(
        None, description="Channel id that is told when nobody could be invited to a room."
    )

    grafana_oncall_url: Url = Field(description="OnCall's address, without /api/v1. From: Grafana OnCall, Settings.")
    grafana_oncall_token: SecretStr = Field(description="API token. From: Grafana OnCall, Settings, API Tokens.")
    grafana_cloud_token: SecretStr = Field(
        description="glc_… with metrics:read logs:read traces:read. From: Grafana Cloud."
    )
    grafana_cloud_org_id: str = Field(
        description="Instance id (the basic-auth user) unless a product has its own below."
    )
    grafana_mimir_url: Url | None = Field(None, description="…/api/prom of the stack's metrics. Unset: no metrics.")
    grafana_mimir_instance_id: str | None = Field(None, description="Instance id of the metrics tenant.")
    grafana_loki_url: Url | None = Field(None, description="The stack's logs host. Unset: no logs.")
    grafana_loki_instance_id: str | None = Field(None, description="Instance id of the logs tenant.")
    grafana_tempo_url: Url | None = Field(None, description="…/tempo of the stack's traces. Unset: no traces.")
    grafana_tempo_instance_id: str | None = Field(None, description="Instance id of the traces tenant.")
    grafana_stack_url: Url | None = Field(None, description="https://<stack>.grafana.net, for links to Explore.")

    statuspage_api_key: SecretStr = Field(
        description="From: Statuspage, user menu, API info. Belongs to a user, not a page."
    )
    statuspage_page_id: str = Field(description="From: the same page.")
    statuspage_api_url: Url = Field("https://api.statuspage.io/v1", description="Statuspage's API.")

    linear_api_key: SecretStr = Field(description="lin_api_… From: Linear, Settings, API.")
    linear_team_id: str = Field(description="UUID of the team that owns postmortems.")
    linear_project_id: str | None = Field(None, description="UUID of the project that postmortems are filed in.")
    linear_label_names: Names = Field(
        (), description='JSON list of labels that each issue gets, e.g. ["Postmortem"]. They must exist.'
    )
    linear_api_url: Url = Field("https://api.linear.app", description="Linear's API, without /graphql.")

    workos_api_key: SecretStr = Field(description="sk_… From: WorkOS dashboard, API Keys.")
    workos_directory_id: str = Field(description="directory_… From: WorkOS dashboard, Directories.")
    workos_team_group_map: TeamGroups = Field(
        description='JSON: team (as in the alert\'s "team" label) to directory group id. From: you.'
    )
    workos_api_url: Url = Field("https://api.workos.com", description="WorkOS's API.")

    github_token: SecretStr = Field(description="Reads contents and commits. From: a GitHub App or fine-grained token.")
    github_org_slug: str = Field(description="The organisation that owns the repositories.")
    github_repo_names: Names = Field(description='JSON list of repositories, e.g. ["checkout"].')
    github_api_url: Url = Field("https://api.github.com", description="GitHub's API.")

    policy_file: Path | None = Field(
        None,
        description="Severities, correlation, re-opening, resolving (YAML, docs/policy.example.yaml). Unset: as there.",
    )
    services_file: Path | None = Field(
        None,
        description="Catalogue of services (YAML, docs/services.example.yaml): team, queries, runbook. Unset: none.",
    )

    bedrock_model_id: str | None = Field(
        None,
        description="Inference profile that phrases drafts and postmortems. Unset: the deterministic writer does.",
    )
    bedrock_classifier_model_id: str | None = Field(
        None,
        description="Inference profile of a light model that tells updates from chatting. Unset: a fixed rule does.",
    )

    incidents_table_name: str = Field(description="DynamoDB table of incidents. From: substrate output.")
    audit_table_name: str = Field(description="DynamoDB table of the audit trail. From: substrate output.")
    nudge_events_queue_url: Url = Field(description="SQS FIFO queue of due timers. From: substrate output.")
    nudge_events_queue_arn: str = Field(description="Its ARN, the target of schedules.")
    sla_check_queue_url: Url = Field(description="SQS FIFO queue of SLA checks. From: substrate output.")
    sla_check_queue_arn: str = Field(description="Its ARN, the target of schedules.")
    scheduler_role_arn: str = Field(description="Role that EventBridge Scheduler takes to send to the queues.")
    scheduler_group_name: str = Field(description="Schedule group; the default group may be denied.")

    archive_bucket_name: str | None = Field(
        None,
        description="S3 bucket that keeps the head of each closed trail. From: substrate output. Unset: none is kept.",
    )

    default_severity: Severity = Field(
        Severity.P1,
        description="Severity of an alert that names none. P1: a room too many beats a P1 unseen.",
    )
    nudge_interval_s: int = Field(900, ge=60, description="Time between two reminders to the IC, seconds.")
    archive_delay_s: int = Field(
        86_400, ge=60, description="Time from the resolution to the room's archiving, seconds."
    )
    rating_follow_up_s: int = Field(
        86_400, ge=60, description="Time from the resolution to the second question for a rating, in private, seconds."
    )
    rating_skipped_s: int = Field(
        172_800, ge=60, description="Time from the resolution after which no rating is waited for any more, seconds."
    )
    postmortem_sla_s: int = Field(
        172_800, ge=60, description="Time from the resolution within which its postmortem must be done, seconds."
    )
    manager_channel: str | None = Field(
        None,
        description="Channel id that hears of a postmortem that is overdue. Unset: `SLACK_FALLBACK_CHANNEL` does.",
    )
    reconcile_interval_s: float = Field(
        60.0, gt=0, description="Time between two looks at OnCall's open groups, seconds."
    )
    four_eyes: bool = Field(False, description="Whoever wrote or edited a draft may not approve it.")
    approval_expires_s: int = Field(
        1_800, ge=60, description="Age at which a draft can be approved no more until somebody confirms it, seconds."
    )
    approver_usergroup_id: str | None = Field(
        None,
        pattern=r"^S[A-Z0-9]+$",
        description="Slack user group whose members may approve texts, beside the IC. Unset: the IC alone.",
    )
    visibility_timeout_s: int = Field(
        30, ge=5, le=43_200, description="How long a message stays ours without a heartbeat, seconds."
    )
    max_attempts: int = Field(6, ge=1, description="Attempts at a message before it is parked.")
    drain_timeout_s: float = Field(25.0, gt=0, description="Time to finish what is in flight on SIGTERM, seconds.")
    heartbeat_url: SecretStr | None = Field(
        None, description="Called every 30 s while the processor works; when it stops, somebody there wakes people."
    )
    health_port: int = Field(8081, ge=1, le=65_535, description="Port of the processor's /health and /ready.")

    @field_validator("slack_app_token", mode="after")
    @classmethod
    def _socket_mode_needs_its_token(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if others.data.get("slack_transport") == "socket" and value is None:
            raise ValueError("SLACK_TRANSPORT=socket needs it; or set SLACK_TRANSPORT=http")
        return value


def load(model: type[S]) -> S:
    """Read the environment, and the folder of secrets that it names. Raises ``SettingsError`` with every missing or
    wrong setting in one message."""
    try:
        return model(_secrets_dir=os.environ.get("SECRETS_DIR") or None)
    except ValidationError as error:
        lines = [_explain(model, dict(problem)) for problem in error.errors(include_url=False, include_input=False)]
        count = f"{len(lines)} setting" + ("s are" if len(lines) > 1 else " is")
        raise SettingsError(f"{count} missing or wrong:\n" + "\n".join(lines)) from None


def _explain(model: type[BaseSettings], problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0])
    field = model.model_fields.get(name)
    what = "is missing" if problem["type"] == "missing" else f"is wrong: {problem['msg'].removeprefix('Value error, ')}"
    return f"  {name.upper()} {what}. {field.description if field else ''}".rstrip()
