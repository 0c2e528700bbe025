"""What must not leave the house is found; what merely looks like it is left alone (P-private, X5)."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
        ("card 4111 1111 1111 1111 12/27 declined", "card number"),
        ("order 12 4111-1111-1111-1111 declined", "card number"),
        ("bucket logs-123456789012-eu-west-1", "account number"),
        ("from fe80::1", "IP address"),
        ("from [2001:db8::8a2e:370:7334]:443", "IP address"),
        ("from fe80:0:0:0:1:2:3:4: refused", "IP address"),
        ("_10.2.3.4_ in Slack's italics", "IP address"),
        ("_token_xoxb-1234567890-abc", "secret"),
        ("see...db-1.prod.internal", "internal host name"),
        ("DB-1.PROD.INTERNAL", "internal host name"),
        ("https://x.example/?to=ops%40example.com", "e-mail address"),
        ("https://x.example/?to=ops%2540example.com", "e-mail address"),
        ("ops\uff20example.com", "e-mail address"),
        ("\uff4f\uff50\uff53@example\uff0ecom", "e-mail address"),
        ("o\u200bp\u00ads@exam\u2060ple.com", "e-mail address"),
        ("10\u200b.2.3.4", "IP address"),
        ("host\u200b10.2.3.4", "IP address"),
        ("card 4111\u00a01111\u00a01111\u00a01111", "card number"),
        ("card 4111.1111.1111.1111", "card number"),
        ("card 3782.822463.10005", "card number"),
        ("card 4111\u20111111\u20131111\u22121111", "card number"),
        ("pay to DE89 3704 0044 0532 0130 00 NOW", "bank account"),
        ("GB29NWBK60161331926819", "bank account"),
        ("call +44 20 7946 0958", "phone number"),
        ("call +1 (555) 010-9999.", "phone number"),
        ("tel:+4930123456", "phone number"),
        ("password=hunter2", "secret"),
        ("DB_PASSWORD: hunter22", "secret"),
        ('{"api_key": "abcdefgh"}', "secret"),
        ("token: \u201cabcdefgh\u201d", "secret"),
        ("Authorization: Bearer abc123def456", "secret"),
        ("https://deploy:hunter2@git.example.com/x", "secret"),
        ("redis://:hunter2@cache:6379", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- behind", "secret"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "secret"),
        ("https://hooks.slack.com/services/T0/B0/abcdef", "secret"),
        ("key sk-abcdefghijklmnopqrst", "secret"),
        ("key sk-ant-api03-abcdefghijkl", "secret"),
        ("github_pat_11ABCDEFGHIJKLMNOP", "secret"),
        ("g\u200bhp_abcdefghijklmnopqrst", "secret"),
        ("orders.abc123.eu-west-1.rds.amazonaws.com:5432", "internal host name"),
        ("ec2-3-4-5-6.compute-1.amazonaws.com", "internal host name"),
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
        "issue 5e1b0a52-0c65-4c1e-8a3e-000000000001",
        "sha256 41111111111111114111111111111111aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0.123456789012 seconds",
        "std::vector at 12:30:45, dead code",
        "Your password: you can reset it as usual",
        "expired token: customers were signed out",
        "token={{ .Token }}, password: ********, secret=[removed]",
        "100 %40 of requests",  # nothing private, however it is read
        "https://rds.eu-west-1.amazonaws.com answers 500",
        "at 14:30+02:00, +5.3 %, +100 000 requests",
        "basic functionality is back, and the bearer of bad news is gone",
        "GB29 NWBK 6016 1331 9268 18 is no account",  # its check digits are wrong
        "caf\u00e9 \u2013 \u201cback to normal\u201d",
        "https://example.com:8080/a@b",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert findings(text) == []
    assert redact(text) == text


def test_only_what_is_private_goes() -> None:
    """Where it stands in the text as it was written, not as it was read."""
    assert redact("to a\u200b%40b.com, \u00e9!") == "to [e-mail address removed], \u00e9!"
    assert redact("https://me:pw@git.example.com/x") == "https://[secret removed]git.example.com/x"
    assert redact("\u246510.0.0.1 \u00a0 10.0.0.2\u200b.") == "[IP address removed] \u00a0 [IP address removed]\u200b."
    assert redact("key -----BEGIN X-----\nab-c\n-----END X----- kept") == "key [secret removed] kept"


def test_scrub_goes_into_lists_and_objects() -> None:
    details = {"people": [{"email": "a@example.com"}], "api_key": "k", "n": 3}
    assert scrub(details) == {"people": [{"email": "[e-mail address removed]"}], "api_key": "[removed]", "n": 3}


# ---------------------------------------------------------------- whatever the text

_text = st.text(st.characters())
# Where the patterns meet each other: nearly private, private, and what stands between.
_crumbs = st.lists(
    st.sampled_from(
        [
            "a@b.example", "10.0.0.1", "4111 1111 1111 1111", "4111111111111112", "123456789012", "x.internal",
            "fe80::1", "1:2:3:4:5", "xoxb-1234567", "eyJabcdefgh.abcdefgh.abcdefgh", "arn:aws:s3:::b", "ip-10-0-0-1",
            "a%40b.example", "DE89370400440532013000", "+44 20 7946 0958", "password=", "token: ", '"', "%2",
            "://a:b@", "x.rds.amazonaws.com", "hooks.slack.com/services/T0/", "Bearer abcdef123456", "sk-ant-", "%40",
            "-----BEGIN A-----", "\u200b", "\u00a0", "\uff20", "\uff11", "\u2465", "\u201c", "\u2011", "e\u0301",
            *" .-_:@[]1a/%=+",
        ]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(_crumbs | _text)
def test_what_is_redacted_holds_nothing_private_and_stays_as_it_is(text: str) -> None:
    """P-private"""
    once = redact(text)
    assert findings(once) == []
    assert redact(once) == once
    if not findings(text):
        assert once == text


def _card(prefix: str) -> str:
    """With the check digit that makes it one."""
    digits = [int(c) for c in prefix]
    doubled = [d if i % 2 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return prefix + str(-sum(doubled) % 10)


_octet = st.integers(0, 255).map(str)
_hex = st.integers(0, 0xFFFF).map(lambda n: f"{n:x}")
_label = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
_cards = st.from_regex(r"4[0-9]{14}", fullmatch=True).map(_card)
_planted = st.one_of(
    st.tuples(st.just("IP address"), st.tuples(_octet, _octet, _octet, _octet).map(".".join)),
    st.tuples(st.just("IP address"), st.lists(_hex, min_size=8, max_size=8).map(":".join)),
    st.tuples(st.just("IP address"), st.tuples(_hex, _hex, _hex).map(lambda it: f"{it[0]}:{it[1]}::{it[2]}")),
    st.tuples(st.just("e-mail address"), st.tuples(_label, _label).map(lambda it: f"{it[0]}+x@{it[1]}.example")),
    st.tuples(st.just("card number"), _cards),
    st.tuples(st.just("card number"), _cards.map(lambda n: f"{n[:4]} {n[4:8]} {n[8:12]} {n[12:]}")),
    st.tuples(st.just("card number"), _cards.map(lambda n: f"{n[:4]}-{n[4:8]}-{n[8:12]}-{n[12:]}")),
    st.tuples(st.just("account number"), st.from_regex(r"[0-9]{12}", fullmatch=True)),
    st.tuples(st.just("AWS ARN"), _label.map(lambda it: f"arn:aws:iam::123456789012:role/{it}")),
    st.tuples(st.just("internal host name"), st.tuples(_label, _label).map(lambda it: f"{it[0]}.{it[1]}.internal")),
    st.tuples(st.just("internal host name"), _label.map(lambda it: f"{it}.checkout.svc.cluster.local")),
    st.tuples(st.just("secret"), st.from_regex(r"(xoxb-|xapp-|lin_api_|glsa_|glc_)[A-Za-z0-9]{12}", fullmatch=True)),
    st.tuples(st.just("bank account"), st.just("GB29 NWBK 6016 1331 9268 19")),
    st.tuples(st.just("phone number"), st.from_regex(r"\+[1-9][0-9]{10}", fullmatch=True)),
    st.tuples(st.just("secret"), _label.map(lambda it: f"password={it}-1234")),
    st.tuples(st.just("internal host name"), _label.map(lambda it: f"{it}.abc.eu-west-1.rds.amazonaws.com")),
    st.tuples(st.just("secret"), st.from_regex(r"(gh[pousr]_[A-Za-z0-9]{20}|AKIA[A-Z0-9]{16})", fullmatch=True)),
)  # fmt: skip
_before = st.sampled_from(
    ["", " ", "\n", "(", '"', "'", "<", "=", ": ", ", ", "_", "*", "`", "~", "|", "no. 12 ", "é "]
)
_after = st.sampled_from(
    ["", " ", "\n", ")", '"', "'", ">", ", ", ". ", "!", "?", "_ ", "*", "`", "~", "|", " 12/27", ";"]
)


@settings(max_examples=500, deadline=None)
@given(front=_text, before=_before, planted=_planted, after=_after, back=_text)
def test_private_data_is_found_whatever_stands_around_it(
    front: str, before: str, planted: tuple[str, str], after: str, back: str
) -> None:
    """P-private: in brackets, in italics, before a full stop, beside other numbers."""
    kind, private = planted
    assume(before or not front)
    assume(after or not back)
    text = front + before + private + after + back
    assert findings(text)
    assert private not in redact(text), kind


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        *("a", "1", ".", "-", "@", ":", "a.", "a-", "a@", "1.", "1-", "1:", "1 ", "::", "a.b@", "@a.", ".a.", "..a"),
        *("eyJ", "eyJa.", "_eyJ", "eyJaaaaaaaa.", "arn:aws", "arn:aws:", "arn:aws::::", "xoxb-", "xox", "gho_", "AKIA"),
        *("4111111111111111 ", "4111111111111112 ", "1234 ", "12-3", "10.0.0.1 ", "10.0.0.1.", "10.0.0.", "ff:", "f::"),
        *("%40", "%25", "%2540", "a%40", "\u200b", "a\u200b", "\u2465", "\uff11", "+1", "+1 ", "+12345678", "AA11"),
        *("DE89370400440532013000 ", "://", "://:", "://a:", "://a:b@", "password", "password=", "token: ", "token:"),
        *("-----BEGIN A-----", "-----BEGIN A", "-----", "----", "bearer ", "basic a", "sk-", "sk-ant-", 'pwd="'),
        *(".rds.", "a.rds.amazonaws.com", ".amazonaws.com", "a.amazonaws.com.", "1234.", "1234.1234.", "secret=> "),
        *("hooks.slack.com/", "AA11 A "),
        *(".local", "a.local.", ".loca", "svc.", "ip-1-", "ip-1-2-3-4", "a@b.c ", "a@b.c1.2.3.4", "\u0661", "é"),
    ],
)  # fmt: skip
def test_no_text_takes_long(unit: str) -> None:
    """P-bounded: strangers write these texts; what grew with the square of the length would hold up everybody."""
    text = unit * (50_000 // len(unit))
    assert findings(redact(text + "!")) == []


@settings(max_examples=50, deadline=None)
@given(st.text('a1.@-_:eyJ x%4+/="\u200b\uff11', min_size=1, max_size=8))
def test_no_repetition_takes_long(unit: str) -> None:
    """P-bounded"""
    assert findings(redact(unit * 2_000 + "!")) == []


_details = st.recursive(
    st.none() | st.booleans() | st.integers() | _crumbs | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_label | _crumbs, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(_label, _details, max_size=4))
def test_what_is_scrubbed_holds_nothing_private_and_stays_as_it_is(details: dict[str, object]) -> None:
    """P-private: values and names alike, however deep."""
    once = scrub(details)
    assert scrub(once) == once
    assert _private(once) == []
    json.dumps(once)


def _private(value: object) -> list[str]:
    if isinstance(value, str):
        return findings(value)
    if isinstance(value, dict):
        return [kind for pair in value.items() for part in pair for kind in _private(part)]
    if isinstance(value, list):
        return [kind for item in value for kind in _private(item)]
    return []
