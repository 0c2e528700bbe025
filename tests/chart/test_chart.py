"""What an installation puts into the cluster, looked at as its auditor would."""

from __future__ import annotations

import itertools
import re
import subprocess

import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

from app.settings import ProcessorSettings, WebhookSettings
from app.webhook.main import SHUTDOWN_S
from tests.chart.rendered import CHART, ENVIRONMENTS, KNOWN_TO_KUBERNETES, KUBERNETES, Document, helm, one, pod, render

DRAIN_S: float = ProcessorSettings.model_fields["drain_timeout_s"].default
SECRET_WORDS = re.compile(r"xox[bap]-|xapp-|lin_api_|glc_|glsa_|ghp_|sk_live|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY")

every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


@every_environment
def test_helm_finds_nothing_to_complain_of(environment: str) -> None:
    values = str(CHART / f"values-{environment}.yaml")
    done = helm("lint", str(CHART), "--strict", "--values", values, "--kube-version", f"{KUBERNETES}.0")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        *((environment, ()) for environment in ENVIRONMENTS),
        ("staging", ("settings.SLACK_TRANSPORT=http", "webhook.autoscaling.enabled=true")),
        ("staging", ("serviceAccount.create=false", "prometheusRule.enabled=true", "dashboard.grafanaOperator=true")),
        ("production", ("aws.webhookRoleArn=arn:aws:iam::1:role/w", "aws.sweepRoleArn=arn:aws:iam::1:role/s")),
    ],
)
def test_every_document_is_one_that_kubernetes_takes(environment: str, settings: tuple[str, ...]) -> None:
    documents = render(environment, *settings)
    for document in documents:
        if document["apiVersion"] in KNOWN_TO_KUBERNETES:  # tests/chart/test_custom.py has the others
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
    assert len(documents) > 10


@every_environment
def test_the_pod_that_the_internet_reaches_knows_no_vendor(environment: str) -> None:
    """X3: it gets one secret value here; the sender's it reads by id. No vendor's key, and no table."""
    documents = render(environment)
    mounted = one(documents, "ExternalSecret", "webhook")["spec"]["data"]
    assert [entry["secretKey"] for entry in mounted] == ["SLACK_SIGNING_SECRET"]
    container = pod(documents, "webhook")["containers"][0]
    names = [next(iter(source.values()))["name"] for source in container["envFrom"]]
    assert names == ["incident-response-webhook"]
    told = one(documents, "ConfigMap", "webhook")["data"]
    assert not [name for name in told if "TABLE" in name or "SCHEDULER" in name or "NUDGE" in name]


@every_environment
@pytest.mark.parametrize("name", ["webhook", "processor"])
def test_secrets_are_files_that_may_change_under_a_running_pod(environment: str, name: str) -> None:
    """Variables stay as they were at the start, so each pod reads its own secret from a folder, and no other's."""
    spec = pod(render(environment), name)
    [container] = spec["containers"]
    assert not any("secretRef" in source for source in container["envFrom"])
    assert not any("valueFrom" in variable for variable in container["env"])
    [told] = [variable["value"] for variable in container["env"] if variable["name"] == "SECRETS_DIR"]
    [mount] = [mount for mount in container["volumeMounts"] if mount["mountPath"] == told]
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
    assert secrets == {mount["name"]: f"incident-response-{name}"}
    assert "subPath" not in mount  # such a file is never renewed


@every_environment
def test_there_is_one_processor_and_never_two_on_purpose(environment: str) -> None:
    spec = one(render(environment), "Deployment", "processor")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@every_environment
def test_the_processor_has_longer_to_end_than_it_takes(environment: str) -> None:
    """L5: what is in flight is finished inside the grace period."""
    assert pod(render(environment), "processor")["terminationGracePeriodSeconds"] >= DRAIN_S + 10


