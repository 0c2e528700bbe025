"""Every number that we count, under its name. Recording cannot fail the work that it counts.

A counter that is first heard of at 1 has never risen, as far as a query can see: what an alert watches is told at 0
when a pod starts (``begin``).
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry import metrics as otel_metrics

from app.domain.draft import Draft, DraftState
from app.telemetry.logs import log

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)  # bounds; 300 is the old promise
_OUTCOMES = (DraftState.PUBLISHED, DraftState.FAILED, DraftState.UNKNOWN)
_SOURCES = ("on-call schedule", "directory")
_ALARMS = {"nobody_invited", "nobody_commands", "reminder_unanswered"}


class _Metrics:
    def __init__(self) -> None:
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
        self._lookups = count("directory_lookup_failure_count", description="People could not be looked up, by source")
        self._unheard = count("alarm_unheard_count", description="Alarms about people that reached nobody, by alarm")
        self._published = count("statuspage_publish_count", description="Approved drafts, by outcome")
        self._resolved = count("incident_resolved_count", description="Incidents resolved")
        self._postmortems = count("postmortem_created_count", description="Postmortem drafts filed")
        self._steps = count("step_failure_count", description="Steps that an incident went on without, by step")
        self._reconciled = count("alert_reconciled_count", description="Open alert groups that nobody had told us of")
        self._parked = count("message_parked_count", description="Messages put into a dead-letter queue, by queue")
        self._violations = count("gate_violation_count", description="What the sweep found: published, not approved")
        self._depth = level("queue_depth", description="Messages that wait, by queue")
        self._dead = level("dead_letter_depth", description="Messages in the dead-letter queue, by queue")
        self._breaker = level("breaker_open", description="1: the vendor is left alone for now")
        self._ready = level("processor_ready", description="1: it does its work; 0: something keeps it from it")

    def begin(self, queues: Sequence[str]) -> None:
        """Whatever an alert watches is there from the start."""
        for outcome in _OUTCOMES:
            self._published.add(0, {"outcome": outcome.value})
        for source in _SOURCES:
            self._lookups.add(0, {"source": source})
        for alarm in _ALARMS:
            self._unheard.add(0, {"alarm": alarm})
        for queue in queues:
            self._parked.add(0, {"queue": queue})
        self._violations.add(0)

    # ------------------------------------------------------------ the ceremony

    def room_assembled(self, seconds: float) -> None:
        self._assembly.record(max(seconds, 0.0))

    def first_human(self, seconds: float) -> None:
        self._first_human.record(max(seconds, 0.0))

    def directory_lookup_failed(self, source: str) -> None:
        self._lookups.add(1, {"source": source})

    def unheard(self, alarm: str, incident_id: str, why: str) -> None:
        """Nobody outside the room is left to tell: the last word of an alarm (P-loud)."""
        self._unheard.add(1, {"alarm": alarm})
        log.error("alarm_unheard", alarm=alarm, incident_id=incident_id, why=why)

    def published(self, draft: Draft) -> None:
        """What became of an approved draft; a lost answer that was settled later counts again, with its settlement."""
        self._published.add(1, {"outcome": draft.state.value})
        if draft.approved_at and draft.state is not DraftState.UNKNOWN:
            self._approval.record(max((draft.approved_at - draft.created_at).total_seconds(), 0.0))

    def gate_violated(self, count: int) -> None:
        self._violations.add(count)

    def incident_resolved(self) -> None:
        self._resolved.add(1)

    def postmortem_created(self) -> None:
        self._postmortems.add(1)

    def step_failed(self, step: str, why: str) -> None:
        self._steps.add(1, {"step": step})
        log.warning("step_failed", step=step, why=why)

    def alert_reconciled(self) -> None:
        self._reconciled.add(1)

    # ------------------------------------------------------------ the machine

    def ready(self, ready: bool) -> None:
        self._ready.set(int(ready))

    def begun(self, queue: str, *, age_s: float, lag_s: float) -> None:
        """A message's work begins for the first time."""
        self._queue_age.record(max(age_s, 0.0), {"queue": queue})
        self._lane_lag.record(max(lag_s, 0.0), {"queue": queue})

    def parked(self, queue: str) -> None:
        self._parked.add(1, {"queue": queue})

    def depths(self, queue: str, waiting: int, dead: int) -> None:
        self._depth.set(waiting, {"queue": queue})
        self._dead.set(dead, {"queue": queue})

    def called(self, vendor: str, outcome: str, seconds: float) -> None:
        self._vendor.record(seconds, {"vendor": vendor, "outcome": outcome})

    def breaker(self, vendor: str, *, is_open: bool) -> None:
        self._breaker.set(int(is_open), {"vendor": vendor})


metrics = _Metrics()
