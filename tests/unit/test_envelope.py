"""Names of lanes fit SQS, and two lanes are never one."""

from __future__ import annotations

import pytest

from app.queue.envelope import lane


@pytest.mark.parametrize(
    ("one", "other"),
    [("x" * 200 + "a", "x" * 200 + "b"), ("a b", "a_b"), ("ä", "ö")],
)
def test_two_lanes_have_two_names_that_sqs_takes(one: str, other: str) -> None:
    """T2: what is cut is hashed."""
    names = lane("alert", one), lane("alert", other)
    assert names[0] != names[1]
    assert all(len(name) <= 128 and name.isascii() and " " not in name for name in names)
