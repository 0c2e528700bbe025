"""Signatures: what counts as proof, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.signature import (
    SLACK_TOLERANCE_S,
    Verified,
    sign_hex,
    sign_slack,
    verify_bearer,
    verify_grafana_alerting,
    verify_hmac,
    verify_slack,
)

BODY = b'{"alert_group_id": "I68T24C13IFW1"}'
NOW = 1_760_000_000.0


def test_an_hmac_holds_for_these_bytes_alone() -> None:
    proof = verify_hmac(["s1"], BODY, sign_hex("s1", BODY))

    assert proof is not None
    assert proof.covers(BODY)
    assert not proof.covers(BODY + b" ")
    assert verify_hmac(["s1"], BODY + b" ", sign_hex("s1", BODY)) is None


@pytest.mark.parametrize("dress", ["sha256={}", " {} ", "{}"])
def test_an_hmac_may_be_dressed(dress: str) -> None:
    assert verify_hmac(["s1"], BODY, dress.format(sign_hex("s1", BODY).upper()))


@pytest.mark.parametrize("given", ["", "sha256=", "0" * 64, "not hex at all", "\xe9"])
def test_anything_else_is_no_hmac(given: str) -> None:
    assert verify_hmac(["s1"], BODY, given) is None


def test_any_of_the_secrets_may_have_signed() -> None:
    assert verify_hmac(["new", "old"], BODY, sign_hex("old", BODY))
    assert verify_hmac(["new"], BODY, sign_hex("old", BODY)) is None
    assert verify_hmac([], BODY, sign_hex("old", BODY)) is None


def test_grafana_alerting_signs_the_timestamp_too() -> None:
    """X2: a captured body is worthless once its signed timestamp is old."""
    timestamp = str(int(NOW))
    given = sign_hex("s1", timestamp.encode() + b":" + BODY)

    def verify(timestamp: str, now: float) -> Verified | None:
        return verify_grafana_alerting(["s1"], BODY, given, timestamp=timestamp, now=now, tolerance_s=300)

    proof = verify(timestamp, NOW)
    assert proof is not None
    assert proof.covers(BODY)
    assert verify(timestamp, NOW + 301) is None
    assert verify(timestamp, NOW - 301) is None
    assert verify(str(int(NOW) + 1), NOW) is None, "another timestamp was not signed"


def test_grafana_alerting_without_a_timestamp_is_a_plain_hmac() -> None:
    given = sign_hex("s1", BODY)
    assert verify_grafana_alerting(["s1"], BODY, given, timestamp=None, now=NOW, tolerance_s=300)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "²", "9" * 5000])
def test_a_timestamp_that_is_no_number_is_no_proof_and_no_crash(timestamp: str) -> None:
    slack = sign_slack("s1", timestamp, BODY)
    alerting = sign_hex("s1", timestamp.encode() + b":" + BODY)
    assert verify_slack("s1", timestamp, BODY, slack, now=NOW) is None
    assert verify_grafana_alerting(["s1"], BODY, alerting, timestamp=timestamp, now=NOW, tolerance_s=9e99) is None


def test_bearer() -> None:
    assert verify_bearer(["t1", "t2"], BODY, "Bearer t2")
    assert verify_bearer(["t1"], BODY, "t1"), "OnCall's authorization header is a free text"
    assert verify_bearer(["t1"], BODY, "Bearer t2") is None
    assert verify_bearer(["t1"], BODY, "") is None


def test_slack() -> None:
    timestamp = str(int(NOW))
    given = sign_slack("s1", timestamp, BODY)

    assert verify_slack("s1", timestamp, BODY, given, now=NOW + SLACK_TOLERANCE_S)
    assert verify_slack("s1", timestamp, BODY, given, now=NOW + SLACK_TOLERANCE_S + 1) is None
    assert verify_slack("s2", timestamp, BODY, given, now=NOW) is None
    assert verify_slack("s1", timestamp, BODY + b" ", given, now=NOW) is None


def test_slack_signs_as_its_documentation_shows() -> None:
    """The example of https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert sign_slack("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == wanted


def test_nobody_else_can_claim_to_have_verified() -> None:
    with pytest.raises(RuntimeError, match="verify the bytes"):
        Verified(object(), BODY)


# ---------------------------------------------------------------- whatever is sent

Verify = Callable[[str, bytes, str, str], Verified | None]  # secret, body, header, timestamp

_body = st.binary() | st.binary(min_size=64)
_secret = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
_seconds = st.integers(-SLACK_TOLERANCE_S, SLACK_TOLERANCE_S).map(lambda off: str(int(NOW) + off))


def _alerting(secret: str, body: bytes, given: str, timestamp: str) -> Verified | None:
    return verify_grafana_alerting([secret], body, given, timestamp=timestamp, now=NOW, tolerance_s=300)


# How each is signed, and verified. A bearer's token vouches for no bytes: only the token is varied.
KINDS: dict[str, tuple[Callable[[str, bytes, str], str], Verify]] = {
    "hmac": (lambda secret, body, _: sign_hex(secret, body), lambda s, b, given, _: verify_hmac([s], b, given)),
    "alerting": (lambda s, b, timestamp: sign_hex(s, timestamp.encode() + b":" + b), _alerting),
    "slack": (
        lambda secret, body, timestamp: sign_slack(secret, timestamp, body),
        lambda s, b, given, timestamp: verify_slack(s, timestamp, b, given, now=NOW),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@given(secret=_secret, body=_body, timestamp=_seconds)
def test_what_was_signed_verifies_and_covers_its_bytes(kind: str, secret: str, body: bytes, timestamp: str) -> None:
    sign, verify = KINDS[kind]
    proof = verify(secret, body, sign(secret, body, timestamp), timestamp)
    assert proof is not None
    assert proof.covers(body)


@pytest.mark.parametrize("kind", KINDS)
@given(secret=_secret, body=_body, other=st.binary(), timestamp=_seconds, at=st.integers(0, 200))
def test_no_other_body_verifies(kind: str, secret: str, body: bytes, other: bytes, timestamp: str, at: int) -> None:
    """G10: neither another body nor this one with a bit of it turned, something added or something cut off."""
    sign, verify = KINDS[kind]
    header = sign(secret, body, timestamp)
    turned = bytearray(body or b"x")
    turned[at % len(turned)] ^= 1 << at % 8
    for forged in {other, bytes(turned), body + b" ", body[:-1], b" " + body} - {body}:
        assert verify(secret, forged, header, timestamp) is None


@pytest.mark.parametrize("kind", KINDS)
@given(secret=_secret, stranger=_secret, body=_body, timestamp=_seconds, at=st.integers(0, 200), header=st.text())
def test_no_made_up_signature_verifies(
    kind: str, secret: str, stranger: str, body: bytes, timestamp: str, at: int, header: str
) -> None:
    """G10: not one by another secret, not a part of a good one, not a good one with a character changed."""
    assume(secret != stranger)
    sign, verify = KINDS[kind]
    good = sign(secret, body, timestamp)
    at %= len(good)
    changed = good[:at] + ("0" if good[at] != "0" else "1") + good[at + 1 :]
    for forged in (sign(stranger, body, timestamp), changed, good[:-1], good + "0", header, ""):
        assert verify(secret, body, forged, timestamp) is None


@pytest.mark.parametrize("kind", ["alerting", "slack"])
@given(secret=_secret, body=_body, timestamp=_seconds, other=_seconds | st.text())
def test_no_other_time_verifies(kind: str, secret: str, body: bytes, timestamp: str, other: str) -> None:
    """X2"""
    assume(other != timestamp)
    sign, verify = KINDS[kind]
    assert verify(secret, body, sign(secret, body, timestamp), other) is None


@given(_secret, st.text())
def test_no_other_token_verifies(token: str, given: str) -> None:
    assume(given.strip().removeprefix("Bearer ").strip() != token)
    assert verify_bearer([token], BODY, given) is None
