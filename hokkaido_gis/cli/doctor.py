"""The command that looks at an installation and at a folder of data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from hokkaido_gis.cli.options import common
from hokkaido_gis.cli.telling import OK, USER_FAULT, echo


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Also look at this folder of layers.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write it to a .txt or .csv to be handed on."
)
@common
def doctor(
    data: Path | None, out: Path | None, lang: Literal["ja", "en"], quiet: bool, verbose: bool
) -> int:
    """Look at the installation, and at a folder of data, and say what to mend.

    The exit status is 2 when something has to be mended. With -q only that is shown.
    """
    from hokkaido_gis.doctor.examination import examine
    from hokkaido_gis.doctor.findings import findings_text, must_mend, write_findings

    parts = examine(data, lang=lang)
    if out is not None:
        echo([write_findings(parts, out, lang=lang)])
    else:
        click.echo(findings_text(parts, lang=lang, only_mend=quiet), nl=False)
    return USER_FAULT if must_mend(f for findings in parts.values() for f in findings) else OK
