"""Energy of 1 kW of solar modules by station, month by month and in the year."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, ModelInputError, list_faults, name_some
from hokkaido_gis.potential.jis_c8907 import (
    AIR_HINT,
    AIR_RANGE,
    IRRADIATION_HINT,
    IRRADIATION_RANGE,
    Mounting,
    monthly_energy,
)
from hokkaido_gis.potential.ranges import require_table_range

if TYPE_CHECKING:
    from collections.abc import Sequence

MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))
"""Columns of monthly tables, January to December."""

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of the months of a common year, the report's 365."""


def yield_by_month(
    irradiation: pd.DataFrame,
    temperature: pd.DataFrame,
    *,
    mounting: Mounting | str = Mounting.GROUND,
    leap_year: bool = False,
) -> pd.DataFrame:
    """Energy of 1 kW by station, month by month and in the year.

    Parameters
    ----------
    irradiation
        Monthly means on the plane of the modules [kWh/m2 day] in columns ``m01`` to ``m12``, on an
        index of stations, as from `read_irradiation`; other columns are not used.
    temperature
        Monthly means of the air [deg C] in such columns, as from ``monthly(normals,
        "temperature")``; more stations and another order do no harm.
    mounting
        ``ground rack`` or ``roof``; see `design_factor`.
    leap_year
        Whether February has 29 days.

    Returns
    -------
    pandas.DataFrame
        On the index of `irradiation`: ``m01`` to ``m12`` and ``year`` [kWh/kW]. Where a month is
        missing, so is the year, and a `LayerWarning` names stations and months: eleven months are
        no year.

    Raises
    ------
    ModelInputError
        If columns are not there or hold no numbers, stations stand twice, or values are outside
        their ranges; stations and months are named.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2).

    Examples
    --------
    >>> import pandas as pd
    >>> sun, air = (pd.DataFrame([[v] * 12], ["11016"], MONTHS) for v in (4.0, 6.6))
    >>> round(float(yield_by_month(sun, air)["year"].iloc[0]), 1)  # 0.76 x 4 x 365
    1109.6
    """
    _check_tables({"irradiation": irradiation, "temperature": temperature})
    sun = irradiation[list(MONTHS)]
    air = temperature[list(MONTHS)].reindex(sun.index)
    what = "irradiation [kWh/m2 day]"
    require_table_range(what, sun, *IRRADIATION_RANGE, hint=IRRADIATION_HINT)
    require_table_range("air temperature [deg C]", air, *AIR_RANGE, hint=AIR_HINT)
    days = {**dict(zip(MONTHS, DAYS, strict=True)), "m02": 29 if leap_year else 28}
    energy = pd.DataFrame(
        {
            month: monthly_energy(sun[month], air[month], days[month], mounting=mounting)
            for month in MONTHS
        },
        index=irradiation.index,
    )
    _tell_missing(sun, air)
    return energy.assign(year=energy.sum(axis=1, skipna=False))


def specific_yield(
    irradiation: pd.DataFrame,
    temperature: pd.DataFrame,
    *,
    mounting: Mounting | str = Mounting.GROUND,
    leap_year: bool = False,
) -> pd.Series:
    """Energy of 1 kW in a year, by station.

    Parameters
    ----------
    irradiation, temperature, mounting, leap_year
        As for `yield_by_month`, whose year this is.

    Returns
    -------
    pandas.Series
        ``specific_yield`` [kWh/kW] on the index of `irradiation`, missing where a month is, which a
        `LayerWarning` tells.

    Raises
    ------
    ModelInputError
        As `yield_by_month` does.
    """
    energy = yield_by_month(irradiation, temperature, mounting=mounting, leap_year=leap_year)
    return energy["year"].rename("specific_yield")


def _check_tables(tables: dict[str, pd.DataFrame]) -> None:
    """Refuse tables without the months as numbers, or with a station twice, all faults at once."""
    faults: list[str] = []
    for what, table in tables.items():
        absent = [month for month in MONTHS if month not in table.columns]
        if absent:
            faults.append(
                f"the table of {what} has no column {name_some(absent, most=12)}; a year's mean "
                "alone does not give the months."
            )
        text = _no_numbers([m for m in MONTHS if m in table.columns], table)
        if text:
            faults.append(f"{name_some(text, most=12)} of the table of {what} hold no numbers.")
        if table.index.has_duplicates:
            twice = list(table.index[table.index.duplicated()].unique())
            faults.append(f"stations stand twice in the table of {what}: {name_some(twice)}.")
    if faults:
        raise ModelInputError("Solar yield: " + list_faults(faults))


def _no_numbers(columns: Sequence[str], table: pd.DataFrame) -> list[str]:
    return [column for column in columns if not pd.api.types.is_numeric_dtype(table[column])]


def _tell_missing(sun: pd.DataFrame, air: pd.DataFrame) -> None:
    """Name the stations whose year is missing, with the months that are, and of what."""
    told = []
    for row in range(len(sun)):
        parts = []
        for what, table in (("irradiation", sun), ("temperature", air)):
            lacking = table.iloc[row].isna().to_numpy()
            months = "all months" if lacking.all() else ", ".join(np.array(MONTHS)[lacking])
            parts += [f"{months} of {what}"] if lacking.any() else []
        if parts:
            told.append(f"{sun.index[row]} ({' and '.join(parts)})")
    if told:
        warnings.warn(
            f"solar yield: {len(told)} of {len(sun)} stations lack months, and their year stays "
            f"missing: {name_some(told)}.",
            LayerWarning,
            stacklevel=3,
        )
