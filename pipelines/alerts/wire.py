"""Write the published form of an alert, schemas/wire/alert.1.json.

`python -m pipelines.alerts.wire`, or `make docs`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pipelines.whole_file import whole_file
from schemas.alert import ALERT_VERSION, alert_schema

FILE: Final = Path(__file__).resolve().parents[2] / "schemas" / "wire" / f"alert.{ALERT_VERSION}.json"


def wire_schema() -> str:
    """The text of the file: JSON Schema 2020-12 of what `Alert.to_json` writes."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **alert_schema()}
    schema["properties"]["version"]["const"] = ALERT_VERSION
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write_text(wire_schema(), encoding="utf-8")
