"""View types: the columns of every view as DuckDB works them out, for `schemas.views.column_types`.

`python -m pipelines.view_types`, or `make docs`, writes them into schemas/view_types.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pipelines.definitions import settings_of_nothing
from pipelines.whole_file import whole_file
from schemas.views import TYPES_FILE, load_views
from transforms.engine import open_engine

FILE: Final = Path(__file__).resolve().parents[1] / "schemas" / TYPES_FILE


def view_types() -> str:
    """The text of schemas/view_types.json: each view made over empty tables, those it reads before it."""
    types: dict[str, dict[str, str]] = {}
    with open_engine() as connection:
        for statement in settings_of_nothing():
            connection.execute(statement)
        for view in load_views():
            connection.execute(view.sql)
            if view.is_view:
                described = connection.execute(f"DESCRIBE {view.name}").fetchall()
                types[view.name] = {str(row[0]): str(row[1]) for row in described}
    return json.dumps(dict(sorted(types.items())), indent=1) + "\n"


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write_text(view_types(), encoding="utf-8")
