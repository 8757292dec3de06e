"""`tribometer compare-models`: what would change before anyone switches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
import orjson
from rich.console import Console

from pipelines.cli.options import days_between, reads_as_of, reads_tables, some_days, table_or_json
from pipelines.cli.sql import terminal_width
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.comparison.compare import Comparison

_QUOTED_CHARACTERS: Final = 300


@click.command("compare-models", short_help="What would change in friction with another model.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@reads_tables
@reads_as_of
@some_days
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    metavar="EVENTS",
    help="Compare about so many events, those of whole people, always the same.",
)
@click.option(
    "--examples", type=click.IntRange(0, 100), default=3, show_default=True, help="Mentions shown of each change."
)
@click.option("--quotes", is_flag=True, help="Show what was said in the examples, as it is stored: redacted.")
@table_or_json("one object and exact")
def compare_models(
    a: str,
    b: str,
    tables: str,
    as_of: datetime | None,
    since: datetime | None,
    until: datetime | None,
    sample: int,
    examples: int,
    quotes: bool,
    form: str,
) -> None:
    """Show what would change in friction per touchpoint if the scores of model B were shown in the place of A's.

    A and B are each a folder with a model, a model version that has scores in the tables, `shown` for the scores that
    readers see now, or `shipped` for the model that came with Tribometer. Models in folders score the sample; nothing
    is written.

    The friction rate is that of the views: people with friction among the people who speak of a touchpoint, over all
    days together. The interval of the difference is Newcombe's for paired shares (95 %): the same people stand on
    both sides.
    """
    from pipelines.cli.progress import ScoringProgress
    from pipelines.comparison.compare import compare
    from pipelines.snapshot import readable_folder

    if a == b:
        raise UsageError(f"{a} is named twice; name two models")
    first, last = days_between(since, until)
    with ScoringProgress(Console(stderr=True)) as progress:
        found = compare(
            str(readable_folder(tables)),
            (a, b),
            as_of=as_of,
            since=first,
            until=last,
            sample=sample,
            examples=examples,
            on_progress=progress.moved,
        )
    if form == "json":
        _print_json(found, quotes=quotes)
    else:
        click.echo("\n".join(_lines(found, quotes=quotes)))


def _print_json(found: Comparison, *, quotes: bool) -> None:
    from pipelines.render import plain_value

    content = asdict(found)
    if not quotes:
        content["examples"] = [_without_text(row) for row in content["examples"]]
    sys.stdout.write(orjson.dumps(plain_value(content), option=orjson.OPT_INDENT_2).decode() + "\n")


def _without_text(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "text"}


def _lines(found: Comparison, *, quotes: bool) -> Iterator[str]:
    for label, name, versions in zip("AB", found.names, found.versions, strict=True):
        said = ", ".join(versions) or "no model"
        yield f"{label}  {said}" + ("" if said == name else f"  ({name})")
    about = found.sample
    yield (
        f"{about['events']:,} of {about['events_in_all']:,} events by {about['people']:,} people, "
        f"{about['first_day']} to {about['last_day']}"
        + (f"; {about['without_scores']:,} more have no scores of both" if about["without_scores"] else "")
    )
    yield ""
    yield from _table(
        {
            "touchpoint": row["touchpoint"],
            "people A": row["people_a"],
            "friction A": row["friction_people_a"],
            "rate A": _percent(row["friction_rate_a"]),
            "people B": row["people_b"],
            "friction B": row["friction_people_b"],
            "rate B": _percent(row["friction_rate_b"]),
            "B - A, points": _points(row["difference"]),
            "95 % interval": _interval(row),
        }
        for row in found.touchpoints
    )
    yield ""
    yield from _changes(found)
    if found.moves:
        yield ""
        yield from _table(
            {"from": row["from"], "to": row["to"], "mentions": row["mentions"]} for row in found.moves
        )
    if found.examples:
        yield ""
        yield from _table(_example(row, quotes=quotes) for row in found.examples)


def _changes(found: Comparison) -> Iterator[str]:
    mentions, events = found.mentions, found.events
    yield (
        f"mentions: {mentions['in_both']:,} in both, {mentions['only_in_a']:,} only in A, "
        f"{mentions['only_in_b']:,} only in B. Of those in both:"
    )
    yield f"  friction:   {mentions['friction_gained']:,} gain it, {mentions['friction_lost']:,} lose it"
    yield f"  touchpoint: {mentions['other_touchpoint']:,} have another"
    yield (
        f"  sentiment:  {mentions['other_sentiment']:,} have another, "
        f"{mentions['sentiment_flipped']:,} of them flip between negative and positive"
    )
    yield (
        f"events: {events['other_sentiment']:,} of {events['events']:,} have another sentiment, "
        f"{events['sentiment_flipped']:,} of them flip; {events['newly_scored']:,} get scores, "
        f"{events['no_longer_scored']:,} lose them"
    )


def _example(row: Mapping[str, Any], *, quotes: bool) -> dict[str, Any]:
    shown = {
        "change": row["change"],
        "event_id": row["event_id"],
        "touchpoint": row["touchpoint_a"]
        if row["touchpoint_a"] == row["touchpoint_b"]
        else f"{row['touchpoint_a']} > {row['touchpoint_b']}",
        "friction": f"{row['friction_p_a']:.2f} > {row['friction_p_b']:.2f}",
        "sentiment": f"{row['sentiment_a']:+.2f} > {row['sentiment_b']:+.2f}",
    }
    return shown | ({"text": row["text"][:_QUOTED_CHARACTERS]} if quotes else {})


def _table(rows: Iterator[dict[str, Any]]) -> list[str]:
    from pipelines.render import format_table

    found = list(rows)
    columns = tuple(found[0]) if found else ()
    lines, _ = format_table(columns, [tuple(row.values()) for row in found], terminal_width(sys.stdout))
    return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _points(difference: float | None) -> str:
    return "-" if difference is None else f"{100 * difference:+.1f}"


def _interval(row: Mapping[str, Any]) -> str:
    if row["difference_low"] is None:
        return "-"
    return f"{_points(row['difference_low'])} to {_points(row['difference_high'])}"
