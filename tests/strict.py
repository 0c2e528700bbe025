"""Every request that a test makes is held to what the real service would take, not only its stand-in.

AWS: the rules of ``app/sim/aws_rules.py``, since moto takes more. Slack: Block Kit, names and arguments, as the
simulated Slack checks them. Linear: its schema. What would be refused fails the test at its end, even where the code
under test lives with a refusal; at AWS it also raises where it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import graphql
from botocore import handlers
from botocore.model import OperationModel

from app.sim import aws_rules, linear, slack, slack_messages, slack_people
from app.sim.slack_rules import Failure

seen: list[str] = []  # what was wrong since the test began


# Slack's words for a request that can never be taken, whatever the state of the workspace.
_MALFORMED = (
    "invalid_arguments", "invalid_blocks", "invalid_name", "invalid_metadata", "invalid_limit", "invalid_cursor",
    "no_text", "too_long", "view_too_large",
)  # fmt: skip


class WouldBeRefused(AssertionError):
    """By AWS; here it would have passed."""


_on_purpose = False


def install() -> None:
    """For every client of botocore and aiobotocore that is made from now on, and the simulated vendors of this process.

    To be called once.
    """
    handlers.BUILTIN_HANDLERS.append(("before-parameter-build", check, handlers.REGISTER_LAST))
    for module in (slack, slack_messages, slack_people):
        for name in {"block_complaints", "view_complaints"} & vars(module).keys():
            setattr(module, name, _noting(getattr(module, name)))
    setattr(linear, "validate", _noting(graphql.validate))  # noqa: B010 - not a name that it exports
    fail = Failure.__init__

    def failing(self: Failure, code: str, *messages: str, **more: Any) -> None:
        if code.startswith(_MALFORMED):
            _note([f"Slack: {code} {' '.join(messages)}"])
        fail(self, code, *messages, **more)

    Failure.__init__ = failing  # type: ignore[method-assign]


def check(params: Mapping[str, Any], model: OperationModel, **_: Any) -> None:
    found = aws_rules.complaints(model, params)
    if found and not _on_purpose:
        _note(found)
        raise WouldBeRefused("\n".join(found))


def settle() -> None:
    """Fails when something was wrong; afterwards nothing is held against anyone."""
    found, seen[:] = list(seen), []
    assert not found, "would have been refused:\n" + "\n".join(found)


@contextmanager
def on_purpose() -> Iterator[None]:
    """For a test of what happens when it is refused."""
    global _on_purpose
    _on_purpose = True
    try:
        yield
    finally:
        _on_purpose = False


def _note(found: list[str]) -> None:
    if not _on_purpose:
        seen.extend(found)


def _noting(checked: Callable[..., Any]) -> Callable[..., Any]:
    """The same check, remembered."""

    def noted(*arguments: Any) -> Any:
        complaints = checked(*arguments)
        _note([str(one) for one in complaints])
        return complaints

    return noted
