"""Grafana Cloud: four outcomes, each with its query and link, and never a number for a failure."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app import clock
from app.domain.catalogue import Kind, Query, Service
from app.domain.readings import Outcome, Reading
from app.domain.redaction import findings
from app.domain.units import Unit
from app.effects.grafana_cloud import GrafanaCloud
from app.sim import cast
from app.sim.grafana_cloud import LOKI_ID, MIMIR_ID, TEMPO_ID, GrafanaCloudSim, LogLine
from tests.conftest import Serve

CHECKOUT = Service(name=cast.SERVICE)
LABELS = ["Error rate", "p99 latency", "Last error log lines", "Failed or slow traces"]


def grafana_at(url: str, **more: Any) -> GrafanaCloud:
    return GrafanaCloud(
        cast.GRAFANA_TOKEN,
        "org",
        mimir_url=f"{url}/api/prom",
        mimir_instance_id=MIMIR_ID,
        loki_url=url,
        loki_instance_id=LOKI_ID,
        tempo_url=f"{url}/tempo",
        tempo_instance_id=TEMPO_ID,
        stack_url="https://example.grafana.net",
        **more,
    )


@pytest.fixture
def sim() -> GrafanaCloudSim:
    return GrafanaCloudSim()


@pytest.fixture
async def grafana(sim: GrafanaCloudSim, serve: Serve) -> AsyncIterator[GrafanaCloud]:
    signals = grafana_at(serve(sim.app()))
    yield signals
    await signals.aclose()


async def snapshot(grafana: GrafanaCloud, service: str = cast.SERVICE) -> list[Reading]:
    return await grafana.snapshot(Service.model_construct(name=service), clock.now())


async def test_what_is_measured_is_shown_with_its_unit(grafana: GrafanaCloud) -> None:
    readings = await snapshot(grafana)
    assert [r.label for r in readings] == LABELS
    assert {r.outcome for r in readings} == {Outcome.MEASURED}
    errors, p99, logs, traces = readings
    assert (errors.text, p99.text) == ("12.50 %", "1.84 s")
    assert len(logs.text.splitlines()) == 5
    assert traces.text.splitlines()[0].startswith("3.01 s checkout POST /api/checkout (trace 2f3e")


async def test_every_reading_has_its_query_and_a_link_to_it(grafana: GrafanaCloud) -> None:
    for reading in await snapshot(grafana):
        assert reading.link is not None
        assert reading.link.startswith("https://example.grafana.net/explore?")
        (pane,) = parse_qs(urlsplit(reading.link).query)["left"]
        assert reading.query in json.loads(pane)["queries"][0].values()
        assert cast.SERVICE in reading.query


async def test_log_lines_are_redacted_cut_and_plain(sim: GrafanaCloudSim, grafana: GrafanaCloud) -> None:
    """P-private: customers and addresses in logs do not reach the room."""
    seeded = (await snapshot(grafana))[2]
    assert findings("\n".join(line.text for line in sim.lines)) == ["e-mail address", "IP address"]
    assert findings(seeded.text) == []
    sim.lines = [LogLine(1, "ERROR \x1b[31mred\x1b[0m\r\nsecond " + "x" * 500)]
    (line,) = (await snapshot(grafana))[2].text.splitlines()
    assert "\x1b" not in line
    assert "second" in line
    assert len(line) <= len("hh:mm:ss ") + 200


@pytest.mark.parametrize(
    ("value", "outcome"), [(None, Outcome.NO_DATA), ("NaN", Outcome.NO_DATA), ("+Inf", Outcome.FAILED)]
)
async def test_what_is_not_a_number_is_not_shown_as_one(
    sim: GrafanaCloudSim, grafana: GrafanaCloud, value: str | None, outcome: Outcome
) -> None:
    """S1: no series, 0/0 and infinity are no measurements."""
    sim.error_rate = sim.p99 = value
    for reading in (await snapshot(grafana))[:2]:
        assert (reading.outcome, reading.text) == (outcome, "")


async def test_an_old_value_is_called_stale_and_says_from_when(sim: GrafanaCloudSim, grafana: GrafanaCloud) -> None:
    """S1: stale is not measured."""
    now = clock.now()
    sim.age_s = 600
    sim.lines = [LogLine(400, "ERROR long ago")]
    errors, _, logs, _ = await grafana.snapshot(CHECKOUT, now)
    assert errors.outcome is logs.outcome is Outcome.STALE
    assert errors.at is not None
    assert 600 <= (now - errors.at).total_seconds() < 661


METRIC: dict[str, Any] = {"label": "Requests", "kind": Kind.METRIC, "query": "sum(rate(x{job=~$JOB}[5m]))"}


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit.PERCENT, 0.004, "0.004 %"),
        (Unit.SECONDS, 0.25, "250 ms"),
        (Unit.COUNT, 1234567, "1,234,567"),
        (Unit.COUNT, 2.5, "2.50"),
        (Unit.REQUESTS_PER_SECOND, 38.2, "38.20 requests/s"),
        (Unit.NONE, 1e300, "1e+300"),
        (Unit.NONE, "0", "0.00"),
    ],
)
async def test_a_value_has_the_unit_that_its_query_has(
    sim: GrafanaCloudSim, grafana: GrafanaCloud, unit: Unit, value: float | str, text: str
) -> None:
    sim.requests = value
    asked = Service(name=cast.SERVICE, queries=(Query(**METRIC, unit=unit),))
    (reading,) = await grafana.snapshot(asked, clock.now())
    assert (reading.outcome, reading.text) == (Outcome.MEASURED, text)


@pytest.mark.parametrize(
    ("value", "age_s", "slo"),
    [(99, 0, "at most 100.00: met"), (101, 0, "at most 100.00: missed"), (101, 600, "at most 100.00"), (None, 0, "")],
)
async def test_an_objective_is_shown_beside_a_value_and_judged_only_if_that_was_measured_now(
    sim: GrafanaCloudSim, grafana: GrafanaCloud, value: float | None, age_s: float, slo: str
) -> None:
    """S1: nothing is judged by what is old, or not there."""
    sim.requests, sim.age_s = value, age_s
    asked = Service(name=cast.SERVICE, queries=(Query(**METRIC, at_most=100),))
    (reading,) = await grafana.snapshot(asked, clock.now())
    assert reading.slo == slo


async def test_a_partial_answer_of_any_store_is_a_failure(sim: GrafanaCloudSim, grafana: GrafanaCloud) -> None:
    """S1"""
    sim.warnings = ["some of it is missing"]
    sim.parts = (7, 9)
    for reading in await snapshot(grafana):
        assert (reading.outcome, reading.text) == (Outcome.FAILED, "")
        assert "partial" in reading.why


async def test_a_name_that_holds_private_data_is_asked_for_and_not_shown(grafana: GrafanaCloud) -> None:
    """P-private: the name is an alert's, and the query is shown."""
    for reading in await snapshot(grafana, "checkout of customer-4711@example.com"):
        assert "customer-4711" not in f"{reading.query} {reading.link}"


