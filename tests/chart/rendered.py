"""The chart, rendered by helm as an installation would."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "chart"
# A further environment is a further file; values-platform.yaml is no environment, but goes on top of one.
ENVIRONMENTS = sorted({file.stem.removeprefix("values-") for file in CHART.glob("values-*.yaml")} - {"platform"})
KUBERNETES = "1.31"
# What the chart uses of Kubernetes' own. Everything else is some operator's: tests/chart/custom_resources.yaml.
KNOWN_TO_KUBERNETES = {
    "v1", "apps/v1", "autoscaling/v2", "batch/v1", "networking.k8s.io/v1", "policy/v1",
}  # fmt: skip
_OWN_HELM = ROOT / ".cache" / "bin" / "helm"  # `make chart` puts it there when there is none

Document = dict[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("helm") or str(_OWN_HELM)
    return subprocess.run([found, *arguments], capture_output=True, text=True, check=False)


@cache
def render(environment: str, *settings: str) -> list[Document]:
    """``settings``: as behind ``--set``; what ends with .yaml is a further file of values in the chart."""
    chosen: list[str] = []
    for setting in settings:
        chosen += ["--values", str(CHART / setting)] if setting.endswith(".yaml") else ["--set", setting]
    done = helm(
        "template", "incident-response", str(CHART), "--values", str(CHART / f"values-{environment}.yaml"),
        "--kube-version", f"{KUBERNETES}.0", *chosen,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def one(documents: list[Document], kind: str, name: str) -> Document:
    found = [one for one in documents if one["kind"] == kind and one["metadata"]["name"] == f"incident-response-{name}"]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pod(documents: list[Document], name: str) -> Document:
    spec: Document = one(documents, "Deployment", name)["spec"]["template"]["spec"]
    return spec
