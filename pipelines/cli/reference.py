"""The reference of the command line, made from the commands themselves: docs/commands.md; `make docs` writes it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Final

import click

from pipelines.cli import cli

EXAMPLES: Final[Mapping[str, str]] = {
    "simulate": "tribometer simulate --out sim --events 2000",
    "sources list": "tribometer sources list",
    "sources show": "tribometer sources show feedback_event > mine.yaml",
    "sources check": "tribometer sources check sim/app_reviews.yaml --sample sim/app_reviews.csv --records 10 --rows 2",
    "replay": """\
tribometer replay sim/support_tickets.jsonl --source feedback_event --tables tables
tribometer replay sim/app_reviews.csv --source sim/app_reviews.yaml --tables tables
tribometer replay sim/nps_answers.jsonl --source sim/nps_answers.yaml --tables tables""",
    "listen": """\
mkdir inbox
cp sim/support_tickets.jsonl inbox
tribometer listen --inbox inbox --source feedback_event --tables tables --exit-when-idle 3 --http none""",
    "score": """\
echo '{"text": "Love the design, but checkout is broken", "rating": 2}' | tribometer score""",
    "compare-models": "tribometer compare-models shown shipped --sample 500 --tables tables",
    "rescore": "tribometer rescore --switch --tables tables",
    "switch-model": "tribometer switch-model stored --tables tables",
    "evaluate": "tribometer evaluate --only negation,sarcasm,bias",
    "label export": "tribometer label export --tables tables --product Parcelbird --count 40 --out sheet.csv",
    "label import": "tribometer label import sim/labelled.csv --labels labels.csv --touchpoints sim/touchpoints.yaml",
    "train": "tribometer train --adapt --labels labels.csv --touchpoints sim/touchpoints.yaml --out adapted",
    "launches import": "tribometer launches import sim/launches.csv --tables tables",
    "launches add": """\
tribometer launches add Parcelbird 2025-06-10 --kind campaign --title "Summer sale" --touchpoints "purchase;billing" \\
  --tables tables""",
    "launches list": "tribometer launches list --product Parcelbird --tables tables",
    "launches history": "tribometer launches history 2099d96c --tables tables",
    "launches remove": "tribometer launches remove 2099d96c --tables tables",
    "launches listen": """\
tribometer launches listen --subscription projects/my-project/subscriptions/launches --once --tables tables""",
    "launches serve": """\
echo 6f1d0c2a9b8e4d7f5a3c1e0b9d8f7a6c > github.secrets
tribometer launches serve --check --http 127.0.0.1:0 --github-secret-file github.secrets \\
  --github-product parcelbird/app=Parcelbird --tables tables""",
    "exposure import": """\
tribometer sql "SELECT product, day, 1000 + events AS orders FROM friction_daily_product WHERE touchpoint = 'any'" \\
  --tables tables --format csv --output orders.csv
tribometer exposure import orders.csv --tables tables""",
    "exposure list": "tribometer exposure list --tables tables",
    "watch": "tribometer watch --once --tables tables",
    "alerts list": "tribometer alerts list --tables tables",
    "alerts show": "tribometer alerts show 63eb13b1e3f0cbbb --tables tables",
    "alerts ack": 'tribometer alerts ack 63eb13b1e3f0cbbb --note "rolling 124.0 back" --tables tables',
    "alerts unack": "tribometer alerts unack 63eb13b1e3f0cbbb --tables tables",
    "alerts snooze": "tribometer alerts snooze 63eb13b1e3f0cbbb --for 4h --tables tables",
    "alerts silence": 'tribometer alerts silence Parcelbird billing --for 2d --note "price change" --tables tables',
    "alerts unsilence": "tribometer alerts unsilence Parcelbird billing --tables tables",
    "alerts feedback": "tribometer alerts feedback 63eb13b1e3f0cbbb useful --tables tables",
    "alerts test-route": """\
echo "{channels: {record: {service: jsonl, path: alerts.jsonl}}, routes: [{name: all, to: record}]}" > routes.yaml
tribometer alerts test-route --routes routes.yaml --product Parcelbird --send""",
    "alerts deliver": "tribometer alerts deliver --routes routes.yaml --tables tables",
    "alerts backtest": """\
tribometer sql "SELECT 'Parcelbird' AS product, '2025-06-10' AS start, '2025-06-14' AS end, 'friction' AS kind, \
  'usability' AS touchpoint, 'new checkout' AS what" --tables tables --format csv --output incidents.csv
tribometer alerts backtest --incidents incidents.csv --tables tables""",
    "alerts channels": "tribometer alerts channels --routes routes.yaml --tables tables",
    "themes update": "tribometer themes update --tables tables",
    "themes list": "tribometer themes list --product Parcelbird --tables tables",
    "themes merge": "tribometer themes merge 8d23df46 61c71b86 --tables tables",
    "themes name": 'tribometer themes name 61c71b86 "New checkout" --tables tables',
    "sql": """\
tribometer sql "SELECT touchpoint, count(DISTINCT author) AS people FROM mentions WHERE friction GROUP BY ALL" \\
  --tables tables
echo "SELECT * FROM source_health" | tribometer sql --tables tables --format csv --output health.csv""",
    "shell-init": "tribometer shell-init --tables tables > views.sql",
    "dbt-sources": "tribometer dbt-sources --parquet warehouse > tribometer.yml",
    "pubsub init": "tribometer pubsub init --project my-project --dry-run",
    "pubsub publish": """\
