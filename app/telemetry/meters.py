"""Every number that we count, under its name. Recording cannot fail the work that it counts.

A counter that is first heard of at 1 has never risen, as far as a query can see: what an alert watches is told at 0
when a pod starts (``begin``). A histogram cannot be told at 0, so rooms are counted as well.

Every series carries its ``environment``: what a resource says is not on the series once Prometheus has them.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry import metrics as otel_metrics

from app.domain.draft import Draft, DraftState
from app.telemetry.logs import log

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)  # bounds; 300 is the promise
_PROMISE_S = 300  # from the alert to the room
_OUTCOMES = (DraftState.PUBLISHED, DraftState.FAILED, DraftState.UNKNOWN)
_SOURCES = ("on-call schedule", "directory")
_ALARMS = {"nobody_invited", "nobody_commands", "reminder_unanswered"}


class _Metrics:
    def __init__(self) -> None:
        self._environment = "development"
        meter = otel_metrics.get_meter("incident-response")
        count, level = meter.create_counter, meter.create_gauge

        def seconds(name: str, description: str) -> otel_metrics.Histogram:
            return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=SECONDS)

        self._assembly = seconds("assembly_duration_seconds", "From the alert's own time to the room standing")
        self._first_human = seconds("first_human_seconds", "From the alert's own time to somebody's first sign of life")
        self._approval = seconds("approval_gate_latency_seconds", "From a draft's creation to its approval")
        self._queue_age = seconds("queue_age_seconds", "Age of a message when its work begins, by queue")
        self._lane_lag = seconds("lane_lag_seconds", "What a received message waited behind its lane, by queue")
        self._vendor = seconds("vendor_latency_seconds", "One call with its retries, by vendor and outcome")
        self._rooms = count(
            "room_assembled_count", description="Rooms that stand, by in_time: within five minutes or not"
        )
        self._lookups = count("directory_lookup_failure_count", description="People could not be looked up, by source")
        self._unheard = count("alarm_unheard_count", description="Alarms about people that reached nobody, by alarm")
        self._published = count("statuspage_publish_count", description="Approved drafts, by outcome")
        self._resolved = count("incident_resolved_count", description="Incidents resolved")
        self._postmortems = count("postmortem_created_count", description="Postmortem drafts filed")
        self._steps = count("step_failure_count", description="Steps that an incident went on without, by step")
        self._reconciled = count("alert_reconciled_count", description="Open alert groups that nobody had told us of")
        self._parked = count("message_parked_count", description="Messages put into a dead-letter queue, by queue")
        self._violations = count("gate_violation_count", description="What the sweep found: published, not approved")
        self._swept = level("swept_trails", description="Trails that the last sweep looked at; told when it is done")
        self._depth = level("queue_depth", description="Messages that wait, by queue")
        self._dead = level("dead_letter_depth", description="Messages in the dead-letter queue, by queue")
        self._breaker = level("breaker_open", description="1: the vendor is left alone for now")
        self._ready = level("processor_ready", description="1: it does its work; 0: something keeps it from it")

    def of(self, environment: str) -> None:
        """Whose numbers these are, from now on."""
        self._environment = environment

    def begin(self, queues: Sequence[str]) -> None:
        """Whatever an alert watches is there from the start."""
        for in_time in (True, False):
            self._rooms.add(0, self._room(in_time))
        for outcome in _OUTCOMES:
            self._published.add(0, self._labels(outcome=outcome.value))
        for source in _SOURCES:
            self._lookups.add(0, self._labels(source=source))
        for alarm in _ALARMS:
            self._unheard.add(0, self._labels(alarm=alarm))
        for queue in queues:
            self._parked.add(0, self._labels(queue=queue))
        self._violations.add(0, self._labels())

    def _labels(self, **labels: str) -> dict[str, str]:
        return {"environment": self._environment, **labels}

    def _room(self, in_time: bool) -> dict[str, str]:
        return self._labels(in_time="yes" if in_time else "no")

    # ------------------------------------------------------------ the ceremony

    def room_assembled(self, seconds: float) -> None:
        self._assembly.record(max(seconds, 0.0), self._labels())
        self._rooms.add(1, self._room(seconds <= _PROMISE_S))

    def first_human(self, seconds: float) -> None:
        self._first_human.record(max(seconds, 0.0), self._labels())

    def directory_lookup_failed(self, source: str) -> None:
        self._lookups.add(1, self._labels(source=source))

    def unheard(self, alarm: str, incident_id: str, why: str) -> None:
        """Nobody outside the room is left to tell: the last word of an alarm (P-loud)."""
        self._unheard.add(1, self._labels(alarm=alarm))
        log.error("alarm_unheard", alarm=alarm, incident_id=incident_id, why=why)

    def published(self, draft: Draft) -> None:
        """What became of an approved draft; a lost answer that was settled later counts again, with its settlement."""
        self._published.add(1, self._labels(outcome=draft.state.value))
        if draft.approved_at and draft.state is not DraftState.UNKNOWN:
            waited = (draft.approved_at - draft.created_at).total_seconds()
            self._approval.record(max(waited, 0.0), self._labels())

    def swept(self, trails: int, violations: int) -> None:
        """A sweep went through: one that breaks off tells nothing, and is missed."""
        self._swept.set(trails, self._labels())
        self._violations.add(violations, self._labels())

    def incident_resolved(self) -> None:
        self._resolved.add(1, self._labels())

    def postmortem_created(self) -> None:
        self._postmortems.add(1, self._labels())

    def step_failed(self, step: str, why: str) -> None:
        self._steps.add(1, self._labels(step=step))
        log.warning("step_failed", step=step, why=why)

    def alert_reconciled(self) -> None:
        self._reconciled.add(1, self._labels())

    # ------------------------------------------------------------ the machine

    def ready(self, ready: bool) -> None:
        self._ready.set(int(ready), self._labels())

    def begun(self, queue: str, *, age_s: float, lag_s: float) -> None:
        """A message's work begins for the first time."""
        self._queue_age.record(max(age_s, 0.0), self._labels(queue=queue))
        self._lane_lag.record(max(lag_s, 0.0), self._labels(queue=queue))

    def parked(self, queue: str) -> None:
        self._parked.add(1, self._labels(queue=queue))

    def depths(self, queue: str, waiting: int, dead: int) -> None:
        self._depth.set(waiting, self._labels(queue=queue))
        self._dead.set(dead, self._labels(queue=queue))

    def called(self, vendor: str, outcome: str, seconds: float) -> None:
        self._vendor.record(seconds, self._labels(vendor=vendor, outcome=outcome))

    def breaker(self, vendor: str, *, is_open: bool) -> None:
        self._breaker.set(int(is_open), self._labels(vendor=vendor))


metrics = _Metrics()
