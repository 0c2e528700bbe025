"""Coverage-guided bytes for every target, one after the other: ``make fuzz SECONDS=600``.

``python -m tests.fuzz.fuzz_bytes <seconds>`` runs each target in a process of its own and prints what came of it; it
ends with 1 if any of them crashed. What crashed is kept under build/fuzz, to become a seed and a test.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import atheris
import structlog

CORPUS = Path(__file__).parent / "corpus"
WORDS = Path(__file__).parent / "words.dict"
FOUND = Path("build/fuzz")
MEMORY_MB = 1_024
INPUT_BYTES = 8_192
SLOWEST_S = 5


def main() -> int:
    if len(sys.argv) == 2:
        return _all(int(sys.argv[1]))
    return _one(sys.argv[1], sys.argv[2])


def _all(seconds: int) -> int:
    _say(_line("target", "executions", "per second", "coverage", "features", "start MB", "peak MB"))
    failed = 0
    names = sorted(folder.name for folder in CORPUS.iterdir())
    for name in names:
        found = FOUND / name
        found.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.fuzz.fuzz_bytes", name, str(seconds // len(names))]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        (found / "log").write_text(run.stdout + run.stderr)
        _say(_row(name, run.stderr) + ("" if run.returncode == 0 else f"  CRASH, see {found}/log"))
        failed += run.returncode != 0
    return 1 if failed else 0


def _one(name: str, seconds: str) -> int:
    """In a process of its own: libFuzzer keeps its state in the process, and ends it."""
    with atheris.instrument_imports(include=["app", "tests.fuzz.targets", "slack_bolt"]):
        from tests.fuzz.targets import TARGETS
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = FOUND / name
    options = {
        "max_total_time": seconds,
        "max_len": INPUT_BYTES,
        "timeout": SLOWEST_S,
        "rss_limit_mb": MEMORY_MB,
        "dict": WORDS,
        "artifact_prefix": f"{found}/",
        "print_final_stats": 1,
    }
    atheris.Setup(
        ["fuzz", *(f"-{key}={value}" for key, value in options.items()), str(_fresh(found)), str(CORPUS / name)],
        TARGETS[name],
    )
    atheris.Fuzz()
    return 0


def _fresh(found: Path) -> Path:
    """Where libFuzzer puts the inputs that reached something new."""
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    return corpus


def _row(name: str, log: str) -> str:
    def last(pattern: str) -> str:
        found: list[str] = re.findall(pattern, log)
        return found[-1] if found else "?"

    return _line(
        name,
        last(r"number_of_executed_units:\s*(\d+)"),
        last(r"average_exec_per_sec:\s*(\d+)"),
        last(r"cov: (\d+)"),
        last(r"ft: (\d+)"),
        last(r"INITED.* rss: (\d+)Mb"),
        last(r"peak_rss_mb:\s*(\d+)"),
    )


def _line(first: str, *cells: str) -> str:
    return f"{first:<10}" + "".join(f"{cell:>12}" for cell in cells)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
