"""How a record batch crosses a shuffle: as an Arrow IPC stream."""

from __future__ import annotations

import pyarrow as pa
from apache_beam.coders import Coder, registry


class RecordBatchCoder(Coder):
    """Encodes a `pyarrow.RecordBatch` with its schema; not deterministic, so never a key."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_batch(value)
        encoded: bytes = sink.getvalue().to_pybytes()
        return encoded

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        with pa.ipc.open_stream(encoded) as reader:
            return reader.read_next_batch()

    def is_deterministic(self) -> bool:
        return False


registry.register_coder(pa.RecordBatch, RecordBatchCoder)
