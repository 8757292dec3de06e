"""A launch: something that reached customers at a moment, and may have changed how they feel.

The ledger keeps every edit; `launch_id` says which rows are edits of one launch. It is a hash of the product, the
kind, the name (the version, else the title, else the day) and the platform where there is one. So importing a file
twice adds nothing, a corrected date or note of version 89 is an edit of it, a fix and a release of the same version
are two launches, and so are 4.2 on iOS and 4.2 on Android.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import nan
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


class RecordedBy(StrEnum):
    """Which way an edit came into the ledger."""

    CLI = "cli"
    IMPORT = "import"
    PUBSUB = "pubsub"
    GITHUB = "github"
    APP_STORE = "app_store"


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

FIELDS: Final = (
    *("product", "version", "launched_at", "kind", "touchpoints", "title", "note", "url"),
    *("platform", "rollout"),
)

NEIGHBOUR_DAYS: Final = 14
"""Two launches of a product that are no further apart share the days their effects are measured on."""

_CHINESE_DATE: Final = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$", re.ASCII)
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ROLLOUT_FORM: Final = "steps such as 2024-05-01=0.1;2024-05-08=1, or a list of objects with at and share"
_LIST: Final = re.compile(r"[;,|]")


class InvalidLaunch(ValueError):
    """Not a launch; the text says which field and what it may be, `field` which where it is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class RolloutStep:
    """From `at` on this `share` of users, above 0 and at most 1, had the launch."""

    at: datetime
    share: float

    def __str__(self) -> str:
        return f"{self.at.isoformat().replace('+00:00', 'Z')}={self.share:g}"


@dataclass(frozen=True)
class Launch:
    """One launch as somebody states it.

    `touchpoints` are those it touches, empty where nobody said. `platform` is where it came out, None for everywhere.
    `rollout` are its steps, ascending in time and share, none before `launched_at`; empty where nobody said.
    """

    product: str
    launched_at: datetime
    version: str | None = None
    kind: LaunchKind = LaunchKind.RELEASE
    touchpoints: tuple[str, ...] = ()
    title: str | None = None
    note: str | None = None
    url: str | None = None
    platform: str | None = None
    rollout: tuple[RolloutStep, ...] = ()

    @property
    def launch_id(self) -> str:
        """Identity over all edits, 32 hexadecimal digits."""
        name = self.version or self.title or self.launched_at.date().isoformat()
        return launch_id(self.product, self.kind.value, name, self.platform)

    def is_neighbour_of(self, other: Launch) -> bool:
        """Whether the effects of the two cannot be told apart: one product, near in time, no two platforms."""
        return (
            self.product == other.product
            and self.launch_id != other.launch_id
            and abs(self.launched_at - other.launched_at) <= timedelta(days=NEIGHBOUR_DAYS)
            and (self.platform is None or other.platform is None or self.platform == other.platform)
        )

    def filled_from(self, earlier: Launch) -> Launch:
        """This launch, with what it does not say taken from an `earlier` statement of it."""
        unsaid = {name: getattr(earlier, name) for name in FIELDS if getattr(self, name) in (None, ())}
        if any(step.at < self.launched_at for step in unsaid.get("rollout", ())):
            del unsaid["rollout"]
        return replace(self, **unsaid)

    def row(self, recorded_at: datetime, recorded_by: RecordedBy, *, deleted: bool = False) -> dict[str, Any]:
        """The launch as a row of `arrow.LAUNCHES`."""
        return {
            **asdict(self),
            "kind": self.kind.value,
            "touchpoints": list(self.touchpoints),
            "rollout": [asdict(step) for step in self.rollout],
            "launch_id": self.launch_id,
            "recorded_at": recorded_at,
            "recorded_by": recorded_by.value,
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
                "rollout": tuple(
                    RolloutStep(step["at"].astimezone(UTC), step["share"]) for step in row["rollout"] or ()
                ),
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
                raise InvalidLaunch(f"{name} is given twice", name)
            named[name] = value
        for required in ("product", "launched_at"):
            if required not in named:
                raise InvalidLaunch(f"{required} is missing", required)
        launched_at = parse_instant(named["launched_at"])
        return cls(
            product=_text(named, "product") or "",
            launched_at=launched_at,
            version=_text(named, "version"),
            kind=_kind(named.get("kind", LaunchKind.RELEASE)),
            touchpoints=_touchpoints(named.get("touchpoints", ())),
            title=_text(named, "title"),
            note=_text(named, "note"),
            url=_text(named, "url"),
            platform=_platform(named),
            rollout=parse_rollout(named.get("rollout", ()), launched_at),
        )


def parse_instant(value: Any, field: str = "launched_at") -> datetime:
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
            f"{field} {text[:40]!r} is not a date; write 2021-06-01 or 2021-06-01T12:30:00+02:00", field
        ) from None
    if moment.year not in PLAUSIBLE_YEARS:
        raise InvalidLaunch(
            f"{field} {text[:40]!r} lies outside {PLAUSIBLE_YEARS.start} to {PLAUSIBLE_YEARS.stop - 1}", field
        )
    return moment


