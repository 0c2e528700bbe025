"""Whatever an alert, a vendor or a person writes: Slack takes the message, and nobody is pinged by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.alert_group import AlertGroup
from app.domain.catalogue import About, Dashboard
from app.domain.component import Component, ComponentStatus
from app.domain.draft import BODY_MAX, COMPONENTS_MAX, DraftState, PublicStatus, PublicText
from app.domain.gesture import Gesture
from app.domain.help import CommandHelp
from app.domain.incident import Incident, Postmortem, PublicIncident
from app.domain.people import Person, Source
from app.domain.readings import Line, Outcome, Reading
from app.domain.severity import Severity
from app.domain.task import Task
from app.intake.fields import text as one_line
from app.intake.fields import web_address
from app.messages import alerts, answers, cadence, checklist, context, people, room, status, statuspage, tasks
from app.messages.message import SECTION_MAX, TEXT_MAX, Message, clip, escape, link, listing, say
from app.messages.statuspage_editor import editor
from app.sim.slack_blocks import block_complaints, view_complaints
from tests import factories as make

ROOM = "https://sandbox.slack.example/archives/C0ROOM"
RUNBOOK = "https://x.example/runbook"
DASHBOARD = Dashboard(title="<!here> & co", url="https://x.example/d/1")
FROM_OUTSIDE = [
    *("<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S1>", "<@U0STRANGER>", "<#C0OTHER>", "&lt;!channel&gt;"),
    *("<https://evil.example|Open the room>", "><!channel>", "|<!channel>", "<", ">", "&", "`", "```", "*", "_", "~"),
    *("\n>", ":tada:", "\u202e", "\U0001f525", "<" * 700, "&" * 3_000, "word " * 900),
]
_text = st.lists(st.sampled_from(FROM_OUTSIDE) | st.text(st.characters(exclude_categories=["Cs"])), max_size=4)
foreign = _text.map("".join)
line = foreign.map(lambda it: one_line(it, 300) or "x")
address = foreign.map(lambda it: web_address(f"https://x.example/{it}".replace(" ", "")) or ROOM)
readings = st.builds(
    Reading,
    label=foreign,
    outcome=st.sampled_from(Outcome),
    text=foreign,
    why=foreign,
    query=foreign,
    slo=foreign,
    lines=st.lists(st.builds(Line, text=foreign, link=foreign | address | st.none()), max_size=3).map(tuple),
    link=address | st.none(),
)


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    alert = make.alert(title=draw(line), summary=one_line(draw(foreign), 2000), link=draw(address | st.none()))
    done = Postmortem(id="i", identifier=draw(line), url=draw(address))
    return make.incident(
        alert=alert,
        title=alert.title,
        service=draw(line),
        team=draw(line | st.none()),
        missing=tuple(draw(st.lists(foreign, max_size=3))),
        about=About(slo=draw(line)[:200].strip() or "x", runbook=RUNBOOK, dashboards=(DASHBOARD,)),
        drill=draw(st.booleans()),
        ic=draw(st.sampled_from([make.IC, None])),
        public=draw(st.none() | st.builds(PublicIncident, id=st.just("p"), status=line, url=address | st.just(""))),
        postmortem=draw(st.just(done) | st.none()),
        resolved_at=draw(st.sampled_from([make.AT + timedelta(hours=1), None])),
    )


def _rejected(message: Message) -> list[str]:
    """What Slack would say against it, and each piece of markup in it that is not ours."""
    complaints = block_complaints(list(message.blocks))
    if not 1 <= len(message.text) <= TEXT_MAX:
        complaints.append(f"the text has {len(message.text)} characters")
    return complaints + [mark for said in _markup([message.text, *message.blocks]) for mark in _foreign(said)]


def _markup(part: Any) -> Iterator[str]:
    """The texts in which Slack reads markup: all but ``plain_text``."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for inner in part:
            yield from _markup(inner)
    elif isinstance(part, dict) and part.get("type") == "mrkdwn":
        yield part["text"]
    elif isinstance(part, dict):
        for inner in part.values():
            if isinstance(inner, dict | list):
                yield from _markup(inner)


