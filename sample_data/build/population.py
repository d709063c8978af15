"""Make up a population for each municipality, so that maps of density have something to show.

None of the numbers is a count. A city has more people than a town and a town more than a village,
low ground near the coast draws more of them, and the rest is chance.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np
from catalogue import POPULATION
from ground import SAMPLE_DIR, random_for, read_ground
from layer_files import run_build, write_csv

if TYPE_CHECKING:
    from pathlib import Path

# What an ordinary city, town and village have, and how widely they spread around it.
_USUAL: Final = {"市": (45_000.0, 0.8), "町": (6_500.0, 0.5), "村": (2_400.0, 0.35)}
_CAPITAL: Final = ("札幌市", 1_900_000.0)


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the table of population.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The file written.
    """
    ground = read_ground()
    rows: list[tuple[object, ...]] = [("code", "name", "population")]
    for number, (code, name) in enumerate(zip(ground.codes, ground.names, strict=True)):
        usual, spread = _USUAL[name[-1]]
        height = float(np.median(ground.height[ground.owner == number]))
        chance = float(random_for(f"population {name}").normal(0.0, spread))
        people = usual * np.exp(chance - height / 900.0)
        if name == _CAPITAL[0]:
            people = _CAPITAL[1]
        step = 100 if people >= 10_000 else 10
        rows.append((code, name, round(people / step) * step))
    path = folder / POPULATION.file
    write_csv(path, rows)
    return [path]


if __name__ == "__main__":
    sys.exit(run_build(build))
