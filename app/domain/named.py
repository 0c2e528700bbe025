"""Whom somebody named in a command: people, addresses, teams. Pure.

Slack turns a mention into its own form where the command is set to escape: ``<@U1|name>``, ``<mailto:a@b|a@b>``,
``<!subteam^S1|@team>``. https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

_USER = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^>]*)?>")
_EMAIL = re.compile(r"(?:<mailto:)?([^\s<>|@]{1,64}@[^\s<>|@]{1,190}\.[^\s<>|@]{2,})(?:\|[^>]*>|>)?")
_GROUP = re.compile(r"<!subteam\^[A-Z0-9]+\|@?([^>]{1,80})>")
_TEAM = re.compile(r"@?([\w.-]{1,80})")
_WORD = re.compile(r"[\"“”„«]\s*@?([^\"“”„«»<>|]{1,80})[\"“”»]|<[^>]*>|[^\s,<]+")  # in quotes: a name with blanks


class Named(BaseModel):
    model_config = ConfigDict(frozen=True)

    slack_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # what is none of these


def read(words: str) -> Named:
    """In the order in which they stand, each once. Between them are blanks or commas; a team's name with such is in
    quotes."""
    found: dict[str, dict[str, None]] = {"slack_ids": {}, "emails": {}, "teams": {}, "unread": {}}
    for hit in _WORD.finditer(words):
        quoted = " ".join((hit[1] or "").split())
        kind, value = ("teams", quoted) if quoted and not _EMAIL.fullmatch(quoted) else _one(quoted or hit[0])
        found[kind][value] = None
    return Named(**{kind: tuple(values) for kind, values in found.items()})


def _one(word: str) -> tuple[str, str]:
    if user := _USER.fullmatch(word):
        return "slack_ids", user[1]
    if email := _EMAIL.fullmatch(word):
        return "emails", email[1].lower()
    if team := _GROUP.fullmatch(word) or _TEAM.fullmatch(word):
        return "teams", team[1]
    return "unread", word


def person(words: str, speaker: str) -> str | None:
    """The one Slack id that is meant, ``me`` being the speaker's; None: it is not one person."""
    if words.strip().lower() == "me":
        return speaker
    named = read(words)
    one = len(named.slack_ids) == 1 and not (named.emails or named.teams or named.unread)
    return named.slack_ids[0] if one else None
