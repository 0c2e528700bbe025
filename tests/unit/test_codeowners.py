"""CODEOWNERS, by GitHub's rules."""

from __future__ import annotations

import pytest

from app.domain.codeowners import owners, owners_of_paths


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


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "a/b.py", True),
        ("*.js", "x/y.js", True),
        ("*.js", "x.jsx", False),
        ("/build/logs/", "build/logs/a/b", True),
        ("/build/logs/", "x/build/logs/a", False),
        ("docs/*", "docs/start.adoc", True),
        ("docs/*", "docs/a/b.adoc", False),  # what lies in it, and no deeper
        ("apps/", "x/apps/y", True),
        ("apps/", "apps", False),  # a file is no directory
        ("**/logs", "scripts/logs/a", True),
        ("**/logs", "logs", True),
        ("/apps/github", "apps/github/x", True),
        ("/apps/github", "apps/githubs/x", False),
        ("services/**", "services/a/b", True),
        ("services/**", "services", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "axb", False),
        ("checkout", "services/checkout/x", True),
        ("/*", "a/b", False),
        ("fo?", "foo", True),
        ("a.b", "axb", False),
        ("/Docs/", "docs/x", False),
    ],
)
def test_a_pattern_matches_as_in_gitignore(pattern: str, path: str, matches: bool) -> None:
    assert owners_of_paths(f"{pattern} @it", [path]) == {path: ["@it"] if matches else []}


def test_of_each_touched_file_the_last_matching_line_decides() -> None:
    file = "* @all\n*.py @python\n/services/checkout/ @checkout\n/services/checkout/docs/\n/services/ not-an-owner\n"
    assert owners_of_paths(
        file, ["README.md", "tools/x.py", "services/checkout/x.py", "services/checkout/docs/x.py"]
    ) == {
        "README.md": ["@all"],
        "tools/x.py": ["@python"],
        "services/checkout/x.py": ["@checkout"],
        "services/checkout/docs/x.py": [],  # a line without owners takes ownership away
    }


def test_a_pattern_of_wildcards_takes_no_longer_than_others() -> None:
    """Whoever may merge may write one: it must not hold up the room."""
    assert owners_of_paths("*a" * 60 + "b @it", ["a" * 4000]) == {"a" * 4000: []}


def test_the_directory_of_a_pattern_is_found_whatever_its_end() -> None:
    """P-bounded: and without trying every part of a line of slashes."""
    for end in ("", "/", "/*", "/**", "//", "/*/", "/" * 40_000):
        assert owners(f"/services/checkout{end} @org/payments", "checkout") == ["@org/payments"]
    assert owners("*/ @org/all", "checkout") == ["@org/all"]
    assert owners("check*" + "/" * 40_000 + "x @org/other", "checkout") == []
