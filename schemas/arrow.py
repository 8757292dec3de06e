"""Every table's columns: the only place with column names and types.

Instants are microseconds, UTC. Identities are 32 hexadecimal digits. Columns marked nullable=False are present
in every row. `day` is the partition of `feedback`: the UTC day of `occurred_at` as text, or `invalid` for a date
outside `PLAUSIBLE_YEARS` (schemas/event.py); it is part of the path, not of the file.

Columns are only ever added, last and nullable: a program of an older version then reads and writes a newer table,
and a newer program reads older files, where the column is null. `ADDED` says which version added what.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

SCHEMA_VERSION: Final = 4
"""Version of these columns."""

READER_VERSION: Final = 1
"""The oldest version of these columns whose programs read and write today's tables rightly; a program refuses a
table that needs a higher version than its own. Raised only by a change that is more than added columns."""

ADDED: Final = {
    ("raw", "account"): 2,
    ("raw", "native_id"): 2,
    ("raw", "author_key"): 2,
    ("dead_letters", "header"): 2,
    ("dead_letters", "author_key"): 2,
    ("dead_letters", "event_key"): 2,
    ("runs", "conflicts"): 2,
    ("feedback", "text_sentiment"): 2,
    ("feedback", "text_friction_p"): 2,
    ("launches", "platform"): 3,
    ("launches", "rollout"): 3,
    ("launches", "recorded_by"): 3,
    ("exposure", "hour"): 3,
    ("exposure", "segment"): 3,
    ("theme_mentions", "superseded_at"): 4,
    ("theme_days", "product"): 4,
    ("erasures", "theme_rows"): 4,
}
"""Columns that version 1 had not, each with the version that added it."""

INSTANT: Final = pa.timestamp("us", tz="UTC")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_IDENTITY: Final = [
    _required("event_id", pa.string()),
    _required("source", pa.string()),
    _required("channel", pa.string()),
    pa.field("account", pa.string()),
    _required("native_id", pa.string()),
    _required("revision", pa.string()),
    pa.field("supersedes", pa.string()),
    pa.field("author_key", pa.string()),
    _required("author_kind", pa.string()),
    _required("segment", pa.map_(pa.string(), pa.string())),
    _required("occurred_at", INSTANT),
    _required("revised_at", INSTANT),
    _required("received_at", INSTANT),
    pa.field("product", pa.string()),
    pa.field("version", pa.string()),
    pa.field("version_source", pa.string()),
    pa.field("language", pa.string()),
    _required("text", pa.string()),
    pa.field("rating_raw", pa.float64()),
    pa.field("rating_scale", pa.string()),
    pa.field("rating", pa.float64()),
    pa.field("survey_kind", pa.string()),
    pa.field("thread", pa.string()),
    pa.field("url", pa.string()),
    _required("deleted", pa.bool_()),
    pa.field("extra", pa.string()),
]

EVENT: Final = pa.schema([*_IDENTITY, _required("payload", pa.binary())])
"""An event as normalised, still with the bytes it came from. Produced by normalize, kept by redact."""

MENTION: Final = pa.struct(
    [
        _required("start", pa.int32()),
        _required("end", pa.int32()),
        _required("touchpoint", pa.string()),
        _required("touchpoint_p", pa.float32()),
        _required("sentiment_label", pa.string()),
        _required("sentiment", pa.float32()),
        _required("sentiment_p", pa.float32()),
        pa.field("effort", pa.int8()),
        _required("friction_p", pa.float32()),
        _required("intents", pa.list_(pa.string())),
        pa.field("theme_id", pa.string()),
    ]
)
"""One clause about one touchpoint; `start` and `end` are character offsets into the event's `text`."""

_SCORES: Final = [
    pa.field("unscored_reason", pa.string()),
    pa.field("sentiment_label", pa.string()),
    pa.field("sentiment", pa.float32()),
    pa.field("sentiment_p", pa.float32()),
    pa.field("friction_p", pa.float32()),
    pa.field("touchpoint", pa.string()),
    pa.field("touchpoint_p", pa.float32()),
    pa.field("effort", pa.int8()),
    _required("intents", pa.list_(pa.string())),
    _required("mentions", pa.list_(MENTION)),
    pa.field("model_version", pa.string()),
]

_SCORES_OF_TEXT: Final = [
    pa.field("text_sentiment", pa.float32()),
    pa.field("text_friction_p", pa.float32()),
]

REDACTED: Final = pa.schema([*EVENT, _required("redactions", pa.map_(pa.string(), pa.int32()))])
"""An event without personal data outside `payload`; `redactions` counts what was removed, by placeholder."""

SCORED: Final = pa.schema([*REDACTED, *_SCORES, *_SCORES_OF_TEXT])
"""An event with its scores. Produced by score."""

FEEDBACK: Final = pa.schema(
    [
        *_IDENTITY,
        _required("redactions", pa.map_(pa.string(), pa.int32())),
        *_SCORES,
        _required("committed_at", INSTANT),
        _required("batch_id", pa.string()),
        *_SCORES_OF_TEXT,
    ]
)
"""One row per revision of an event, its mentions nested in it."""

