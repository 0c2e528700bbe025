"""The doctor's report: for a person lines that a narrow terminal holds, for a machine one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from app import policy_file, services_file
from app.doctor.check import Finding, Verdict
from app.doctor.deployment import Deployment
from app.doctor.examine import examine, without_settings
from app.domain.catalogue import Catalogue
from app.domain.policy import Policy
from app.errors import SettingsError
from app.settings import ProcessorSettings, load
from app.terminal_settings import DoctorSettings

_MARKS = {
    Verdict.OK: "[green]✓ ok[/]",
    Verdict.FAILED: "[red]✗ failed[/]",
    Verdict.COULD_NOT_TELL: "[yellow]? could not tell[/]",
}

_INDENT = 4


async def examine_and_report(*, as_json: bool) -> bool:
    """Whether nothing failed."""
    findings = await _findings()
    ok = all(finding.verdict is not Verdict.FAILED for finding in findings)
    if as_json:
        print(json.dumps({"ok": ok, "checks": [asdict(finding) for finding in findings]}, indent=2))  # noqa: T201
    else:
        Console(highlight=False).print(Group(*_lines(findings, ok=ok)))
    return ok


async def _findings() -> list[Finding]:
    try:
        settings, more = load(ProcessorSettings), load(DoctorSettings)
        catalogue = _files(settings)
    except SettingsError as error:
        return without_settings(str(error))
    async with Deployment(settings, catalogue, more.grafana_oncall_hmac_secret_id) as deployment:
        return await examine(deployment)


def _files(settings: ProcessorSettings) -> Catalogue:
    """Of services; the policy is only read to see that it can be. Raises ``SettingsError`` for both at once."""
    catalogue, wrong = Catalogue(), list[str]()
    try:
        policy_file.read(settings.policy_file, Policy())
    except SettingsError as error:
        wrong.append(str(error))
    try:
        catalogue = services_file.read(settings.services_file)
    except SettingsError as error:
        wrong.append(str(error))
    if wrong:
        raise SettingsError("\n".join(wrong))
    return catalogue


def _lines(findings: Sequence[Finding], *, ok: bool) -> Iterator[RenderableType]:
    """What is well, side by side; then what is not, as broad as the terminal is, and once for all that say the same.

    The verdict is last, where people look.
    """
    well = Table.grid(padding=(0, 2))
    for finding in findings:
        if finding.verdict is Verdict.OK:
            well.add_row(_MARKS[finding.verdict], finding.check, escape(finding.found))
    yield well
    ill: dict[tuple[Verdict, str, str], list[str]] = {}
    for finding in findings:
        if finding.verdict is not Verdict.OK:
            ill.setdefault((finding.verdict, finding.found, finding.remedy), []).append(finding.check)
    for (verdict, found, remedy), checks in ill.items():
        heading = Table.grid(padding=(0, 2))
        heading.add_row(_MARKS[verdict], ", ".join(checks))
        yield from ("", heading)
        for line in (*found.splitlines(), f"→ {remedy}"):
            words = line.lstrip()
            yield Padding(escape(words), (0, 0, 0, _INDENT + len(line) - len(words)))
    yield "\nDoctor: " + ("[bold green]nothing failed[/]" if ok else "[bold red]not ready for an incident[/]")
