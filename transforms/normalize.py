"""Normalize: a vendor's objects to events in columns, through a source mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import orjson
import pyarrow as pa

from schemas import arrow
from schemas.author_key import load_keyring
from schemas.dead_letter import DeadLetter
from schemas.errors import TribometerError
from schemas.event import AuthorKind, VersionSource
from schemas.event_fields import EVENT_FIELDS
from schemas.identity import AuthorKeyring, content_revision, event_id, event_key
from schemas.mapping import SourceMapping
from schemas.rating import RatingScale
from schemas.violations import Violation, ViolationKind
from transforms.counters import count, count_dead
from transforms.elements import DecodedBatch
from transforms.outcome import FAILED, Outcome, StepOutputs

STEP: Final = "normalize"

Row = tuple[Any, ...]
"""Values of one event in the order of `arrow.EVENT`."""


def normalize(decoded: DecodedBatch, mapping: SourceMapping, keyring: AuthorKeyring) -> Outcome[pa.RecordBatch]:
    """Map every object of a batch to a row of `arrow.EVENT`.

    A row depends on its own message and on `received_at` only, and order is kept, so batches may be cut anywhere.
    Every message is in exactly one of the two outcomes. Never raises for bad input.
    """
    return Normalizer(mapping, keyring)(decoded)


class Normalizer:
    """A mapping compiled for one keyring; not picklable, made where it runs."""

    def __init__(self, mapping: SourceMapping, keyring: AuthorKeyring) -> None:
        self._source = mapping.source
        self._row = _row_reader(mapping, keyring)
        self._subject = _subject_reader(mapping, keyring)

    def __call__(self, decoded: DecodedBatch) -> Outcome[pa.RecordBatch]:
        rows: list[Row] = []
        failed: list[DeadLetter] = []
        for position, message in enumerate(decoded.objects):
            try:
                rows.append(self._row(message, decoded.received_at, decoded.payloads[position]))
            except Violation as violation:
                author_key, key = self._subject(message)
                failed.append(
                    DeadLetter(
                        self._source, STEP, violation, decoded.origins[position], decoded.received_at,
                        decoded.payloads[position], decoded.attempts, decoded.header, author_key, key,
                    )
                )  # fmt: skip
        return Outcome(_batch(rows), failed)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    if not rows:
        return arrow.empty(arrow.EVENT)
    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, arrow.EVENT, strict=True)],
        schema=arrow.EVENT,
    )


def _row_reader(
    mapping: SourceMapping, keyring: AuthorKeyring
) -> Callable[[Mapping[str, Any], datetime, bytes], Row]:
    read = {name: mapping.field_reader(name) or _nothing for name in EVENT_FIELDS}
    # Local names: each is called once a row, and an attribute look-up apiece is a tenth of the step.
    read_id, read_occurred_at, read_source, read_channel = (
        read["id"], read["occurred_at"], read["source"], read["channel"],
    )  # fmt: skip
    read_account, read_revision, read_supersedes = read["account"], read["revision"], read["supersedes"]
    read_revised_at, read_author, read_author_kind = read["revised_at"], read["author"], read["author_kind"]
    read_product, read_version, read_language = read["product"], read["version"], read["language"]
    read_title, read_text, read_thread, read_url = read["title"], read["text"], read["thread"], read["url"]
    read_rating, read_survey_kind, read_deleted = read["rating"], read["survey_kind"], read["deleted"]
    expect, segments, leftover = mapping.expectation(), mapping.segment_reader(), mapping.leftover()
    scale_of = _scale_reader(mapping, read["rating_scale"])
    source_name, channel_name = mapping.source, mapping.channel.value
    version_source = (VersionSource.TAG if mapping.version_is_tag else VersionSource.GIVEN).value
    customer = AuthorKind.CUSTOMER.value

    def row(message: Mapping[str, Any], received_at: datetime, payload: bytes) -> Row:
        expect(message)
        native_id = _required("id", read_id(message))
        occurred_at = _required("occurred_at", read_occurred_at(message))
        source = read_source(message) or source_name
        account = read_account(message)
        deleted = bool(read_deleted(message))
        raw_rating = read_rating(message)
        scale = None if raw_rating is None else scale_of(message)
        rating = None if scale is None or raw_rating is None else scale.normal(raw_rating)
        survey_kind = read_survey_kind(message)
        text = _whole_text(read_title(message), read_text(message))
        if deleted:
            text, raw_rating, scale, rating = "", None, None, None
        elif not text and raw_rating is None:
            raise Violation(ViolationKind.MISSING_FIELD, "text is missing, and there is no rating", field="text")
        revision = read_revision(message) or content_revision(text, raw_rating, deleted)
        author = read_author(message)
        version = read_version(message)
        extra = leftover(message)
        return (
            event_id(source, account, native_id, revision),
            source,
            read_channel(message) or channel_name,
            account,
            native_id,
            revision,
            read_supersedes(message),
            None if author is None else keyring.author_key(source, account, author),
            read_author_kind(message) or customer,
            segments(message),
            occurred_at,
            read_revised_at(message) or occurred_at,
            received_at,
            read_product(message),
            version,
            None if version is None else version_source,
            read_language(message),
            text,
            raw_rating,
            None if scale is None else str(scale),
            rating,
            survey_kind,
            read_thread(message),
            read_url(message),
            deleted,
            orjson.dumps(extra, option=orjson.OPT_SORT_KEYS).decode() if extra else None,
            payload,
        )

    return row


def _subject_reader(
    mapping: SourceMapping, keyring: AuthorKeyring
) -> Callable[[Mapping[str, Any]], tuple[str | None, str | None]]:
    """Whose message it is and about which event (author_key, event_key), of a message that may be no event."""
    readers = {name: mapping.field_reader(name) or _nothing for name in ("source", "account", "author", "id")}

    def read(name: str, message: Mapping[str, Any]) -> Any:
        try:
            return readers[name](message)
        except Violation:
            return None

    def subject(message: Mapping[str, Any]) -> tuple[str | None, str | None]:
        source, account = read("source", message) or mapping.source, read("account", message)
        author, native_id = read("author", message), read("id", message)
        return (
            None if author is None else keyring.author_key(source, account, author),
            None if native_id is None else event_key(source, account, native_id),
        )

    return subject


def _nothing(message: Mapping[str, Any]) -> None:
    return None


def _required(name: str, value: Any) -> Any:
    if value is None:
        raise Violation(ViolationKind.MISSING_FIELD, f"{name} is missing", field=name)
    return value


def _whole_text(title: str | None, text: str | None) -> str:
    return f"{title}\n\n{text}" if title and text else title or text or ""


def _scale_reader(
    mapping: SourceMapping, read_scale: Callable[[Mapping[str, Any]], Any]
) -> Callable[[Mapping[str, Any]], RatingScale]:
    if mapping.rating_scale is not None:
        declared = RatingScale.parse(mapping.rating_scale)
        return lambda message: declared
    known: dict[str, RatingScale] = {}

    def scale_of(message: Mapping[str, Any]) -> RatingScale:
        text = read_scale(message)
        if text is None:
            raise Violation(
                ViolationKind.MISSING_FIELD, "rating_scale is missing beside the rating", field="rating_scale"
            )
        scale = known.get(text)
        if scale is None:
            scale = RatingScale.parse(text)
            if len(known) < _MAXIMUM_KNOWN_SCALES:
                known[text] = scale
        return scale

    return scale_of


_MAXIMUM_KNOWN_SCALES: Final = 1000


class _NormalizeFn(beam.DoFn):
    def __init__(self, mapping: SourceMapping, key_file: Path | None, key_id: str | None) -> None:
        self._mapping = mapping
        self._key_file = key_file
        self._key_id = key_id

    def setup(self) -> None:
        keyring = load_keyring(self._key_file, create=False)
        if self._key_id is not None and keyring.key_id != self._key_id:
            raise TribometerError(
                f"this worker's author key is {keyring.key_id}, the run's is {self._key_id}; "
                "give all workers one TRIBOMETER_AUTHOR_KEY"
            )
        self._normalizer = Normalizer(self._mapping, keyring)

    def process(self, decoded: DecodedBatch) -> Iterator[Any]:
        outcome = self._normalizer(decoded)
        count(STEP, "normalized", outcome.passed.num_rows)
        count_dead(STEP, outcome.failed)
        if outcome.passed.num_rows:
            yield outcome.passed
        if outcome.failed:
            yield beam.pvalue.TaggedOutput(FAILED, outcome.failed)


@dataclass
class Normalize(beam.PTransform):
    """`DecodedBatch` to record batches of `arrow.EVENT`; `list[DeadLetter]` in `failed`.

    The author key is read where the step runs, from `key_file` or TRIBOMETER_AUTHOR_KEY, and must exist there
    (`schemas.author_key.load_keyring` makes it): it is never in the graph. `key_id`, which reveals nothing, is; a
    worker with another key stops the run rather than give authors a second pseudonym.
    """

    mapping: SourceMapping
    key_file: Path | None = None
    key_id: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, decoded: Any) -> StepOutputs:
        outputs = decoded | "NormalizeObjects" >> beam.ParDo(
            _NormalizeFn(self.mapping, self.key_file, self.key_id)
        ).with_outputs(FAILED, main="passed")
        return StepOutputs(outputs["passed"], outputs[FAILED])
