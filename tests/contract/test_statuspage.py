"""The real adapters, the guarded writer and the reader, against the simulated Statuspage, over real HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app import clock
from app.domain.component import Component, ComponentChange, ComponentStatus
from app.domain.draft import Draft, DraftState, PublicStatus, PublicText, compose
from app.effects.statuspage_read import StatuspageRead
from app.errors import Unknown, VendorRefused, VendorThrottled, VendorUnavailable
from app.gate._statuspage_write import Approval, AutoPublishNotPermittedError, StatuspageWrite, prove
from app.sim import cast
from app.sim.faults import Faulty, Kind
from app.sim.statuspage import StatuspageSim, throttled
from tests.conftest import Serve

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IC = "slack:U0LEAD"
BODY = "Payments fail for some customers – we are “on it” ☂.\nMore soon."


@pytest.fixture
def sim() -> StatuspageSim:
    return StatuspageSim()


@pytest.fixture
def faulty(sim: StatuspageSim) -> Faulty:
    return Faulty(sim.app(), "statuspage", throttled=throttled)


@pytest.fixture
def url(faulty: Faulty, serve: Serve) -> str:
    return serve(faulty) + "/v1"


@pytest.fixture
async def write(url: str) -> AsyncIterator[StatuspageWrite]:
    write = StatuspageWrite(url, cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE)
    yield write
    await write.aclose()


@pytest.fixture
async def read(url: str) -> AsyncIterator[StatuspageRead]:
    read = StatuspageRead(url, cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE)
    yield read
    await read.aclose()


@pytest.fixture
def approved() -> Callable[..., Approval]:
    def make(draft_id: str, *, public_id: str | None = None, **text: Any) -> Approval:
        draft = _draft(draft_id, **text)
        return prove(draft, expected_sha256=draft.sha256, approver=IC, public_id=public_id)

    return make


def _checkout(after: ComponentStatus) -> ComponentChange:
    return ComponentChange(id="cmpcheckout0", name="Checkout", before="operational", after=after)


def _draft(draft_id: str, **text: Any) -> Draft:
    given: dict[str, Any] = {"title": "Payments fail", "status": PublicStatus.INVESTIGATING, "body": BODY}
    draft = compose(
        draft_id, "inc1", PublicText(**{**given, **text}), author="system", at=AT, lasts=timedelta(minutes=30)
    )
    return draft.model_copy(
        update={"state": DraftState.APPROVED, "approved_by": IC, "claim": f"claim of {draft_id}", "approved_at": AT}
    )


async def test_what_was_approved_is_sent_byte_for_byte(
    write: StatuspageWrite, sim: StatuspageSim, approved: Callable[..., Approval]
) -> None:
    """G2: the bytes that arrive have the hash that the person's button carried."""
    public = await write.post(approved("d1"))
    [arrived] = sim.writes
    assert arrived.sha256 == _draft("d1").sha256
    assert (arrived.method, arrived.status, arrived.incident_id) == ("POST", 201, public.id)
    assert sim.incidents[public.id]["incident_updates"][0]["body"] == BODY
    assert (public.status, public.url) == ("investigating", sim.incidents[public.id]["shortlink"])


async def test_one_public_incident_moves_through_its_states(
    write: StatuspageWrite, read: StatuspageRead, sim: StatuspageSim, approved: Callable[..., Approval]
) -> None:
    """S7, G6: update and resolve go the same guarded way, to the same public incident."""
    first = await write.post(approved("d1", components=[_checkout(ComponentStatus.MAJOR_OUTAGE)]))
    await write.post(approved("d2", public_id=first.id, status=PublicStatus.MONITORING))
    assert sim.components["cmpcheckout0"]["status"] == "major_outage"
    last = await write.post(
        approved(
            "d3", public_id=first.id, status=PublicStatus.RESOLVED, components=[_checkout(ComponentStatus.OPERATIONAL)]
        )
    )
    assert list(sim.incidents) == [first.id] == [last.id]
    statuses = [update["status"] for update in sim.incidents[first.id]["incident_updates"]]
    assert statuses == ["resolved", "monitoring", "investigating"]
    assert sim.components["cmpcheckout0"]["status"] == "operational"
    found = await read.find("d3")  # resolved by now, and found all the same
    assert found is not None
    assert found["id"] == first.id


