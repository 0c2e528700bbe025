"""SAFETY CORE. The only lines that write to Statuspage, and what must be proven before they run (P-gate).

Only ``gate.door`` may import this module. An ``Approval`` is made by ``prove`` alone, from the draft as it was read
back from the store; it names one claim, and one claim is spent on one request, whatever comes back (D6).
"""

from __future__ import annotations

from typing import NoReturn

from app.domain.draft import Draft, DraftState, sha256_of
from app.domain.incident import PublicIncident
from app.domain.people import SYSTEM
from app.errors import IncidentResponseError, Unknown
from app.outbound import Client, Response, Transport

_VENDOR = "Statuspage"
_DEADLINE_S = 10.0  # twice the usual: a publish given up on too early becomes UNKNOWN and costs a person minutes
_SEAL = object()


class AutoPublishNotPermittedError(IncidentResponseError):
    """Something would have reached customers that no person approved in exactly these words."""


class Approval:
    """Proof that a person approved exactly these bytes. Made by ``prove``; cannot be changed or pickled."""

    __slots__ = ("_seal", "_spent", "claim", "public_id", "sha256", "wire")

    _seal: object
    _spent: bool
    claim: str
    public_id: str | None
    sha256: str
    wire: str

    def __init__(self, seal: object, *, claim: str, wire: str, sha256: str, public_id: str | None) -> None:
        if seal is not _SEAL:
            raise AutoPublishNotPermittedError("an Approval is made by prove() alone: prove it, do not claim it")
        values = {"claim": claim, "wire": wire, "sha256": sha256, "public_id": public_id}
        for name, value in {"_seal": seal, "_spent": False, **values}.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AutoPublishNotPermittedError(f"an Approval does not change: {name}")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise AutoPublishNotPermittedError("an Approval is neither copied nor stored: read the draft back and prove it")


def prove(draft: Draft, *, expected_sha256: str, approver: str, public_id: str | None) -> Approval:
    """``draft``: as just read back, strongly consistent. ``expected_sha256``: what the person's button carried.

    ``public_id``: the public incident that this is an update of; None for a new one.
    """
    if draft.state is not DraftState.APPROVED:
        raise _no(draft, f"it is {draft.state}, not APPROVED")
    if not approver or approver == SYSTEM:
        raise _no(draft, "no person approved it")
    if draft.approved_by != approver:
        raise _no(draft, f"the store says that {draft.approved_by or 'nobody'} approved it, not {approver}")
    if not draft.claim:
        raise _no(draft, "nobody claimed the posting of it")
    if draft.sha256 != expected_sha256:
        raise _no(draft, "the text approved and the text stored have different hashes")
    if sha256_of(draft.wire) != draft.sha256:
        raise _no(draft, "its bytes are not those that its hash was made of")
    if public_id is not None and not (public_id.isascii() and public_id.isalnum()):
        raise _no(draft, "the public incident to update has no id of Statuspage's form")
    return Approval(_SEAL, claim=draft.claim, wire=draft.wire, sha256=draft.sha256, public_id=public_id)


def _no(draft: Draft, why: str) -> AutoPublishNotPermittedError:
    return AutoPublishNotPermittedError(f"draft {draft.id} was not published: {why}")


class StatuspageWrite:
    def __init__(self, api_url: str, api_key: str, page_id: str, *, transport: Transport | None = None) -> None:
        headers = {"Authorization": f"OAuth {api_key}"}
        self._http = Client(_VENDOR, api_url, headers=headers, deadline_s=_DEADLINE_S, transport=transport)
        self._incidents = f"pages/{page_id}/incidents"
        self._spent: set[str] = set()  # claims; one per publish, so it stays small

    async def post(self, approval: Approval) -> PublicIncident:
        """One request, never repeated. ``Unknown``: it may have been published; read the page before anything else."""
        content = self._spend(approval)
        new = approval.public_id is None
        answer = await self._http.send(
            "POST" if new else "PATCH",
            self._incidents if new else f"{self._incidents}/{approval.public_id}",
            operation="publish",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        return _public(answer)

    def _spend(self, approval: Approval) -> bytes:
        """The bytes to send, once. No await between the check and the mark, so that two callers cannot both pass."""
        if type(approval) is not Approval or getattr(approval, "_seal", None) is not _SEAL:
            raise AutoPublishNotPermittedError("this is not an Approval made by prove()")
        if sha256_of(approval.wire) != approval.sha256:
            raise AutoPublishNotPermittedError("the bytes of this Approval are not those that were approved")
        # An Approval is spent for every writer; its claim, for this one, also when it is proven anew.
        if approval._spent or approval.claim in self._spent:
            raise AutoPublishNotPermittedError("this Approval was spent: one approval is one request (D6)")
        object.__setattr__(approval, "_spent", True)
        self._spent.add(approval.claim)
        return approval.wire.encode()

    async def aclose(self) -> None:
        await self._http.aclose()


def _public(answer: Response) -> PublicIncident:
    """It was published; if the answer cannot be read, what was published is learned by reading the page."""
    try:
        told = answer.json()
        return PublicIncident(id=told["id"], status=told["status"], url=told.get("shortlink") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unknown(_VENDOR, "publish", "accepted, with an answer that cannot be read") from error
