"""CODEOWNERS, by GitHub's rules."""

from __future__ import annotations

import pytest

from app.domain.codeowners import owners


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* @org/all", ["@org/all"]),
        ("* @org/all\n/services/checkout/ @org/checkout", ["@org/checkout"]),
        ("/services/checkout/** @org/checkout", ["@org/checkout"]),
        ("checkout/* @one two@example.com", ["@one", "two@example.com"]),
        ("/services/checkout/ @org/checkout\n* @org/all", ["@org/all"]),  # the last line wins
        ("* @org/all\n/checkout/", []),  # a line without owners takes ownership away
        ("* @org/all # @nobody", ["@org/all"]),
        ("# * @nobody", []),
        ("* @org/all\n/checkout/ not-an-owner", ["@org/all"]),  # an invalid line is skipped
        ("* @org/all\n!/checkout/ @x\n/[c]heckout/ @y", ["@org/all"]),
        ("/docs/checkout/images/ @docs\n/Checkout/ @other", []),  # below it, and not it: case matters
        ("", []),
    ],
)
def test_the_last_line_about_the_service_or_everything_decides(text: str, expected: list[str]) -> None:
    assert owners(text, "checkout") == expected
