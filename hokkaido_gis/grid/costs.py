"""What a connection costs by voltage class: line by length, bay or switching station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import TableError, name_some
from hokkaido_gis.grid.rules import DISTRIBUTION
from hokkaido_gis.voltage import VoltageClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "voltage_class"
DEFAULTS = {
    "million_yen_per_km": 12.0,
    "circuits": 1.0,
    "bay_million_yen": 0.0,
    "tap_million_yen": 0.0,
}
"""Values of a class whose column a cost table has not got.

0.12 億円/km for each circuit is the report's (2013, chapter 3). It has no cost of a substation's
bay or of a switching station where a line is tapped: both are 0 unless a table gives them.
"""
_CLASSES = (*(str(each) for each in VoltageClass if each is not VoltageClass.HVDC), DISTRIBUTION)


@dataclass(frozen=True, slots=True)
class ClassCost:
    """What a connection at one voltage class costs.

    Attributes
    ----------
    million_yen_per_km
        Line [million yen per km and circuit].
    circuits
        Number of circuits.
    bay_million_yen
        Bay in a substation [million yen].
    tap_million_yen
        Switching station where a line is tapped [million yen].
    """

    million_yen_per_km: float = DEFAULTS["million_yen_per_km"]
    circuits: float = DEFAULTS["circuits"]
    bay_million_yen: float = DEFAULTS["bay_million_yen"]
    tap_million_yen: float = DEFAULTS["tap_million_yen"]

    def of(self, km: np.ndarray, *, at_substation: bool) -> np.ndarray:
        """Cost [million yen] of connections of some lengths [km]."""
        fixed = self.bay_million_yen if at_substation else self.tap_million_yen
        return np.asarray(km * self.million_yen_per_km * self.circuits + fixed)


@dataclass(frozen=True, slots=True)
class ConnectionCosts:
    """Costs of all voltage classes.

    Attributes
    ----------
    by_class
        Costs by name of a `VoltageClass` or ``distribution``. A class without costs is none that
        rules may allow.
    """

    by_class: Mapping[str, ClassCost]

    def __post_init__(self) -> None:
        """Check the costs."""
        faults = list(_faults(self.by_class))
        if faults:
            raise TableError("costs", faults)

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> ConnectionCosts:
        """Read costs from a table.

        Parameters
        ----------
        table
            Column ``voltage_class`` and any of ``million_yen_per_km``, ``circuits``,
            ``bay_million_yen`` and ``tap_million_yen``; `DEFAULTS` stand for those not there.

        Raises
        ------
        TableError
            Naming all faults: columns that are absent or unknown, classes that are unknown or given
            twice, values that are missing, no number, or less than 0.

        Examples
        --------
        >>> table = pd.DataFrame({"voltage_class": ["66 kV"], "million_yen_per_km": [30]})
        >>> ConnectionCosts.from_table(table).by_class["66 kV"].million_yen_per_km
        30.0
        """
        faults = []
        if KEY not in table.columns:
            faults.append(f"it has no column {KEY!r}; it has {name_some(list(table.columns))}.")
        if unknown := [name for name in table.columns if name not in {KEY, *DEFAULTS}]:
            faults.append(f"columns {name_some(unknown)} are none of {', '.join(DEFAULTS)}.")
        if faults:
            raise TableError("costs", faults)
        given = [name for name in DEFAULTS if name in table.columns]
        numbers = table[given].apply(pd.to_numeric, errors="coerce").astype(float)
        classes = table[KEY].astype(str).str.strip()
        faults = [
            f"row {row}: {name} is {table.loc[row, name]!r}; a number is expected."
            for name in given
            for row in table.index[numbers[name].isna()]
        ]
        if twice := list(classes[classes.duplicated()]):
            faults.append(f"classes are given twice: {name_some(twice)}.")
        costs = {
            each: ClassCost(**dict(zip(given, row, strict=True)))
            for each, row in zip(classes, numbers.to_numpy().tolist(), strict=True)
        }
        faults += _faults(costs)
        if faults:
            raise TableError("costs", faults)
        return cls(costs)

    def to_table(self) -> pd.DataFrame:
        """Give the costs as the table that `from_table` reads, to be edited."""
        rows = [[each, *(getattr(cost, name) for name in DEFAULTS)] for each, cost in
                self.by_class.items()]  # fmt: skip
        return pd.DataFrame(rows, columns=[KEY, *DEFAULTS])


def _faults(by_class: Mapping[str, ClassCost]) -> Iterator[str]:
    if not by_class:
        yield "there is no class."
    for each, cost in by_class.items():
        if each not in _CLASSES:
            yield f"class {each!r} is none of {', '.join(_CLASSES)}."
        for name in DEFAULTS:
            value = getattr(cost, name)
            # What is no number has been told of as such.
            if value < 0 or np.isinf(value) or (name == "circuits" and value == 0):
                yield f"{each}: {name} must be a finite number, not negative; got {value:g}."


REPORT_COSTS = ConnectionCosts({each: ClassCost() for each in _CLASSES})
"""Costs of the report for every class: 12 million yen per km and circuit, one circuit."""
