"""The manifests: as the Kubernetes API has them, of commands that exist, and with no more rights than they need."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipelines.cli.listen import listen
from tests.deploy.parts import DEPLOY, PORTS, checker, document, documents, http_port, run, service_of
from tests.docs.pages import DOCS
from tests.docs.test_code import check_call

BASE = DEPLOY / "kubernetes" / "base"
FILES = document(BASE / "kustomization.yaml")["resources"]
THINGS = [thing for name in FILES for thing in documents(BASE / name)]


def of_kind(kind: str) -> dict[str, Any]:
    return {thing["metadata"]["name"]: thing for thing in THINGS if thing["kind"] == kind}


def pods() -> Iterator[tuple[str, Any]]:
    """Every pod template."""
    for name, thing in of_kind("Deployment").items():
        yield name, thing["spec"]["template"]
    for name, thing in of_kind("CronJob").items():
        yield name, thing["spec"]["jobTemplate"]["spec"]["template"]


def containers() -> Iterator[tuple[str, Any]]:
    for name, pod in pods():
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            yield f"{name}/{container['name']}", container


CONTAINERS = dict(containers())
PODS = dict(pods())


def test_every_file_is_in_the_list() -> None:
    assert {path.name for path in BASE.glob("*.yaml")} == {*FILES, "kustomization.yaml"}
    assert len(CONTAINERS) == 6


@pytest.mark.parametrize("name", CONTAINERS)
def test_commands_parse_and_serve_where_they_are_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    container = CONTAINERS[name]
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    words = [word for one in container["args"] for word in one.split("=", 1)]
    check_call(words)
    serves = service_of(words)
    if serves is None:
        assert "livenessProbe" not in container
        return
    (port,) = container["ports"]
    assert http_port(words) == port["containerPort"] == PORTS[serves]
    pages = {
        probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")
    }
    # A restart fills no empty disk: only /healthz may cause one.
    assert pages == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_may_little_and_are_bounded(name: str) -> None:
    container = CONTAINERS[name]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]


def test_the_listener_has_the_memory_it_was_measured_to_need() -> None:
    (measured,) = re.findall(
        r"resident memory, listener and worker, largest \| (\d+) MB", (DOCS / "performance.md").read_text()
    )
    request = CONTAINERS["tribometer-listen/listen"]["resources"]["requests"]["memory"]
    assert int(request.removesuffix("Gi")) * 2**30 > int(measured) * 10**6


@pytest.mark.parametrize("name", PODS)
def test_pods_are_nobody_and_stand_by_the_tables(name: str) -> None:
    pod = PODS[name]
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] in of_kind("ServiceAccount")
    context = spec["securityContext"]
    (user,) = re.findall(r"^USER (\d+):", (DEPLOY / "image" / "Dockerfile").read_text(), re.MULTILINE)
    assert (context["runAsNonRoot"], context["runAsUser"], context["fsGroup"]) == (True, int(user), int(user))
    (term,) = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    # Its own label too: else the first pod could be placed nowhere.
    assert term["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert claims == list(of_kind("PersistentVolumeClaim"))


def test_one_watcher_and_a_listener_that_drains() -> None:
    watcher = of_kind("Deployment")["tribometer-watch"]["spec"]
    assert (watcher["replicas"], watcher["strategy"]) == (1, {"type": "Recreate"})
    (drain,) = (option.default for option in listen.params if option.name == "drain_timeout")
    assert PODS["tribometer-listen"]["spec"]["terminationGracePeriodSeconds"] > drain
    assert of_kind("CronJob")["tribometer-maintenance"]["spec"]["concurrencyPolicy"] == "Forbid"


def test_a_node_can_be_emptied() -> None:
    for budget in of_kind("PodDisruptionBudget").values():
        assert budget["spec"]["maxUnavailable"] == 1
        chosen = budget["spec"]["selector"]["matchLabels"].items()
        assert [name for name, pod in PODS.items() if chosen <= pod["metadata"]["labels"].items()] == [
            budget["metadata"]["name"]
        ]


def test_only_the_listener_has_the_author_key_and_nobody_a_secret_in_the_open() -> None:
    for name, container in CONTAINERS.items():
        for variable in container.get("env", []):
            assert "value" not in variable
            assert (name, variable["name"]) == ("tribometer-listen/listen", "TRIBOMETER_AUTHOR_KEY")
    assert of_kind("Secret") == {}


def test_monitoring_alone_comes_in_and_maintenance_gets_nowhere() -> None:
    closed, open_to = (
        of_kind("NetworkPolicy")[name]["spec"] for name in ("tribometer-closed", "tribometer-services")
    )
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    served = {port["containerPort"] for container in CONTAINERS.values() for port in container.get("ports", [])}
    (rule,) = open_to["ingress"]
    assert {port["port"] for port in rule["ports"]} == served
    (term,) = open_to["podSelector"]["matchExpressions"]
    assert set(term["values"]) == {"listen", "watch"}


def test_maintenance_is_what_the_timer_does() -> None:
    unit = (DEPLOY / "systemd" / "tribometer-maintenance.service").read_text()
    by_timer = [
        line.split("/tribometer ")[1].split() for line in unit.splitlines() if line.startswith("ExecStart=")
    ]
    assert [CONTAINERS[name]["args"] for name in CONTAINERS if "maintenance" in name] == by_timer


@pytest.mark.deploy
@pytest.mark.parametrize("version", ["1.31", "1.35"])
def test_the_api_takes_them(version: str) -> None:
    files = [BASE / name for name in FILES]
    said = run(checker("kubernetes-validate"), "--strict", "--kubernetes-version", version, *files)
    assert said.count(" passed ") == len(THINGS)


@pytest.mark.deploy
def test_the_overlay_for_google_cloud_renders() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not here, and no package registry has kustomize")
    rendered = list(
        YAML(typ="safe", pure=True).load_all(run("kubectl", "kustomize", BASE.parent / "google-cloud"))
    )
    assert len(rendered) == len(THINGS)
    images = {
        container["image"].split("@")[0]
        for thing in rendered
        if thing["kind"] == "Deployment"
        for container in thing["spec"]["template"]["spec"]["containers"]
    }
    assert images == {"images.example.com/tribometer"}
    (account,) = (
        thing for thing in rendered if thing["kind"] == "ServiceAccount" and "annotations" in thing["metadata"]
    )
    assert account["metadata"]["name"] == "tribometer-listen"
