"""An erased author's theme rows are gone, and an update does not bring them back."""

from __future__ import annotations

from pathlib import Path

from pipelines.connect import connect
from pipelines.tables.erase import Eraser
from pipelines.tables.proof import rows_left
from pipelines.tables.subjects import Subject, Subjects
from pipelines.themes.update import Updater
from schemas.identity import AuthorKeyring
from tests.pipelines.feedback_table import RECEIVED, store
from tests.pipelines.themes.talk import talk
from transforms.suppressions import Scope

ERASED = "SELECT count(*) FROM tables.theme_mentions WHERE author_key = 'spacebar-3'"


def _count(root: str, query: str) -> int:
    with connect(root) as db:
        return int(db.execute(query).fetchall()[0][0])


def test_an_erased_author_leaves_the_themes_for_good(tmp_path: Path) -> None:
    root = str(tmp_path)
    store(root, talk())
    Updater(root, lambda: RECEIVED).run()
    assert _count(root, ERASED) == 1
    subjects = Subjects((Subject(Scope.AUTHOR, "spacebar-3"),))
    stale = [path for path in tmp_path.glob("theme_mentions/*/*.parquet") if b"spacebar-3" in path.read_bytes()]
    Eraser(root, subjects, lambda: RECEIVED).erase(AuthorKeyring(b"k" * 40))
    assert (_count(root, ERASED), rows_left(root, subjects)) == (0, 0)
    assert not any(path.exists() for path in stale)
    Updater(root, lambda: RECEIVED).run(again=True)
    assert _count(root, ERASED) == 0
    with connect(root) as db:
        assert db.execute("SELECT min(authors), max(authors) FROM themes").fetchall() == [(11, 12)]
