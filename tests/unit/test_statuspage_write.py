"""SAFETY CORE: what an Approval proves, and every way to get round it that we could think of."""

from __future__ import annotations

import asyncio
import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.domain.draft import Draft, DraftState, PublicStatus, PublicText, compose
from app.gate._statuspage_write import Approval, AutoPublishNotPermittedError, StatuspageWrite, prove

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IC = "slack:U0LEAD"
TEXT = PublicText(title="Payments fail", status=PublicStatus.INVESTIGATING, body="We are on it.")
DRAFT = compose("d1", "inc1", TEXT, author="system", at=AT, lasts=timedelta(minutes=30)).model_copy(
    update={"state": DraftState.APPROVED, "approved_by": IC, "claim": "c1", "approved_at": AT}
)


class Page:
    """Counts what reaches the wire."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []
        self.write = StatuspageWrite("https://page.example.com/v1", "key", "p", transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(201, json={"id": "abc", "status": "investigating", "shortlink": "https://x.example.com"})


@pytest.fixture
def page() -> Page:
    return Page()


def _prove(draft: Draft = DRAFT, **other: Any) -> Approval:
    given: dict[str, Any] = {"expected_sha256": DRAFT.sha256, "approver": IC, "public_id": None}
    return prove(draft, **{**given, **other})


@pytest.mark.parametrize("state", [state for state in DraftState if state is not DraftState.APPROVED])
def test_only_an_approved_draft_can_be_proven(state: DraftState) -> None:
    """G1, G8"""
    with pytest.raises(AutoPublishNotPermittedError):
        _prove(DRAFT.model_copy(update={"state": state}))


OTHER = compose(
    "d1", "inc1", TEXT.model_copy(update={"body": "Other words."}), author="system", at=AT, lasts=timedelta(minutes=30)
)


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"approved_by": None}, {}),
        ({"approved_by": "slack:U0OTHER"}, {}),
        ({}, {"approver": "slack:U0OTHER"}),
        ({"approved_by": ""}, {"approver": ""}),
        ({"approved_by": "system"}, {"approver": "system"}),
        ({"claim": None}, {}),
        ({"claim": ""}, {}),
        ({}, {"expected_sha256": OTHER.sha256}),
        ({}, {"expected_sha256": ""}),
        ({"wire": OTHER.wire}, {}),
        ({"wire": OTHER.wire, "sha256": OTHER.sha256}, {}),
        ({}, {"public_id": ""}),
        ({}, {"public_id": "../components/abc"}),
    ],
)
def test_what_does_not_match_the_approval_is_not_proven(changed: dict[str, Any], asked: dict[str, Any]) -> None:
    """G1, G2: same draft, same person, same hash, same bytes, and a claim."""
    with pytest.raises(AutoPublishNotPermittedError):
        _prove(DRAFT.model_copy(update=changed), **asked)


@pytest.mark.parametrize(
    ("public_id", "method", "path"),
    [(None, "POST", "/v1/pages/p/incidents"), ("abc", "PATCH", "/v1/pages/p/incidents/abc")],
)
async def test_a_proven_text_goes_out_exactly_as_it_is(
    page: Page, public_id: str | None, method: str, path: str
) -> None:
    """G2, G6"""
    public = await page.write.post(_prove(public_id=public_id))
    [request] = page.sent
    assert (request.method, request.url.path, request.content) == (method, path, DRAFT.wire.encode())
    assert request.headers["content-type"] == "application/json"
    assert (public.id, public.status, public.url) == ("abc", "investigating", "https://x.example.com")


async def test_one_claim_is_one_request_however_it_is_asked_for(page: Page) -> None:
    """D5, D6: the same proof twice, at the same time, or proven anew from the same claim."""
    approval = _prove()
    results = await asyncio.gather(*(page.write.post(approval) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results].count(AutoPublishNotPermittedError) == 2
    with pytest.raises(AutoPublishNotPermittedError):
        await page.write.post(_prove())
    assert len(page.sent) == 1
    await page.write.post(_prove(DRAFT.model_copy(update={"claim": "c2"})))  # a person approved anew
    assert len(page.sent) == 2


async def test_one_approval_is_one_request_whoever_sends_it(page: Page) -> None:
    """D6"""
    approval = _prove()
    await page.write.post(approval)
    another = Page()
    with pytest.raises(AutoPublishNotPermittedError):
        await another.write.post(approval)
    assert another.sent == []


def test_an_approval_cannot_be_made_by_hand() -> None:
    """G6"""
    with pytest.raises(AutoPublishNotPermittedError):
        Approval(object(), claim="c", wire="{}", sha256="", public_id=None)


@pytest.mark.parametrize("field", ["wire", "sha256", "claim", "public_id", "_seal", "_spent"])
def test_an_approval_cannot_be_changed(field: str) -> None:
    """G2"""
    approval = _prove()
    with pytest.raises(AutoPublishNotPermittedError):
        setattr(approval, field, "other")


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_approval_cannot_be_copied_or_stored(copier: Any) -> None:
    with pytest.raises(AutoPublishNotPermittedError):
        copier(_prove())


class _LooksLikeOne:
    claim, wire, sha256, public_id, _seal = "c9", DRAFT.wire, DRAFT.sha256, None, object()


class _StolenSeal(_LooksLikeOne):
    def __init__(self) -> None:
        self._seal = _prove()._seal
        self._spent = False


class _Heir(Approval):
    __slots__ = ()

    def __init__(self) -> None:
        """Skips the check of the seal."""


def _unsealed() -> Approval:
    return object.__new__(Approval)


def _bytes_swapped() -> Approval:
    approval = _prove()
    object.__setattr__(approval, "wire", OTHER.wire)
    return approval


@pytest.mark.parametrize(
    "forge", [_LooksLikeOne, _StolenSeal, _Heir, _unsealed, _bytes_swapped, lambda: DRAFT, lambda: None]
)
async def test_a_forged_approval_sends_nothing(page: Page, forge: Any) -> None:
    """G6: the hash is checked once more right before sending, and so is who made the proof."""
    with pytest.raises(AutoPublishNotPermittedError):
        await page.write.post(forge())
    assert page.sent == []
