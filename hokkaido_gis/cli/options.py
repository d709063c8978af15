"""Options that several commands share, each named and explained once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hokkaido_gis._version import __version__

Command = Callable[..., Any]


def common(command: Command) -> Command:
    """Add the options that every command has."""
    for option in (
        click.option(
            "--lang",
            type=click.Choice(["ja", "en"]),
            default="ja",
            show_default=True,
            help="Language of maps, tables and legends.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no notes."),
        click.option("-v", "--verbose", is_flag=True, help="More, with tracebacks of faults."),
        click.version_option(__version__, prog_name="hokkaido-gis"),
    ):
        command = option(command)
    return command


def data_option(command: Command) -> Command:
    """Add ``--data``, the folder of layers."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder of layers.  [default: the sample that comes with the package]",
    )(command)


def out_file(command: Command) -> Command:
    """Add ``--out`` for one file, whose ending chooses the format."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        required=True,
        help="File to write; its ending chooses the format.",
    )(command)


def crs_option(help_text: str, name: str = "--crs") -> Callable[[Command], Command]:
    """Make an option for the CRS of files that state none; it refuses what PROJ does not know."""
    return click.option(name, callback=_known_crs, help=help_text)


def _known_crs(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(value)
    except CRSError as error:
        raise click.BadParameter(f"{value!r} is no known CRS; e.g. EPSG:6668.") from error
    return value


def key_option(command: Command) -> Command:
    """Add ``--key`` and ``--code-form``, which name the municipality of a row."""
    command = click.option(
        "--code-form",
        type=click.Choice(["auto", "jis", "checked"]),
        default="auto",
        show_default=True,
        help="How 5-digit codes are meant: JIS codes, or codes with check digit and lost zero.",
    )(command)
    return click.option("--key", help="Column of codes or names.  [default: found by its name]")(
        command
    )


def engine_options(command: Command) -> Command:
    """Add ``--engine`` and what belongs to it; the command gets an ``engine``, or None."""

    @functools.wraps(command)
    def with_engine(*, engine: str | None, **options: Any) -> Any:
        names = ("workers", "scheduler", "rows_per_part", "memory_limit")
        stated = {name: value for name in names if (value := options.pop(name)) is not None}
        if engine is None:
            if stated:
                option = next(iter(stated)).replace("_", "-")
                raise click.UsageError(f"--{option} belongs to --engine dask.")
            return command(engine=None, **options)
        from hokkaido_gis.cluster.engine import Engine

        return command(engine=Engine(**stated, progress=not options["quiet"]), **options)

    for option in (
        click.option(
            "--engine",
            type=click.Choice(["dask"]),
            help="For layers larger than memory: work on parts, by several processes. The layer is "
            "a folder of GeoParquet parts or a file, --out a folder of parts.",
        ),
        click.option("--workers", type=click.IntRange(min=1), help="Processes of the engine."),
        click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler that runs already."),
        click.option("--rows-per-part", type=click.IntRange(min=1), help="Where a file is cut."),
        click.option("--memory-limit", metavar="SIZE", help="Memory of a worker, such as 4GB."),
    ):
        with_engine = option(with_engine)
    return with_engine