async def test_an_answer_that_never_comes_is_unknown_and_nothing_is_sent_again(
    url: str, read: StatuspageRead, sim: StatuspageSim, faulty: Faulty, approved: Callable[..., Approval]
) -> None:
    """D6, D7: Statuspage commits and then says nothing: sent once, and found again by reading."""
    faulty.add(Kind.COMMIT_THEN_TIMEOUT, match="POST")
    write = StatuspageWrite(url, cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE, transport=_Impatient())
    approval = approved("d1")
    with pytest.raises(Unknown):
        await write.post(approval)
    with pytest.raises(AutoPublishNotPermittedError):
        await write.post(approval)
    await write.aclose()
    assert len(sim.writes) == faulty.struck[Kind.COMMIT_THEN_TIMEOUT] == 1
    found = await read.find("d1")
    assert found is not None
    assert found["id"] in sim.incidents


async def test_a_lost_update_is_found_by_its_marker_too(
    url: str, write: StatuspageWrite, read: StatuspageRead, faulty: Faulty, approved: Callable[..., Approval]
) -> None:
    """D7: an update carries its own draft's marker over the one before."""
    first = await write.post(approved("d1"))
    faulty.add(Kind.COMMIT_THEN_TIMEOUT, match="PATCH")
    impatient = StatuspageWrite(url, cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE, transport=_Impatient())
    with pytest.raises(Unknown):
        await impatient.post(approved("d2", public_id=first.id))
    await impatient.aclose()
    found = await read.find("d2")
    assert found is not None
    assert found["id"] == first.id


async def test_a_request_that_never_arrived_is_unknown_and_not_on_the_page(
    url: str, read: StatuspageRead, faulty: Faulty, approved: Callable[..., Approval]
) -> None:
    faulty.add(Kind.DROP_BEFORE, match="POST")
    write = StatuspageWrite(url, cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE, transport=_Impatient())
    with pytest.raises(Unknown):
        await write.post(approved("d1"))
    await write.aclose()
    assert await read.find("d1") is None


async def test_an_error_after_sending_is_unknown(
    write: StatuspageWrite, faulty: Faulty, approved: Callable[..., Approval]
) -> None:
    """D6: a 503 may hide a commit, so it is asked about and not repeated."""
    faulty.add(Kind.ERROR)
    with pytest.raises(Unknown):
        await write.post(approved("d1"))
    assert faulty.struck[Kind.ERROR] == 1


@pytest.mark.parametrize("body", ["not json", "[]", "{}", '{"id": null, "status": "investigating"}'])
async def test_a_success_that_cannot_be_read_is_unknown(body: str, approved: Callable[..., Approval]) -> None:
    """D7: it was published; saying anything else would invite a second post."""
    answer = httpx.MockTransport(lambda _: httpx.Response(201, text=body))
    write = StatuspageWrite("https://statuspage.example.com", "key", "page", transport=answer)
    with pytest.raises(Unknown):
        await write.post(approved("d1"))
    await write.aclose()


async def test_nothing_went_out_if_nobody_listens(approved: Callable[..., Approval]) -> None:
    write = StatuspageWrite("http://127.0.0.1:9", "key", "page")
    with pytest.raises(VendorUnavailable):
        await write.post(approved("d1"))
    await write.aclose()


async def test_rate_limits_and_refusals_are_told_apart(
    url: str, write: StatuspageWrite, faulty: Faulty, sim: StatuspageSim, approved: Callable[..., Approval]
) -> None:
    faulty.add(Kind.THROTTLE, seconds=60, times=1)
    with pytest.raises(VendorThrottled) as caught:
        await write.post(approved("d1"))
    assert caught.value.retry_after == 60
    stranger = StatuspageWrite(url, "sandbox-wrong-key", cast.STATUSPAGE_PAGE)
    with pytest.raises(VendorRefused) as refused:
        await stranger.post(approved("d2"))
    await stranger.aclose()
    assert refused.value.code == "401"
    assert "sandbox-wrong-key" not in str(refused.value)
    assert not sim.incidents


