"""Data that travel with the package: the register of municipalities and the sample folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from hokkaido_gis.errors import MissingInputError


@dataclass(frozen=True, slots=True)
class RegisteredUnit:
    """A municipality, a ward of Sapporo or a village of the northern islands."""

    code: str
    name: str
    subprefecture: str
    kind: Literal["municipality", "ward", "northern village"]


@cache
def register() -> dict[str, RegisteredUnit]:
    """Every unit of Hokkaido with a code of its own, by 5-digit JIS code.

    Returns
    -------
    dict
        179 municipalities, the 10 wards of Sapporo and the 6 villages of the northern islands.
    """
    source = resources.files(__package__).joinpath("municipalities.csv")
    with source.open(encoding="utf-8") as file:
        return {row["code"]: RegisteredUnit(**row) for row in csv.DictReader(file)}  # type: ignore[arg-type]


def municipality_codes() -> list[str]:
    """Codes of the 179 municipalities of Hokkaido, ascending."""
    return sorted(code for code, unit in register().items() if unit.kind == "municipality")


def sample_data() -> Path:
    """Folder of the sample layers, which every command works on where no other folder is named.

    Returns
    -------
    Path
        ``sample_data`` inside the installed package, or beside it in a clone.

    Raises
    ------
    MissingInputError
        If the installation holds no sample.
    """
    package = Path(str(resources.files("hokkaido_gis")))
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if (folder / "report").is_dir():
            return folder
    raise MissingInputError(
        f"The sample data are not in {package}. Install the package again from its wheel or its "
        "repository, or name a folder of layers with --data."
    )
