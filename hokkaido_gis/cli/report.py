"""Commands of the report: make it, one figure of it, list what it has, check it against print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click

from hokkaido_gis.cli.options import common, data_option
from hokkaido_gis.cli.telling import echo, echo_table


@click.command()
@data_option
@click.option(
    "--out", type=click.Path(path_type=Path), default="out", show_default=True, help="Folder."
)
@click.option("--chapter", type=int, help="Only this chapter; others in the folder stay.")
@click.option("--only", metavar="ID", help="Only this figure or table; others in the folder stay.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that draw.  [default: one a processor, 4 at most]",
)
@common
def report(
    data: Path | None,
    out: Path,
    chapter: int | None,
    only: str | None,
    jobs: int | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Make the figures and tables of the report, with an index page and the ledger.

    Run again, it makes only what has changed; after an interruption it goes on where it stopped.
    """
    from hokkaido_gis.report.run import FiguresFailedError, run_report

    processes = jobs or min(4, os.cpu_count() or 1)
    try:
        paths = run_report(
            data, out, chapter=chapter, only=only, lang=lang, jobs=processes, progress=not quiet
        )
    except FiguresFailedError as error:
        echo(error.paths)
        if verbose:
            click.echo("".join(error.traces), err=True)
        raise
    echo(paths)


@click.command()
@click.argument("id")
@data_option
@click.option(
    "--out", type=click.Path(path_type=Path), default="out", show_default=True, help="Folder."
)
@click.option("--municipality", help="Name or code, for figures drawn for any municipality.")
@common
def figure(
    id: str,  # noqa: A002
    data: Path | None,
    out: Path,
    municipality: str | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Make one figure or table, in all its formats."""
    from hokkaido_gis.report.run import run_figure

    echo(run_figure(id, data, out, municipality=municipality, lang=lang))


@click.command(name="list")
@common
def list_(lang: str, quiet: bool, verbose: bool) -> None:
    """List the figures and tables of the report."""
    import pandas as pd

    from hokkaido_gis.report.registry import registry

    columns = ["id", "kind", "title", "layer", "region"]
    rows = [[getattr(entry, column) for column in columns] for entry in registry().values()]
    echo_table(pd.DataFrame(rows, columns=columns))


@click.command()
@data_option
@click.option("--chapter", type=int, help="Only this chapter.")
@common
def check(
    data: Path | None,
    chapter: int | None,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Compare each published figure with what is computed."""
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.ledger import ledger
    from hokkaido_gis.report.registry import select

    inputs = Inputs(data)
    select(chapter=chapter)  # refuses chapters that the report has not
    echo_table(ledger(inputs, chapter=chapter, lang=lang))
