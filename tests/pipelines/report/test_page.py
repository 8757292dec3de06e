"""The page loads nothing, runs only its own scripts, and draws its charts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("altair", reason="the report extra is not installed")

from pipelines.report.page import render
from pipelines.report.report import Report
from tests.pipelines.report.story import HOSTILE

LOADING = {"src", "href", "srcset", "data", "poster", "action", "background", "xlink:href"}


class Page(HTMLParser):
    """What a browser would load or run, and the text it would show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[tuple[str, str]] = []
        self.styles: list[str] = []
        self.shown: list[str] = []
        self._open = ""
        self._kind = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open, self._kind = tag, dict(attrs).get("type") or ""
        self.loads += [value or "" for name, value in attrs if name in LOADING]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts.append((self._kind, data))
        elif self._open == "style":
            self.styles.append(data)
        else:
            self.shown.append(data)


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render(report)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    assert page.loads == []
    assert page.handlers == []
    assert not [style for style in page.styles if re.search(r"url\(|@import", style)]


def test_hostile_text_is_shown_and_not_run(html: str, page: Page) -> None:
    assert any(HOSTILE in shown for shown in "".join(page.shown).split("\n"))
    assert "<script>alert" not in html
    assert "img" not in page.tags


def test_hostile_names_do_not_leave_their_script_element(report: Report) -> None:
    hostile = replace(report.launches[0], title="</script><script>alert(1)</script>", version="'] + alert(2) + ['")
    page = Page(render(replace(report, launches=[hostile, *report.launches[1:]])))
    assert "alert(1)" not in [text.strip() for kind, text in page.scripts if kind != "application/json"]
    assert len([kind for kind, _ in page.scripts if kind != "application/json"]) == 2
    for kind, text in page.scripts:
        if kind == "application/json":
            json.loads(text)


def test_policy_names_the_scripts_of_the_page(html: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy.replace("&#39;", "'").startswith("default-src 'none'; script-src 'sha256-")


def test_every_chart_has_its_data_and_a_description(page: Page, html: str) -> None:
    specs = [json.loads(text) for kind, text in page.scripts if kind == "application/json"]
    assert len(specs) == html.count('data-chart="')
    assert len(specs) >= 3 + 2 * 3
    assert all(spec["description"] and spec["datasets"] for spec in specs)


def test_findings_are_on_the_page(page: Page) -> None:
    shown = " ".join(" ".join(page.shown).split())
    assert "app 2.0 (New look) hurt most, at usability." in shown
    assert "280 people met friction at usability: 224 more than the 56 expected" in shown
    assert "23 May 2024: reliability" in shown
    assert "not ranked: only 3 days of feedback after it" in shown
    assert "Snapshot: feedback 1" in shown


def test_page_without_launches_or_days(report: Report) -> None:
    quiet = replace(report, launches=[], impacts=[], worst=None, worst_by_touchpoint={}, stand_outs=[], quotes={})
    shown = " ".join(" ".join(Page(render(quiet)).shown).split())
    assert "No launch is recorded in this window." in shown
    assert "No day lies far above its own baseline." in shown


def test_same_report_same_page(report: Report, html: str) -> None:
    assert render(report) == html


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
def test_charts_draw_in_a_browser_without_a_word_on_its_console(html: str, tmp_path: Path, width: int) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here; install one to see the page drawn")
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},2000",
            "--virtual-time-budget=20000",
            "--enable-logging=stderr",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert 'data-drawn="true"' in done.stdout
    assert done.stdout.count('class="marks"') == html.count('data-chart="')
    assert "NaN" not in "".join(re.findall(r'<path[^>]+d="([^"]*)"', done.stdout))
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
