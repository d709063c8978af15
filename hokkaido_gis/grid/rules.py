"""Which voltage a plant of some capacity needs, and the classes it may connect to, as a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from hokkaido_gis.errors import TableError, name_some
from hokkaido_gis.voltage import VoltageClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

DISTRIBUTION = "distribution"
"""Stands among the classes of a band for the distribution network, which is taken as present."""
COLUMNS = ("from_kw", "to_kw", "required_kv", "classes")
_CLASSES = (*(str(each) for each in VoltageClass if each is not VoltageClass.HVDC), DISTRIBUTION)


class Band(NamedTuple):
    """One row of the rules.

    Attributes
    ----------
    from_kw, to_kw
        Capacities [kW], the first within the band, the last not.
    required_kv
        Least voltage [kV] that a line or substation must have.
    classes
        Voltage classes allowed, or ``distribution``.
    """

    from_kw: float
    to_kw: float
    required_kv: float
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapacityRules:
    """Bands of capacity, each with the voltage it needs.

    Attributes
    ----------
    bands
        In ascending order, without gaps or overlaps. A capacity below the first or above the last
        has no rule, and its site stays without a connection.
    """

    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        """Check the bands."""
        faults = list(_faults(self.bands))
        if faults:
            raise TableError("rules", faults)

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> CapacityRules:
        """Read rules from a table.

        Parameters
        ----------
        table
            Columns ``from_kw``, ``to_kw`` (missing: without end), ``required_kv`` and ``classes``,
            several separated by ``;``: names of `VoltageClass` or ``distribution``.

        Raises
        ------
        TableError
            Naming all faults: columns that are absent, values that are no number, unknown classes,
            bands that are empty, overlap or leave a gap.

        Examples
        --------
        >>> table = pd.DataFrame(
        ...     {"from_kw": [0], "to_kw": [None], "required_kv": [66], "classes": ["66 kV;187 kV"]}
        ... )
        >>> CapacityRules.from_table(table).bands[0].classes
        ('66 kV', '187 kV')
        """
        absent = [column for column in COLUMNS if column not in table.columns]
        if absent:
            told = f"it has no column {name_some(absent)}; it has {name_some(list(table.columns))}."
            raise TableError("rules", [told])
        numbers = {each: pd.to_numeric(table[each], errors="coerce") for each in COLUMNS[:3]}
        faults = [
            f"row {row}: {column} is {value!r}; a number is expected."
            for column, read in numbers.items()
            for row, value in table[column][read.isna()].items()
            if column != "to_kw" or pd.notna(value)
        ]
        if faults:
            raise TableError("rules", faults)
        ends = numbers["to_kw"].fillna(math.inf)
        bands = [
            Band(float(start), float(end), float(kv), _split(classes))
            for start, end, kv, classes in zip(
                numbers["from_kw"], ends, numbers["required_kv"], table["classes"], strict=True
            )
        ]
        return cls(tuple(sorted(bands, key=lambda band: band.from_kw)))

    def to_table(self) -> pd.DataFrame:
        """Give the rules as the table that `from_table` reads, to be edited."""
        table = pd.DataFrame(list(self.bands), columns=list(COLUMNS))
        return table.assign(classes=table["classes"].map(";".join))

    def band_of(self, capacity_kw: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Position of the band of each capacity [kW]; -1 where there is none or it is missing."""
        found = np.full(len(capacity_kw), -1, dtype=np.intp)
        for i, band in enumerate(self.bands):
            found[(capacity_kw >= band.from_kw) & (capacity_kw < band.to_kw)] = i
        return found


def _split(classes: object) -> tuple[str, ...]:
    return tuple(each.strip() for each in str(classes).split(";") if each.strip())


def _faults(bands: tuple[Band, ...]) -> Iterator[str]:
    if not bands:
        yield "there is no band."
    for number, band in enumerate(bands, 1):
        place = f"band {number} ({band.from_kw:g} to {band.to_kw:g} kW)"
        if not 0 <= band.from_kw < band.to_kw:
            yield f"{place} is empty or starts below 0: from_kw must be less than to_kw."
        if not 0 < band.required_kv < math.inf:
            yield f"{place} requires {band.required_kv:g} kV; a voltage above 0 is expected."
        if not band.classes:
            yield f"{place} allows no class."
        if unknown := [each for each in band.classes if each not in _CLASSES]:
            told, known = name_some([repr(each) for each in unknown]), ", ".join(_CLASSES)
            yield f"{place} allows {told}; classes to choose from are {known}."
    for number, (one, other) in enumerate(pairwise(bands), 1):
        if one.to_kw != other.from_kw:
            kind = "a gap" if one.to_kw < other.from_kw else "an overlap"
            yield (
                f"there is {kind} between band {number}, which ends at {one.to_kw:g} kW, and band "
                f"{number + 1}, which starts at {other.from_kw:g} kW."
            )


_LOW = Band(0.0, 2000.0, 6.6, (DISTRIBUTION,))
_TO_66 = (str(VoltageClass.UP_TO_33), str(VoltageClass.KV_66))

REPORT_RULES = CapacityRules((_LOW, Band(2000.0, math.inf, 33.0, _TO_66)))
"""Rules of the 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 表 4-3.

Below 2,000 kW the distribution network serves; from 2,000 kW, which 4 ha of solar have, a line of
66 kV or 33 kV.
"""

WIND_FARM_RULES = CapacityRules(
    (
        _LOW,
        Band(2000.0, 10_000.0, 33.0, _TO_66),
        Band(10_000.0, 50_000.0, 66.0, ("66 kV", "100-110 kV")),
        Band(50_000.0, 200_000.0, 100.0, ("100-110 kV", "187 kV")),
        Band(200_000.0, math.inf, 187.0, ("187 kV", "275 kV")),
    )
)
"""Rules up to 187 and 275 kV for wind farms; the bands from 10,000 kW on are not the report's."""
