"""What the crash matrix found, as the page ``docs/crash-matrix.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_INTRO = """\
# Crash matrix

`make crash-matrix` kills the processor at every point where it could be interrupted, and looks at what is left. This
page is its output. `make test` runs all of it too, and fails when this page says something else.

**What is counted.** An await: one time that a coroutine of the processor gives control back to the event loop, in our
code or in a library. There is at least one before each call to the outside (killed there, the call never went out) and
one while the call is under way (killed there, the call is carried out and nobody hears the answer). All are counted and
none is left out, from the message that sets the flow going until nothing is left to do.

**What happens there.** Three things, each in a world of its own:

1. *Killed, restarted.* No line of the processor runs any more, no `except` and no `finally`. Two seconds later the next
   one starts, with nothing in its head. The queue delivers again what was never deleted.
2. *Killed, with a second worker beside.* The same, while another processor is there and takes what it can get.
3. *Stood still.* The processor stops for 90 seconds at that await and then goes on as if nothing had been. Its message
   and its lease have run out by then, and a second worker has taken over.

Two kills between which nothing left the processor and no time passed leave the same world behind. They are counted as
two and played as one. Standing still is played at each await.

**What is checked afterwards.** One room. No message twice (a reminder may come once more, since a person's direct
messages are not read back). At most one request to Statuspage for each approval, of the approved bytes, read back
before, and one public incident. One Linear issue. A trail that is gapless and chained, and that tells the state that is
stored. Incident, drafts, schedules and leases at rest. Nobody unanswered, nobody invented. Nothing in the queue,
nothing given up.

Vendors, AWS and time are simulated. Everything from the consumer to the HTTP request is production code.

## Result

"""


@dataclass
class Row:
    """One await: where it is, and what was found after each accident at it."""

    place: str
    found: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Result:
    title: str
    rows: list[Row]
    undisturbed: list[str]

    @property
    def violations(self) -> list[str]:
        found = [f"undisturbed: {one}" for one in self.undisturbed]
        for number, row in enumerate(self.rows, start=1):
            for accident, ones in row.found.items():
                found += [f"await {number} ({row.place}), {accident}: {one}" for one in ones]
        return found


def page(results: Mapping[str, Result]) -> str:
    accidents = list(next(iter(results.values())).rows[0].found)
    lines = _table(["flow", "awaits", *accidents])
    for result in results.values():
        lines.append(_row([result.title, str(len(result.rows)), *(_survived(result.rows, one) for one in accidents)]))
    every = [row for result in results.values() for row in result.rows]
    lines.append(_row(["all", str(len(every)), *(_survived(every, one) for one in accidents)]))
    for result in results.values():
        lines += ["", f"### {result.title.capitalize()}: {len(result.rows)} awaits", "", *_where(result, accidents)]
    return _INTRO + "\n".join(lines) + "\n"


def _where(result: Result, accidents: Sequence[str]) -> list[str]:
    """The awaits by the place in our code, in the order in which each is first reached."""
    places: dict[str, list[int]] = {}
    for number, row in enumerate(result.rows):
        places.setdefault(row.place, []).append(number)
    lines = _table(["where", "awaits", "which", "survived"])
    for place, numbers in places.items():
        played = [(result.rows[number], one) for number in numbers for one in accidents]
        survived = sum(not row.found[one] for row, one in played)
        lines.append(_row([f"`{place}`", str(len(numbers)), _ranges(numbers), f"{survived} of {len(played)}"]))
    return lines


def _survived(rows: Sequence[Row], accident: str) -> str:
    violated = sum(bool(row.found[accident]) for row in rows)
    return f"{len(rows) - violated} survived" + (f", **{violated} violated**" if violated else "")


def _ranges(numbers: Sequence[int]) -> str:
    """1-3, 7: counted from 1."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number:
            ranges[-1][1] = number + 1
        else:
            ranges.append([number + 1, number + 1])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _table(heads: Sequence[str]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
