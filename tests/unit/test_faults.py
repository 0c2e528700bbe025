"""The switchboard of the sandbox's faults: what a client of a faulty vendor sees, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from app.sim.faults import Faulty, Kind, control_app
from tests.conftest import Serve


class Vendor:
    """Answers, and remembers what it did."""

    def __init__(self) -> None:
        self.done: list[str] = []

        async def work(request: Any) -> JSONResponse:
            self.done.append(f"{request.method} {request.url.path} {(await request.body()).decode()}")
            return JSONResponse({"ok": True})

        self.faulty = Faulty(Starlette(routes=[Route("/{rest:path}", work, methods=["GET", "POST"])]), "vendor")


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def http(vendor: Vendor, serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    """A vendor at /vendor and the switchboard at /faults, as in the sandbox."""
    base = serve(
        Starlette(routes=[Mount("/vendor", vendor.faulty), Mount("/faults", control_app({"vendor": vendor.faulty}))])
    )
    async with httpx.AsyncClient(base_url=base) as http:
        yield http


async def test_without_a_fault_nothing_is_in_the_way(http: httpx.AsyncClient, vendor: Vendor) -> None:
    assert (await http.post("/vendor/a", content=b"x")).json() == {"ok": True}
    assert len(vendor.done) == 1


async def test_throttling_names_the_pause_and_does_nothing(http: httpx.AsyncClient, vendor: Vendor) -> None:
    await http.post("/faults/vendor", json={"kind": "throttle", "seconds": 7})
    answer = await http.post("/vendor/a")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert vendor.done == []


async def test_an_error_strikes_as_often_as_told_and_only_what_matches(http: httpx.AsyncClient, vendor: Vendor) -> None:
    await http.post("/faults/vendor", json={"kind": "error", "times": 2, "match": "POST /vendor/a"})
    asked = [("GET", "a"), ("POST", "b"), ("POST", "a"), ("POST", "a"), ("POST", "a")]
    codes = [(await http.request(method, f"/vendor/{path}")).status_code for method, path in asked]
    assert codes == [200, 200, 503, 503, 200]
    shown = (await http.get("/faults/")).json()
    assert shown == {"vendor": {"faults": [], "struck": {"error": 2}}}
    assert len(vendor.done) == 3


async def test_a_late_answer_is_an_answer(http: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faulty.add(Kind.LATENCY, seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        await http.get("/vendor/a", timeout=0.05)
    assert (await http.get("/vendor/a", timeout=5)).status_code == 200
    vendor.faulty.add(Kind.ERROR)  # after the wait, other faults still strike
    assert (await http.get("/vendor/a", timeout=5)).status_code == 503


async def test_dropped_before_it_was_done(http: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faulty.add(Kind.DROP_BEFORE)
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/vendor/a", content=b"x", timeout=0.2)
    assert vendor.done == []


async def test_done_and_never_answered(http: httpx.AsyncClient, vendor: Vendor) -> None:
    """The whole request is worked, body and all; only the answer is missing."""
    vendor.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/vendor/a", content=b"x", timeout=0.2)
    assert vendor.done == ["POST /vendor/a x"]
    assert (await http.post("/vendor/a")).status_code == 200


async def test_what_is_held_is_let_go_when_the_fault_is_switched_off(http: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faulty.add(Kind.COMMIT_THEN_TIMEOUT, match="POST")
    held = asyncio.create_task(http.post("/vendor/a", timeout=20))
    while "POST" not in "".join(vendor.done):
        await http.get("/vendor/b")
    assert (await http.delete("/faults/vendor")).json()["faults"] == []
    assert (await held).status_code == 504


async def test_a_held_connection_ends_with_its_time(http: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faulty.add(Kind.DROP_BEFORE, seconds=0.1)
    assert (await http.post("/vendor/a", timeout=20)).status_code == 504


async def test_a_vendor_may_have_its_own_words_for_too_many(serve: Serve) -> None:
    async def never(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nothing is done")

    faulty = Faulty(never, "v", throttled=lambda seconds: JSONResponse({"wait": seconds}, 420))
    faulty.add(Kind.THROTTLE, seconds=2.2)
    async with httpx.AsyncClient() as http:
        answer = await http.get(serve(faulty))
    assert (answer.status_code, answer.json()) == (420, {"wait": 3})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("POST", "/faults/nobody", '{"kind": "error"}', 404, ["nobody", "vendor"]),
        ("DELETE", "/faults/nobody", "", 404, ["nobody", "vendor"]),
        ("POST", "/faults/vendor", '{"kind": "boredom"}', 422, ["commit_then_timeout", "kind"]),
        ("POST", "/faults/vendor", "not json", 422, ["latency"]),
        ("POST", "/faults/vendor", '{"kind": "error", "often": 2}', 422, ["often", "times"]),
        ("POST", "/faults/vendor", '{"kind": "error", "times": 0}', 422, ["times"]),
        ("POST", "/faults/vendor", '{"kind": "latency", "seconds": -1}', 422, ["seconds"]),
    ],
)
async def test_a_wrong_order_is_refused_with_what_there_is(
    http: httpx.AsyncClient, vendor: Vendor, method: str, path: str, body: str, status: int, named: list[str]
) -> None:
    answer = await http.request(method, path, content=body)
    assert answer.status_code == status
    assert [word for word in named if word not in answer.text] == []
    assert vendor.faulty.faults == []
