"""Every AWS request that a test makes is held to what AWS would accept (``app/sim/aws_rules.py``): moto takes more.

A request that AWS would refuse raises where it is made, and fails the test at its end even if somebody swallowed that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import handlers
from botocore.model import OperationModel

from app.sim import aws_rules

seen: list[str] = []  # what was wrong since the test began


class WouldBeRefused(AssertionError):
    """By AWS; here it would have passed."""


_on_purpose = False


def install() -> None:
    """For every client that is made from now on, botocore's and aiobotocore's alike. To be called once."""
    handlers.BUILTIN_HANDLERS.append(("before-parameter-build", check, handlers.REGISTER_LAST))


def check(params: Mapping[str, Any], model: OperationModel, **_: Any) -> None:
    found = [] if _on_purpose else aws_rules.complaints(model, params)
    if found:
        seen.extend(found)
        raise WouldBeRefused("\n".join(found))


def settle() -> None:
    """Fails when something was wrong; afterwards nothing is held against anyone."""
    found, seen[:] = list(seen), []
    assert not found, "AWS would have refused:\n" + "\n".join(found)


@contextmanager
def on_purpose() -> Iterator[None]:
    """For a test of what happens when AWS does refuse."""
    global _on_purpose
    _on_purpose = True
    try:
        yield
    finally:
        _on_purpose = False