async def test_an_unknown_service_has_no_data(grafana: GrafanaCloud) -> None:
    assert {r.outcome for r in await snapshot(grafana, "payments")} == {Outcome.NO_DATA}


@pytest.mark.parametrize(
    "name", ['checkout"} or vector(1) #', "check.ut", "checkout\\", "a\nb", "\ud800", "$NAME", ".*", '"', "c" * 5000]
)
async def test_a_services_name_cannot_become_part_of_a_query(grafana: GrafanaCloud, name: str) -> None:
    """Alert text is data: the sim answers 400 to a query that does not parse, and data to whatever matches checkout."""
    assert {r.outcome for r in await snapshot(grafana, name)} == {Outcome.NO_DATA}


async def test_every_source_answering_401_is_four_failures(sim: GrafanaCloudSim, grafana: GrafanaCloud) -> None:
    """S1: the room said "error rate 0.00 %" when nothing could be read."""
    sim.token = "glc_rotated"
    for reading in await snapshot(grafana):
        assert (reading.outcome, reading.text) == (Outcome.FAILED, "")
        assert "401" in reading.why
        assert "credential" in reading.why


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(429),
        httpx.Response(503),
        httpx.Response(200, text="<html>Sign in</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"status": "success", "data": None, "traces": [{}]}),
        httpx.Response(200, json={"status": "success", "data": {"result": [{"values": [["x"]]}]}, "traces": "no"}),
        httpx.Response(200, json={"status": "error", "error": "boom", "traces": 7}),
        httpx.ConnectError("refused"),
    ],
)
async def test_no_failure_of_any_kind_becomes_a_number_or_an_exception(answer: httpx.Response | Exception) -> None:
    """S1"""

    def vendor(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    for reading in await snapshot(grafana_at("https://grafana.example", transport=httpx.MockTransport(vendor))):
        assert (reading.outcome, reading.text) == (Outcome.FAILED, "")
        assert reading.why


async def test_what_is_not_set_up_is_said_with_the_settings_name(serve: Serve) -> None:
    readings = await snapshot(GrafanaCloud(cast.GRAFANA_TOKEN, "org"))
    assert [r.label for r in readings] == LABELS
    for reading, setting in zip(readings, ("MIMIR", "MIMIR", "LOKI", "TEMPO"), strict=True):
        assert reading.outcome is Outcome.FAILED
        assert f"GRAFANA_{setting}_URL" in reading.why
