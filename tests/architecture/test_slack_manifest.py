"""The Slack app's manifest asks for what the app uses, no more, and Slack would take it.

Limits: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.doctor.slack import SCOPES
from app.domain.gesture import COMMAND
from app.sim.slack_events import SUBSCRIBED
from tests.architecture.tree import handlers, text

MANIFEST: dict[str, Any] = yaml.safe_load(text(Path("artifacts/slack-app-manifest.yaml")))


def test_it_asks_for_the_scopes_that_are_used_and_no_more() -> None:
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": list(SCOPES)}


def test_it_subscribes_to_the_events_that_are_handled() -> None:
    """``message`` of a private channel is subscribed to as ``message.groups``."""
    asked = {event.partition(".")[0] for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"]}
    assert asked == {path.stem for path in handlers("room_events")} == set(SUBSCRIBED)


def test_people_can_type_it_and_mentions_arrive_as_ids() -> None:
    [command] = MANIFEST["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True


@pytest.mark.parametrize(
    ("path", "least", "most"),
    [
        ("display_information.name", 1, 35),
        ("display_information.description", 1, 140),
        ("features.bot_user.display_name", 1, 80),
        ("features.slash_commands.0.command", 2, 32),
        ("features.slash_commands.0.description", 1, 2000),
        ("features.slash_commands.0.usage_hint", 1, 1000),
    ],
)
def test_its_texts_have_the_length_that_slack_takes(path: str, least: int, most: int) -> None:
    value: Any = MANIFEST
    for part in path.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    assert least <= len(value) <= most


def test_it_holds_nothing_that_slack_does_not_know() -> None:
    known = {
        "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
        "display_information": {"name", "description", "long_description", "background_color"},
        "features": {"bot_user", "slash_commands", "shortcuts", "app_home"},
        "settings": {
            "event_subscriptions", "interactivity", "socket_mode_enabled", "org_deploy_enabled",
            "token_rotation_enabled", "allowed_ip_address_ranges",
        },
    }  # fmt: skip
    for part, keys in known.items():
        assert set(MANIFEST[part] if part else MANIFEST) <= keys
    assert re.fullmatch(r"#[0-9a-f]{6}", MANIFEST["display_information"]["background_color"])


def test_the_guide_says_what_each_scope_is_for() -> None:
    guide = text(Path("docs/slack-app.md"))
    assert [scope for scope, use in SCOPES.items() if f"| `{scope}` | {use} |" not in guide] == []
