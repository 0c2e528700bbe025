"""AWS for the contract tests: the sandbox's, in a process of its own; ``make conformance`` adds other engines."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.sim import aws as sandbox

Reach = Callable[[str], str]

# What a test that names one of these is run on, always; and the engine that it runs on as well when it is there.
ENGINES = {
    "store_engine": (["memory", "moto"], "dynamodb-local"),
    "queue_engine": (["memory", "moto"], "elasticmq"),
    "queue_server": (["moto"], "elasticmq"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    given = _given(metafunc.config)
    own = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    for fixture, (always, real) in ENGINES.items():
        if fixture in metafunc.fixturenames and fixture not in own:
            metafunc.parametrize(fixture, [*always, *([real] if real in given else [])])


def _given(config: pytest.Config) -> dict[str, str]:
    """Of the engines that were started for this run, by name."""
    return dict(given.split("=", 1) for given in config.getoption("--engine"))


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    with moto() as endpoint:
        yield endpoint


@contextmanager
def moto() -> Iterator[str]:
    """Its address. A test that wants AWS to itself starts one of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app.sim.moto_server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def aws(reach: Reach) -> str:
    """Its address, which every AWS client of this test finds in the environment, as in a sandbox."""
    return reach("moto")


@pytest.fixture
def reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Reach:
    """``reach(engine)`` is the engine's address, and from then on every AWS client of this test finds it."""

    def to(engine: str) -> str:
        endpoint: str = request.getfixturevalue("aws_endpoint") if engine == "moto" else _given(request.config)[engine]
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.ACCESS_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.SECRET_KEY)
        return endpoint

    return to


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "moto's server ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("moto's server did not come up within 60 s")
