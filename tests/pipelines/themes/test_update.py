"""Themes from feedback to views, through the tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.connect import connect
from pipelines.tables.retention import retain
from pipelines.themes.ledger import merge, read_ledger, rename
from pipelines.themes.update import Updated, Updater
from schemas.errors import UsageError
from schemas.tables import LAUNCHES, THEME_MENTIONS, THEMES
from tests.pipelines.feedback_table import RECEIVED, instant, launch, store, store_small
from tests.pipelines.themes.talk import FILLING, INCIDENTS, START, said, talk
from transforms.delta import open_table


def update(root: str, **options: Any) -> Updated:
    return Updater(root, lambda: RECEIVED).run(**options)


def ask(root: str, query: str) -> list[tuple[Any, ...]]:
    with connect(root) as db:
        return db.execute(query).fetchall()


ASSIGNED = "SELECT event_id, theme_id FROM theme_mentions ORDER BY ALL"


@pytest.fixture
def root(tmp_path: Path) -> str:
    store(str(tmp_path), talk())
    update(str(tmp_path))
    return str(tmp_path)


def test_each_incident_is_one_theme_of_its_authors(root: str) -> None:
    found = ask(root, "SELECT title, friction_authors, authors_last_28 FROM themes ORDER BY title")
    assert [authors for _, authors, _ in found] == [12, 12, 12]
    labels = " / ".join(title for title, *_ in found)
    assert all(word in labels for word in ("space bar", "widevine plugin", "passcode lock"))
    named = ask(
        root,
        """SELECT theme_id, list(DISTINCT split_part(author, '-', 1)) FROM theme_mentions
        GROUP BY theme_id""",
    )
    assert sorted(names for _, names in named) == sorted([name] for name in INCIDENTS)


def test_twice_changes_nothing(root: str) -> None:
    before = [open_table(root, spec).version() for spec in (THEMES, THEME_MENTIONS)]
    assert update(root) == Updated()
    assert update(root, again=True).themes == 0
    assert [open_table(root, spec).version() for spec in (THEMES, THEME_MENTIONS)] == before


def test_later_feedback_finds_new_themes_and_moves_nothing(root: str) -> None:
    before = dict(ask(root, ASSIGNED))
    late = START + timedelta(days=60)
    again = "The space bar pauses youtube videos, still"
    new = [said(5000 + n, late, f"Invoice total {FILLING[n]} doubled", f"billed-{n}") for n in range(8)]
    store(root, [*new, said(6000, late, again, "late")], "later")
    assert update(root).themes == 1
    after = dict(ask(root, ASSIGNED))
    assert {event: after[event] for event in before} == before
    assert len(after) == len(before) + 9
    ((title,),) = ask(root, "SELECT title FROM themes WHERE authors = 8")
    assert "invoice total" in title
    assert ask(root, "SELECT max(authors) FROM themes") == [(13,)]


def test_an_interrupted_update_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    for place in (whole, broken):
        store(place, talk())
    update(whole)

    def stop_at(place: str) -> Callable[[str], None]:
        def stop(name: str) -> None:
            if name == place:
                raise KeyboardInterrupt

        return stop

    for place in ("after_themes", "after_theme_mentions"):
        monkeypatch.setattr("pipelines.themes.update.failpoint", stop_at(place))
        with pytest.raises(KeyboardInterrupt):
            update(broken)
    monkeypatch.undo()
    update(broken)
    assert ask(broken, ASSIGNED) == ask(whole, ASSIGNED)
    assert read_ledger(broken).keys() == read_ledger(whole).keys()


def test_an_edit_takes_the_old_words_out(root: str) -> None:
    before = ask(root, "SELECT count(*) FROM theme_mentions")
    store(root, [{**said(0, START, "", "spacebar-0", deleted=True), "mentions": []} | _second(talk()[0])], "edit")
    update(root)
    assert ask(root, "SELECT count(*) FROM theme_mentions") == [(before[0][0] - 1,)]


def _second(row: dict[str, Any]) -> dict[str, Any]:
    """What makes a row the deletion of this one."""
    return {
        **{name: row[name] for name in ("occurred_at", "day", "native_id")},
        "event_id": "f" * 32,
        "revision": "2",
        "revised_at": row["revised_at"] + timedelta(days=1),
    }


def test_four_people_are_no_theme(tmp_path: Path) -> None:
    store(str(tmp_path), talk(per_incident=4))
    assert update(str(tmp_path)).themes == 0


def test_one_person_who_posts_again_and_again_is_no_theme(tmp_path: Path) -> None:
    store(str(tmp_path), [said(n, START, "The space bar pauses youtube", "loud") for n in range(40)])
    assert update(str(tmp_path)).themes == 0


def test_the_same_text_from_many_is_no_theme(tmp_path: Path) -> None:
    store(str(tmp_path), [said(n, START, "Cheap watches sold nearby", f"bot-{n}") for n in range(40)])
    assert update(str(tmp_path)).themes == 0


def test_below_five_authors_a_theme_is_gone_from_view(root: str) -> None:
    retain(root, THEME_MENTIONS, instant((START + timedelta(days=9)).isoformat(), 0))
    left = dict(ask(root, "SELECT theme_id, count(DISTINCT author) FROM theme_mentions GROUP BY theme_id"))
    assert left
    assert max(left.values()) < 5
    assert ask(root, "FROM themes") == ask(root, "FROM theme_daily") == ask(root, "FROM theme_quotes()") == []


def test_one_quote_of_each_author(root: str) -> None:
    theme = ask(root, "SELECT theme_id FROM themes WHERE title LIKE '%space bar%'")[0][0]
    quotes = ask(root, f"SELECT quote FROM theme_quotes(theme := '{theme[:12]}')")
    assert len(quotes) == 12
    assert all("space bar" in quote for (quote,) in quotes)
    assert ask(root, f"FROM theme_quotes(theme := '{theme}', k := 13)") == []


def test_a_merged_theme_counts_under_its_target(root: str) -> None:
    first, second, third = sorted(read_ledger(root))
    merge(root, first[:10], second, now=RECEIVED)
    merge(root, second, third, now=RECEIVED)
    assert ask(root, "SELECT theme_id, authors, merged FROM themes") == [(third, 36, 2)]
    with pytest.raises(UsageError, match="already"):
        merge(root, third, first, now=RECEIVED)
    assert ask(root, "SELECT count(DISTINCT found_as) FROM theme_mentions") == [(3,)]


def test_a_name_stands_in_the_place_of_the_label(root: str) -> None:
    theme = next(iter(read_ledger(root)))
    rename(root, theme, "Space bar", now=RECEIVED)
    assert ask(root, "SELECT title, name FROM themes WHERE name IS NOT NULL") == [("Space bar", "Space bar")]
    rename(root, theme, "", now=RECEIVED)
    assert ask(root, "FROM themes WHERE name IS NOT NULL") == []
    with pytest.raises(UsageError, match="no theme"):
        rename(root, "zz", "x", now=RECEIVED)


def test_the_nearest_launch(root: str) -> None:
    day = (START + timedelta(days=2)).isoformat()
    store_small(root, LAUNCHES, [launch("a", "app", day, title="Spring"), launch("b", "app", "2024-01-01")])
    found = ask(root, "SELECT DISTINCT nearest_launch FROM themes")
    assert found == [("Spring",)]
    assert ask(root, "SELECT max(abs(nearest_launch_days)) <= 10 FROM themes") == [(True,)]
