"""How it is built, tested and shipped elsewhere: the Dockerfile and the workflows, which nothing here can run whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from app.cli import cli
from app.domain.policy import Policy
from app.drill.run import ROOM_S
from app.terminal_settings import DrillSettings
from tests.architecture.tree import ROOT, text

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
VERBS = set(re.findall(r"^([a-z-]+):.*## ", text(Path("Makefile")), re.MULTILINE))
PYTHON = "3.11"
_ACTION = re.compile(r"[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})")

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


# ---------------------------------------------------------------- the image


def stages() -> list[list[tuple[str, str]]]:
    """Of the Dockerfile: each begins with its FROM; what stands before the first is one of its own."""
    joined = re.sub(r"\\\n", " ", text(Path("Dockerfile")))
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def of(word: str, stage: list[tuple[str, str]]) -> list[str]:
    return [rest for name, rest in stage if name == word]


def test_the_image_is_run_by_nobody_in_particular_and_holds_no_tools() -> None:
    """Not root, by the number that the chart runs it as; what builds it stays behind."""
    last = stages()[-1]
    [user] = of("USER", last)
    uid = re.search(r"runAsUser: (\d+)", text(Path("chart/templates/_helpers.tpl")))
    gid = re.search(r"runAsGroup: (\d+)", text(Path("chart/templates/_helpers.tpl")))
    assert uid
    assert gid
    assert user == f"{uid[1]}:{gid[1]}"
    assert not [run for run in of("RUN", last) if re.search(r"\b(pip|apt|apt-get|curl|wget)\b", run)]
    assert [word for word, _ in last].index("USER") > max(
        i for i, (word, _) in enumerate(last) if word in {"RUN", "COPY"}
    )


def test_the_image_can_be_pinned_to_the_byte() -> None:
    """Base by its digest, packages by their hashes, and our code by what stands here."""
    before, *built = stages()
    [base] = of("ARG", before)
    assert base == f"PYTHON=python:{PYTHON}-slim-bookworm"
    assert {of("FROM", stage)[0].split()[0] for stage in built} == {"${PYTHON}"}
    installs = [run for stage in built for run in of("RUN", stage) if "pip install" in run]
    assert len(installs) == 1
    assert "pip install --require-hashes -r requirements.lock" in installs[0]
    pinned = [block for block in re.split(r"\n(?=\S)", text(Path("requirements.lock"))) if not block.startswith("#")]
    assert [block for block in pinned if not re.match(r"\S+==\S+ \\\n +--hash=sha256:[0-9a-f]{64}", block)] == []


def test_the_image_is_made_of_our_code_and_nothing_else() -> None:
    """No .env, no secrets.json, no .git gets into a layer, whatever lies about in the folder it is built in."""
    ignored = text(Path(".dockerignore")).split()
    assert ignored[0] == "*"
    copied = {rest.split()[0] for stage in stages() for rest in of("COPY", stage) if not rest.startswith("--from")}
    assert copied == {"requirements.lock", "app"}
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert not [stage for stage in stages() if of("ADD", stage)]
    assert any(
        "rm -rf" in run and run.split("rm -rf ")[1].split()[0].endswith("/app/sim") for run in of("RUN", stages()[1])
    )


def test_the_image_runs_what_the_chart_asks_it_for() -> None:
    last = stages()[-1]
    assert of("ENTRYPOINT", last) == ['["python", "-m", "app.cli"]']
    assert set(re.findall(r"site-packages|python3\.\d+", "".join(of("COPY", stages()[1])))) == {
        "site-packages", f"python{PYTHON}",
    }  # fmt: skip
    asked = [
        words.split(", ")
        for file in ("processor", "webhook", "sweep")
        for words in re.findall(r"args: \[(.*)\]", text(Path(f"chart/templates/{file}.yaml")))
    ]
    assert len(asked) == 3
    for words in asked:
        command: Any = typer.main.get_command(cli)
        for word in words:
            if not word.startswith("-"):
                command = command.commands[word]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= options


# ---------------------------------------------------------------- the workflows


def workflow(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def jobs(path: Path) -> Iterator[dict[str, Any]]:
    yield from workflow(path)["jobs"].values()


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path):
        yield from job["steps"]


def typed(path: Path) -> Iterator[str]:
    """Every ``run``, once for each value of the job's matrix."""
    for job in jobs(path):
        matrix = job.get("strategy", {}).get("matrix", {})
        for values in product(*matrix.values()):
            for step in job["steps"]:
                words = step.get("run", "")
                for name, value in zip(matrix, values, strict=True):
                    words = words.replace("${{ matrix.%s }}" % name, value)  # noqa: UP031 - braces
                yield words


def made(path: Path) -> set[str]:
    return {verb for words in typed(path) for verb in re.findall(r"\bmake ([a-z-]+)", words)}