@pytest.mark.parametrize(
    ("settings", "rendered"),
    [
        ([f"processor.terminationGracePeriodSeconds={DRAIN_S + 10:.0f}"], True),
        ([f"processor.terminationGracePeriodSeconds={DRAIN_S + 9:.0f}"], False),
        (["processorSettings.DRAIN_TIMEOUT_S=35"], True),
        (["processorSettings.DRAIN_TIMEOUT_S=35.5"], False),
        (["settings.DRAIN_TIMEOUT_S=60"], False),
        (["settings.DRAIN_TIMEOUT_S=60", "processorSettings.DRAIN_TIMEOUT_S=20"], True),
        (["settings.DRAIN_TIMEOUT_S=60", "processor.terminationGracePeriodSeconds=70"], True),
    ],
)
def test_a_grace_period_that_cuts_the_drain_off_is_refused(settings: list[str], rendered: bool) -> None:
    """L5: also where somebody sets the one and forgets the other; told what to do."""
    done = template(*settings)
    assert (done.returncode == 0) is rendered
    if not rendered:
        assert "raise the one, or lower the other" in done.stderr


@every_environment
def test_the_webhook_answers_what_is_in_flight_before_it_is_killed(environment: str) -> None:
    """L5: the pause in which load balancers hear of its end, the answers, and the last export (2 s)."""
    spec = pod(render(environment), "webhook")
    pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= pause + SHUTDOWN_S + 2


