"""The one HTTP way out: what is tried again, what never is, and what each answer becomes."""

from __future__ import annotations

import asyncio
import threading
from email.utils import format_datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app import clock, outbound
from app.errors import Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.outbound import Client
from app.outbound.breaker import BREAKER_FAILURES, BREAKER_PAUSE_S
from tests.conftest import Moved, Serve


class Answers(httpx.MockTransport):
    """Gives the answers one after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: int | httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.answers = list(answers)
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer) if isinstance(answer, int) else answer


class Slow(Answers):
    """Answers when it is told to."""

    def __init__(self, *answers: int) -> None:
        super().__init__(*answers)
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.go.is_set():
            self.asked.set()
        await self.go.wait()
        return await super().handle_async_request(request)


def client(answers: Answers, **more: float) -> Client:
    return Client("acme", "https://acme.example/api/v1", headers={"Authorization": "t0p"}, transport=answers, **more)  # type: ignore[arg-type]


async def test_a_read_is_tried_again_until_it_works() -> None:
    answers = Answers(503, httpx.ReadTimeout("slow"), httpx.Response(200, json={"ok": True}))
    reply = await client(answers).get("things/1", operation="read")
    assert reply.json() == {"ok": True}
    assert [str(r.url) for r in answers.requests] == ["https://acme.example/api/v1/things/1"] * 3


async def test_the_tries_of_a_read_are_bounded() -> None:
    answers = Answers(500)
    with pytest.raises(VendorUnavailable, match="acme read: answered 500"):
        await client(answers, attempts=2).get("things", operation="read")
    assert len(answers.requests) == 2


@pytest.mark.parametrize(
    "answer", [500, 503, httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.WriteError("x")]
)
async def test_a_write_is_sent_once_and_its_loss_is_unknown(answer: int | Exception) -> None:
    """D6: a POST is never retried blind; no answer means that it may have happened."""
    answers = Answers(answer)
    with pytest.raises(Unknown, match="read before writing again"):
        await client(answers).send("POST", "things", operation="create", json={})
    assert len(answers.requests) == 1


async def test_a_throttled_write_is_the_callers_to_repeat() -> None:
    """D6: one send is one request, even where a repetition would be harmless."""
    answers = Answers(httpx.Response(429, headers={"Retry-After": "0"}), 200)
    with pytest.raises(VendorThrottled):
        await client(answers).send("POST", "things", operation="create")
    assert len(answers.requests) == 1


async def test_an_idempotent_write_is_tried_again() -> None:
    answers = Answers(502, 200)
    await client(answers).send("PUT", "things/1", operation="set", json={"a": 1}, idempotent=True)
    assert [r.content for r in answers.requests] == [b'{"a":1}'] * 2


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
async def test_a_write_that_was_never_sent_did_not_happen(error: Exception) -> None:
    with pytest.raises(VendorUnavailable):
        await client(Answers(error)).send("POST", "things", operation="create")


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "credential"), (404, "check the id"), (302, "redirects"), (422, "")]
)
async def test_a_refusal_is_final_and_names_the_remedy(status: int, remedy: str) -> None:
    answers = Answers(httpx.Response(status, headers={"Location": "https://evil.example/"}))
    with pytest.raises(VendorRefused) as refused:
        await client(answers).get("things", operation="read")
    assert refused.value.code == str(status)
    assert remedy in refused.value.remedy
    assert len(answers.requests) == 1


async def test_an_accepted_status_is_an_answer() -> None:
    assert (await client(Answers(404)).get("things", operation="read", accept=(404,))).status_code == 404


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "37"}, 37),
        (420, {}, 1),
        (429, {"RateLimit-Reset": "12"}, 12),
        (403, {"Retry-After": "60"}, 60),
        (429, {"Retry-After": "soon"}, 1),
        (429, {"Retry-After": "9" * 30}, 3600),
    ],
)
async def test_being_throttled_says_when_to_come_back(status: int, headers: dict[str, str], wait: float) -> None:
    with pytest.raises(VendorThrottled) as throttled:
        await client(Answers(httpx.Response(status, headers=headers)), attempts=1).get("things", operation="read")
    assert throttled.value.retry_after == wait


@pytest.mark.parametrize("header", ["Retry-After", "x-ratelimit-reset"])
async def test_the_time_to_come_back_may_be_a_point_in_time(header: str) -> None:
    at = int(clock.wall()) + 100
    given = str(at) if header.startswith("x") else format_datetime(clock.now().fromtimestamp(at), usegmt=False)
    with pytest.raises(VendorThrottled) as throttled:
        await client(Answers(httpx.Response(429, headers={header: given}))).get("things", operation="read")
    assert 60 < throttled.value.retry_after <= 100


async def test_a_throttled_read_waits_as_long_as_it_is_told_if_the_deadline_allows() -> None:
    answers = Answers(httpx.Response(429, headers={"Retry-After": "0.05"}), 200)
    await client(answers).get("things", operation="read")
    assert len(answers.requests) == 2
    answers = Answers(httpx.Response(429, headers={"Retry-After": "30"}), 200)
    with pytest.raises(VendorThrottled):
        await client(answers).get("things", operation="read")
    assert len(answers.requests) == 1


class Hanging:
    """A vendor that takes the request and answers only when it is let go; notices who gives up."""

    def __init__(self) -> None:
        self.asked = 0
        self.given_up = threading.Event()

    def app(self) -> Starlette:
        async def hang(request: Request) -> PlainTextResponse:
            self.asked += 1
            await request.body()
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.given_up.set()
            return PlainTextResponse("too late")

        return Starlette(routes=[Route("/hang", hang, methods=["GET", "POST"])])


@pytest.mark.parametrize(("method", "error"), [("GET", VendorUnavailable), ("POST", Unknown)])
async def test_the_deadline_cancels_the_call_and_its_retries(
    serve: Serve, method: str, error: type[VendorError]
) -> None:
    """D10: what was given up on is really over: the connection is closed and nothing is sent later."""
    vendor = Hanging()
    http = Client("acme", serve(vendor.app()))
    with pytest.raises(error, match=r"no answer within 0\.2 s"):
        await http.send(method, "hang", operation="hang", deadline_s=0.2)
    assert await asyncio.to_thread(vendor.given_up.wait, 5)
    await http.aclose()
    assert vendor.asked == 1


async def test_a_connection_refused_is_named(serve: Serve) -> None:
    http = Client("acme", "http://127.0.0.1:1")
    with pytest.raises(VendorUnavailable, match="ConnectError"):
        await http.send("POST", "x", operation="create")
    await http.aclose()


async def test_a_vendor_that_never_answers_is_left_alone_and_tried_again_later(
    moved: Moved,
) -> None:
    answers = Answers(500)
    http = client(answers, attempts=1)
    for _ in range(BREAKER_FAILURES):
        with pytest.raises(VendorUnavailable, match="answered 500"):
            await http.get("things", operation="read")
    with pytest.raises(VendorUnavailable, match="not tried"):
        await http.send("POST", "things", operation="create")  # not sent, therefore not Unknown
    assert len(answers.requests) == BREAKER_FAILURES

    moved(BREAKER_PAUSE_S)
    with pytest.raises(VendorUnavailable, match="answered 500"):
        await http.get("things", operation="read")
    with pytest.raises(VendorUnavailable, match="not tried"):
        await http.get("things", operation="read")

    moved(BREAKER_PAUSE_S)
    answers.answers = [200]
    await http.get("things", operation="read")
    await http.get("things", operation="read")


@pytest.mark.parametrize(("found", "sent"), [(200, 3), (500, 1)])
async def test_while_one_call_is_out_to_see_the_others_wait_for_what_it_finds(
    moved: Moved, found: int, sent: int
) -> None:
    """P-loud: a vendor that is back is back for all of those who were told nothing meanwhile."""
    answers = Slow(500)
    http = client(answers, attempts=1)
    for _ in range(BREAKER_FAILURES):
        with pytest.raises(VendorUnavailable):
            await http.get("things", operation="read")
    moved(BREAKER_PAUSE_S)
    answers.answers, answers.go = [found], asyncio.Event()
    calls = [asyncio.create_task(http.get("things", operation="read")) for _ in range(3)]
    await answers.asked.wait()
    assert not any(call.done() for call in calls)
    answers.go.set()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert len(answers.requests) == BREAKER_FAILURES + sent
    assert ["not tried" in str(end) for end in ended] == [False, found == 500, found == 500]


async def test_refusals_do_not_open_the_breaker() -> None:
    http = client(Answers(404))
    for _ in range(BREAKER_FAILURES + 1):
        with pytest.raises(VendorRefused):
            await http.get("things", operation="read")


async def test_the_credential_goes_to_the_vendors_own_address_only() -> None:
    answers = Answers(200)
    http = client(answers)
    await http.get("https://acme.example/elsewhere", operation="read")
    await http.send("POST", "https://evil.example/x", operation="answer", json={})
    ours, theirs = answers.requests
    assert ours.headers["Authorization"] == "t0p"
    assert "Authorization" not in theirs.headers


async def test_a_librarys_own_client_obeys_the_same_rules() -> None:
    """D6: also through the transport, a POST is repeated only if the caller calls it idempotent."""
    answers = Answers(503, 503, 200)
    async with httpx.AsyncClient(transport=outbound.transport("acme", inner=answers)) as library:
        with pytest.raises(Unknown):
            await library.post("https://acme.example/graphql", json={})
        reply = await library.post("https://acme.example/graphql", json={}, extensions={"idempotent": True})
    assert reply.status_code == 200
    assert len(answers.requests) == 3


async def test_a_page_that_is_not_json_is_a_wrong_address() -> None:
    with pytest.raises(VendorRefused, match="not JSON") as refused:
        await client(Answers(httpx.Response(200, text="<html>Sign in</html>"))).get_json("things", operation="read")
    assert "base URL" in refused.value.remedy


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"Ana \ud83d"', "Ana \ufffd"),
        (rb'"\uDE00\ud83d\ude00 Ana"', "\ufffd\U0001f600 Ana"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"C:\\ud800"', "C:\\ud800"),  # an escaped backslash, and four letters
        (rb'"\\\ud800"', "\\\ufffd"),
        ('"\U0001f600 é"'.encode(), "\U0001f600 é"),
    ],
)
async def test_half_a_character_in_an_answer_is_none(sent: bytes, read: str) -> None:
    answer = httpx.Response(200, content=b'{"name": ' + sent + b"}")
    assert await client(Answers(answer)).get_json("people/1", operation="read") == {"name": read}
