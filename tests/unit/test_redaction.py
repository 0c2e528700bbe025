"""What must not leave the house is found; what merely looks like it is left alone (P-private, X5)."""

from __future__ import annotations

import pytest

from app.domain.redaction import findings, redact, scrub


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ops@example.com", "e-mail address"),
        ("from 10.2.3.4", "IP address"),
        ("from fe80:0:0:0:1:2:3:4", "IP address"),
        ("account 123456789012 is affected", "account number"),
        ("card 4111 1111 1111 1111 declined", "card number"),
        ("on db-1.prod.internal", "internal host name"),
        ("pod web.checkout.svc", "internal host name"),
        ("node ip-10-0-0-12 is gone", "internal host name"),
        ("token xoxb-1234567890-abc", "secret"),
        ("role arn:aws:iam::123456789012:role/x", "AWS ARN"),
    ],
)
def test_private_data_is_named_and_removed(text: str, kind: str) -> None:
    assert kind in findings(text)
    assert findings(redact(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Checkout error rate is 5.3 % since 14:02:11 UTC",
        "version 1.2.3 was rolled back",
        "order 4111111111111112 is no card number",  # its check digit is wrong
        "see https://status.example.com/incidents/abc",
        "incident-response-p1-20261121-k7x2m4qpza",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert findings(text) == []
    assert redact(text) == text


def test_scrub_goes_into_lists_and_objects() -> None:
    details = {"people": [{"email": "a@example.com"}], "api_key": "k", "n": 3}
    assert scrub(details) == {"people": [{"email": "[e-mail address removed]"}], "api_key": "[removed]", "n": 3}