_OURS = re.compile(
    r"<(@U0PRIMARY|@U0SECONDARY|#C0ROOM|!date\^\d+\^|https://(x\.example/|sandbox\.slack\.example/)[^<>|]*\|)"
)


def _foreign(said: str) -> list[str]:
    """And what is ours and cut in the middle: half a link is none."""
    strange = [said[at : at + 40] for at, c in enumerate(said) if c == "<" and not _OURS.match(said, at)]
    halves = [said[-40:]] if said.rfind("<") > said.rfind(">") or re.search(r"&[a-z]{0,3}…?$", said) else []
    return strange + halves


@pytest.mark.parametrize(
    "ping", ["<!channel>", "<@U0STRANGER>", "<https://evil.example|x>", "<https://x.example/><!here>"]
)
def test_a_ping_would_be_seen(ping: str) -> None:
    """The check of this page checks."""
    assert _rejected(say(f"hello {ping}"))
    assert _rejected(Message(text="hello <https://x.example/a|the…"))
    assert _rejected(Message(text="hello &am…"))
    assert _rejected(say("x")) == []


@settings(deadline=None, max_examples=150)
@given(incidents(), st.lists(readings, max_size=4), st.lists(foreign, max_size=3), foreign)
def test_no_alert_pings_the_room(incident: Incident, found: list[Reading], lines: Sequence[str], why: str) -> None:
    """T5: texts from outside can neither break a message nor ping a channel."""
    people = [Person(name=why, email=None, source=Source.ON_CALL, slack_id="U0SECONDARY")]
    said = [
        room.opening(incident),
        room.arrivals(people, {why: why}, lines, why),
        context.snapshot(found, make.AT, listed=False),
        room.assembled(incident, lines, 1.5),
        room.nobody_came(incident, ROOM, why),
        cadence.nudge(incident, ROOM, 15),
        cadence.unanswered(incident, ROOM, 30),
        cadence.promise_due(incident, ROOM, make.AT),
        cadence.promise_broken(incident, make.AT),
        cadence.update("U0PRIMARY", why),
        cadence.note("U0PRIMARY", why),
        alerts.changed(incident.groups[0]),
        room.announcement(incident, "<@U0PRIMARY>", 5),
        room.postmortem_filed(incident),
        room.rating(incident),
        room.farewell(incident, make.AT),
        status.card(incident, [], reminding=True),
        checklist.card(incident, [], make.AT),
        answers.gave_up(why),
        answers.put_aside(why, why),
    ]
    assert [complaint for message in said for complaint in _rejected(message)] == []
    assert len(room.topic(incident)) <= 250


@settings(deadline=None)
@given(
    title=foreign.map(lambda it: it[:255].strip() or "x"),
    body=foreign.map(lambda it: it[:BODY_MAX].strip() or "x"),
    state=st.sampled_from(DraftState),
    problems=st.lists(foreign, max_size=3),
    url=address | st.just(""),
    parts=st.lists(foreign, max_size=COMPONENTS_MAX),
    expired=st.booleans(),
)
def test_no_text_for_customers_pings_the_room(
    title: str, body: str, state: DraftState, problems: list[str], url: str, parts: list[str], expired: bool
) -> None:
    """T5, G2: and the whole of it is shown."""
    there = [Component(id=f"c{number}", name=f"x{name[:254]}", status=name) for number, name in enumerate(parts)]
    changes = tuple(one.to(ComponentStatus.PARTIAL_OUTAGE) for one in there)
    public = PublicText(title=title, status=PublicStatus.INVESTIGATING, body=body, components=changes)
    draft = make.draft(make.incident(), public=public).model_copy(
        update={"state": state, "approved_by": f"slack:{make.IC}"}
    )
    told = PublicIncident(id="p1", status=title, url=url)
    shown = statuspage.card(draft, problems, public=told, expired=expired)
    assert _rejected(shown) == []
    for unread in ("", title):
        assert view_complaints(editor(draft, [] if unread else there, unread)) == []
    texts = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"][2:]
    quoted = "".join(part.removeprefix(">").replace("\n>", "\n") for part in texts)
    assert quoted.startswith(escape(public.body))
    assert all(f"*{escape(change.name)}*" in quoted for change in changes)