tribometer pubsub publish sim/support_tickets.jsonl --topic projects/my-project/topics/feedback --dry-run""",
    "report": "tribometer report Parcelbird --tables tables --from 2025-04-01 --to 2025-06-30 --output parcelbird.html",
    "tables status": "tribometer tables status --tables tables",
    "tables verify": "tribometer tables verify --tables tables",
    "tables compact": "tribometer tables compact --min-files 2 --tables tables",
    "tables rollup": "tribometer tables rollup --tables tables",
    "tables vacuum": "tribometer tables vacuum --retention 24h --tables tables",
    "tables retention": "tribometer tables retention --raw 30d --feedback 9000d --dry-run --tables tables",
    "tables history": "tribometer tables history --table launches --tables tables",
    "tables export": "tribometer tables export parcelbird --table feedback --one-file --tables tables",
    "tables erase": """\
tribometer tables erase --author customer-153 --source parcelbird_tickets --dry-run --tables tables""",
    "tables erasures": "tribometer tables erasures --tables tables",
    "dead-letters list": "tribometer dead-letters list --violation invalid_json --tables tables",
    "dead-letters show": "tribometer dead-letters show 74dc888f --tables tables",
    "dead-letters replay": """\
tribometer dead-letters replay --source feedback_event --violation invalid_timestamp --tables tables""",
}
"""At least one command line for each command, in an order in which they can be run in an empty folder."""

Entry = tuple[str, click.Command, click.Context]
"""A command: its words behind `tribometer`, itself, and the context its help is made in."""

_OPENING: Final = """\
# Commands

Every command with its arguments and options, as `tribometer COMMAND --help` prints them. This page is generated from
the commands by `make docs`.

The examples are about a simulated product. They run in an empty folder, from `simulate` on, in this order: {order}.

## For all commands

| option | meaning |
|---|---|
{options}

`--debug` may stand anywhere on the line. `TRIBOMETER_TABLES` names the tables folder once for all commands.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | the run failed, or some records could not be read (`score`, `sources check`); dead letters alone are no failure |
| 2 | the command was asked for something it cannot do: a wrong path, an unknown option, a query that is no SELECT |
| 130 | interrupted with Ctrl-C |

An error is one line on standard error that says what is wrong and what to do. Results go to standard output; progress
and hints go to standard error.
"""


def commands() -> Iterator[Entry]:
    """Every command and subcommand, groups before their commands."""
    root = _root()
    yield from _below(cli, root, "")


def _root() -> click.Context:
    return click.Context(cli, info_name="tribometer", **cli.context_settings)


def _below(group: click.Group, parent: click.Context, prefix: str) -> Iterator[Entry]:
    for word in group.list_commands(parent):
        command = group.get_command(parent, word)
        if command is None:
            continue
        context = click.Context(command, info_name=word, parent=parent)
        yield prefix + word, command, context
        if isinstance(command, click.Group):
            yield from _below(command, context, f"{prefix}{word} ")


def reference() -> str:
    """The text of docs/commands.md."""
    root = _root()
    options = "\n".join(
        f"| {_names(option, root)} | {option.help} |" for option in [*_options(cli, root), _help_option(cli, root)]
    )
    parts = [_OPENING.format(order=", ".join(f"`{name}`" for name in EXAMPLES), options=options)]
    for name, command, context in commands():
        parts.append("\n".join(_section(name, command, context)) + "\n")
    return "\n".join(parts)


def _section(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"{'###' if ' ' in name else '##'} {name}"
    yield ""
    yield from _prose(command.help or "")
    if isinstance(command, click.Group):
        return
    yield ""
    yield "```text"
    yield f"tribometer {name} {' '.join(command.collect_usage_pieces(context))}"
    yield "```"
    yield ""
    options = _options(command, context)
    if options:
        yield "| option | meaning | default |"
        yield "|---|---|---|"
        yield from (f"| {_names(one, context)} | {_meaning(one)} | {_default(one, context)} |" for one in options)
        yield ""
    yield "```sh"
    yield EXAMPLES[name]
    yield "```"


def _prose(text: str) -> Iterator[str]:
    """Help text as Markdown: a paragraph after click's `\\b` is shown as it stands."""
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ""
        if paragraph.startswith("\b"):
            yield from ("```sh", inspect.cleandoc(paragraph.removeprefix("\b")), "```")
        else:
            yield " ".join(paragraph.split())


def _options(command: click.Command, context: click.Context) -> list[click.Option]:
    return [
        parameter
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and not parameter.hidden and "--help" not in parameter.opts
    ]


def _help_option(command: click.Command, context: click.Context) -> click.Option:
    option = command.get_help_option(context)
    if option is None:
        raise ValueError(f"{command.name} has no --help")
    return option


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join(option.opts)
    if option.secondary_opts:
        names += " / " + ", ".join(option.secondary_opts)
    if not option.is_flag and not option.count:
        names += f" {option.metavar or option.make_metavar(context).removesuffix(' RANGE')}"
    return f"`{_cell(names)}`"


def _meaning(option: click.Option) -> str:
    if not option.help:
        raise ValueError(f"{option.opts[0]} has no help text")
    words = [re.sub(r"\s*\[default: [^]]*\]", "", option.help)]
    if isinstance(option.type, click.IntRange | click.FloatRange):
        words.append(f"At least {option.type.min}." if option.type.max is None else _between(option.type))
    if option.required:
        words.append("Required.")
    return _cell(" ".join(words))


def _between(limits: click.IntRange | click.FloatRange) -> str:
    return f"From {limits.min} to {limits.max}."


def _default(option: click.Option, context: click.Context) -> str:
    extra = option.get_help_extra(context)
    given = re.search(r"\[default: ([^]]*)\]", option.help or "")
    parts = [extra["default"]] if "default" in extra else [given[1]] if given else []
    if option.is_flag and option.secondary_opts:
        parts = [option.opts[0] if option.default else option.secondary_opts[0]]
    parts += [f"${name}" for name in extra.get("envvars", ())]
    return ", ".join(f"`{_cell(part)}`" for part in parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
