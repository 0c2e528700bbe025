"""What tests of every kind share."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from app import clock
from tests import strict

strict.install()

Serve = Callable[[Any], str]
Moved = Callable[[float], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "an engine that runs already, for the contract tests of store and queue; make conformance starts them"
    parser.addoption("--engine", action="append", default=[], metavar="NAME=ADDRESS", help=what)


class _Served:
    """One ASGI app on a free port of this machine, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="websockets-sansio",
            log_config=None,  # pytest's own capturing stays as it is
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()  # the socket listens already, so an early request waits instead of failing

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
        assert not self._thread.is_alive(), "a served app did not stop"


@pytest.fixture(autouse=True)
def strict_requests() -> Iterator[None]:
    """Every request is one that the real service would take, not only its stand-in."""
    yield
    strict.settle()


@pytest.fixture
def refused_on_purpose() -> Iterator[None]:
    """For a test that sends what nobody should, to see what comes back."""
    with strict.on_purpose():
        yield


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(asgi_app)`` gives the base URL under which the app answers until the test ends."""
    served: list[_Served] = []

    def start(app: Any) -> str:
        served.append(_Served(app))
        return served[-1].base_url

    yield start
    for one in served:
        one.stop()


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Moved:
    """``moved(seconds)`` sets the machines' monotonic time ahead."""
    real = clock.monotonic
    ahead = 0.0

    def move(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(clock, "monotonic", lambda: real() + ahead)
    return move
