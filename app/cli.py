"""The commands that a person, or a pod, runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, NoReturn

import typer
import uvloop

from app import clock, settings
from app.errors import IncidentResponseError, SettingsError
from app.settings import ProcessorSettings, WebhookSettings

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

    _run_pod(chosen, run(chosen))


@cli.command()
def processor() -> None:
    """Pod 2: do the work. One replica."""
    chosen = _settings(ProcessorSettings)
    from app.processor.main import run  # the one pod does not load the other

    _run_pod(chosen, run(chosen))


@cli.command()
def sandbox(
    speed: Annotated[float, typer.Option(min=1.0, help="How much faster the people's time runs.")] = 1.0,
    fire: Annotated[bool, typer.Option(help="Fire one drill alert when everything stands.")] = True,
) -> None:
    """Both pods with a simulated world around them, on this machine, with no account anywhere."""
    _need_sandbox_extra()
    from app.sim.show import show

    try:
        asyncio.run(show(speed=speed, fire=fire))
    except IncidentResponseError as error:
        _fail(str(error), code=1)


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
        _fail(f"The sandbox needs {error.name}, which is not installed: pip install 'incident-response[sandbox]'")


def _fail(message: str, *, code: int = WRONG_USE) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