@every_workflow
def test_every_verb_that_a_workflow_types_exists(path: Path) -> None:
    assert made(path) <= VERBS
    if path.stem in {"ci", "nightly", "nightly-drill"}:
        assert made(path)


def test_ci_types_what_a_person_types() -> None:
    own = set(re.findall(r"^make ([a-z-]+)", text(Path(".ci/run")), re.MULTILINE))
    assert made(ROOT / ".github/workflows/ci.yml") == own


@every_workflow
def test_what_others_wrote_is_pinned_and_may_do_little(path: Path) -> None:
    """An action of somebody else's runs at a version (docs/deployment.md says why not by digest), with the rights that
    are named, and not for ever."""
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert [action for action in used if not _ACTION.fullmatch(action)] == []
    rights = workflow(path)["permissions"]
    assert rights["contents"] == "read"
    assert set(rights) <= {"contents", "packages", "id-token", "security-events"}
    assert [job for job in jobs(path) if "timeout-minutes" not in job] == []
    assert "pull_request_target" not in path.read_text()


@every_workflow
def test_nothing_that_a_stranger_names_is_typed_into_a_shell(path: Path) -> None:
    """A branch's or a pull request's name is text, not a command."""
    assert [
        words
        for words in typed(path)
        if re.search(r"\$\{\{\s*(github\.(event|head_ref|ref_name|actor)|inputs|secrets)", words)
    ] == []


@every_workflow
def test_every_workflow_runs_the_python_that_the_image_has(path: Path) -> None:
    versions = {step["with"]["python-version"] for step in steps(path) if "setup-python" in step.get("uses", "")}
    assert versions <= {PYTHON}


def test_every_variable_that_a_person_must_set_is_told_to_them() -> None:
    pages = text(Path("docs/deployment.md")) + text(Path("docs/drills.md"))
    asked = {name for path in WORKFLOWS for name in re.findall(r"\bvars\.([A-Z_]+)", path.read_text())}
    assert len(asked) > 5
    assert [name for name in sorted(asked) if f"`{name}`" not in pages] == []


def test_the_nightly_drill_is_off_until_it_is_switched_on_and_is_told_what_it_needs() -> None:
    """At staging, with a role that may only read, and with the settings that the command reads."""
    path = ROOT / ".github/workflows/nightly-drill.yml"
    [job] = jobs(path)
    assert job["if"] == "vars.INCIDENT_RESPONSE_DRILL_ENABLED == 'true'"
    assert job["environment"] == "staging"
    required = {name.upper() for name, field in DrillSettings.model_fields.items() if field.is_required()}
    assert required <= set(job["env"])
    [fired] = [words for words in typed(path) if " drill " in words]
    command: Any = typer.main.get_command(cli)
    parameters = command.commands["drill"].params
    assert set(re.findall(r" (--[a-z-]+)", fired)) <= {option for one in parameters for option in one.opts}
    [people_have] = [one.default for one in parameters if one.name == "minutes"]
    longest = ROOM_S / 60 + people_have + Policy().auto_resolve_after / timedelta(minutes=1)
    assert job["timeout-minutes"] > longest + 10  # or it is cut off before it ended its alert


# ---------------------------------------------------------------- the version


def test_there_is_one_version() -> None:
    """Of the package, the chart, the image it asks for, and the change log."""
    version = tomllib.loads(text(Path("pyproject.toml")))["project"]["version"]
    chart = yaml.safe_load(text(Path("chart/Chart.yaml")))
    assert (chart["version"], chart["appVersion"]) == (version, version)
    newest = re.search(r"^## (?:Unreleased: )?(\S+)", text(Path("CHANGELOG.md")), re.MULTILINE)
    assert newest
    assert newest[1] == version


@pytest.mark.parametrize(("tag", "released"), [("v{}", True), ("v9.9.9", False), ("v{}-rc1", False), ("v{}0", False)])
def test_a_release_is_the_image_that_the_chart_asks_for(tag: str, released: bool, tmp_path: Path) -> None:
    """Git's tag has a v, the image's has none; a tag that is not the chart's version releases nothing."""
    version = yaml.safe_load(text(Path("chart/Chart.yaml")))["appVersion"]
    path = ROOT / ".github/workflows/release.yml"
    [decides] = [step for step in steps(path) if step.get("id") == "version"]
    told = {"GITHUB_REF_NAME": tag.format(version), "GITHUB_OUTPUT": str(tmp_path / "output"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-e", "-c", decides["run"]], cwd=ROOT, env=told, capture_output=True, check=False)
    assert (done.returncode == 0) is released
    if released:
        assert (tmp_path / "output").read_text() == f"version={version}\n"
    [pushes] = [step["with"] for step in steps(path) if "build-push-action" in step.get("uses", "")]
    assert pushes["tags"].endswith(":${{ steps.version.outputs.version }}")
