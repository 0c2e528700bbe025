"""The doctor over real HTTP, in a healthy world and with one thing broken at a time: it names that, and only that.

The vendors are the sandbox's, in this process; AWS is the sandbox's too, in one of its own, new for each test.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import pytest
from aiobotocore.client import AioBaseClient
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from starlette.applications import Starlette
from structlog.testing import capture_logs

from app import clock
from app.doctor import slack as slack_checks
from app.doctor.report import examine_and_report
from app.settings import ProcessorSettings
from app.sim import aws, cast, environment, slack_state
from app.sim.world import World
from app.terminal_settings import DoctorSettings
from tests.conftest import Serve
from tests.contract.conftest import moto

SECRETS = (
    cast.BOT_TOKEN, cast.APP_TOKEN, cast.SIGNING_SECRET, cast.HMAC_SECRET, cast.ONCALL_TOKEN, cast.GRAFANA_TOKEN,
    cast.STATUSPAGE_KEY, cast.LINEAR_KEY, cast.WORKOS_KEY, cast.GITHUB_TOKEN,
)  # fmt: skip
LOADER = create_loader()


@dataclass
class House:
    """A deployment, what is around it, and a doctor on call."""

    world: World
    aws: str
    environment: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    told: str = field(default="", init=False)

    def client(self, service: str) -> Any:
        return aws.client(service, self.aws)

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self.environment.setenv(name, value)

    async def examined(self) -> dict[str, dict[str, str]]:
        """Each check's finding, by its name."""
        with capture_logs():  # a command's go to standard error
            healthy = await examine_and_report(as_json=True)
        self.told = self.capsys.readouterr().out
        report = json.loads(self.told)
        assert report["ok"] is healthy is not any(one["verdict"] == "failed" for one in report["checks"])
        return {one["check"]: one for one in report["checks"]}


@pytest.fixture(scope="module")
def own_aws() -> Iterator[str]:
    with moto() as endpoint:
        yield endpoint


