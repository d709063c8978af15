"""Build every layer of the sample, in the order in which they need each other.

python sample_data/build/all.py [--municipalities] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import catalogue
import dams
import municipalities
import population
import ports
import power_grid
import protected_areas
import rasters
import settlements
import stations
from ground import SAMPLE_DIR

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILDS = (
    rasters,
    protected_areas,
    settlements,
    power_grid,
    dams,
    stations,
    ports,
    population,
    catalogue,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Arguments without the name of the program; those of the process if None.

    Returns
    -------
    status
        0 when done, 1 when a source or a file failed.
    """
    parser = argparse.ArgumentParser(description="Build every layer of the sample.")
    parser.add_argument(
        "--municipalities",
        action="store_true",
        help="build the municipal boundaries first (needs reversejp)",
    )
    parser.add_argument("--out", type=Path, default=SAMPLE_DIR, metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.municipalities and municipalities.main([]) != 0:
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        paths = [path for module in BUILDS for path in module.build(options.out)]
    except OSError as error:
        print(f"all.py: {error}", file=sys.stderr)
        return 1
    for path in paths:
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
