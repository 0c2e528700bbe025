"""schemathesis on what the webhook pod says of itself: ``make fuzz-api`` (``python -m tests.fuzz.fuzz_api <cases>``).

Each case is made from the served OpenAPI document, sent over HTTP to the real pod, signed three times out of four, and
its answer is held against the document. It ends with 1 if an answer is not as documented, if there is a 5xx other than
the 503 of a queue that was cut, or if the pod's memory grew.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from app.signature import sign_hex, sign_slack
from tests.fuzz.targets import SECRET

WARM_UP = 0.2  # of the cases; before that many, caches fill
GROWTH_KB = 8_192
# Not asked whether it refuses what is outside the document: it takes more than it promises to, on purpose.
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ROUNDS = {"/webhook": 0.5, "/slack/events": 0.4}  # of the cases; what is left is shared by the rest


def main(cases: int) -> int:
    with _pod() as (address, process_id):
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        rest = [op for op in operations if _share(op) is None]
        answers: Counter[tuple[str, bool, int]] = Counter()
        memory: list[int] = []

        for stage, part in ((WARM_UP, cases), (1 - WARM_UP, cases)):
            for operation in operations:
                share = _share(operation) or (1 - sum(ROUNDS.values())) / len(rest)
                _fuzz(operation, round(part * stage * share), answers)
            memory.append(_resident_kb(process_id))
    return _report(answers, *memory)


def _share(operation: Any) -> float | None:
    return ROUNDS.get(operation.path) if operation.method.upper() == "POST" else None


def _fuzz(operation: Any, cases: int, answers: Counter[tuple[str, bool, int]]) -> None:
    """Hypothesis stops early where there is little to vary; then it is asked again."""
    name = f"{operation.method.upper()} {operation.path}"
    made = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    sent = 0

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(made[0], made[0], made[1]), st.sampled_from([True, True, True, False]))
    def exchange(case: Any, signed: bool) -> None:
        nonlocal sent
        if sent >= cases:
            return
        sent += 1
        response = case.call(auth=_sign if signed else None, timeout=10)
        answers[name, signed, response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        assert response.status_code < 500 or response.status_code == 503, response.text

    while sent < cases:
        before = sent
        exchange()
        if sent == before:
            raise RuntimeError(f"nothing could be made for {name}")


def _sign(request: Any) -> Any:
    """Called by requests once the body is bytes: as OnCall signs, and as Slack does."""
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    timestamp = str(int(time.time()))
    request.headers["X-Grafana-OnCall-Signature"] = sign_hex(SECRET, body)
    request.headers["X-Slack-Request-Timestamp"] = timestamp
    request.headers["X-Slack-Signature"] = sign_slack(SECRET, timestamp, body)
    return request


@contextmanager
def _pod() -> Iterator[tuple[str, int]]:
    pod = subprocess.Popen([sys.executable, "-m", "tests.fuzz.served_webhook"], stdout=subprocess.PIPE, text=True)
    assert pod.stdout is not None
    try:
        yield pod.stdout.readline().strip(), pod.pid
        assert pod.poll() is None, "the pod died"
    finally:
        pod.terminate()
        pod.wait(timeout=30)


def _resident_kb(process_id: int) -> int:
    (line,) = (one for one in Path(f"/proc/{process_id}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1])


def _report(answers: Counter[tuple[str, bool, int]], before_kb: int, after_kb: int) -> int:
    say: Callable[[str], int] = sys.stdout.write
    for (name, signed, status), count in sorted(answers.items()):
        say(f"{name:<22}{'signed' if signed else 'unsigned':<10}{status:>5}{count:>8}\n")
    grown = after_kb - before_kb
    say(f"{answers.total()} cases, every answer as documented\n")
    say(f"memory of the pod: {before_kb} kB after the first {WARM_UP:.0%}, {after_kb} kB at the end ({grown:+d} kB)\n")
    return 1 if grown > GROWTH_KB else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
