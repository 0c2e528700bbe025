"""The drill's report: what was checked, what was found, how long it took."""

from __future__ import annotations

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.sim.auditor import Report
from app.sim.full.rehearsal import rehearse as rehearse_all
from app.sim.rehearsal import rehearse


async def rehearse_and_report(*, full: bool, as_json: bool) -> bool:
    """Whether all of it held. JSON goes to standard output and nothing else does; progress goes to standard error."""
    progress = Console(stderr=True, highlight=False)
    played = rehearse_all if full else rehearse
    report = await played(lambda line: progress.print(f"  [dim]{escape(line)}[/]"))
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201
    else:
        Console(highlight=False).print(table(report))
    return report.ok


def table(report: Report) -> Table:
    verdict = "[bold green]all of it held[/]" if report.ok else "[bold red]it did not hold[/]"
    shown = Table(title=f"Drill {report.incident or ''}: {verdict}", title_justify="left")
    for column in ("", "check", "found"):
        shown.add_column(column, overflow="fold")
    for check in report.checks:
        shown.add_row("[green]✓[/]" if check.ok else "[red]✗[/]", escape(check.name), escape(check.found))
    shown.add_row(
        "[green]✓[/]" if report.audit_verified else "[red]✗[/]",
        "the audit trail is gapless and unchanged",
        f"{report.audit_events} events",
    )
    leaks = escape("; ".join(report.leaks)) or "no schedule, message or process"
    shown.add_row("[red]✗[/]" if report.leaks else "[green]✓[/]", "nothing was left behind", leaks)
    for name, took in report.timings.items():
        shown.add_row("", name.removesuffix("_ms").replace("_", " "), f"{took} ms")
    return shown
