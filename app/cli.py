"""The commands that a person, or a pod, runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Annotated, Any, NoReturn

import typer
import uvloop

from app import audit_cli, clock, settings, telemetry
from app.drill.run import fire_and_report
from app.drill.sender import Target
from app.errors import IncidentResponseError, SettingsError
from app.settings import ProcessorSettings, WebhookSettings
from app.terminal_settings import DrillSettings

WRONG_USE = 2  # exit code of what a person has to mend before the command can run

cli = typer.Typer(
    help="Alert to war room in seconds; nothing reaches customers that a person did not approve word for word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.command()
def webhook() -> None:
    """Pod 1: take alerts in, verify them, put them into the queue."""
    chosen = _settings(WebhookSettings)
    from app.webhook.main import run  # the one pod does not load the other

    _run_pod(chosen, run(chosen, partial(settings.load, WebhookSettings)))


@cli.command()
def processor() -> None:
    """Pod 2: do the work. One replica."""
    chosen = _settings(ProcessorSettings)
    from app.processor.main import run  # the one pod does not load the other

    _run_pod(chosen, run(chosen, partial(settings.load, ProcessorSettings)))


@cli.command()
def sandbox(
    speed: Annotated[float, typer.Option(min=1.0, help="How much faster the people's time runs.")] = 1.0,
    fire: Annotated[bool, typer.Option(help="Fire one alert when everything stands.")] = True,
) -> None:
    """Both pods with a simulated world around them, on this machine, with no account anywhere."""
    _need_sandbox_extra()
    from app.sim.show import show

    try:
        asyncio.run(show(speed=speed, fire=fire))
    except IncidentResponseError as error:
        _fail(str(error), code=1)


@cli.command()
def drill(
    own_sandbox: Annotated[bool, typer.Option("--sandbox", help="Play a whole incident in its own sandbox.")] = False,
    url: Annotated[str, typer.Option(help="Fire one drill alert at this deployment's webhook, watch, end it.")] = "",
    full: Annotated[bool, typer.Option("--full", help="With --sandbox: all that an incident can bring.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    service: Annotated[str, typer.Option(help="With --url: the service that is said to be down.")] = "",
    team: Annotated[str, typer.Option(help="With --url: whose directory group is invited.")] = "",
    integration: Annotated[str, typer.Option(help="With --url: OnCall integration id of the alert.")] = "",
    route: Annotated[str, typer.Option(help="With --url: OnCall route id, which finds who is on call.")] = "",
    minutes: Annotated[float, typer.Option(min=0, help="With --url: how long people have, from the room on.")] = 10,
) -> None:
    """Rehearse an incident, and check what an auditor would check. Exit code 0: all of it held."""
    if own_sandbox == bool(url):
        _fail("Say where: --sandbox for a simulated world of its own, or --url https://… for a deployment.")
    if full and not own_sandbox:
        _fail("--full plays with a simulated world: say --sandbox too.")
    telemetry.configure_command()
    if own_sandbox:
        _need_sandbox_extra()
        from app.sim.report import rehearse_and_report  # the pods do without the simulated world

        held = rehearse_and_report(full=full, as_json=as_json)
    else:
        target = Target(url, service, team or None, integration or None, route or None)
        held = fire_and_report(_settings(DrillSettings), target, minutes=minutes, as_json=as_json)
    try:
        ok = asyncio.run(held)
    except IncidentResponseError as error:
        _fail(str(error), code=1)
    raise typer.Exit(0 if ok else 1)


@cli.command()
def doctor(
    own_sandbox: Annotated[bool, typer.Option("--sandbox", help="Examine a sandbox of its own.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Prove every credential, right, channel, table and queue in advance. Exit code 0: nothing failed."""
    telemetry.configure_command()
    if own_sandbox:
        _need_sandbox_extra()
        from app.sim.checkup import doctor_in_sandbox  # the pods do without the simulated world

        healthy = doctor_in_sandbox(as_json=as_json)
    else:
        from app.doctor.report import examine_and_report

        healthy = examine_and_report(as_json=as_json)
    try:
        ok = asyncio.run(healthy)
    except IncidentResponseError as error:
        _fail(str(error), code=1)
    raise typer.Exit(0 if ok else 1)


@cli.command()
def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="Play that many seeds, on all cores.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Play this one, and print everything that happens in it.")] = None,
    only: Annotated[str, typer.Option(help="With --seed: the steps to take, as a failure names them.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Break everything at random, and check every promise. Exit code 0: all of them held."""
    if only and seed is None:
        _fail("--only needs --seed: it names steps of one seed's plan.")
    from app.sim.simulation.report import simulate as many  # the pods do without the simulated world
    from app.sim.simulation.report import simulate_one

    if seed is None:
        ok = many(seeds, as_json=as_json)
    else:
        numbers = [] if only in {"", "none"} else only.split(",")
        if not all(number.isdigit() for number in numbers):
            _fail("--only takes numbers with commas between them, as a failure prints them: --only 0,14,15")
        steps = {int(number) for number in numbers} if only else None
        ok = simulate_one(seed, steps, as_json=as_json)
    raise typer.Exit(0 if ok else 1)


cli.add_typer(audit_cli.cli, name="audit")


def main() -> None:
    cli()


def _settings(model: type[settings.S]) -> settings.S:
    try:
        return settings.load(model)
    except SettingsError as error:
        _fail(str(error))


def _run_pod(chosen: WebhookSettings | ProcessorSettings, pod: Coroutine[Any, Any, None]) -> None:
    if chosen.sandbox_clock:
        clock.install(clock.RealClock.parse(chosen.sandbox_clock))
    uvloop.run(pod)


def _need_sandbox_extra() -> None:
    try:
        import moto  # noqa: F401
        import websockets  # noqa: F401
    except ModuleNotFoundError as error:
        _fail(f"The sandbox needs {error.name}, which is not installed: in a clone, make install has all of it")


def _fail(message: str, *, code: int = WRONG_USE) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
