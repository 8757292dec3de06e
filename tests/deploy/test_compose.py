"""The compose file: as its schema has it, of commands that exist, with the rules that are tested."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.cli.listen import listen
from tests.deploy.parts import DEPLOY, PORTS, checker, document, http_port, run, service_of, texts
from tests.docs.test_code import check_call

FOLDER = DEPLOY / "compose"
FILE = document(FOLDER / "compose.yaml")
OURS: dict[str, Any] = {
    name: service for name, service in FILE["services"].items() if "TRIBOMETER_IMAGE" in service["image"]
}


@pytest.mark.parametrize("name", OURS)
def test_commands_parse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    check_call(OURS[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_each_is_asked_for_its_health_where_it_serves_it(name: str) -> None:
    service = OURS[name]
    serves = service_of(service["command"])
    if serves is None:
        assert service["healthcheck"] == {"disable": True}
        return
    assert http_port(service["command"]) == PORTS[serves]
    assert int(service.get("environment", {}).get("TRIBOMETER_HEALTH_PORT", 9470)) == PORTS[serves]
    (drain,) = (option.default for option in listen.params if option.name == "drain_timeout")
    assert int(service["stop_grace_period"].removesuffix("s")) > drain


@pytest.mark.parametrize("name", OURS)
def test_none_may_more_than_it_needs(name: str) -> None:
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "ports" not in service, "only through the network of monitoring"
    keys = [key for key in service.get("environment", {}) if "KEY" in key]
    assert keys == (["TRIBOMETER_AUTHOR_KEY"] if name == "listen" else [])


def test_prometheus_scrapes_the_services_and_reads_the_rules_that_are_tested() -> None:
    scrape = document(FOLDER / "prometheus.yaml")
    targets = set(scrape["scrape_configs"][0]["static_configs"][0]["targets"])
    assert targets == {
        f"{name}:{PORTS[serves]}" for name, service in OURS.items() if (serves := service_of(service["command"]))
    }
    mounts = dict(
        volume.split(":")[:2] for volume in FILE["services"]["prometheus"]["volumes"] if volume.startswith(".")
    )
    assert [path for path in mounts if not (FOLDER / path).is_file()] == []
    assert set(scrape["rule_files"]) <= set(mounts.values())


def test_every_variable_that_must_be_set_is_in_the_example() -> None:
    example = (FOLDER / "example.env").read_text()
    asked = {text.split("${")[1].split(":")[0] for text in texts(FILE) if "${" in text}
    assert asked == {line.split("=")[0] for line in example.splitlines() if "=" in line and line[0] != "#"}


@pytest.mark.deploy
def test_it_is_a_compose_file() -> None:
    run(checker("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", FOLDER / "compose.yaml")


@pytest.mark.deploy
def test_prometheus_takes_its_configuration() -> None:
    run(checker("promtool"), "check", "config", "--syntax-only", FOLDER / "prometheus.yaml")
