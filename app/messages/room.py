"""What the war room says: its header, who came, the reminder, the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.alert import State
from app.domain.catalogue import About
from app.domain.incident import Incident
from app.domain.people import Person, Role
from app.domain.ticket import Rating
from app.messages.message import (
    Block,
    Message,
    actions,
    button,
    clip,
    context,
    cut,
    escape,
    header,
    link,
    listing,
    say,
    section,
)

_ALERTS_NAMED = 4  # in the header, of those of the incident


def topic(incident: Incident) -> str:
    return cut(f"{incident.severity} · {incident.service} · {incident.title}", 250)


def opening(incident: Incident) -> Message:
    """The first message: what burns, who commands, where to look, what to press."""
    commander = f"<@{incident.ic}>" if incident.ic else "nobody yet: *Take command*"
    facts = [
        f"*Severity* {incident.severity}",
        f"*Service* {escape(incident.service)}",
        f"*Team* {escape(incident.team or 'not named by the alert')}",
        f"*Fired* {slack_time(incident.alert.at)}",
        f"*Incident commander* {commander}",
        *([roles(incident)] if incident.roles else []),
        *([f"*Alerts* {counted(incident)}"] if len(incident.groups) > 1 else []),
    ]
    if incident.mitigated_at:
        facts.append(f"*Mitigated* {slack_time(incident.mitigated_at)}")
    blocks: list[Block] = [
        header(f"{incident.severity}: {incident.title}"),
        section("\n".join(facts)),
    ]
    if known := about(incident.about):
        blocks.append(section("\n".join(known)))
    if incident.alert.summary:
        blocks.append(section(escape(cut(incident.alert.summary, 2000))))
    if incident.drill:
        blocks.append(section(":test_tube: *This is a drill.* Nothing of it can reach customers."))
    source = f"{link(incident.alert.link, 'Alert group in OnCall')} · " if incident.alert.link else ""
    blocks.append(context(f"{source}incident `{incident.id}` · `/incident-response help` lists what you can do here"))
    blocks.append(actions(take_command(incident), silence(incident)))
    return Message(text=clip(f"{incident.severity}: {escape(incident.title)}", 300), blocks=tuple(blocks))


def counted(incident: Incident) -> str:
    """``20 (18 not over, 3 of them acknowledged): the titles of the first few``"""
    first = ", ".join(escape(cut(group.title, 60)) for group in incident.groups[:_ALERTS_NAMED])
    states = [group.state for group in incident.groups]
    in_hand = [f"{n} of them {state}" for state in (State.ACKNOWLEDGED, State.SILENCED) if (n := states.count(state))]
    how = ", ".join([f"{len(incident.not_over)} not over", *in_hand])
    return f"{len(states)} ({how}): {first}" + (", …" if len(states) > _ALERTS_NAMED else "")


def about(service: About) -> list[str]:
    """Lines for the header: how much it matters, and where to look first."""
    tier = f"*Tier* {escape(str(service.tier))}" if service.tier is not None else ""
    slo = f"*SLO* {escape(service.slo)}" if service.slo else ""
    pages = [("Runbook", service.runbook)] if service.runbook else []
    pages += [(dashboard.title, dashboard.url) for dashboard in service.dashboards]
    look = "*Look* " + " · ".join(link(url, title) for title, url in pages) if pages else ""
    return [line for line in (tier, slo, look) if line]


def roles(incident: Incident) -> str:
    """``*Deputy* <@U1> · *Scribe* <@U2>``; "" if nobody has one."""
    held = [(role, incident.roles[role]) for role in Role if role in incident.roles]
    return " · ".join(f"*{role.capitalize()}* <@{slack_id}>" for role, slack_id in held)


def to(ic: str | None) -> str:
    """Whom a message calls; "" while nobody commands."""
    return f"<@{ic}>: " if ic else ""


def take_command(incident: Incident) -> Block:
    return button("take_command", "Take command", incident.id)


def silence(incident: Incident) -> Block:
    return button("silence_nudges", "Silence reminders", incident.id)


def arrivals(joined: Sequence[Person], absent: dict[str, str], failures: Sequence[str], chain: str) -> Message:
    """Who is here and why, who could not come and why, and which list of people could not be read (P-people)."""
    lines = [f"• <@{person.slack_id}> ({person.source.replace('_', ' ')})" for person in joined]
    lines = lines or ["• nobody could be invited"]
    blocks: list[Block] = [section(listing("*Here*\n", lines))]
    if absent:
        lines = [f"• {escape(name)}: {escape(why)}" for name, why in absent.items()]
        blocks.append(section(listing("*Not here*\n", lines)))
    if failures:
        blocks.append(section(listing(":warning: *Not known*\n", [f"• {escape(failure)}" for failure in failures])))
    if chain:
        blocks.append(context(f"On call found through {escape(chain)}"))
    return Message(text=f"{len(joined)} people are here", blocks=tuple(blocks))


def assembled(incident: Incident, missing: Sequence[str], seconds: float) -> Message:
    if missing:
        head = (
            f":warning: {to(incident.ic)}the room stands, {seconds:.1f} s after the alert, but something is missing:\n"
        )
        told = say(listing(head, [f"• {escape(line)}" for line in missing]))
        # What is missing may be the header, and with it the one place to take command.
        return Message(text=told.text, blocks=(*told.blocks, actions(take_command(incident), silence(incident))))
    return say(f":white_check_mark: Room assembled {seconds:.1f} s after the alert.")


def nobody_came(incident: Incident, room: str, why: str) -> Message:
    """For somebody outside the room, since inside nobody would read it (S3)."""
    return say(
        f":rotating_light: *{incident.severity}: {escape(incident.title)}* ({escape(incident.service)}). "
        f"{link(room, 'A war room is open')} and *nobody could be invited*; if you cannot enter either, ask an admin: "
        f"{escape(why)}"
    )


def commander_changed(slack_id: str) -> Message:
    return say(f":star: <@{slack_id}> commands this incident now.")


def announcement(incident: Incident, by: str, minutes: int) -> Message:
    done = incident.postmortem
    where = link(done.url, done.identifier) if done else "not filed yet; it will be, and the link comes here"
    if incident.drill:
        where = "written, and not filed: this was a drill"
    dropped = f"\n:warning: {promise_dropped(incident)}" if promise_dropped(incident) else ""
    return say(f":checkered_flag: *Resolved* by {by} after {minutes} min. Postmortem draft: {where}{dropped}")


def promise_dropped(incident: Incident) -> str:
    """Of a promise to customers that the resolution left open; "" if it left none."""
    at = incident.public.dropped if incident.public else None
    if at is None:
        return ""
    return f"Customers were promised an update by {slack_time(at)}: the last word to them waits here for its approval."


def postmortem_filed(incident: Incident) -> Message:
    done = incident.postmortem
    return say(f":memo: The postmortem draft is filed: {link(done.url, done.identifier)}" if done else ":memo: filed")


def rating(incident: Incident) -> Message:
    question = "How did this incident go for you? One click; it goes into the incident's record."
    return Message(text=question, blocks=(section(question), actions(*stars(incident))))


def stars(incident: Incident) -> list[Block]:
    return [button(f"rate:{n}", "★" * n, Rating(incident=incident.id, stars=n).model_dump_json()) for n in range(1, 6)]


def farewell(incident: Incident, at: datetime) -> Message:
    done = incident.postmortem
    where = f" The postmortem is {link(done.url, done.identifier)}." if done else ""
    return say(f":file_folder: This room is archived {slack_time(at)}.{where}")


def still_open(incident: Incident, why: str) -> Message:
    return say(f":hourglass: {to(incident.ic)}{why}; this room stays open until then.")


def slack_time(at: datetime) -> str:
    """In each reader's own time zone: https://docs.slack.dev/messaging/formatting-message-text#date-formatting"""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|{at:%Y-%m-%d %H:%M:%S} UTC>"
