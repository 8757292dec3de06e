"""dbt sources: the analyst's views as a dbt properties file (https://docs.getdbt.com/reference/source-properties)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from ruamel.yaml import YAML

from schemas.views import FUNCTIONS, View, load_views

SOURCE: Final = "tribometer"

_TYPES: Final[Mapping[str, str]] = {
    "text": "varchar",
    "instant": "timestamp with time zone",
    "int": "integer",
    "text[]": "varchar[]",
    "map": "map",
}
"""DuckDB's names of the types that a header says in an analyst's words."""

_EXPOSURES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "friction_report": (
        "The report that `tribometer report` writes: friction over time, launch by launch, with quotes.",
        ("events", "event_touchpoints", "launches", "source_health"),
    ),
}
"""What this project makes of the views: name to description and views."""


def properties(schema: str, owner_email: str, parquet: str | None = None) -> str:
    """The YAML of a properties file with every view that takes no parameters.

    With `parquet`, a folder, each is read from `<parquet>/<view>.parquet` as dbt-duckdb does.
    """
    views = sorted(
        (view for view in load_views() if view.name != FUNCTIONS and not view.is_macro), key=lambda view: view.name
    )
    source: dict[str, Any] = {
        "name": SOURCE,
        "description": "Friction between a product and the people who use it, from their feedback.",
        "schema": schema,
        "tables": [_table(view) for view in views],
    }
    if parquet is not None:
        source["config"] = {"meta": {"external_location": f"{parquet.rstrip('/')}/{{name}}.parquet"}}
    content = {"version": 2, "sources": [source], "exposures": [*_exposures(owner_email)]}
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(content, text)
    return text.getvalue()


def _table(view: View) -> dict[str, Any]:
    return {
        "name": view.name,
        "description": f"{view.summary[0].upper()}{view.summary[1:]} {view.grain[0].upper()}{view.grain[1:]}",
        "columns": [
            {
                "name": column.name,
                "description": column.meaning,
                "data_type": _TYPES.get(column.kind, column.kind),
            }
            for column in view.columns
        ],
    }


def _exposures(owner_email: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": "dashboard",
            "description": description,
            "depends_on": [f"source('{SOURCE}', '{view}')" for view in views],
            "owner": {"email": owner_email},
        }
        for name, (description, views) in _EXPOSURES.items()
    ]
