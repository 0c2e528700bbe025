"""Grafana Cloud: one token, and a host and an instance id for each of metrics, logs and traces."""

from __future__ import annotations

from collections.abc import Mapping

from app.doctor.check import Check, CouldNotTell
from app.doctor.deployment import Deployment


async def _metrics(deployment: Deployment) -> str:
    settings = deployment.settings
    where = settings.grafana_mimir_url, settings.grafana_mimir_instance_id
    return await _ask(deployment, "GRAFANA_MIMIR_URL", *where, "api/v1/query", {"query": "vector(1)"})


async def _logs(deployment: Deployment) -> str:
    settings = deployment.settings
    where = settings.grafana_loki_url, settings.grafana_loki_instance_id
    return await _ask(deployment, "GRAFANA_LOKI_URL", *where, "loki/api/v1/labels", {})


async def _traces(deployment: Deployment) -> str:
    settings = deployment.settings
    where = settings.grafana_tempo_url, settings.grafana_tempo_instance_id
    return await _ask(deployment, "GRAFANA_TEMPO_URL", *where, "api/v2/search/tags", {})


async def _ask(
    deployment: Deployment, setting: str, url: str | None, instance_id: str | None, path: str, params: Mapping[str, str]
) -> str:
    settings = deployment.settings
    if url is None:
        raise CouldNotTell(f"{setting} is not set: the room will have none of this", f"set {setting} to have it")
    auth = (instance_id or settings.grafana_cloud_org_id, settings.grafana_cloud_token.get_secret_value())
    http = deployment.http("Grafana Cloud", url, auth=auth)
    await http.get_json(path, operation="query", params=params)
    return "a query is answered"


def _remedy(signal: str, product: str, page: str) -> str:
    return (
        f"give the access policy of GRAFANA_CLOUD_TOKEN the scope {signal}:read (Grafana Cloud, Access Policies), and "
        f"compare GRAFANA_{product}_URL and GRAFANA_{product}_INSTANCE_ID with the stack's {page} details page"
    )


CHECKS = (
    Check(
        "Grafana: metrics",
        "the token has `metrics:read` on the metrics instance (the query `vector(1)`)",
        _remedy("metrics", "MIMIR", "Prometheus"),
        _metrics,
    ),
    Check(
        "Grafana: logs",
        "the token has `logs:read` on the logs instance (its list of labels)",
        _remedy("logs", "LOKI", "Loki"),
        _logs,
    ),
    Check(
        "Grafana: traces",
        "the token has `traces:read` on the traces instance (its list of tags)",
        _remedy("traces", "TEMPO", "Tempo"),
        _traces,
    ),
)
