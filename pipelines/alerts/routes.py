"""Routes: a YAML file that says which alerts go where. Validated when it is loaded; every error names file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.alerts.channels.alertmanager import Alertmanager
from pipelines.alerts.channels.apprise import AppriseService
from pipelines.alerts.channels.channel import Channel
from pipelines.alerts.channels.email import Email
from pipelines.alerts.channels.jsonl import JsonLines
from pipelines.alerts.channels.pagerduty import PagerDuty
from pipelines.alerts.channels.pubsub import PubSub
from pipelines.alerts.channels.slack import Slack
from pipelines.alerts.channels.webhook import Webhook
from pipelines.alerts.credentials import CredentialError
from pipelines.alerts.hours import Hours, TimeOfDay, zone
from schemas.alert import WHOLE_PRODUCT, Alert, Kind, Severity
from schemas.errors import UsageError
from schemas.nearest import did_you_mean
from schemas.yaml_lines import YamlDocument

SERVICES: Final[Mapping[str, type[Channel]]] = {
    "slack": Slack,
    "email": Email,
    "pagerduty": PagerDuty,
    "alertmanager": Alertmanager,
    "webhook": Webhook,
    "pubsub": PubSub,
    "jsonl": JsonLines,
    "apprise": AppriseService,
}
"""The kinds of channels."""

Zone = Annotated[Any, BeforeValidator(zone)]


def _names(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
"""One name or a list of them."""


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Match(_Block):
    """What a route or mute is about: each key that stands here must fit. `touchpoint: "*"` means episodes of a whole
    product."""

    product: Names = ()
    touchpoint: Names = ()
    severity: Annotated[tuple[Severity, ...], BeforeValidator(_names)] = ()
    source: Names = ()
    kind: Annotated[tuple[Kind, ...], BeforeValidator(_names)] = ()

    def misfit(self, alert: Alert, touchpoints: Collection[str] | None = None) -> str | None:
        """Which key does not fit; None where all do. A source fits an alert that has it among its members.

        `touchpoints`: those the alert is taken to be about, in place of its own.
        """
        if self.product and alert.product not in self.product:
            return f"product is not {_either(self.product)}"
        if self.touchpoint and not set(self.touchpoint) & set(touchpoints or (alert.touchpoint,)):
            return f"touchpoint is not {_either(self.touchpoint)}"
        if self.severity and alert.severity not in self.severity:
            return f"severity is not {_either(self.severity)}"
        if self.source and not set(self.source) & (set(alert.sources) | _parts(alert)):
            return f"source is not {_either(self.source)}"
        if self.kind and alert.kind not in self.kind:
            return f"kind is not {_either(self.kind)}"
        return None


class Mute(_Block):
    """Of what matches nobody is told, from `begin` to `until` where they are given."""

    match: Match
    begin: datetime | None = Field(alias="from", default=None)
    until: datetime | None = None
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _instants(self) -> Self:
        for name, value in (("from", self.begin), ("until", self.until)):
            if value is not None and value.utcoffset() is None:
                raise ValueError(f"{name} needs a time zone, as in 2026-12-24T00:00:00+01:00")
        return self

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Whether it holds for the alert at this instant."""
        if (self.begin is not None and now < self.begin) or (self.until is not None and now >= self.until):
            return False
        return self.match.misfit(alert) is None


class Route(_Block):
    """Which alerts go to which channels, and when.

    Outside of `hours` an alert waits for them. Beyond `at_most_a_day` sent messages a channel and local day, alerts
    wait for the digest. Neither holds for a severity in `at_any_hour`. `everything`: alerts of which nobody is to be
    told go there too, for a record.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    match: Match = Match()
    to: Annotated[Names, Field(min_length=1)]
    team: str | None = None
    hours: Hours | None = None
    time_zone: Zone | None = None
    at_any_hour: Annotated[tuple[Severity, ...], BeforeValidator(_names)] = (Severity.CRITICAL,)
    at_most_a_day: Annotated[int, Field(ge=1)] | None = None
    everything: bool = False


class Routes(_Block):
    """A whole routes file. `digest_at`: when what was beyond a day's number is told. `forget_after_hours`: what
    happened longer ago is told to nobody, so that a first start or a long stop does not tell old news."""

    channels: Mapping[str, Channel]
    routes: tuple[Route, ...]
    mutes: tuple[Mute, ...] = ()
    time_zone: Zone = "UTC"
    digest_at: TimeOfDay = 9 * 60
    forget_after_hours: Annotated[float, Field(gt=0)] = 24.0

    @model_validator(mode="after")
    def _refer(self) -> Self:
        if not self.routes:
            raise _At(("routes",), "name at least one, as in {name: everything, to: ops}")
        names = [route.name for route in self.routes]
        for place, route in enumerate(self.routes):
            if route.name in names[:place]:
                raise _At(("routes", place, "name"), f"{route.name!r} is the name of an earlier route")
            for name in route.to:
                if name not in self.channels:
                    hint = did_you_mean(name, self.channels)
                    raise _At(("routes", place, "to"), f"no channel {name!r} among `channels`{hint}")
        return self

    @property
    def forget_after(self) -> timedelta:
        return timedelta(hours=self.forget_after_hours)

    def zone_of(self, route: Route) -> tzinfo:
        """The route's own time zone, else that of the file."""
        place: tzinfo = route.time_zone or zone(self.time_zone)
        return place

    def misfit(self, route: Route, alert: Alert) -> str | None:
        """Why the route does not lead from the alert; None where it does.

        What is told of a whole product concerns whoever looks after the touchpoints it rose at: it holds back theirs.
        """
        return route.match.misfit(alert, _touchpoints(alert))

    def leading_from(self, alert: Alert) -> Iterator[tuple[Route, str]]:
        """The routes that fit, in their order, each with every channel no earlier one led to."""
        led: set[str] = set()
        for route in self.routes:
            if self.misfit(route, alert) is None:
                for name in route.to:
                    if name not in led:
                        led.add(name)
                        yield route, name

    def mute_of(self, alert: Alert, now: datetime) -> Mute | None:
        """The first mute that covers it."""
        return next((mute for mute in self.mutes if mute.covers(alert, now)), None)

    def check(self) -> None:
        """Look for the credentials of every channel that a route leads to. Raises `UsageError` naming the route."""
        for route in self.routes:
            for name in route.to:
                try:
                    self.channels[name].check()
                except CredentialError as error:
                    raise UsageError(
                        f"route {route.name!r}: its channel {name!r} has no credentials: {error}"
                    ) from None
                except UsageError as error:
                    raise UsageError(f"route {route.name!r}: its channel {name!r}: {error}") from None


