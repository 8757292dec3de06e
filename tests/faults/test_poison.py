"""The poison corpus through the graph: every payload in its one place, and no neighbour harmed.

Long payloads are short here; the fault harness sends them in full length.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.embedded import EmbeddedHost
from schemas.mapping import load_mapping
from schemas.run import Counts
from schemas.tables import DEAD_LETTERS, FEEDBACK, RAW, TableSpec
from tests.faults.poison import ACCEPTED, DEAD, Poison, corpus
from tests.pipelines.events import line
from transforms.delta import active_files, open_table
from transforms.elements import MessageBatch

NOW = datetime(2024, 6, 1, tzinfo=UTC)
SHORT_BYTES = 3_000
CHUNK = 50


def _committed(poison: Sequence[tuple[Poison, bytes]], folder: Path) -> tuple[str, Counts]:
    """Tables of one batch: the whole corpus, a good event before each of its payloads and one after the last."""
    (folder / "key").write_text("a key for tests, long enough to be accepted")
    tables = str(folder / "tables")
    host = EmbeddedHost(
        "test", tables, load_mapping("feedback_event"), lambda: NOW, author_key_file=folder / "key"
    )
    host.prepare()
    payloads = [part for number, (_, bad) in enumerate(poison) for part in (_neighbour(number), bad)]
    payloads.append(_neighbour(len(poison)))
    batches = [
        MessageBatch(payloads[start : start + CHUNK], [str(start + n) for n in range(CHUNK)], NOW)
        for start in range(0, len(payloads), CHUNK)
    ]
    return tables, host.run(batches).counts


def _neighbour(number: int) -> bytes:
    """One of a few days, so that the tables stay small."""
    return line(number % 50, id=f"neighbour {number}")


def _payloads(tables: str, spec: TableSpec) -> list[bytes]:
    table = open_table(tables, spec)
    assert table is not None
    found = duckdb.execute("SELECT payload FROM read_parquet(?)", [active_files(table)]).fetchall()
    return [payload for (payload,) in found]


def test_every_payload_ends_in_the_one_place_its_contract_names_and_harms_no_neighbour(tmp_path: Path) -> None:
    poison = [(item, item.payload) for item in corpus(SHORT_BYTES)]
    assert len(poison) >= 80
    assert len({item.name for item, _ in poison}) == len({payload for _, payload in poison}) == len(poison)
    tables, counts = _committed(poison, tmp_path)

    accepted, dead = _payloads(tables, RAW), _payloads(tables, DEAD_LETTERS)
    assert len(set(accepted)) == len(accepted)
    assert len(set(dead)) == len(dead)
    assert not set(accepted) & set(dead)
    places = dict.fromkeys(accepted, ACCEPTED) | dict.fromkeys(dead, DEAD)
    assert {item.name: places.get(payload) for item, payload in poison} == {
        item.name: item.fate for item, _ in poison
    }

    assert {_neighbour(number) for number in range(len(poison) + 1)} <= set(accepted)
    survivors = sum(item.fate == ACCEPTED for item, _ in poison)
    assert counts.messages == 2 * len(poison) + 1
    assert (counts.accepted, counts.dead) == (len(poison) + 1 + survivors, len(poison) - survivors)
    assert counts.duplicate == counts.suppressed == 0

    table = open_table(tables, FEEDBACK)
    assert table is not None
    files = active_files(table)
    every_column = duckdb.execute("SELECT * FROM read_parquet(?)", [files]).fetchall()
    assert len(every_column) == counts.accepted
    not_json = "SELECT count(*) FROM read_parquet(?) WHERE extra IS NOT NULL AND NOT json_valid(extra)"
    assert duckdb.execute(not_json, [files]).fetchall() == [(0,)]
