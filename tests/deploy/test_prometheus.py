"""The alert rules: of metrics that exist, tested to fire and to be silent, each with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.parts import DEPLOY, ROOT, checker, document, metrics_in, run, samples
from tests.docs.pages import DOCS
from tests.docs.test_links import anchors

FOLDER = DEPLOY / "prometheus"
RULES: dict[str, Any] = {
    rule["alert"]: rule
    for group in document(FOLDER / "tribometer.rules.yaml")["groups"]
    for rule in group["rules"]
}


@pytest.mark.parametrize("name", RULES)
def test_every_metric_exists(name: str) -> None:
    named = metrics_in(RULES[name]["expr"])
    assert named
    assert named - samples() == set()


@pytest.mark.parametrize("name", RULES)
def test_every_alert_says_what_to_do(name: str) -> None:
    rule = RULES[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    assert heading in anchors(ROOT / page)


def test_whatever_operations_are_told_to_be_woken_by_is_a_rule() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    table = page.split("### What to be woken by")[1].split("###")[0]
    told = [line.split("`")[1] for line in table.splitlines() if "`" in line and metrics_in(line)]
    asked = [rule["expr"] for rule in RULES.values()]
    # A share of all is told in words.
    assert [one for one in told if one not in asked and 'outcome="dead"' not in one] == []
    assert len(told) == 6


def test_every_alert_is_tested_both_ways() -> None:
    cases = [
        case for test in document(FOLDER / "tribometer.test.yaml")["tests"] for case in test["alert_rule_test"]
    ]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(RULES)
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == set(RULES)


@pytest.mark.deploy
def test_promtool_agrees() -> None:
    promtool = checker("promtool")
    run(promtool, "check", "rules", "--lint-fatal", FOLDER / "tribometer.rules.yaml")
    assert "SUCCESS" in run(promtool, "test", "rules", "tribometer.test.yaml", cwd=FOLDER)


@pytest.mark.deploy
def test_promtool_notices_another_threshold(tmp_path: Path) -> None:
    rules = (FOLDER / "tribometer.rules.yaml").read_text()
    (tmp_path / "tribometer.rules.yaml").write_text(rules.replace("> 7500", "> 75000"))
    (tmp_path / "tribometer.test.yaml").write_bytes((FOLDER / "tribometer.test.yaml").read_bytes())
    with pytest.raises(AssertionError, match="TribometerNoHourJudged"):
        run(checker("promtool"), "test", "rules", "tribometer.test.yaml", cwd=tmp_path)