@every_environment
def test_one_node_or_zone_does_not_take_the_webhook_with_it(environment: str) -> None:
    found = one(render(environment), "Deployment", "webhook")["spec"]["template"]
    spread = found["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for each in spread:
        assert each["labelSelector"]["matchLabels"].items() <= found["metadata"]["labels"].items()


@every_environment
def test_a_rolling_update_of_the_webhook_loses_nothing(environment: str) -> None:
    spec = one(render(environment), "Deployment", "webhook")["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert one(render(environment), "PodDisruptionBudget", "webhook")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(("environment", "name"), [*itertools.product(ENVIRONMENTS, ("webhook", "processor"))])
def test_the_pods_are_restricted(environment: str, name: str) -> None:
    """Kubernetes' Pod Security Standards, profile "restricted", and a root file system that nobody writes to."""
    spec = pod(render(environment), name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        allowed = container["securityContext"]
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= set(container["resources"])


@pytest.mark.parametrize(("environment", "name"), [*itertools.product(ENVIRONMENTS, ("webhook", "processor"))])
def test_a_pod_that_hangs_or_is_not_ready_is_noticed(environment: str, name: str) -> None:
    """The image has no HEALTHCHECK, which Kubernetes would not read: both probes ask at a port that is there."""
    [container] = pod(render(environment), name)["containers"]
    ports = {port["name"] for port in container["ports"]}
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in asked.items()} == {"liveness": "/health", "readiness": "/ready"}
    assert {probe["port"] for probe in asked.values()} <= ports


@every_environment
def test_the_sweep_runs_daily_and_holds_no_vendors_key(environment: str) -> None:
    """G7: a check that nobody runs finds nothing."""
    spec = one(render(environment), "CronJob", "sweep")["spec"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", spec["schedule"])
    [container] = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["audit", "sweep", "--json"]
    assert not any("secretRef" in source for source in container["envFrom"])
    told = one(render(environment), "ConfigMap", "processor")["data"]
    assert told["ARCHIVE_BUCKET_NAME"].startswith(f"{environment}-incident-response-archive-")
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@every_environment
def test_no_secret_stands_in_a_manifest(environment: str) -> None:
    documents = render(environment)
    assert not [document for document in documents if document["kind"] == "Secret"]
    assert not SECRET_WORDS.search(yaml.safe_dump_all(documents))


@every_environment
def test_every_secret_is_of_this_environment(environment: str) -> None:
    """Staging cannot read production's, and the other way round."""
    documents = render(environment)
    keys = [
        entry["remoteRef"]["key"]
        for document in documents
        if document["kind"] == "ExternalSecret"
        for entry in document["spec"]["data"]
    ]
    assert keys
    assert all(key.startswith(f"incident-response/{environment}/") for key in keys)
    secret_id = one(documents, "ConfigMap", "webhook")["data"]["GRAFANA_ONCALL_HMAC_SECRET_ID"]
    assert secret_id == f"incident-response/{environment}/grafana-oncall-hmac"


@pytest.mark.parametrize(
    ("environment", "name", "transport"),
    [*itertools.product(ENVIRONMENTS, ("webhook", "processor"), ("socket", "http"))],
)
def test_each_pod_is_told_all_that_it_must_know(environment: str, name: str, transport: str) -> None:
    """What a pod gets from its ConfigMap and its Secret are settings that exist, and all that have no default."""
    documents = render(environment, f"settings.SLACK_TRANSPORT={transport}")
    model: type[BaseSettings] = WebhookSettings if name == "webhook" else ProcessorSettings
    told = set(one(documents, "ConfigMap", name)["data"])
    told |= {entry["secretKey"] for entry in one(documents, "ExternalSecret", name)["spec"]["data"]}
    known = {field.upper() for field in model.model_fields}
    required = {field.upper() for field, info in model.model_fields.items() if info.is_required()}
    assert required - told == set()
    assert told - known == set()


@every_environment
def test_what_is_not_named_is_denied(environment: str) -> None:
    policies = [document for document in render(environment) if document["kind"] == "NetworkPolicy"]
    assert {policy["metadata"]["name"] for policy in policies} == {
        "incident-response-webhook", "incident-response-processor",
    }  # fmt: skip
    for policy in policies:
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert _ports(policy["spec"]["egress"]) == {53, 443, 80, 4317, 4318}
        world = [block["ipBlock"] for rule in policy["spec"]["egress"] for block in rule["to"] if "ipBlock" in block]
        assert all("169.254.169.254/32" in block["except"] for block in world if block["cidr"] == "0.0.0.0/0")
    ingress = {policy["metadata"]["name"]: policy["spec"]["ingress"] for policy in policies}
    assert ingress["incident-response-processor"] == []
    assert _ports(ingress["incident-response-webhook"]) == {8080}


def _ports(rules: list[Document]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_slack_is_let_in_only_where_it_comes_by_http() -> None:
    def paths(*settings: str) -> list[str]:
        rules = one(render("staging", *settings), "Ingress", "webhook")["spec"]["rules"]
        return [path["path"] for path in rules[0]["http"]["paths"]]

    assert paths() == ["/webhook"]
    assert paths("settings.SLACK_TRANSPORT=http") == ["/webhook", "/slack/events"]


def test_the_pods_have_an_account_each_or_the_platforms() -> None:
    roles = {"webhook": "webhookRoleArn", "processor": "platformRoleArn", "sweep": "sweepRoleArn"}
    own = render("staging", *(f"aws.{value}=arn:aws:iam::1:role/{name}" for name, value in roles.items()))
    for name in roles:
        account = one(own, "ServiceAccount", name)["metadata"]
        assert _account(own, name) == account["name"]
        assert account["annotations"]["eks.amazonaws.com/role-arn"].endswith(f"role/{name}")
    theirs = render("staging", "serviceAccount.create=false")
    assert not [document for document in theirs if document["kind"] == "ServiceAccount"]
    assert {_account(theirs, name) for name in roles} == {"tenant-runtime"}


def _account(documents: list[Document], name: str) -> str:
    if name == "sweep":
        spec = one(documents, "CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    else:
        spec = pod(documents, name)
    return str(spec["serviceAccountName"])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("webhook.replicas=1", "replicas"),
        ("webook.replicas=2", "webook"),
        ("processorSettings.LINEAR_API_KEY=lin", "LINEAR_API_KEY"),
        ("tenantInfra.incidentEventsQueueUrl=", "tenantInfra.incidentEventsQueueUrl"),
        ("tenantInfra.schedulerGroupName=default", "schedulerGroupName"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: str, says: str) -> None:
    done = template(wrong)
    assert done.returncode != 0
    assert says in done.stderr


def template(*settings: str) -> subprocess.CompletedProcess[str]:
    values = str(CHART / "values-staging.yaml")
    chosen = [part for setting in settings for part in ("--set", setting)]
    return helm("template", "x", str(CHART), "--values", values, "--kube-version", f"{KUBERNETES}.0", *chosen)