class _At(ValueError):
    """A mistake that stands elsewhere than where it was found."""

    def __init__(self, location: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.location = location


def read_routes(path: Path) -> Routes:
    """Load a routes file. Raises `UsageError` as `file:line: key: what is wrong`; it repeats no value."""
    document = YamlDocument.read(path)
    content = document.content
    if not isinstance(content, dict):
        raise UsageError(f"{path}:1: write `channels:` and `routes:`; docs/alerts.md begins with an example")
    try:
        channels = {
            name: _channel(name, settings, path.parent)
            for name, settings in _mapping(content.get("channels")).items()
        }
        return Routes.model_validate({**content, "channels": channels})
    except _At as error:
        raise UsageError(f"{path}:{document.line(error.location)}: {_name(error.location)}: {error}") from None
    except ValidationError as error:
        raise _first(document, error, ()) from None
    except _ChannelError as error:
        raise _first(document, error.cause, ("channels", error.name)) from None


class _ChannelError(Exception):
    def __init__(self, name: str, cause: ValidationError) -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _At(
            ("channels",), "name at least one channel, as in ops: {service: slack, url: {env: OPS_SLACK_URL}}"
        )
    return {str(name): settings for name, settings in value.items()}


def _channel(name: str, settings: Any, folder: Path) -> Channel:
    if not isinstance(settings, dict) or "service" not in settings:
        raise _At(("channels", name), f"name its service: {', '.join(SERVICES)}")
    service = settings["service"]
    if not isinstance(service, str) or service not in SERVICES:
        hint = did_you_mean(service, SERVICES) if isinstance(service, str) else ""
        raise _At(("channels", name, "service"), f"no such service{hint}")
    try:
        return SERVICES[service].model_validate(_beside(settings, folder))
    except ValidationError as error:
        raise _ChannelError(name, error) from None


def _beside(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Paths of files as seen from the folder of the routes file."""

    def placed(key: str, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("file"), str):
            return {**value, "file": folder / Path(value["file"]).expanduser()}
        if key == "path" and isinstance(value, str):
            return folder / Path(value).expanduser()
        return value

    return {key: placed(key, value) for key, value in settings.items()}


def _first(document: YamlDocument, error: ValidationError, above: tuple[str | int, ...]) -> UsageError:
    """The mistake that stands first in the file, without the value: somebody may have put a secret there."""
    mistakes = []
    for details in error.errors(include_url=False, include_input=False):
        location = (*above, *details["loc"])
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, _At):
            location = cause.location
        if details["type"] == "missing":
            location, text = location[:-1], f"{location[-1]} is missing"
        elif details["type"] == "extra_forbidden":
            text = f"no such key{did_you_mean(str(location[-1]), _keys(location))}"
        elif isinstance(cause, Exception):
            text = str(cause)
        else:
            text = details["msg"][:1].lower() + details["msg"][1:]
        mistakes.append((document.line(location), details["type"] == "missing", location, text))
    line, _, location, text = min(mistakes, key=lambda mistake: mistake[:2])
    more = f" ({len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return UsageError(f"{document.path}:{line}: {_name(location)}: {text}{more}")


def _keys(location: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where this one does."""
    within = [part for part in location[:-1] if isinstance(part, str)]
    if not within:
        return list(Routes.model_fields)
    block: dict[str, type[BaseModel]] = {"routes": Route, "mutes": Mute, "match": Match, "hours": Hours}
    kind = block.get(within[-1])
    if kind is None:
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


def _name(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location if isinstance(part, str)) or "routes file"


def _either(values: tuple[str, ...]) -> str:
    return " or ".join(str(value) for value in values)


def _touchpoints(alert: Alert) -> set[str]:
    """The touchpoint it is about; of a whole product also its members, and the fewest that explain the rise."""
    if not alert.whole_product:
        return {alert.touchpoint}
    explaining = [cause.values for cause in alert.explanations if cause.dimension == "touchpoint"]
    return {alert.touchpoint, *alert.sources, *(value for values in explaining for value in values)}


def _parts(alert: Alert) -> set[str]:
    """The sources it came from, beside its members: of the sum of the sources all stand in the parts."""
    if WHOLE_PRODUCT not in alert.sources and not alert.whole_product:
        return set()
    return {part.value for part in alert.parts if part.dimension == "source" and part.explains > 0}
