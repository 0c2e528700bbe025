"""The only place that names a vendor: from settings to everything that a processor is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, TypeVar, cast

import aioboto3
from aiobotocore.config import AioConfig

from app import policy_file, services_file
from app.domain.catalogue import Catalogue
from app.domain.policy import RULES, Policy
from app.domain.schedule import Into
from app.effects.bedrock import Bedrock
from app.effects.bedrock_classifier import BedrockClassifier
from app.effects.dynamodb import DynamoStore
from app.effects.eventbridge import EventBridge
from app.effects.github import GitHub
from app.effects.grafana_cloud import GrafanaCloud
from app.effects.heartbeat import Heartbeat
from app.effects.linear import Linear
from app.effects.no_vault import NoVault
from app.effects.oncall import OnCallApi
from app.effects.plain_classifier import PlainClassifier
from app.effects.plain_writer import PlainWriter
from app.effects.s3_vault import S3Vault
from app.effects.slack import Slack
from app.effects.statuspage_read import StatuspageRead
from app.effects.workos import WorkOS
from app.flows.archive import Archive
from app.flows.resolution import Resolution
from app.flows.war_room import WarRoom
from app.gate.target import PublishTarget
from app.ports import (
    Chat,
    Classifier,
    Code,
    Directory,
    OnCallSchedule,
    PublicPage,
    Queue,
    Signals,
    Store,
    Timers,
    Tracker,
    Vault,
    Writer,
)
from app.processor.consumer import Consumer
from app.processor.dispatch import Dispatcher
from app.processor.parts import Processor
from app.processor.reconciler import Reconciler
from app.processor.registry import Registry, bind
from app.processor.socket_mode import SocketListener
from app.processor.vitals import Vitals
from app.queue.sqs import SqsQueue
from app.settings import ProcessorSettings

_AWS = AioConfig(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5, max_pool_connections=50)


class _Closing(Protocol):
    async def aclose(self) -> None: ...


C = TypeVar("C", bound=_Closing)


async def build(settings: ProcessorSettings) -> Processor:
    stack = AsyncExitStack()
    try:
        return await _build(settings, stack)
    except BaseException:
        await stack.aclose()
        raise


async def _build(settings: ProcessorSettings, stack: AsyncExitStack) -> Processor:
    session = aioboto3.Session(region_name=settings.aws_region)
    dynamodb = await stack.enter_async_context(session.client("dynamodb", config=_AWS))
    tables = {"incidents_table": settings.incidents_table_name, "audit_table": settings.audit_table_name}
    store = DynamoStore(dynamodb, **tables)
    queues = [
        await stack.enter_async_context(SqsQueue(session, url, region=settings.aws_region))
        for url in (settings.incident_events_queue_url, settings.nudge_events_queue_url, settings.sla_check_queue_url)
    ]
    events = queues[0]
    timers = await stack.enter_async_context(
        EventBridge(
            session,
            group=settings.scheduler_group_name,
            role_arn=settings.scheduler_role_arn,
            queue_arns={Into.NUDGES: settings.nudge_events_queue_arn, Into.SLA_CHECKS: settings.sla_check_queue_arn},
            region=settings.aws_region,
        )
    )
    catalogue = services_file.read(settings.services_file)
    own: dict[type, object] = {
        Store: store, Queue: events, Timers: timers, Policy: _policy(settings), Catalogue: catalogue,
        Vault: await _vault(settings.archive_bucket_name, session, stack),
    }  # fmt: skip
    services = {**_vendors(settings, session, stack), **own}
    services |= _flows(services)
    registry = Registry.load(services)
    dispatcher = Dispatcher(
        registry,
        services,
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        store=store,
        chat=cast(Chat, services[Chat]),
        fallback_channel=settings.slack_fallback_channel,
    )
    consumers = [
        Consumer(
            queue,
            dispatcher.work,
            name=queue.name,
            visibility_s=settings.visibility_timeout_s,
            max_attempts=settings.max_attempts,
            drain_timeout_s=settings.drain_timeout_s,
            told=dispatcher.told,
            marks=store,
        )
        for queue in queues
    ]
    schedule = cast(OnCallSchedule, services[OnCallSchedule])
    reconciler = Reconciler(schedule, store, events, interval_s=settings.reconcile_interval_s)
    return Processor(consumers, reconciler, _listener(settings, events), _vitals(settings, queues, stack), stack.aclose)


async def _vault(bucket: str | None, session: aioboto3.Session, stack: AsyncExitStack) -> Vault:
    return S3Vault(await stack.enter_async_context(session.client("s3", config=_AWS)), bucket) if bucket else NoVault()


def _vendors(settings: ProcessorSettings, session: aioboto3.Session, stack: AsyncExitStack) -> dict[type, object]:
    """Every port that a vendor stands behind."""

    def closing(client: C) -> C:
        stack.push_async_callback(client.aclose)
        return client

    statuspage = (
        settings.statuspage_api_url,
        settings.statuspage_api_key.get_secret_value(),
        settings.statuspage_page_id,
    )
    return {
        Chat: closing(Slack(settings.slack_api_url, settings.slack_bot_token.get_secret_value())),
        OnCallSchedule: closing(
            OnCallApi(settings.grafana_oncall_url, settings.grafana_oncall_token.get_secret_value())
        ),
        Directory: closing(
            WorkOS(
                settings.workos_api_url,
                settings.workos_api_key.get_secret_value(),
                settings.workos_directory_id,
                settings.workos_team_group_map,
            )
        ),
        Signals: closing(_grafana(settings)),
        Code: closing(
            GitHub(
                settings.github_api_url,
                settings.github_token.get_secret_value(),
                settings.github_org_slug,
                settings.github_repo_names,
            )
        ),
        Tracker: closing(
            Linear(
                settings.linear_api_url,
                settings.linear_api_key.get_secret_value(),
                settings.linear_team_id,
                settings.linear_project_id,
                labels=settings.linear_label_names,
            )
        ),
        Writer: Bedrock(settings.bedrock_model_id, session=session) if settings.bedrock_model_id else PlainWriter(),
        Classifier: _classifier(settings, session),
        PublicPage: closing(StatuspageRead(*statuspage)),
        PublishTarget: PublishTarget(*statuspage),
    }


def _classifier(settings: ProcessorSettings, session: aioboto3.Session) -> Classifier:
    model = settings.bedrock_classifier_model_id
    return BedrockClassifier(model, session=session) if model else PlainClassifier()


def _grafana(settings: ProcessorSettings) -> GrafanaCloud:
    return GrafanaCloud(
        settings.grafana_cloud_token.get_secret_value(),
        settings.grafana_cloud_org_id,
        mimir_url=settings.grafana_mimir_url,
        mimir_instance_id=settings.grafana_mimir_instance_id,
        loki_url=settings.grafana_loki_url,
        loki_instance_id=settings.grafana_loki_instance_id,
        tempo_url=settings.grafana_tempo_url,
        tempo_instance_id=settings.grafana_tempo_instance_id,
        stack_url=settings.grafana_stack_url,
    )


def _flows(services: Mapping[type, object]) -> dict[type, object]:
    """A flow names what it needs by the types of its fields, as a handler does by those of its parameters."""
    flows: tuple[type, ...] = (WarRoom, Resolution, Archive)
    return {flow: flow(**bind(flow, services)) for flow in flows}


def _policy(settings: ProcessorSettings) -> Policy:
    update_every = timedelta(seconds=settings.nudge_interval_s)
    base = Policy(
        default_severity=settings.default_severity,
        rules={severity: replace(rule, update_every=update_every) for severity, rule in RULES.items()},
        archive_delay=timedelta(seconds=settings.archive_delay_s),
        rating_follow_up=timedelta(seconds=settings.rating_follow_up_s),
        rating_skipped=timedelta(seconds=settings.rating_skipped_s),
        postmortem_sla=timedelta(seconds=settings.postmortem_sla_s),
        manager_channel=settings.manager_channel,
        four_eyes=settings.four_eyes,
        approval_expires=timedelta(seconds=settings.approval_expires_s),
        approver_group=settings.approver_usergroup_id,
        fallback_channel=settings.slack_fallback_channel,
    )
    return policy_file.read(settings.policy_file, base)


def _vitals(settings: ProcessorSettings, queues: Sequence[SqsQueue], stack: AsyncExitStack) -> Vitals:
    if settings.heartbeat_url is None:
        return Vitals(queues, None)
    pulse = Heartbeat(settings.heartbeat_url.get_secret_value())
    stack.push_async_callback(pulse.aclose)
    return Vitals(queues, pulse)


def _listener(settings: ProcessorSettings, events: Queue) -> SocketListener | None:
    if settings.slack_transport != "socket" or settings.slack_app_token is None:
        return None
    return SocketListener(
        settings.slack_app_token.get_secret_value(),
        settings.slack_signing_secret.get_secret_value(),
        settings.slack_api_url,
        events.send,
    )
