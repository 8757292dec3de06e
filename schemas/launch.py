"""A launch: something that reached customers at a moment, and may have changed how they feel.

The ledger keeps every edit; `launch_id` says which rows are edits of one launch. It is a hash of the product, the
kind and the name: the version, else the title, else the day. So importing a file twice adds nothing, a corrected date
or note of version 89 is an edit of it, and a fix and a release of the same version are two launches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from schemas.event import PLAUSIBLE_YEARS
from schemas.identity import launch_id
from schemas.nearest import did_you_mean
from schemas.touchpoint import ALL_TOUCHPOINTS, OWN_NAME, near_shipped


class LaunchKind(StrEnum):
    """What reached customers. A fix is a launch too: did friction fall afterwards?"""

    RELEASE = "release"
    FIX = "fix"
    CAMPAIGN = "campaign"
    OUTAGE = "outage"


ALIASES: Final[Mapping[str, str]] = {
    "date": "launched_at",
    "released_at": "launched_at",
    "release_date": "launched_at",
    "release": "note",
    "release_notes": "note",
    "notes": "note",
    "description": "note",
    "name": "title",
    "touchpoint": "touchpoints",
}
"""Other names of a launch's fields in files people have."""

FIELDS: Final = ("product", "version", "launched_at", "kind", "touchpoints", "title", "note", "url")

_CHINESE_DATE: Final = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$", re.ASCII)
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LIST: Final = re.compile(r"[;,|]")


class InvalidLaunch(ValueError):
    """Not a launch; the text says which field and what it may be."""


@dataclass(frozen=True)
class Launch:
    """One launch as somebody states it. `touchpoints` are those it touches; empty where nobody said."""

    product: str
    launched_at: datetime
    version: str | None = None
    kind: LaunchKind = LaunchKind.RELEASE
    touchpoints: tuple[str, ...] = ()
    title: str | None = None
    note: str | None = None
    url: str | None = None

    @property
    def launch_id(self) -> str:
        """Identity over all edits, 32 hexadecimal digits."""
        name = self.version or self.title or self.launched_at.date().isoformat()
        return launch_id(self.product, self.kind.value, name)

    def row(self, recorded_at: datetime, *, deleted: bool = False) -> dict[str, Any]:
        """The launch as a row of `arrow.LAUNCHES`."""
        return {
            **asdict(self),
            "kind": self.kind.value,
            "touchpoints": list(self.touchpoints),
            "launch_id": self.launch_id,
            "recorded_at": recorded_at,
            "deleted": deleted,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Launch:
        """The launch a row of `arrow.LAUNCHES` states."""
        return cls(
            **{
                **{name: row[name] for name in FIELDS},
                "launched_at": row["launched_at"].astimezone(UTC),
                "kind": LaunchKind(row["kind"]),
                "touchpoints": tuple(row["touchpoints"]),
            }
        )

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Launch:
        """Read a launch from a person's fields, text or JSON values, under their names or `ALIASES`.

        Empty values are absent ones. Raises `InvalidLaunch`.
        """
        named: dict[str, Any] = {}
        for key, value in fields.items():
            name = ALIASES.get(key, key)
            if name not in FIELDS:
                raise InvalidLaunch(f"{key!r} is no field of a launch{did_you_mean(key, (*FIELDS, *ALIASES))}")
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if name in named:
                raise InvalidLaunch(f"{name} is given twice")
            named[name] = value
        for required in ("product", "launched_at"):
            if required not in named:
                raise InvalidLaunch(f"{required} is missing")
        return cls(
            product=_text(named, "product") or "",
            launched_at=parse_instant(named["launched_at"]),
            version=_text(named, "version"),
            kind=_kind(named.get("kind", LaunchKind.RELEASE)),
            touchpoints=_touchpoints(named.get("touchpoints", ())),
            title=_text(named, "title"),
            note=_text(named, "note"),
            url=_text(named, "url"),
        )


def parse_instant(value: Any) -> datetime:
    """An instant in UTC from a date or a time in ISO 8601, or a Chinese date; without offset it is read as UTC.

    >>> parse_instant("2021年12月13日")
    datetime.datetime(2021, 12, 13, 0, 0, tzinfo=datetime.timezone.utc)
    """
    text = str(value).strip()
    # Chinese dates become ISO dates; what does not look like one is refused, although fromisoformat would also
    # read 20211213 and 2021W50: those are more often a mistake than a date.
    iso = _CHINESE_DATE.sub(lambda match: f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}", text)
    try:
        moment = datetime.fromisoformat(iso if _ISO_DATE.match(iso) else "")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidLaunch(
            f"launched_at {text[:40]!r} is not a date; write 2021-06-01 or 2021-06-01T12:30:00+02:00"
        ) from None
    if moment.year not in PLAUSIBLE_YEARS:
        raise InvalidLaunch(
            f"launched_at {text[:40]!r} lies outside {PLAUSIBLE_YEARS.start} to {PLAUSIBLE_YEARS.stop - 1}"
        )
    return moment


def _text(named: Mapping[str, Any], name: str) -> str | None:
    value = named.get(name)
    if value is None:
        return None
    if isinstance(value, bool | dict | list):
        raise InvalidLaunch(f"{name} must be text")
    return str(value).strip()


def _kind(value: Any) -> LaunchKind:
    try:
        return LaunchKind(str(value).strip().lower())
    except ValueError:
        raise InvalidLaunch(f"kind {str(value)[:40]!r} is unknown; it is one of {', '.join(LaunchKind)}") from None


def _touchpoints(value: Any) -> tuple[str, ...]:
    """Names in one text, separated by `;`, `,` or `|`, or a list of them; sorted, each once.

    A name may be one of the user's own touchpoints, unless it reads like a shipped one misspelt.
    """
    words = _LIST.split(value) if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise InvalidLaunch("touchpoints must be names separated by semicolons, or a list")
    names = {str(word).strip().lower() for word in words if str(word).strip()}
    for name in sorted(names):
        if name not in ALL_TOUCHPOINTS and (near_shipped(name) or not OWN_NAME.fullmatch(name)):
            raise InvalidLaunch(f"touchpoint {name[:40]!r} is unknown{did_you_mean(name, ALL_TOUCHPOINTS)}")
    return tuple(sorted(names))
