"""The dashboard: of metrics that exist, in queries that Prometheus parses, laid out without overlap."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.deploy.parts import DEPLOY, ROOT, checker, metrics_in, run, samples
from tests.docs.test_links import anchors

BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "tribometer.json").read_text())
PANELS = {panel["title"]: panel for panel in BOARD["panels"] if panel["type"] != "row"}
QUERIES = [target["expr"] for panel in PANELS.values() for target in panel["targets"]]


@pytest.mark.parametrize("title", PANELS)
def test_every_panel_asks_for_metrics_that_exist(title: str) -> None:
    panel = PANELS[title]
    for target in panel["targets"]:
        named = metrics_in(target["expr"])
        assert named
        assert named - samples() == set()
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    for page, heading in re.findall(r"(docs/\w+\.md)#([\w-]+)", panel["description"]):
        assert heading in anchors(ROOT / page)


def test_what_must_be_seen_is_there() -> None:
    seen = set().union(*map(metrics_in, QUERIES))
    assert {
        "tribometer_lag_seconds_bucket",
        "tribometer_messages_total",
        "tribometer_batch_seconds_bucket",
        "process_resident_memory_bytes",
        "tribometer_watch_open_episodes",
        "tribometer_alert_channel_failing",
    } <= seen
    assert any('outcome="dead"' in query for query in QUERIES)


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_no_data_source_is_built_in() -> None:
    variables = {one["name"]: one for one in BOARD["templating"]["list"]}
    used = {part["datasource"]["uid"] for panel in PANELS.values() for part in [panel, *panel["targets"]]}
    assert used == {"${source}"}
    assert variables["source"]["type"] == "datasource"
    asked = set(re.findall(r"\$(\w+)", " ".join(QUERIES))) - {"__rate_interval"}
    assert asked < variables.keys()


@pytest.mark.deploy
def test_promtool_parses_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.yaml"
    YAML(typ="safe", pure=True).dump({"groups": [{"name": "queries", "rules": rules}]}, file)
    assert f"{len(QUERIES)} rules found" in run(checker("promtool"), "check", "rules", file)
