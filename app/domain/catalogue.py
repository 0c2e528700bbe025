"""What is known of each service before anything burns: ``services.yaml``, checked when the pod starts. Pure.

What a person wrote here is trusted; what an alert says is not. So only a listed service's own name, never an alert's,
goes into queries that somebody wrote by hand, and only web addresses become links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.domain.units import Unit, shown

_QUOTED_PLACEHOLDER = re.compile(r"[\"'`]\$(NAME|JOB)\b")


class Kind(StrEnum):
    """The language of a query, and with it the store that is asked: PromQL, LogQL, TraceQL."""

    METRIC = "metric"
    LOGS = "logs"
    TRACES = "traces"


def _web_address(value: str) -> str:
    """It ends up under a person's finger."""
    if not re.fullmatch(r"https?://[^\s<>|\"]+", value):
        raise ValueError("must be a web address: https://… without blanks, quotes, < > or |")
    return value


def _query(value: str) -> str:
    if _QUOTED_PLACEHOLDER.search(value):
        raise ValueError("write $NAME and $JOB without quotes: they bring their own")
    return value


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
WebAddress = Annotated[str, Field(max_length=350), AfterValidator(_web_address)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(_Strict):
    """``at_most`` or ``at_least``: the service level objective of this value, in its unit."""

    label: Annotated[str, Field(min_length=1, max_length=75, pattern=r"^[^\r\n]+$")]
    kind: Kind
    query: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_query)]
    unit: Unit = Unit.NONE
    at_most: float | None = Field(None, allow_inf_nan=False)
    at_least: float | None = Field(None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _only_a_metric_is_a_number(self) -> Self:
        limits = [limit for limit in (self.at_most, self.at_least) if limit is not None]
        if len(limits) > 1:
            raise ValueError("has at_most and at_least: keep one")
        if self.kind is not Kind.METRIC and (limits or self.unit is not Unit.NONE):
            raise ValueError(f"unit, at_most and at_least are for kind metric; take them out of this {self.kind} query")
        return self

    @property
    def slo(self) -> str:
        """The objective in words; "" if it has none."""
        if self.at_most is not None:
            return f"at most {shown(self.at_most, self.unit)}"
        return f"at least {shown(self.at_least, self.unit)}" if self.at_least is not None else ""

    def met(self, value: float) -> bool:
        """Whether a measured value keeps the objective."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


# For a service that is not listed, or listed without queries. OpenTelemetry's names; ``job`` is the service's name,
# with its namespace and a slash in front if it has one. $JOB and $NAME stand for the service as a quoted string.
# No failed request at all is an error rate of 0; no request at all is no data (0/0).
_REQUESTS = "sum(rate(http_server_request_duration_seconds_count{job=~$JOB}[5m]))"
_FAILURES = 'sum(rate(http_server_request_duration_seconds_count{job=~$JOB,http_response_status_code=~"5.."}[5m]))'
DEFAULT_QUERIES = (
    Query(
        label="Error rate",
        kind=Kind.METRIC,
        unit=Unit.PERCENT,
        query=f"100 * ({_FAILURES} or 0 * {_REQUESTS}) / {_REQUESTS}",
    ),
    Query(
        label="p99 latency",
        kind=Kind.METRIC,
        unit=Unit.SECONDS,
        query="histogram_quantile(0.99, sum by (le) "
        "(rate(http_server_request_duration_seconds_bucket{job=~$JOB}[5m])))",
    ),
    Query(
        label="Last error log lines",
        kind=Kind.LOGS,
        query='{service_name=$NAME} |~ "(?i)(error|exception|fatal|panic)"',
    ),
    Query(
        label="Failed or slow traces",
        kind=Kind.TRACES,
        query="{resource.service.name=$NAME && (status=error || duration>1s)}",
    ),
)


class Dashboard(_Strict):
    title: Annotated[str, Field(min_length=1, max_length=75, pattern=r"^[^\r\n]+$")]
    url: WebAddress


class About(_Strict):
    """What the header of a war room says of its service."""

    tier: int | Line | None = None
    slo: Line | None = None  # in words
    runbook: WebAddress | None = None
    dashboards: Annotated[tuple[Dashboard, ...], Field(max_length=5)] = ()


class Service(About):
    """``match``: an alert that carries all of these labels is about this service, whatever its name for it.

    ``repos``: repositories of the organisation; none: those of the settings. ``components``: of the status page.
    """

    name: Annotated[str, Field(min_length=1)]
    match: dict[str, str] = {}
    team: Line | None = None
    queries: Annotated[tuple[Query, ...], Field(max_length=10)] = ()
    repos: Annotated[tuple[Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")], ...], Field(max_length=10)] = ()
    components: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _each_label_once(self) -> Self:
        labels = [query.label for query in self.queries]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"{', '.join(twice)}: more than one query has this label; nobody could tell them apart")
        return self

    @property
    def asked(self) -> tuple[Query, ...]:
        return self.queries or DEFAULT_QUERIES

    @property
    def about(self) -> About:
        return About(tier=self.tier, slo=self.slo, runbook=self.runbook, dashboards=self.dashboards)


class Catalogue(_Strict):
    services: tuple[Service, ...] = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [service.name for service in self.services]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)}: listed more than once; make one entry of them")
        return self

    def find(self, name: str, labels: Mapping[str, str]) -> Service | None:
        """The service of an alert: by its name, or else the first whose labels the alert carries."""
        named = (service for service in self.services if service.name == name)
        carried = (one for one in self.services if one.match and one.match.items() <= labels.items())
        return next(named, None) or next(carried, None)

    def of(self, name: str, labels: Mapping[str, str]) -> Service:
        """The same; one that is not listed has its name and nothing else."""
        return self.find(name, labels) or Service(name=name)