@given(foreign)
def test_no_command_pings_the_room(typed: str) -> None:
    """T5: what was typed comes back as text."""
    gesture = Gesture(raw="", form="command", name=typed, user_id="U1", team_id="T1")
    assert _rejected(answers.unknown(gesture, CommandHelp((("help", "what there is"),)))) == []
    assert _rejected(say(answers.only_in_a_room(gesture, ["C0ROOM"]))) == []


@given(foreign, foreign)
def test_a_link_ends_where_it_ends(where: str, label: str) -> None:
    """T5"""
    shown = link(f"https://x.example/{where}", label)
    assert (shown.count("<"), shown.count(">"), shown[-1]) == (1, 1, ">")
    assert shown.count("|") == 1 + label.count("|")


# ---------------------------------------------------------------- what is too long

_items = st.lists(
    st.sampled_from(["<https://x.example/a|a link>", "<@U0PRIMARY>", "&amp;" * 5, "words " * 20]), max_size=40
)


@given(_items, st.integers(min_value=60, max_value=400), st.sampled_from(["\n", ", "]))
def test_a_list_is_cut_between_its_items_and_counts_the_others(items: list[str], limit: int, between: str) -> None:
    said = listing("*Head*\n", items, between=between, limit=limit)
    assert len(said) <= limit
    assert _foreign(said) == []
    left = re.search(r"… and (\d+) more$", said)
    shown = said.removeprefix("*Head*\n").split(between) if items else []
    assert len(shown) - bool(left) + (int(left[1]) if left else 0) == len(items)


@given(foreign, st.integers(min_value=20, max_value=200), st.integers(min_value=20, max_value=200))
def test_a_text_is_not_cut_in_a_link_or_a_sign(before: str, length: int, limit: int) -> None:
    said = clip(
        f"{escape(before)[:length]} {link('https://x.example/a', before)} & <@U0PRIMARY> {escape(before)}", limit
    )
    assert len(said) <= limit
    assert said.rfind("<") <= said.rfind(">")


def test_long_lists_are_whole_as_far_as_they_go() -> None:
    """T5: of alerts with links, tasks, people who did not come, and what is missing."""
    alert = make.alert(title="Error rate " * 20, link=f"https://x.example/{'a' * 250}")
    groups = tuple(AlertGroup.of(alert, Severity.P1, number=n) for n in range(1, 60))
    todo = tuple(
        Task(id=f"t{n}", text="look at & " * 15, owner="U0PRIMARY", by="U0PRIMARY", at=make.AT) for n in range(30)
    )
    incident = make.incident().but(alerts=groups, tasks=todo, missing=tuple(f"{'x & ' * 50}{n}" for n in range(40)))
    failed = {f"{'name & ' * 10}{n}": "Slack does not know them <x>" for n in range(60)}
    said = [
        status.card(incident, [], reminding=True), checklist.card(incident, [], make.AT), tasks.listed(incident),
        people.invited(["U0PRIMARY"] * 30, [], failed), room.arrivals([], failed, list(failed), "x"),
        room.assembled(incident, incident.missing, 1.5), say(alerts.listed(incident)),
    ]  # fmt: skip
    for message in said:
        assert _rejected(message) == []
        assert any(re.search(r"\n… and \d+ more$", text) for text in _markup([*message.blocks]))
    assert all(len(text) <= SECTION_MAX for message in said for text in _markup([*message.blocks]))
