"""Which tables a maintenance command is about: those named, or all there are."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.snapshot import readable_folder
from schemas.errors import UsageError
from schemas.tables import TABLES, TableSpec
from transforms.delta import LOG_FOLDER, table_path


def chosen_tables(root: str, names: Sequence[str] = ()) -> tuple[str, list[TableSpec]]:
    """The folder of the tables, absolute, and the tables `names`, or all that exist below it.

    Raises `UsageError` where there are none, or not one that is named.
    """
    folder = str(readable_folder(root))
    there = [spec for spec in TABLES.values() if (table_path(folder, spec) / LOG_FOLDER).is_dir()]
    if not there:
        raise UsageError(
            f"{root}: holds no tables; `tribometer replay FILE --source NAME --tables {root}` makes them"
        )
    missing = sorted(set(names) - {spec.name for spec in there})
    if missing:
        raise UsageError(f"{root}: has no table {', '.join(missing)}; it has {', '.join(s.name for s in there)}")
    return folder, [spec for spec in there if not names or spec.name in names]