SCORES: Final = pa.schema(
    [
        _required("score_id", pa.string()),
        *(
            FEEDBACK.field(name)
            for name in (
                *("event_id", "source", "account", "native_id", "author_key", "occurred_at", "received_at"),
                *(name for name in SCORED.names if name not in REDACTED.names),
                *("committed_at", "batch_id"),
            )
        ),
    ]
)
"""What another model than the row's own says of a row of feedback: one row per revision and model.

Whose words they are and when they were said stands here again, so that an erasure and retention find the row without
its row of feedback.
"""

MODEL_CHOICES: Final = pa.schema([pa.field("model_version", pa.string()), _required("chosen_at", INSTANT)])
"""Whose scores readers see by default: the latest `chosen_at` counts; null stands for those stored with each row."""

RAW: Final = pa.schema(
    [
        _required("event_id", pa.string()),
        _required("source", pa.string()),
        _required("received_at", INSTANT),
        _required("payload", pa.binary()),
        pa.field("account", pa.string()),
        pa.field("native_id", pa.string()),
        pa.field("author_key", pa.string()),
    ]
)
"""The bytes every accepted event came from. Restricted: holds personal data."""

DEAD_LETTERS: Final = pa.schema(
    [
        _required("dead_letter_id", pa.string()),
        _required("source", pa.string()),
        _required("processor", pa.string()),
        _required("violation", pa.string()),
        pa.field("field", pa.string()),
        _required("reason", pa.string()),
        _required("evidence", pa.map_(pa.string(), pa.string())),
        _required("origin", pa.string()),
        _required("received_at", INSTANT),
        _required("attempts", pa.int32()),
        _required("payload_bytes", pa.int64()),
        _required("payload", pa.binary()),
        pa.field("header", pa.list_(pa.string())),
        pa.field("author_key", pa.string()),
        pa.field("event_key", pa.string()),
    ]
)
"""Messages that could not be accepted, with their exact bytes. Restricted: may hold personal data."""

ROLLOUT_STEP: Final = pa.struct([_required("at", INSTANT), _required("share", pa.float64())])
"""From when which share of users had a launch."""

LAUNCHES: Final = pa.schema(
    [
        _required("launch_id", pa.string()),
        _required("product", pa.string()),
        pa.field("version", pa.string()),
        _required("launched_at", INSTANT),
        _required("kind", pa.string()),
        _required("touchpoints", pa.list_(pa.string())),
        pa.field("title", pa.string()),
        pa.field("note", pa.string()),
        pa.field("url", pa.string()),
        _required("recorded_at", INSTANT),
        _required("deleted", pa.bool_()),
        pa.field("platform", pa.string()),
        pa.field("rollout", pa.list_(ROLLOUT_STEP)),
        pa.field("recorded_by", pa.string()),
    ]
)
"""The launch ledger: one row per edit of a launch, the latest `recorded_at` counts."""

EXPOSURE: Final = pa.schema(
    [
        _required("product", pa.string()),
        _required("day", pa.date32()),
        pa.field("version", pa.string()),
        _required("measure", pa.string()),
        _required("count", pa.float64()),
        _required("recorded_at", INSTANT),
        pa.field("hour", INSTANT),
        pa.field("segment", pa.map_(pa.string(), pa.string())),
    ]
)
"""How many people could have complained: sessions, orders or active devices, per product and day or hour."""

RUNS: Final = pa.schema(
    [
        _required("batch_id", pa.string()),
        _required("command", pa.string()),
        _required("source", pa.string()),
        _required("started_at", INSTANT),
        _required("finished_at", INSTANT),
        _required("messages", pa.int64()),
        _required("message_bytes", pa.int64()),
        _required("accepted", pa.int64()),
        _required("duplicate", pa.int64()),
        _required("dead", pa.int64()),
        _required("suppressed", pa.int64()),
        _required("duration_seconds", pa.float64()),
        pa.field("model_version", pa.string()),
        _required("tribometer_version", pa.string()),
        pa.field("conflicts", pa.int64()),
    ]
)
"""One row per committed batch: messages = accepted + duplicate + dead + suppressed."""

SUPPRESSIONS: Final = pa.schema(
    [
        _required("suppression_id", pa.string()),
        _required("scope", pa.string()),
        _required("key", pa.string()),
        pa.field("reason", pa.string()),
        _required("recorded_at", INSTANT),
        pa.field("event_id", pa.string()),
    ]
)
"""Authors, events and refused messages that must not be stored again: one row each."""

ERASURES: Final = pa.schema(
    [
        _required("erasure_id", pa.string()),
        _required("suppression_id", pa.string()),
        _required("started_at", INSTANT),
        _required("finished_at", INSTANT),
        _required("feedback_rows", pa.int64()),
        _required("raw_rows", pa.int64()),
        _required("score_rows", pa.int64()),
        _required("dead_letters", pa.int64()),
        _required("deleted_files", pa.int64()),
        _required("key_id", pa.string()),
        _required("signature", pa.string()),
        pa.field("theme_rows", pa.int64()),
    ]
)
"""The erasure log: one row per completed erasure, signed with the author key."""

