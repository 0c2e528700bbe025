"""What an operator reads in the logs."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from app import telemetry
from app.settings import WebhookSettings
from tests.conftest import Serve
from tests.e2e.otlp import Collector

LATE = 'room_assembled_count_total{environment="staging", in_time="no"}'
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root, level = logging.getLogger().handlers[:], logging.getLogger().level
    monkeypatch.setattr(logging.getLogger("opentelemetry.trace"), "disabled", True)  # a pod is configured once, we not
    # Bolt gives its app's logger, which is ours, the level it finds; a pod is configured before, a test after.
    monkeypatch.setattr(logging.getLogger("incident-response"), "level", logging.NOTSET)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = root
    logging.getLogger().setLevel(level)


def configure() -> None:
    telemetry.configure("webhook", WebhookSettings.model_construct(log_level="INFO", otel_exporter_otlp_endpoint=None))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_carries_the_trace_and_the_facts_of_its_work(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    with telemetry.work("work q", TRACE, lane="a"):
        telemetry.note(incident_id="abcdefghij")
        telemetry.log.info("inside")
        assert telemetry.carrier()["traceparent"].split("-")[1] == TRACE["traceparent"].split("-")[1]
    telemetry.log.info("outside")
    inside, outside = lines(capsys)
    assert inside["event"] == "inside"
    assert inside["trace_id"] == TRACE["traceparent"].split("-")[1]
    assert inside["incident_id"] == "abcdefghij"
    assert "incident_id" not in outside


def test_work_that_came_without_a_trace_is_given_one(capsys: pytest.CaptureFixture[str]) -> None:
    """P-loud: OnCall sends none, and there is no collector; the lines of a message are found together all the same."""
    configure()
    with telemetry.work("webhook request", {}):
        carried = telemetry.carrier()
        with telemetry.work("slack gesture", {}):
            telemetry.log.info("inside")
    with telemetry.work("work q", carried):
        telemetry.log.info("later, in the other pod")
    with telemetry.work("work q", {}):
        telemetry.log.info("another message")
    inside, later, another = (line["trace_id"] for line in lines(capsys))
    assert inside == later
    assert another not in {inside, "0" * 32}


def test_a_collector_that_hangs_does_not_hold_up_the_end_of_a_pod() -> None:
    """P-bounded, L5: a pod has a grace period, and its work needs that more than its telemetry does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        pod = f"""
import time
from app import telemetry
from app.settings import WebhookSettings
told = dict(log_level="INFO", environment="test", otel_exporter_otlp_endpoint="{endpoint}")
telemetry.configure("webhook", WebhookSettings.model_construct(**told))
with telemetry.work("w", {{}}):
    telemetry.metrics.incident_resolved()
began = time.monotonic()
telemetry.close()
print(time.monotonic() - began)
"""
        ended = subprocess.run([sys.executable, "-c", pod], capture_output=True, text=True, timeout=60, check=True)
    assert float(ended.stdout.splitlines()[-1]) < telemetry.EXPORT_TIMEOUT_S, "less than one export may take"


def test_a_pods_zeros_leave_before_its_first_number(serve: Serve) -> None:
    """S1: the room that an outage made late is the first one after it; counted within a minute of the start, it must be
    seen as a rise from 0."""
    collector = Collector()
    pod = f"""
import asyncio, sys
from app import telemetry
from app.processor.vitals import Vitals
from app.settings import ProcessorSettings
told = dict(log_level="INFO", environment="staging", otel_exporter_otlp_endpoint="{serve(collector.app())}")
telemetry.configure("processor", ProcessorSettings.model_construct(**told))
async def live():
    stop = asyncio.Event()
    task = asyncio.create_task(Vitals((), None).run(stop, list))
    await asyncio.to_thread(sys.stdin.readline)
    telemetry.metrics.room_assembled(400)
    stop.set()
    await task
asyncio.run(live())
telemetry.close()
"""
    with subprocess.Popen([sys.executable, "-c", pod], stdin=subprocess.PIPE) as running:
        assert collector.heard.wait(40), "less than the minute after which numbers leave by themselves"
        running.communicate(b"a room\n", timeout=60)
    late = [value for name, value in collector.numbers if name == LATE]
    assert (late[0], late[-1]) == (0, 1)


def test_libraries_lines_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    logging.getLogger("some.library").warning("careful: %s", "x")
    logging.getLogger("httpx").info("GET https://hooks.slack.com/secret")
    [line] = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("careful: x", "warning", "some.library")


def test_secrets_are_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """P-private"""
    configure()
    telemetry.log.info("calling", slack_bot_token="xoxb-1", Authorization="Bearer x", lane="a")
    [line] = lines(capsys)
    assert (line["slack_bot_token"], line["Authorization"], line["lane"]) == ("***", "***", "a")
