"""The contract tests of store and queue against engines that somebody else wrote: ``make conformance``.

DynamoDB Local is Amazon's, ElasticMQ a widely used SQS in Scala. Maven fetches both, once, from wherever Maven is set
to fetch; they run on free ports of this machine, and end with the tests.
"""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from app import clock
from app.sim import aws

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "engines"
TESTS = ("tests/contract/test_store.py", "tests/contract/test_queue.py")
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
UP_WITHIN_S = 90.0  # a cold JVM on two busy cores
DOWN_WITHIN_S = 10.0

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>engine</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
  </dependency></dependencies>
</project>
"""
_ELASTICMQ_CONF = """include classpath("application.conf")
node-address {{ host = "127.0.0.1", port = {port} }}
rest-sqs {{ bind-hostname = "127.0.0.1", bind-port = {port} }}
rest-stats.enabled = false
aws {{ region = "{region}", accountId = "{account}" }}
"""


@dataclass(frozen=True)
class Engine:
    """``name`` is what the tests call it; the newest version whose every dependency could be had."""

    name: str
    group: str
    artifact: str
    version: str
    main: str

    @property
    def home(self) -> Path:
        return CACHE / f"{self.artifact}-{self.version}"

    def command(self, port: int) -> list[str]:
        java = [_tool("java"), "-Xmx512m", "-cp", f"{self.home}/*"]
        if self.name == "elasticmq":
            config = CACHE / "elasticmq.conf"
            config.write_text(_ELASTICMQ_CONF.format(port=port, region=aws.REGION, account=aws.ACCOUNT))
            return [*java, f"-Dconfig.file={config}", self.main]
        # its SQLite is native code, which lies among the jars
        return [*java, f"-Djava.library.path={self.home}", self.main, "-inMemory", "-port", str(port)]


ENGINES = (
    Engine(
        "dynamodb-local", "software.amazon.dynamodb", "DynamoDBLocal", "3.1.0",
        "software.amazon.dynamodb.services.local.main.ServerRunner",
    ),
    Engine("elasticmq", "org.elasticmq", "elasticmq-server_3", "1.7.1", "org.elasticmq.server.Main"),
)  # fmt: skip


def fetch(engine: Engine) -> None:
    """Whole or not at all: what was broken off is fetched anew."""
    if engine.home.is_dir():
        return
    _say(f"Fetching {engine.artifact} {engine.version} with Maven (once)")
    partial = CACHE / f"{engine.artifact}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pom = CACHE / f"{engine.artifact}.pom"
    pom.write_text(_POM.format(group=engine.group, artifact=engine.artifact, version=engine.version))
    goal = [f"{MAVEN_PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
    strictly = "--strict-checksums"
    done = subprocess.run([_tool("mvn"), "-B", "-q", strictly, "-f", str(pom), *goal], check=False)  # noqa: S603
    if done.returncode != 0:
        raise SystemExit(
            f"Maven could not fetch {engine.group}:{engine.artifact}:{engine.version} (its words are above).\n"
            "If this machine reaches Maven Central through a mirror, name it in ~/.m2/settings.xml."
        )
    partial.rename(engine.home)


@contextmanager
def running(engine: Engine) -> Iterator[str]:
    """The address under which it answers."""
    port = _free_port()
    log = CACHE / f"{engine.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(engine.command(port), stdout=output, stderr=subprocess.STDOUT, cwd=CACHE)  # noqa: S603
    try:
        until = clock.monotonic() + UP_WITHIN_S
        while not _answers(port):
            if process.poll() is not None or clock.monotonic() > until:
                raise SystemExit(f"{engine.name} did not come up. Its log, {log}:\n{log.read_text(errors='replace')}")
            Event().wait(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(DOWN_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(more: Sequence[str]) -> int:
    """``more``: further arguments for pytest, ``-k parked`` for one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engines are stopped then, too
    _tool("java")
    for engine in ENGINES:
        fetch(engine)
    with ExitStack() as stack:
        options = [f"--engine={engine.name}={stack.enter_context(running(engine))}" for engine in ENGINES]
        for engine in ENGINES:
            _say(f"{engine.name} {engine.version} runs")
        tests = [sys.executable, "-m", "pytest", *TESTS, *options, *more]
        return subprocess.run(tests, cwd=ROOT, check=False).returncode  # noqa: S603 - our own tests


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SystemExit(f"make conformance needs `{name}`, which is not here: install Java 17 or newer, and Maven")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        return True


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