THEMES: Final = pa.schema(
    [
        _required("theme_id", pa.string()),
        _required("generation", pa.int32()),
        pa.field("product", pa.string()),
        _required("weights", pa.map_(pa.string(), pa.float64())),
        _required("terms_version", pa.int32()),
        _required("reaches_from", pa.date32()),
        _required("label", pa.string()),
        _required("created_at", INSTANT),
        _required("recorded_at", INSTANT),
        pa.field("name", pa.string()),
        pa.field("merged_into", pa.string()),
    ]
)
"""The ledger of themes: one row per edit of a theme, the latest `recorded_at` counts; only the last three change."""

THEME_MENTIONS: Final = pa.schema(
    [
        _required("theme_mention_id", pa.string()),
        *(
            FEEDBACK.field(name)
            for name in (
                *("event_id", "source", "channel", "account", "native_id", "author_key", "occurred_at"),
                *("received_at", "product", "version"),
            )
        ),
        _required("mention", pa.int64()),
        *(MENTION.field(MENTION.get_field_index(name)) for name in ("start", "end", "touchpoint")),
        _required("friction", pa.bool_()),
        _required("theme_id", pa.string()),
        _required("similarity", pa.float64()),
        _required("committed_at", INSTANT),
        _required("batch_id", pa.string()),
        pa.field("superseded_at", INSTANT),
    ]
)
"""The theme of each mention that has one, without its text. Whose words they are and when they were said stands here
again, as in `SCORES`."""

THEME_DAYS: Final = pa.schema(
    [
        _required("day", pa.string()),
        _required("feedback_digest", pa.string()),
        _required("themes_digest", pa.string()),
        _required("recorded_at", INSTANT),
        pa.field("product", pa.string()),
    ]
)
"""Of which feedback and which themes the theme mentions of a day were made: the latest `recorded_at` counts."""


ALERTS: Final = pa.schema(
    [
        _required("alert_id", pa.string()),
        _required("episode_id", pa.string()),
        _required("fingerprint", pa.string()),
        _required("kind", pa.string()),
        _required("status", pa.string()),
        _required("severity", pa.string()),
        _required("product", pa.string()),
        _required("touchpoint", pa.string()),
        _required("sources", pa.list_(pa.string())),
        _required("hour", INSTANT),
        _required("started_at", INSTANT),
        pa.field("ended_at", INSTANT),
        _required("notify", pa.bool_()),
        pa.field("held_back", pa.string()),
        _required("window_start", INSTANT),
        _required("window_end", INSTANT),
        _required("observed", pa.float64()),
        _required("expected", pa.float64()),
        _required("band_low", pa.float64()),
        _required("band_high", pa.float64()),
        pa.field("ratio", pa.float64()),
        _required("excess", pa.float64()),
        _required("surprise", pa.float64()),
        _required("p", pa.float64()),
        pa.field("q_value", pa.float64()),
        _required("authors", pa.int64()),
        _required("posts", pa.int64()),
        _required("top_author_share", pa.float64()),
        pa.field("launch_id", pa.string()),
        _required("learning", pa.bool_()),
        _required("model_version", pa.string()),
        _required("payload", pa.string()),
        _required("recorded_at", INSTANT),
    ]
)
"""One row per alert, never changed; `payload` is the whole of it as JSON (`schemas.alert`) but customers' words."""

ALERT_ACTIONS: Final = pa.schema(
    [
        _required("action_id", pa.string()),
        _required("act", pa.string()),
        _required("product", pa.string()),
        _required("touchpoint", pa.string()),
        _required("who", pa.string()),
        _required("recorded_at", INSTANT),
        pa.field("episode_id", pa.string()),
        pa.field("until", INSTANT),
        pa.field("verdict", pa.string()),
        pa.field("note", pa.string()),
    ]
)
"""What people answered: one row per answer, of what contradicts each other the latest `recorded_at` counts."""

ALERT_DELIVERIES: Final = pa.schema(
    [
        _required("step_id", pa.string()),
        _required("delivery_id", pa.string()),
        _required("alert_id", pa.string()),
        _required("episode_id", pa.string()),
        _required("route", pa.string()),
        _required("channel", pa.string()),
        _required("service", pa.string()),
        _required("state", pa.string()),
        _required("attempt", pa.int32()),
        _required("taken_at", INSTANT),
        pa.field("next_at", INSTANT),
        pa.field("digest_id", pa.string()),
        pa.field("error", pa.string()),
    ]
)
"""The outbox: one row per step of telling one alert through one channel. A row `sending` stands before anything is
sent."""


WATCH_STATE: Final = pa.schema(
    [
        _required("closed_until", INSTANT),
        _required("rules", pa.string()),
        _required("course", pa.string()),
        _required("state", pa.binary()),
        pa.field("days", pa.string()),
        pa.field("events", pa.string()),
        _required("recorded_at", INSTANT),
    ]
)
"""What the watcher remembers at the close of an hour: a cache, which it makes again from feedback where it is missing.
`days` and `events` stand in the newest row."""


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """A batch of no rows."""
    return pa.RecordBatch.from_pylist([], schema=schema)
