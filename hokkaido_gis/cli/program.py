"""The program: its commands, and how a run of one ends."""

from __future__ import annotations

import sys
import warnings

import click

from hokkaido_gis._version import __version__
from hokkaido_gis.cli import connect, doctor, fetch, maps, report, route, sites, tables
from hokkaido_gis.cli.telling import OK, OUR_FAULT, USER_FAULT, tell_error, tell_notes

COMMANDS = (
    *(report.report, report.figure, report.list_, report.check),
    *(tables.adjacency, tables.aggregate, tables.join),
    *(connect.connect, route.route, sites.siting, sites.overlay),
    *(maps.kml, maps.map_, fetch.fetch, doctor.doctor),
)


@click.group(
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="hokkaido-gis")
@click.option("--lang", type=click.Choice(["ja", "en"]), help="As for each command.")
@click.option("-q", "--quiet", is_flag=True, default=None, help="As for each command.")
@click.option("-v", "--verbose", is_flag=True, default=None, help="As for each command.")
@click.pass_context
def cli(context: click.Context, /, **options: object) -> None:
    """Geospatial analysis of renewable energy in Hokkaido, from official data to Google Earth."""
    given = {name: value for name, value in options.items() if value is not None}
    context.default_map = dict.fromkeys(cli.commands, given)


def main() -> None:
    """Run the command line and leave with 0 done, 2 wrong input or options, 1 a fault of ours."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name.

    Returns
    -------
    int
        Exit status.
    """
    quiet = bool({"-q", "--quiet"} & set(arguments))
    verbose = bool({"-v", "--verbose"} & set(arguments))
    for stream in (sys.stdout, sys.stderr):
        # A cp932 console cannot show every character; an escape is better than an end.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        tell_notes(quiet=quiet, verbose=verbose)
        try:
            status = cli.main(arguments, prog_name="hokkaido-gis", standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return USER_FAULT
        except click.exceptions.Exit as done:
            return int(done.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped. Files written so far are whole; others are as before.", err=True)
            return OUR_FAULT
        except Exception as error:  # noqa: BLE001  (the outermost place: everything ends here)
            return tell_error(error, verbose=verbose)
    return int(status or OK)
