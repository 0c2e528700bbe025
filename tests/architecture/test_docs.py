"""What the documentation says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from app.cli import cli
from scripts import chart_values, docs, error_messages
from tests.architecture.tree import ROOT, handlers, modules, text

FOLDERS = ("docs", "artifacts", "chart")
PAGES = [
    page.relative_to(ROOT)
    for pages in (ROOT.glob("*.md"), *((ROOT / folder).rglob("*.md") for folder in FOLDERS))
    for page in sorted(pages)
]
LINK = re.compile(r"\]\(([^)#\s]+)")
TYPED = re.compile(r"(?:^|`)incident-response (audit [a-z]+|[a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("page", docs.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    written = page.read_text()
    assert written == docs.renewed(written), f"{page.relative_to(ROOT)} says something else than the code: `make docs`"


def test_every_generated_part_has_its_place() -> None:
    placed = {part["name"] for page in PAGES for part in docs.PART.finditer(text(page))}
    assert placed == set(docs.PARTS)


def test_a_page_that_is_out_of_step_is_seen() -> None:
    page = "before\n<!-- generated: slash commands -->\n| `/incident-response fly` | away |\n<!-- end -->\nafter\n"
    renewed = docs.renewed(page)
    assert "fly" not in renewed
    assert "/incident-response status" in renewed
    assert (renewed.startswith("before\n"), renewed.endswith("after\n")) == (True, True)


def test_every_kind_of_error_is_told_to_somebody_or_is_known_to_be_told_to_nobody() -> None:
    """S5: an error message that no page has is one that nobody can look up."""
    assert error_messages.unheard_of() == set()


def test_an_error_message_is_found_wherever_its_words_stand() -> None:
    """Between the quotes, in a function that gives the reason, in a table of remedies."""
    page = text(Path("docs/troubleshooting.md"))
    for words in ("There is no such draft in this incident.", "This is a drill: nothing of it is ever published"):
        assert any(words in row[0] for row in error_messages.refusals()), words
        assert words in page
    assert ("401", "not signed by Slack, or too long ago") in {
        row[:2] for row in error_messages.answers_of_the_webhook()
    }
    assert "check LINEAR_API_KEY" in {row[2] for row in error_messages.of_vendors()}


def test_every_value_of_the_chart_says_what_it_is() -> None:
    assert chart_values.untold() == []


def test_every_setting_says_what_it_is_and_required_ones_where_from() -> None:
    assert "|  |" not in docs.settings()


def test_every_audit_type_is_recorded_by_somebody() -> None:
    """S5: a type that nothing records is a promise that nothing keeps."""
    assert [kind for kind, modules in docs.recorded_by().items() if not modules] == []


def test_every_button_is_in_the_list() -> None:
    """S5: what is listed exists, and what exists is listed."""
    buttons = text(Path("docs/commands.md")).partition("buttons and forms")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", buttons, re.MULTILINE)) == [path.stem for path in handlers("actions")]


def test_every_command_that_is_named_can_be_typed() -> None:
    """S5: an advertised command exists."""
    known = _commands()
    assert {name for page in PAGES for name in TYPED.findall(text(page))} - known == set()
    listed = text(Path("docs/commands.md")).partition("## In a terminal")[2]
    assert [name for name in known if f"`incident-response {name}" not in listed] == []


def test_every_make_verb_that_is_named_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*## ", text(Path("Makefile")), re.MULTILINE))
    named = {verb for page in PAGES for verb in re.findall(r"(?:^|`)make ([a-z-]+)", text(page), re.MULTILINE)}
    assert named
    assert named <= verbs


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    words = re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in LINK.findall(words) if "://" not in link and page.stem != "0000-template"]
    paths = re.findall(r"`((?:app|tests|docs|scripts|artifacts|chart|gitops)/[\w./-]*)`", words)
    lost = [link for link in links if not (ROOT / page.parent / link).exists()]
    lost += [path for path in paths if not (ROOT / path).exists()]
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_that_is_cited_exists(page: Path) -> None:
    """S5: a control is worth the test that proves it."""
    cited = re.findall(r"`(tests/[\w/.-]+\.py)::(\w+)", text(page))
    assert [one for one in cited if not _has_test(*one)] == []


def test_the_code_cites_pages_that_are_here() -> None:
    """A comment that points to a page nobody has is worse than none."""
    sources = [*modules(), *modules("tests"), *modules("scripts"), Path("pyproject.toml"), Path("Makefile")]
    cited = {(str(path), page) for path in sources for page in re.findall(r"[\w/.-]+\.md\b", text(path))}
    assert cited
    assert [(path, page) for path, page in sorted(cited) if not (ROOT / page).exists()] == []


def test_every_page_can_be_found_from_the_front_door() -> None:
    found, waiting = set[Path](), [Path("README.md")]
    while waiting:
        page = waiting.pop()
        if page in found or not (ROOT / page).is_file():
            continue
        found.add(page)
        links = LINK.findall(text(page)) if page.suffix == ".md" else []
        targets = [(ROOT / page.parent / link).resolve() for link in links if "://" not in link]
        waiting += [(one / "README.md" if one.is_dir() else one).relative_to(ROOT) for one in targets]
    assert [str(page) for page in PAGES if page not in found] == []


def test_every_decision_says_the_same_four_things() -> None:
    pages = [page for page in PAGES if page.match("docs/adr/0*.md")]
    for page in pages:
        assert re.findall(r"^## (.+)$", text(page), re.MULTILINE) == [
            "Context", "Decision", "Consequences", "What would change our mind"
        ], page  # fmt: skip
        assert len(text(page).splitlines()) <= 60, f"{page}: a decision is one page"


def _has_test(path: str, name: str) -> bool:
    return (ROOT / path).exists() and re.search(rf"def {name}\(", text(Path(path))) is not None


def _commands() -> set[str]:
    """As typed behind ``incident-response``; a group stands for itself, too."""
    found = set[str]()
    for name, command in getattr(typer.main.get_command(cli), "commands", {}).items():
        found |= {name, *(f"{name} {sub}" for sub in getattr(command, "commands", {}))}
    return found
