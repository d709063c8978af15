"""The command that fetches official data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from hokkaido_gis.cli.options import common
from hokkaido_gis.cli.telling import echo, echo_table


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "list_all", is_flag=True, help="List what can be fetched, and stop.")
@click.option("--year", type=int, help="Edition, where there are several.  [default: recent]")
@click.option("--prefecture", help="Where files are cut by prefecture.  [default: 01, Hokkaido]")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder of the cache.  [default: HOKKAIDO_GIS_CACHE, or the user's cache folder]",
)
@click.option("--refresh", is_flag=True, help="Download again, and take what comes as new.")
@common
def fetch(
    names: tuple[str, ...],
    list_all: bool,
    year: int | None,
    prefecture: str | None,
    cache: Path | None,
    refresh: bool,
    lang: Literal["ja", "en"],
    quiet: bool,
    verbose: bool,
) -> None:
    """Fetch official data from its publisher into a cache, with its terms."""
    from hokkaido_gis.fetch.catalogue import choose_edition, find_data_set, list_data_sets
    from hokkaido_gis.fetch.retrieve import FetchSettings, get_data

    if list_all:
        echo_table(list_data_sets(lang))
        return
    if not names:
        raise click.UsageError("Name a data set, such as n03; --list shows them all.")
    settings = FetchSettings(cache=cache, refresh=refresh, lang=lang, progress=not quiet)
    data_sets = [find_data_set(name) for name in names]
    for data_set in data_sets:  # all options are looked at before the first request
        choose_edition(data_set, year=year, prefecture=prefecture)
    for data_set in data_sets:
        echo(get_data(data_set, year=year, prefecture=prefecture, settings=settings))
