"""`python -m models.learning_curve --data DIR`: macro-F1 on a later time after 0, 100, 500 and 2,000 labels."""

from __future__ import annotations

from pathlib import Path

import click

from models import SHIPPED
from models.learning_curve.curve import learning_curve, markdown
from models.learning_curve.tasks import TASKS, read_task
from models.scorer import load_scorer

BEGIN = "<!-- figures: python -m models.learning_curve -->"
END = "<!-- end of figures -->"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of streams/ and labels/.")
@click.option(
    "--model", type=click.Path(path_type=Path), default=SHIPPED, help="The base; the shipped one by default."
)
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Draws to take the mean over."
)
@click.option("--only", metavar="TEXT", default="", help="Tasks with this in their name.")
@click.option("--write", type=click.Path(path_type=Path), help="A page whose figures are to be replaced.")
def main(data: Path, model: Path, seeds: int, only: str, write: Path | None) -> None:
    """Print the learning curves as Markdown; progress goes to standard error."""
    tables = []
    for name in (name for name in TASKS if only in name):
        task = read_task(data, name)
        points = learning_curve(task, model, seeds, lambda line: click.echo(line, err=True))
        tables.append(markdown(task, points, seeds))
    figures = "\n\n".join(tables)
    click.echo(f"{load_scorer(str(model)).version}\n\n{figures}")
    if write is not None:
        before, rest = write.read_text(encoding="utf-8").split(BEGIN)
        _, after = rest.split(END)
        write.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