async def test_finding_looks_past_what_others_wrote(read: StatuspageRead, sim: StatuspageSim) -> None:
    others: list[dict[str, Any]] = [{}, {"commander": {}}, {"other": {"draft_id": "d1"}}]
    for metadata in others:
        sim.create({"name": "Somebody else's", "body": "d1", "metadata": metadata})
    sim.incidents[next(iter(sim.incidents))]["metadata"] = None
    assert await read.find("d1") is None


async def test_what_can_be_picked_is_what_the_page_lists(
    read: StatuspageRead, sim: StatuspageSim, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages of it; not the groups, which have no status of their own; read once a minute."""
    for number in range(150):
        id_ = f"cmp{number:09d}"
        sim.components[id_] = {"id": id_, "name": f"Part {number}", "status": "operational", "group": number == 7}
    there = await read.components()
    assert there[:2] == [
        Component(id="cmpcheckout0", name="Checkout", status="operational"),
        Component(id="cmpapi000000", name="API", status="operational"),
    ]
    assert len(there) == 151
    assert "Part 7" not in {one.name for one in there}
    sim.paint("cmpapi000000", {"status": "partial_outage"})
    assert await read.components() == there
    later = clock.wall() + 61
    monkeypatch.setattr(clock, "wall", lambda: later)
    assert (await read.components())[1].status == "partial_outage"


async def test_components_that_cannot_be_read_are_an_error_and_no_empty_list(
    read: StatuspageRead, faulty: Faulty
) -> None:
    """S1."""
    faulty.add(Kind.ERROR)
    with pytest.raises(VendorUnavailable):
        await read.components()


async def test_reads_are_tried_again(read: StatuspageRead, sim: StatuspageSim, faulty: Faulty) -> None:
    sim.create({"name": "Ours", "metadata": {"commander": {"draft_id": "d1"}}})
    faulty.add(Kind.ERROR, times=1)
    assert await read.find("d1") is not None


@pytest.mark.parametrize(
    ("incident", "why"),
    [
        ({"body": "no name"}, "Name"),
        ({"name": "x" * 256}, "too long"),
        ({"name": "x", "body": "x" * 25_001}, "too long"),
        ({"name": "x", "status": "broken"}, "Status"),
        ({"name": "x", "mood": "grim"}, "Unknown field: mood"),
        ({"name": "x", "metadata": {"draft_id": "d1"}}, "Metadata"),
        ({"name": "x", "components": {"nothing": "operational"}}, "Component not found"),
        ({"name": "x", "components": {"cmpapi000000": "sad"}}, "status is not included"),
    ],
)
async def test_the_simulated_page_refuses_what_the_real_one_refuses(
    url: str, sim: StatuspageSim, incident: dict[str, Any], why: str
) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"OAuth {cast.STATUSPAGE_KEY}"}) as http:
        answer = await http.post(f"{url}/pages/{cast.STATUSPAGE_PAGE}/incidents", json={"incident": incident})
    assert answer.status_code == 422
    assert why in str(answer.json()["error"])
    assert not sim.incidents


async def test_the_simulated_page_counts_a_minute_when_told_to(serve: Serve) -> None:
    base = serve(StatuspageSim(per_minute=2).app())
    async with httpx.AsyncClient(headers={"Authorization": f"OAuth {cast.STATUSPAGE_KEY}"}) as http:
        answers = [await http.get(f"{base}/v1/pages/{cast.STATUSPAGE_PAGE}/components") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 420]


async def test_auditors_see_every_write_with_its_hash(url: str, faulty: Faulty) -> None:
    content = b'{"incident": {"name": "By hand"}}'
    async with httpx.AsyncClient(headers={"Authorization": f"OAuth {cast.STATUSPAGE_KEY}"}) as http:
        await http.post(f"{url}/pages/{cast.STATUSPAGE_PAGE}/incidents", content=content)
        state = (await http.get(url.removesuffix("/v1") + "/people/state")).json()
    assert [write["sha256"] for write in state["writes"]] == [hashlib.sha256(content).hexdigest()]
    assert [incident["name"] for incident in state["incidents"]] == ["By hand"]


class _Impatient(httpx.AsyncHTTPTransport):
    """The real transport with a short deadline, so that a lost answer does not cost ten seconds."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = httpx.Timeout(0.5).as_dict()
        return await super().handle_async_request(request)