def _text(named: Mapping[str, Any], name: str) -> str | None:
    value = named.get(name)
    if value is None:
        return None
    if isinstance(value, bool | dict | list):
        raise InvalidLaunch(f"{name} must be text", name)
    return str(value).strip()


def _platform(named: Mapping[str, Any]) -> str | None:
    """In lower case: iOS and ios are one platform."""
    platform = _text(named, "platform")
    return None if platform is None else platform.lower()


def parse_rollout(value: Any, launched_at: datetime) -> tuple[RolloutStep, ...]:
    """Steps in one text, `2024-05-01=0.1;2024-05-08=1`, or a list of `{at, share}`. Raises `InvalidLaunch`.

    >>> [str(step) for step in parse_rollout("2024-05-01=0.1;2024-05-08=1", parse_instant("2024-05-01"))]
    ['2024-05-01T00:00:00Z=0.1', '2024-05-08T00:00:00Z=1']
    """
    words = [word for word in value.split(";") if word.strip()] if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise InvalidLaunch(f"rollout must be {_ROLLOUT_FORM}", "rollout")
    steps = tuple(map(_step, words))
    if any(later.at <= step.at or later.share <= step.share for step, later in pairwise(steps)):
        raise InvalidLaunch("rollout must rise from step to step, in time and in share", "rollout")
    if steps and steps[0].at < launched_at:
        raise InvalidLaunch(f"rollout begins before the launch: {steps[0]}", "rollout")
    return steps


def _step(word: Any) -> RolloutStep:
    if isinstance(word, str) and "=" in word:
        at, _, share = word.partition("=")
    elif isinstance(word, Mapping) and set(word) == {"at", "share"}:
        at, share = word["at"], word["share"]
    else:
        raise InvalidLaunch(f"rollout has the step {str(word)[:40]!r}; it must be {_ROLLOUT_FORM}", "rollout")
    try:
        number = float("nan" if isinstance(share, bool) else share)
    except (TypeError, ValueError):
        number = nan
    if not 0 < number <= 1:
        raise InvalidLaunch(
            f"rollout has the share {str(share)[:40]!r}; a share is above 0 and at most 1", "rollout"
        )
    return RolloutStep(parse_instant(at, "rollout"), number)


def _kind(value: Any) -> LaunchKind:
    try:
        return LaunchKind(str(value).strip().lower())
    except ValueError:
        raise InvalidLaunch(
            f"kind {str(value)[:40]!r} is unknown; it is one of {', '.join(LaunchKind)}", "kind"
        ) from None


def _touchpoints(value: Any) -> tuple[str, ...]:
    """Names in one text, separated by `;`, `,` or `|`, or a list of them; sorted, each once.

    A name may be one of the user's own touchpoints, unless it reads like a shipped one misspelt.
    """
    words = _LIST.split(value) if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise InvalidLaunch("touchpoints must be names separated by semicolons, or a list", "touchpoints")
    names = {str(word).strip().lower() for word in words if str(word).strip()}
    for name in sorted(names):
        if name not in ALL_TOUCHPOINTS and (near_shipped(name) or not OWN_NAME.fullmatch(name)):
            raise InvalidLaunch(
                f"touchpoint {name[:40]!r} is unknown{did_you_mean(name, ALL_TOUCHPOINTS)}", "touchpoints"
            )
    return tuple(sorted(names))
