"""``make gate-model``: every state that the gate can come into, and whether a promise is broken on the way there."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.domain.draft import DraftState
from app.gate.states import open_to_decision
from tests.simulation import gate_rules
from tests.simulation.gate_model import (
    ENDED,
    FLYING,
    FRESH,
    IDLE,
    LANDED,
    LATE,
    LOST,
    NONE,
    OVER,
    START,
    UNSENT,
    Claim,
    Kind,
    Model,
    Safeguards,
    State,
    Text,
)  # fmt: skip

APPROVAL = "P-gate: nothing is posted without an approval of that very text, in its time, by one who might"
ONE_POST = "P-once: an approval is posted at most once"
ONE_PUBLIC = "P-once: an incident has at most one public incident"
ON_PAGE = "PUBLISHED means that it is on the page, FAILED that it is not"
FINAL = "PUBLISHED stays PUBLISHED"
SETTLED_FIRST = "UNKNOWN is never followed by a POST before it was settled as FAILED"
QUIET = "once faults stop, every text is decided and every gesture done"
PROMISES = (APPROVAL, ONE_POST, ONE_PUBLIC, ON_PAGE, FINAL, SETTLED_FIRST, QUIET)


@dataclass
class Result:
    states: int = 0
    transitions: int = 0
    depth: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)  # promise -> the shortest way there


def search(safe: Safeguards | None = None, *, until: str | None = None) -> Result:
    """Breadth first until nothing new comes, or until that promise is broken: then in the fewest steps."""
    safe = safe or Safeguards()
    with gate_rules.table(safe.moves):
        return _Search(Model(safe)).run(until)


class _Search:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._number = {START: 0}
        self._states = [START]
        self._seen: dict[State, int] = {}  # by any of its names
        self._came: list[tuple[int, str]] = [(0, "")]
        self._by_itself: list[list[int]] = [[]]  # for each state, those from which it comes without fault or person
        self._result = Result()

    def run(self, until: str | None) -> Result:
        depths, waiting = [0], deque([0])
        while waiting and until not in self._result.broken:
            here = waiting.popleft()
            for kind, label, raw in self._model.steps(self._states[here]):
                then, there = self._arrive(raw, here, label)
                self._result.transitions += 1
                found = list(broken_on_the_way(self._states[here], label, then))
                if there == len(depths):
                    depths.append(depths[here] + 1)
                    waiting.append(there)
                    found += broken_in(then)
                if kind is Kind.WORK and there != here:
                    self._by_itself[there].append(here)
                for promise in found:
                    self._result.broken.setdefault(promise, [*self._way(here), label])
        self._result.states, self._result.depth = len(self._states), depths[-1]
        if not waiting:
            self._look_for_quiet()
        return self._result

    def _arrive(self, raw: State, here: int, label: str) -> tuple[State, int]:
        if (known := self._seen.get(raw)) is not None:
            return self._states[known], known
        state = canonical(raw)
        there = self._seen[raw] = self._number.setdefault(state, len(self._states))
        if there == len(self._states):
            self._states.append(state)
            self._came.append((here, label))
            self._by_itself.append([])
        return state, there

    def _look_for_quiet(self) -> None:
        """Backwards from where all is settled: whatever is not met on the way can never get there by itself."""
        waiting = [number for number, state in enumerate(self._states) if quiet(state)]
        met = set(waiting)
        while waiting:
            for before in self._by_itself[waiting.pop()]:
                if before not in met:
                    met.add(before)
                    waiting.append(before)
        if stuck := next((number for number in range(len(self._states)) if number not in met), None):
            self._result.broken[QUIET] = self._way(stuck)

    def _way(self, number: int) -> list[str]:
        labels: list[str] = []
        while number:
            number, label = self._came[number]
            labels.append(label)
        return labels[::-1]


def broken_in(s: State) -> Iterator[str]:
    if len(s.page) > 1:
        yield ONE_PUBLIC
    for number, text in enumerate(s.texts):
        there = bool(s.landed >> number & 1)
        if text.state is (DraftState.FAILED if there else DraftState.PUBLISHED):
            yield ON_PAGE


def broken_on_the_way(before: State, label: str, then: State) -> Iterator[str]:
    if label == "POST":
        yield from _broken_by_a_post(before)
    if before.texts == then.texts:
        return
    for was, now in zip(before.texts, then.texts, strict=False):
        if was.state is DraftState.PUBLISHED and now.state is not DraftState.PUBLISHED:
            yield FINAL
        if was.state is DraftState.UNKNOWN and now.state is DraftState.APPROVED:
            yield SETTLED_FIRST


def _broken_by_a_post(before: State) -> Iterator[str]:
    for worker in before.workers:
        if worker.at == "send":
            claim = before.claims[worker.claim]
            yield from () if claim.rightful else (APPROVAL,)
            yield from () if claim.post == UNSENT else (ONE_POST,)
            yield from (SETTLED_FIRST,) if before.texts[worker.text].state is DraftState.UNKNOWN else ()


def quiet(s: State) -> bool:
    on_its_way = {DraftState.APPROVED, DraftState.UNKNOWN}
    idle = all(worker == IDLE for worker in s.workers)
    return idle and not s.waiting and not any(text.state in on_its_way for text in s.texts)


def canonical(s: State) -> State:
    """The same state by one name: what can make no difference any more is left out.

    Processors stand in order, claims are numbered as they are met, and a text that nobody can decide about any more
    and that is not on the page is simply gone.
    """
    workers = sorted(s.workers)
    held = {worker.claim for worker in workers}
    texts = [_canonical_text(text, held) for text in s.texts]
    current = {text.claim for text in texts}
    flying = [number for number, claim in enumerate(s.claims) if claim.post == FLYING]
    met = dict.fromkeys([*(text.claim for text in texts), *(worker.claim for worker in workers), *flying])
    met.pop(NONE, None)
    order = {NONE: NONE} | {claim: number for number, claim in enumerate(met)}
    sending = {worker.claim for worker in workers if worker.at not in {"sent", "record"}}
    awaited = {worker.claim for worker in workers if worker.at == "sent"}
    claims = [
        _canonical_claim(s.claims[one], may_send=one in sending, awaited=one in awaited, current=one in current)
        for one in met
    ]
    return s._replace(
        texts=tuple(text._replace(claim=order[text.claim]) for text in texts),
        claims=tuple(claims),
        workers=tuple(worker._replace(claim=order[worker.claim]) for worker in workers),
    )


def _canonical_text(text: Text, held: set[int]) -> Text:
    state = DraftState.SUPERSEDED if text.state is DraftState.REJECTED else text.state  # both lead nowhere
    old = text.old and open_to_decision(state)  # makes no difference to what is decided
    asked_for = text.claim in held or text.state in {DraftState.APPROVED, DraftState.UNKNOWN}
    return Text(state, text.claim if asked_for else NONE, old)


def _canonical_claim(claim: Claim, *, may_send: bool, awaited: bool, current: bool) -> Claim:
    post, age = claim.post, claim.age
    if post in {LANDED, LOST} and not awaited:
        post = ENDED
    if age == FRESH and (post != UNSENT or not may_send):
        age = LATE  # being too late matters to one who would send, and to nobody else
    if age == OVER and not current:
        age = LATE  # being over matters to one who would take it over or settle it
    sent = post != UNSENT
    public = claim.public if post == FLYING else NONE
    return Claim(claim.text if post == FLYING else NONE, public, claim.rightful or sent, age, post)


def main() -> None:
    result = search()
    sys.stdout.write(
        f"states visited {result.states:,}, transitions {result.transitions:,}, depth {result.depth} (closed: nothing "
        f"new beyond it), violations {len(result.broken)}\n"
    )
    for promise in PROMISES:
        sys.stdout.write(f"  {'BROKEN' if promise in result.broken else 'holds '}  {promise}\n")
        for step in result.broken.get(promise, []):
            sys.stdout.write(f"            {step}\n")
    sys.exit(bool(result.broken))


if __name__ == "__main__":
    main()
