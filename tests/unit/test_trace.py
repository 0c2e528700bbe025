"""Whose trace a piece of work is told in: that of the incident it is done for, from its alert to its archive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import ledger, telemetry
from app.domain.alert import AlertEvent
from app.errors import Refused
from app.ledger import Decision
from app.sim.virtual_time import run
from app.telemetry import traces
from tests.factories import IC
from tests.house import House
from tests.office import Office

ELSEWHERE = "0af7651916cd43dd8448eb211c80319c"
BEGAN = {"traceparent": f"00-{ELSEWHERE}-b7ad6b7169203331-01"}


@dataclass
class Told:
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def traces(self, name: str) -> list[str]:
        return [_id(span.context) for span in self.named(name)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    found = Told()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found.exporter))
    monkeypatch.setattr(traces, "_tracer", provider.get_tracer("test"))
    yield found
    provider.shutdown()


def test_what_is_done_for_an_incident_is_told_in_its_trace_and_linked_both_ways(told: Told) -> None:
    with telemetry.work("click", {}), telemetry.story("approve", BEGAN):
        assert telemetry.carrier()["traceparent"].split("-")[1] == ELSEWHERE
    [approve], [click] = told.named("approve"), told.named("click")
    assert _id(approve.context) == ELSEWHERE != _id(click.context)
    assert [_id(link.context) for link in approve.links] == [_id(click.context)]
    assert [_id(link.context) for link in click.links] == [ELSEWHERE]


@pytest.mark.parametrize("began", [{}, {"traceparent": "nonsense"}], ids=str)
def test_an_incident_without_a_trace_is_worked_all_the_same(told: Told, began: dict[str, str]) -> None:
    with telemetry.work("click", {}), telemetry.story("approve", began):
        pass
    assert (len(told.named("click")), told.named("approve")) == (1, [])


def test_a_sender_who_wants_no_trace_is_worked_all_the_same(told: Told) -> None:
    """An unsampled trace has no span that a link could be added to."""
    with telemetry.work("click", {"traceparent": f"00-{'1' * 32}-{'2' * 16}-00"}), telemetry.story("approve", BEGAN):
        pass
    assert told.traces("approve") == [ELSEWHERE]


def test_a_refusal_is_no_failure(told: Told) -> None:
    for error in (Refused("not yours"), ValueError("broken")):
        with pytest.raises(type(error)), telemetry.span(type(error).__name__):
            raise error
    statuses = [span.status.status_code for span in told.exporter.get_finished_spans()]
    assert statuses == [trace.StatusCode.UNSET, trace.StatusCode.ERROR]


def test_alerts_that_join_and_people_and_timers_go_on_in_the_trace_of_the_incident(told: Told) -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", title="Checkout is slow")
        await office.settle()
        await office.command(IC, "status")
        await office.fire("G2", event=AlertEvent.RESOLVED)
        await office.settle()
        due = await office.until(lambda: [span for span in told.named("work office") if _event(span) == "nudge_due"])
        [room] = told.traces("create_channel")
        assert _id(due[0].context) == room
        for name in ("post_context", "alert_firing", "status", "alert_resolved"):
            assert set(told.traces(name)) == {room}, name

    _play(story)


def test_an_alert_that_is_split_off_begins_a_trace_of_its_own(told: Told) -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", title="Search is slow")
        await office.settle()
        await office.command(IC, "split 2")
        await office.settle()
        first, second = told.traces("create_channel")
        assert first != second
        [split] = [span for span in told.named("split") if _id(span.context) == second]
        assert [_id(link.context) for link in split.links] == [first]

    _play(story)


def test_a_star_that_is_pressed_in_private_is_told_in_the_trace_of_the_incident(told: Told) -> None:
    async def story(house: House, office: Office) -> None:
        await office.command(IC, "resolve")
        await office.settle()
        direct = await office.until(lambda: _with_star(house, "U0PRIMARY"))
        await office.people.click("U0PRIMARY", direct[0], direct[1], "rate:4")
        await office.settle()
        assert told.traces("rate") == told.traces("create_channel")

    _play(story)


def test_the_first_sign_of_life_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first one leaves, and another comes."""
    counted: list[float] = []
    monkeypatch.setattr(telemetry.metrics, "first_human", counted.append)

    async def story(house: House, office: Office) -> None:
        incident = await house.incident()
        assert incident.first_seen_at == incident.seen[IC]
        await ledger.amend(house.store, incident.id, lambda fresh: Decision(fresh.but(seen={}), []))
        await office.command("U0SECONDARY", "status")
        await office.settle()
        assert (await house.types()).count("RESPONDER_SEEN") == 2
        assert counted == [(incident.first_seen_at - incident.alert.at).total_seconds()]

    _play(story)


def _play(story: Callable[[House, Office], Awaitable[None]]) -> None:
    async def whole() -> None:
        house = House(archive_delay=timedelta(hours=2), rating_follow_up=timedelta(minutes=10))
        async with Office(house) as office:
            await office.fire()
            await office.settle()
            await office.command(IC, "status")
            await office.settle()
            await story(house, office)

    run(whole())


def _with_star(house: House, user: str) -> tuple[str, str] | None:
    channel = house.slack.workspace.direct(user)
    return next(((channel.id, post.ts) for post in channel.posts if "rate:4" in str(post.blocks)), None)


def _event(span: ReadableSpan) -> object:
    return (span.attributes or {}).get("event")


def _id(context: trace.SpanContext | None) -> str:
    assert context is not None
    return trace.format_trace_id(context.trace_id)
