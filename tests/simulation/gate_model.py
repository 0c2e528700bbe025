"""The gate as a small machine: what can happen to two texts of one incident, one step at a time.

The rules are production's own (``gate_rules``). Modelled is the order of the door's and the settling's steps, with all
that can come between two of them: a crash, the other processor, people, time, a request that lands late or never, a
store that says "written" and has not.

Three people: the commander, a member of the approvers' group, and one who is neither; command changes hands as often as
they like. A text that is to be decided grows too old at any moment; a newer one takes its place, of other words or of
the same. Two processors, each at any gesture, again and again. A claim
ages: fresh, too late to send, over. One thing is taken for granted, because nobody can make it so: a request that was
begun in time ends within its deadline, so that none is under way when its claim is over.

``gate_search`` visits every state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from app.domain.draft import DraftState
from app.gate.states import Move, open_to_decision
from tests.simulation import gate_rules as rules

NONE = -1
FRESH, LATE, OVER = range(3)  # the age of a claim
UNSENT, FLYING, LANDED, LOST, ENDED = range(5)  # its request; ENDED: nobody waits for the answer any more
FIRST, SECOND = 0, 1  # the text that is there, and the one that takes its place or follows it


class Kind(StrEnum):
    WORK = "work"  # happens by itself, sooner or later
    PEOPLE = "people"
    FAULT = "fault"


class Claim(NamedTuple):
    text: int
    public: int  # the public incident that it updates, or NONE: it makes one
    rightful: bool  # stored, by whoever might at that moment, for the text that they saw, in its time
    age: int = FRESH
    post: int = UNSENT


class Text(NamedTuple):
    state: DraftState
    claim: int = NONE
    old: bool = False  # too old to be approved


class Worker(NamedTuple):
    """A processor; ``at`` is the step that it takes next."""

    at: str = "idle"
    text: int = NONE
    seen: int = NONE  # the text whose hash the button carried
    claim: int = NONE
    flag: bool = False  # approving: the text had FAILED before; settling: the claim was over before we looked
    found: int = NONE  # the public incident
    move: str = ""


class State(NamedTuple):
    public: int  # the public incident, as we know it
    texts: tuple[Text, ...]
    claims: tuple[Claim, ...]
    workers: tuple[Worker, ...]
    waiting: int  # gestures in the queue that are not done, as bits
    page: tuple[int, ...]  # public incidents, each by its marker: the text last posted to it
    landed: int  # texts that were ever on the page, as bits


IDLE = Worker()
START = State(NONE, (Text(DraftState.PENDING_APPROVAL),), (), (IDLE, IDLE), 0, (), 0)

COMMANDER, MEMBER, OTHER = range(3)
CLICKS = [(by, seen) for by in (COMMANDER, MEMBER, OTHER) for seen in (FIRST, SECOND)]
SETTLE = 2  # bits of ``waiting``: a click on each text, then for each text the question what became of it

Step = tuple[Kind, str, State]
Way = Iterator[tuple[str, State]]


@dataclass(frozen=True)
class Safeguards:
    """What production has. A test takes one away, to see which promise breaks."""

    conditional_claim: bool = True  # written only if the text is still as it was when decided
    read_back: bool = True
    too_late_to_send: bool = True
    settles_its_own_claim: bool = True
    clock_before_page: bool = True
    expiry: bool = True
    group_is_asked: bool = True
    moves: Mapping[tuple[DraftState, Move], DraftState] = field(default_factory=dict)  # instead of the table's own


class Model:
    def __init__(self, safe: Safeguards) -> None:
        self._safe = safe
        self._proof = "read_back" if safe.read_back else "send"

    def steps(self, s: State) -> Iterator[Step]:
        """Everything that can happen next."""
        yield from _people(s)
        yield from _world(s)
        for i, worker in enumerate(s.workers):
            if i and worker == s.workers[0]:
                continue  # they are alike: what one can do, so can the other
            if worker.at == "idle":
                yield from self._takes(s, i)
            else:
                yield Kind.FAULT, f"crash before {worker.at}", _put(s, i, IDLE)
                for label, then in getattr(self, f"_{worker.at}")(s, i, worker):
                    yield Kind.WORK, label, then

    # ------------------------------------------------------------ gestures

    def _takes(self, s: State, i: int) -> Iterator[Step]:
        """A new gesture, or one that waits in the queue: those are worked sooner or later."""
        for text, found in enumerate(s.texts):
            kind = Kind.WORK if s.waiting >> text & 1 else Kind.PEOPLE
            for by, seen in CLICKS:
                yield from self._clicked(s, i, text, by, seen, kind)
            if not s.waiting >> SETTLE + text & 1:
                continue
            if found.state is DraftState.UNKNOWN:
                over = s.claims[found.claim].age == OVER
                worker = Worker("settle_page", text, claim=found.claim, flag=over and self._safe.clock_before_page)
                yield Kind.WORK, "takes up settling", _put(s, i, worker)
            else:
                yield Kind.WORK, "nothing to settle", _done(s, i, SETTLE + text)

    def _clicked(self, s: State, i: int, text: int, by: int, seen: int, kind: Kind) -> Iterator[Step]:
        taken, found = s._replace(waiting=s.waiting | 1 << text), s.texts[text]
        if seen == text:
            if found.state is DraftState.PUBLISHED:
                yield kind, "published before", _done(s, i, text)
                return
            if found.state is DraftState.UNKNOWN:
                yield kind, "sent before", _put(taken, i, Worker("tell", text))
                return
            if found.state is DraftState.APPROVED and self._safe.conditional_claim:
                yield kind, "taken over", self._taken_over(taken, i, text, found)
                return
        who = by if self._safe.group_is_asked else min(by, MEMBER)
        old = found.old and self._safe.expiry
        if not rules.may_approve(tuple(one.state for one in s.texts), who, text, seen, old=old):
            yield kind, "refused", _done(s, i, text) if seen == text else s  # of another text: not the one that waits
            return
        worker = Worker("reread", text, seen, NONE, found.state is DraftState.FAILED, s.public)
        if self._safe.conditional_claim:
            rightful = by != OTHER and seen == text and not found.old
            yield kind, "approved", _approved(taken, i, worker, rightful=rightful)
            yield Kind.FAULT, "approved, and not stored", _claiming(taken, i, worker, rightful=False)
        else:
            yield kind, "decided", _put(taken, i, worker._replace(at="commit"))

    def _taken_over(self, s: State, i: int, text: int, found: Text) -> State:
        """Whoever claimed it and was never heard of again may have sent it. Until then: later."""
        if s.claims[found.claim].age < OVER:
            return s
        return _put(_written(s, text, found._replace(state=_must(found, Move.LOSE))), i, Worker("tell", text))

    def _commit(self, s: State, i: int, w: Worker) -> Way:
        """Only without the condition: what was decided a moment ago is written over whatever is there now."""
        yield "approved", _approved(s, i, w._replace(at="reread"), rightful=True)

    # ------------------------------------------------------------ the door, step by step

    def _reread(self, s: State, i: int, w: Worker) -> Way:
        found = s.texts[w.text]
        if self._safe.read_back and found.claim != w.claim:
            later = found.state is DraftState.APPROVED
            yield "not its own approval", _put(s, i, IDLE) if later else _told(s, i, w)
        else:
            yield "its own approval", _put(s, i, w._replace(at="look" if w.flag else self._proof, flag=False))

    def _look(self, s: State, i: int, w: Worker) -> Way:
        if w.text in s.page:
            yield "is there", _put(s, i, _to_record(s, w, Move.CONFIRM))
        else:
            yield "is not there", _put(s, i, w._replace(at=self._proof))
        yield "cannot be read", _put(s, i, _to_record(s, w, Move.REFUSE))

    def _read_back(self, s: State, i: int, w: Worker) -> Way:
        found = s.texts[w.text]
        if found.claim != w.claim:
            yield "another's claim", _put(s, i, IDLE)
        elif rules.proven(w.text, found.state, w.seen):
            yield "proven", _put(s, i, w._replace(at="send", seen=NONE))
        else:
            yield "not proven", _put(s, i, IDLE)

    def _send(self, s: State, i: int, w: Worker) -> Way:
        """The look at the clock and the POST; what lies between them is taken to be short."""
        claim = s.claims[w.claim]
        if self._safe.too_late_to_send and claim.age >= LATE:
            yield "too late to send", _put(s, i, _to_record(s, w, Move.REFUSE))
        else:
            sent = _claim_is(s, w.claim, claim._replace(text=w.text, public=w.found, post=FLYING))
            yield "POST", _put(sent, i, w._replace(at="sent", found=NONE))

    def _sent(self, s: State, i: int, w: Worker) -> Way:
        post = s.claims[w.claim].post
        if post == LANDED:
            yield "answered: done", _put(s, i, _to_record(s, w, Move.CONFIRM))
        if post == LOST:
            yield "answered: no", _put(s, i, _to_record(s, w, Move.REFUSE))
        yield "no answer", _put(s, i, _to_record(s, w, Move.LOSE))

    def _record(self, s: State, i: int, w: Worker) -> Way:
        found = s.texts[w.text]
        if found.claim == w.claim and found.state is DraftState.APPROVED:
            s = _moved(s, w, found)
        yield f"recorded: {w.move}", _told(s, i, w)

    def _tell(self, s: State, i: int, w: Worker) -> Way:
        """The question is in the queue before the click leaves it."""
        yield "asks what became of it", _done(s._replace(waiting=s.waiting | 1 << SETTLE + w.text), i, w.text)

    # ------------------------------------------------------------ settling

    def _settle_page(self, s: State, i: int, w: Worker) -> Way:
        if w.text in s.page:
            found = s.page.index(w.text)
            yield "found", _put(s, i, w._replace(at="settle", move=Move.FIND, found=found, flag=False))
        elif not self._safe.clock_before_page:
            yield "not found", _put(s, i, w._replace(at="settle_clock"))
        elif w.flag:
            yield "not found, and over", _put(s, i, w._replace(at="settle", move=Move.MISS, flag=False))
        else:
            yield "not found yet", _put(s, i, IDLE)

    def _settle_clock(self, s: State, i: int, w: Worker) -> Way:
        """Only where the clock is looked at behind the page."""
        if s.claims[w.claim].age == OVER:
            yield "and over", _put(s, i, w._replace(at="settle", move=Move.MISS))
        else:
            yield "looks again later", _put(s, i, IDLE)

    def _settle(self, s: State, i: int, w: Worker) -> Way:
        found = s.texts[w.text]
        own = found.claim == w.claim or not self._safe.settles_its_own_claim
        if found.state is DraftState.UNKNOWN and own:
            s = _moved(s, w, found)
        yield f"settled: {w.move}", _done(s, i, SETTLE + w.text)


# ------------------------------------------------------------ people, time and the network


def _people(s: State) -> Iterator[Step]:
    for text, found in enumerate(s.texts):
        if (rejected := rules.after(found.state, Move.REJECT)) is not None:
            yield Kind.PEOPLE, f"text {text} rejected", _written(s, text, found._replace(state=rejected))
    if len(s.texts) == 1:
        first, second = s.texts[FIRST], Text(DraftState.PENDING_APPROVAL)
        if (replaced := rules.after(first.state, Move.EDIT)) is not None:
            yield Kind.PEOPLE, "edited", s._replace(texts=(first._replace(state=replaced), second))
        if not open_to_decision(first.state):
            yield Kind.PEOPLE, "another text written", s._replace(texts=(first, second))


def _world(s: State) -> Iterator[Step]:
    for text, found in enumerate(s.texts):
        if open_to_decision(found.state) and not found.old:
            yield Kind.PEOPLE, f"text {text} grows old", _written(s, text, found._replace(old=True))
    for number, claim in enumerate(s.claims):
        if claim.post == FLYING:
            yield Kind.WORK, "lands", _lands(s, number, claim)
            yield Kind.WORK, "is lost", _claim_is(s, number, claim._replace(post=LOST))
        if not claim.rightful:
            continue  # never stored: it has no deadline that anybody could read
        if claim.age == FRESH:
            yield Kind.WORK, "time passes", _claim_is(s, number, claim._replace(age=LATE))
        elif claim.age == LATE and claim.post != FLYING and not _awaited(s, number):
            yield Kind.WORK, "the claim is over", _claim_is(s, number, claim._replace(age=OVER))


def _lands(s: State, number: int, claim: Claim) -> State:
    there = claim.public
    page = (*s.page, claim.text) if there == NONE else (*s.page[:there], claim.text, *s.page[there + 1 :])
    landed = s.landed | 1 << claim.text
    return _claim_is(s, number, claim._replace(post=LANDED))._replace(page=page, landed=landed)


def _awaited(s: State, number: int) -> bool:
    return any(worker.at == "sent" and worker.claim == number for worker in s.workers)


# ------------------------------------------------------------ small changes of a state


def _put(s: State, i: int, worker: Worker) -> State:
    return s._replace(workers=(*s.workers[:i], worker, *s.workers[i + 1 :]))


def _done(s: State, i: int, gesture: int) -> State:
    """The message is deleted. Not if another one, or a later receipt of this one, asks for more than we did."""
    then = _put(s, i, IDLE)
    more = DraftState.APPROVED if gesture < SETTLE else DraftState.UNKNOWN  # since we read it: by a later claim
    if s.texts[gesture % SETTLE].state is more or any(_gesture(worker) == gesture for worker in then.workers):
        return then
    return then._replace(waiting=s.waiting & ~(1 << gesture))


def _gesture(worker: Worker) -> int:
    if worker.at == "idle":
        return NONE
    return SETTLE + worker.text if worker.at.startswith("settle") else worker.text


def _told(s: State, i: int, w: Worker) -> State:
    """The end of a click; but what is UNKNOWN must be asked for first."""
    if s.texts[w.text].state is DraftState.UNKNOWN:
        return _put(s, i, Worker("tell", w.text))
    return _done(s, i, w.text)


def _to_record(s: State, w: Worker, move: Move) -> Worker:
    found = s.page.index(w.text) if move is Move.CONFIRM and w.text in s.page else NONE
    return w._replace(at="record", move=move, found=found, flag=False)


def _written(s: State, text: int, now: Text) -> State:
    return s._replace(texts=(*s.texts[:text], now, *s.texts[text + 1 :]))


def _claim_is(s: State, number: int, claim: Claim) -> State:
    return s._replace(claims=(*s.claims[:number], claim, *s.claims[number + 1 :]))


def _claiming(s: State, i: int, w: Worker, *, rightful: bool) -> State:
    """The processor goes on with a claim of its own; whether it is stored is another matter."""
    claim = Claim(w.text, NONE, rightful)
    return _put(s._replace(claims=(*s.claims, claim)), i, w._replace(claim=len(s.claims)))


def _approved(s: State, i: int, w: Worker, *, rightful: bool) -> State:
    state = rules.after(s.texts[w.text].state, Move.APPROVE) or DraftState.APPROVED
    claimed = _claiming(s, i, w, rightful=rightful)
    return _written(claimed, w.text, Text(state, len(s.claims)))


def _moved(s: State, w: Worker, found: Text) -> State:
    now = _written(s, w.text, found._replace(state=_must(found, Move(w.move))))
    return now._replace(public=w.found) if w.found != NONE and w.move in {Move.CONFIRM, Move.FIND} else now


def _must(found: Text, move: Move) -> DraftState:
    state = rules.after(found.state, move)
    assert state is not None, f"the table does not have {found.state} {move}"
    return state