@pytest.fixture
def house(serve: Serve, own_aws: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> House:
    httpx.post(f"{own_aws}/moto-api/reset", trust_env=False).raise_for_status()
    aws.provision(own_aws)
    world = World("http://127.0.0.1:9/webhook")
    address = serve(Starlette(routes=world.routes()))
    port = int(address.rpartition(":")[2])
    at = environment.Addresses(int(own_aws.rpartition(":")[2]), port, 9, 9, 9)
    # Each doctor reads AWS's large descriptions of its services anew; nothing here depends on that.
    monkeypatch.setattr(botocore.session, "create_loader", lambda _: LOADER)
    house = House(world, own_aws, monkeypatch, capsys)
    house.set(**environment.processor_env(at, "0,1"), GRAFANA_ONCALL_HMAC_SECRET_ID=cast.HMAC_SECRET_ID)
    house.set(AWS_ACCESS_KEY_ID=aws.ACCESS_KEY)
    return house


async def test_a_healthy_deployment_is_found_healthy(house: House) -> None:
    found = await house.examined()
    assert {one["verdict"] for one in found.values()} == {"ok"}, found


async def test_the_doctor_leaves_nothing_behind(house: House) -> None:
    """S10: neither a schedule nor an item."""
    await house.examined()
    assert house.client("scheduler").list_schedules()["Schedules"] == []
    for table in (aws.INCIDENTS_TABLE, aws.AUDIT_TABLE):
        assert house.client("dynamodb").scan(TableName=table)["Count"] == 0
    assert house.world.statuspage.writes == []
    assert house.world.slack.workspace.whispers == []
    assert [post for channel in house.world.slack.workspace.channels.values() for post in channel.posts] == []
    assert house.world.linear.issues == {}


# ---------------------------------------------------------------- one thing broken at a time


def no_scope(house: House) -> None:
    house.world.slack.workspace.scopes.discard("pins:write")


def bot_token_revoked(house: House) -> None:
    house.world.slack.workspace.revoked.add(cast.BOT_TOKEN)


def app_token_revoked(house: House) -> None:
    house.world.slack.workspace.revoked.add(cast.APP_TOKEN)


def app_not_in_channel(house: House) -> None:
    house.world.slack.workspace.channels[cast.FALLBACK_CHANNEL].members.discard(cast.BOT_USER_ID)


def channel_archived(house: House) -> None:
    house.world.slack.workspace.channels[cast.FALLBACK_CHANNEL].archived = True


def approvers_gone(house: House) -> None:
    house.set(APPROVER_USERGROUP_ID="S0NOSUCH")


def oncall_token_wrong(house: House) -> None:
    house.world.oncall.token = "another"


def nobody_is_called(house: House) -> None:
    for route in house.world.oncall.routes:
        route["escalation_chain_id"] = None


def no_logs_scope(house: House) -> None:
    house.world.grafana.scopes.discard("logs:read")


def metrics_of_another_instance(house: House) -> None:
    house.set(GRAFANA_MIMIR_INSTANCE_ID="4711")


def directory_unknown(house: House) -> None:
    house.set(WORKOS_DIRECTORY_ID="directory_of_somebody_else")


def directory_not_synced(house: House) -> None:
    house.world.workos.state = "invalid_credentials"


def group_empty(house: House) -> None:
    house.world.workos.groups[cast.WORKOS_GROUP] = []


def github_token_expired(house: House) -> None:
    house.world.github.token = "another"


def repository_not_visible(house: House) -> None:
    house.set(GITHUB_REPO_NAMES=json.dumps([cast.GITHUB_REPO, "hidden"]))


def page_unknown(house: House) -> None:
    house.set(STATUSPAGE_PAGE_ID="page0other")


def linear_key_wrong(house: House) -> None:
    house.set(LINEAR_API_KEY="lin_api_other")


def project_gone(house: House) -> None:
    house.world.linear.project["id"] = "5e1b0a52-0c65-4c1e-8a3e-00000000dead"


def label_of_another_team(house: House) -> None:
    house.set(LINEAR_LABEL_NAMES=json.dumps(["Postmortem", "Elsewhere"]))


def secret_gone(house: House) -> None:
    house.client("secretsmanager").delete_secret(SecretId=cast.HMAC_SECRET_ID, ForceDeleteWithoutRecovery=True)


def table_unknown(house: House) -> None:
    house.set(AUDIT_TABLE_NAME="incident-response-elsewhere-audit")


def table_with_other_keys(house: House) -> None:
    dynamodb = house.client("dynamodb")
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    dynamodb.create_table(
        TableName="others", KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )
    house.set(INCIDENTS_TABLE_NAME="others")


def no_such_archive(house: House) -> None:
    house.set(ARCHIVE_BUCKET_NAME="nobodys-bucket")


def archive_without_lock(house: House) -> None:
    house.client("s3").create_bucket(Bucket="open")
    house.set(ARCHIVE_BUCKET_NAME="open")


def archive_that_can_be_emptied(house: House) -> None:
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    house.client("s3").put_object_lock_configuration(Bucket=aws.ARCHIVE_BUCKET, ObjectLockConfiguration=rule)


def index_missing(house: House) -> None:
    gone: Any = [{"Delete": {"IndexName": "event-type-index"}}]
    house.client("dynamodb").update_table(TableName=aws.AUDIT_TABLE, GlobalSecondaryIndexUpdates=gone)


def items_do_not_expire(house: House) -> None:
    off = {"Enabled": False, "AttributeName": "expires_at"}
    house.client("dynamodb").update_time_to_live(TableName=aws.AUDIT_TABLE, TimeToLiveSpecification=off)


def no_backups(house: House) -> None:
    off = {"PointInTimeRecoveryEnabled": False}
    house.client("dynamodb").update_continuous_backups(
        TableName=aws.INCIDENTS_TABLE, PointInTimeRecoverySpecification=off
    )


def queue_set(house: House, queue: str, **attributes: str) -> None:
    url = aws.queue_url(house.aws, queue)
    house.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def no_deduplication(house: House) -> None:
    queue_set(house, aws.NUDGE_EVENTS, ContentBasedDeduplication="false")


def visibility_short(house: House) -> None:
    queue_set(house, aws.SLA_CHECK, VisibilityTimeout="5")


def parked_too_soon(house: House) -> None:
    redrive = {"deadLetterTargetArn": aws.queue_arn(aws.dead_letter(aws.INCIDENT_EVENTS)), "maxReceiveCount": 6}
    queue_set(house, aws.INCIDENT_EVENTS, RedrivePolicy=json.dumps(redrive))


def arn_of_another_queue(house: House) -> None:
    house.set(NUDGE_EVENTS_QUEUE_ARN=aws.queue_arn(aws.SLA_CHECK))


def schedule_group_gone(house: House) -> None:
    house.client("scheduler").delete_schedule_group(Name=aws.SCHEDULE_GROUP)


def model_not_accessible(house: House) -> None:
    house.world.bedrock.accessible = False


def prompts_logged(house: House) -> None:
    house.client("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"s3Config": {"bucketName": "prompts"}, "textDataDeliveryEnabled": True}
    )


def clock_ahead(house: House) -> None:
    real = clock.wall
    house.environment.setattr(clock, "wall", lambda: real() + 90)


BREAKAGES: list[tuple[Callable[[House], None], str, str]] = [
    # what is broken, the check that fails, what it tells
    (no_scope, "Slack: scopes", "pins:write"),
    (bot_token_revoked, "Slack: bot token", "token_revoked"),
    (app_token_revoked, "Slack: app token", "token_revoked"),
    (app_not_in_channel, "Slack: channels", "not in #incidents"),
    (channel_archived, "Slack: channels", "archived"),
    (approvers_gone, "Slack: approvers", "S0NOSUCH"),
    (oncall_token_wrong, "OnCall: token", "403"),
    (nobody_is_called, "OnCall: escalation", "nobody"),
    (no_logs_scope, "Grafana: logs", "401"),
    (metrics_of_another_instance, "Grafana: metrics", "401"),
    (directory_unknown, "WorkOS: directory", "404"),
    (directory_not_synced, "WorkOS: directory", "invalid_credentials"),
    (group_empty, "WorkOS: groups", "checkout: 0"),
    (github_token_expired, "GitHub: token", "401"),
    (repository_not_visible, "GitHub: repositories", "hidden: not visible"),
    (page_unknown, "Statuspage: page", "404"),
    (linear_key_wrong, "Linear: team", "AUTHENTICATION_ERROR"),
    (project_gone, "Linear: project", "INPUT_ERROR"),
    (label_of_another_team, "Linear: labels", "Elsewhere"),
    (secret_gone, "webhook: HMAC secret", "ResourceNotFoundException"),
    (table_unknown, "DynamoDB: tables", "ResourceNotFoundException"),
    (table_with_other_keys, "DynamoDB: tables", "ValidationException"),
    (index_missing, "DynamoDB: indexes", aws.AUDIT_TABLE),
    (items_do_not_expire, "DynamoDB: expiry", aws.AUDIT_TABLE),
    (no_backups, "DynamoDB: point-in-time recovery", aws.INCIDENTS_TABLE),
    (no_such_archive, "S3: archive of heads", "NoSuchBucket"),
    (archive_without_lock, "S3: archive of heads", "not under Object Lock"),
    (archive_that_can_be_emptied, "S3: archive of heads", "compliance mode"),
    (no_deduplication, "SQS: content-based deduplication", aws.NUDGE_EVENTS),
    (visibility_short, "SQS: visibility", aws.SLA_CHECK),
    (parked_too_soon, "SQS: dead letters", aws.INCIDENT_EVENTS),
    (arn_of_another_queue, "SQS: queues", "NUDGE_EVENTS_QUEUE_ARN"),
    (schedule_group_gone, "Scheduler: schedules", "ResourceNotFoundException"),
    (model_not_accessible, "Bedrock: models", "AccessDeniedException"),
    (prompts_logged, "Bedrock: invocation logging", "on"),
    (clock_ahead, "clock", "ahead"),
]


@pytest.mark.parametrize(("breaks", "check", "told"), BREAKAGES, ids=lambda value: getattr(value, "__name__", ""))
async def test_what_is_broken_is_named_and_nothing_else(
    house: House, breaks: Callable[[House], None], check: str, told: str
) -> None:
    await asyncio.to_thread(breaks, house)
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == [check], found
    assert told in found[check]["found"]
    assert len(found[check]["remedy"]) > 20
    assert not [secret for secret in SECRETS if secret in house.told]


async def test_what_hangs_on_something_broken_is_not_blamed(house: House) -> None:
    bot_token_revoked(house)
    found = await house.examined()
    assert found["Slack: scopes"]["verdict"] == found["Slack: channels"]["verdict"] == "could not tell"
    assert "'Slack: bot token'" in found["Slack: scopes"]["found"]


async def test_a_component_that_a_service_names_must_be_on_the_page(house: House, tmp_path: Path) -> None:
    services = tmp_path / "services.yaml"
    services.write_text("services:\n  - name: checkout\n    components: [Checkout, Basket]\n")
    house.set(SERVICES_FILE=str(services))
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == ["Statuspage: components"]
    assert found["Statuspage: components"]["found"] == "not on the page: Basket (of checkout)"


async def test_all_that_is_wrong_with_the_settings_is_told_at_once(house: House) -> None:
    """P-loud: and nothing else is blamed for it."""
    house.set(LINEAR_TEAM_ID="", STATUSPAGE_API_URL="status.example.com")
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == ["settings"]
    assert {"LINEAR_TEAM_ID", "STATUSPAGE_API_URL"} <= set(found["settings"]["found"].split())
    assert {one["verdict"] for name, one in found.items() if name != "settings"} == {"could not tell"}


async def test_the_files_that_settings_name_are_read_too(house: House, tmp_path: Path) -> None:
    services, policy = tmp_path / "services.yaml", tmp_path / "policy.yaml"
    services.write_text("services:\n  - name: checkout\n    colour: blue\n")
    policy.write_text("severities: [P1]\n")
    house.set(SERVICES_FILE=str(services), POLICY_FILE=str(policy))
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == ["settings"]
    assert "services[0].colour" in found["settings"]["found"]
    assert f"POLICY_FILE={policy}" in found["settings"]["found"]


async def test_what_was_not_set_up_or_may_not_be_looked_at_is_no_failure(house: House) -> None:
    house.set(GRAFANA_TEMPO_URL="", GRAFANA_ONCALL_HMAC_SECRET_ID="", SLACK_TRANSPORT="http", LINEAR_PROJECT_ID="")
    found = await house.examined()
    assert {name for name, one in found.items() if one["verdict"] != "ok"} == {
        "Grafana: traces", "webhook: HMAC secret", "Slack: signing secret", "Linear: project",
    }  # fmt: skip
    assert "failed" not in {one["verdict"] for one in found.values()}


# ---------------------------------------------------------------- what a tenant may not do


def refuse(house: House, operation: str, code: str) -> None:
    """AWS says no to this operation, whatever is asked."""
    real = vars(AioBaseClient)["_make_api_call"]

    async def make_api_call(self: AioBaseClient, name: str, given: dict[str, Any]) -> Any:
        if name.startswith(operation):
            raise ClientError({"Error": {"Code": code, "Message": "arn:aws:sts::4711:assumed-role/pod"}}, name)
        return await real(self, name, given)

    house.environment.setattr(AioBaseClient, "_make_api_call", make_api_call)


async def test_with_the_processors_own_rights_nothing_is_found_missing(house: House) -> None:
    """X3: as an operator runs it, in the pod. What that role may not ask is somebody else's to tell."""
    house.set(AWS_ACCESS_KEY_ID="processor")
    house.environment.delenv("GRAFANA_ONCALL_HMAC_SECRET_ID")
    found = await house.examined()
    assert {name: one["verdict"] for name, one in found.items() if one["verdict"] != "ok"} == dict.fromkeys(
        ("webhook: HMAC secret", "DynamoDB: indexes", "DynamoDB: expiry", "DynamoDB: point-in-time recovery",
         "S3: archive of heads", "Bedrock: invocation logging"),
        "could not tell",
    )  # fmt: skip


async def test_a_tenant_that_may_not_describe_has_nothing_to_mend(house: House) -> None:
    """Keys and indexes are proven by reading; what only a Describe would tell stays untold."""
    refuse(house, "Describe", "AccessDeniedException")
    found = await house.examined()
    assert {name for name, one in found.items() if one["verdict"] != "ok"} == {
        "DynamoDB: expiry", "DynamoDB: point-in-time recovery",
    }  # fmt: skip
    assert "failed" not in {one["verdict"] for one in found.values()}
    assert "4711" not in house.told


@pytest.mark.parametrize(
    ("operation", "code", "check", "remedy"),
    [
        ("PutItem", "AccessDeniedException", "DynamoDB: writes", "dynamodb:PutItem"),
        ("Query", "AccessDeniedException", "DynamoDB: tables", "the pod's role"),
        ("GetQueueAttributes", "AccessDenied", "SQS: queues", "the pod's role"),
        ("CreateSchedule", "ValidationException", "Scheduler: schedules", "SCHEDULER_ROLE_ARN"),
        ("CreateSchedule", "AccessDeniedException", "Scheduler: schedules", "iam:PassRole"),
        ("DeleteSchedule", "AccessDeniedException", "Scheduler: schedules", "remove the schedule doctor-"),
    ],
)
async def test_a_missing_right_is_named(house: House, operation: str, code: str, check: str, remedy: str) -> None:
    refuse(house, operation, code)
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == [check]
    assert code in found[check]["found"]
    assert remedy in found[check]["remedy"]
    assert "4711" not in house.told


async def test_a_vendor_that_does_not_answer_fails_alone(house: House) -> None:
    house.set(WORKOS_API_URL="http://127.0.0.1:9")
    found = await house.examined()
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == ["WorkOS: directory"]
    assert "network" in found["WorkOS: directory"]["remedy"]


def test_the_doctor_asks_for_every_scope_that_the_app_has_a_use_for() -> None:
    assert set(slack_checks.SCOPES) == slack_state.SCOPES, "name it, with its use, in app/doctor/slack.py"


async def test_for_people_it_is_read_in_a_narrow_terminal(house: House) -> None:
    """80 columns: no word of a remedy is broken, and what failed is found at the end."""
    app_not_in_channel(house)
    house.set(COLUMNS="80")
    assert not await examine_and_report(as_json=False)
    lines = house.capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip() == "Doctor: not ready for an incident"
    [failed] = [number for number, line in enumerate(lines) if line.startswith("✗ failed")]
    assert lines[failed].split("  ")[1].strip() == "Slack: channels"
    assert "/invite the app there" in " ".join(" ".join(lines[failed:]).split())
    assert "✓ ok  Slack: bot token" in "\n".join(lines)


async def test_what_is_missing_is_read_in_a_narrow_terminal(house: House) -> None:
    """Each setting on lines of its own, its name whole; and not thirty times that the rest was not tried for it."""
    for name in (*ProcessorSettings.model_fields, *DoctorSettings.model_fields):
        house.environment.delenv(name.upper(), raising=False)
    house.set(COLUMNS="80")
    assert not await examine_and_report(as_json=False)
    lines = house.capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    required = [name.upper() for name, field in ProcessorSettings.model_fields.items() if field.is_required()]
    assert [name for name in required if not any(line.strip().startswith(f"{name} is missing") for line in lines)] == []
    assert "\n".join(lines).count("not tried") == 1
    assert "→ mend what is listed, as docs/settings.md says" in "\n".join(lines)
    assert len(lines) < 100
