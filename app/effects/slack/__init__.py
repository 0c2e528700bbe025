"""Slack: ``chat`` is the port, ``web_api`` how Slack is called, ``pace`` how often."""

from app.effects.slack.chat import Slack

__all__ = ["Slack"]
