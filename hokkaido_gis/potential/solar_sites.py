"""Solar capacity and energy of a layer of sites: settlements' farmland, dams, fishing ports."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, ModelInputError, name_some
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.solar import (
    FARMLAND_KW_PER_HA,
    PLOT_KW_PER_M2,
    annual_energy,
    capacity_on_area,
)

if TYPE_CHECKING:
    import geopandas as gpd

    Sites = pd.DataFrame | gpd.GeoDataFrame

# 報告書 4.1.2: settlements with about 2 ha and more.
LEAST_FARMLAND_HA = 2.0
# 報告書 3.2: each dam has room for 120 m2 of modules.
DAM_KW = 10.0
# 報告書 5.1.2: room for 10 kW; plots no larger are left out.
LEAST_PLOT_M2 = 120.0
USABLE_ROOF = 0.08
"""Share of the plots of ports that the field survey found to be usable roof (報告書 5.1.4)."""

# No settlement or port of Hokkaido has as much; the same number in a or m2 does.
_MOST_FARMLAND_HA = 1_000.0
_MOST_PLOT_M2 = 1_000_000.0
# 10 kW are 10,000 W.
_MOST_DAM_KW = 5_000.0
# A plot smaller than a square metre is one in hectares.
_LEAST_STATED_M2 = 1.0


def stations_for_sites(
    municipality_code: pd.Series, own: pd.DataFrame, nearest: pd.Series
) -> pd.DataFrame:
    """Choose the irradiation station of each site by the report's rule for energy.

    The station of the municipality where it has exactly one; where it has several or none, the one
    nearest to the site.

    Parameters
    ----------
    municipality_code
        Municipality of each site.
    own
        Stations of the municipalities, as `station_of` gives them.
    nearest
        Id of the station nearest to each site, on the index of `municipality_code`; the column
        ``station_id`` of `nearest_station`.

    Returns
    -------
    pandas.DataFrame
        On the index of `municipality_code`: ``station`` (id; missing where neither is known) and
        ``station_rule`` (``own`` or ``nearest``). Sites whose municipality is not in `own` take the
        nearest and are told as `LayerWarning`.

    Raises
    ------
    ModelInputError
        If `nearest` is of other sites, or `own` has a municipality twice.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2), 5.1.2 (2).
    """
    if own.index.has_duplicates:
        twice = list(own.index[own.index.duplicated()].unique())
        raise ModelInputError(f"Stations are given twice for municipalities {name_some(twice)}.")
    close = _on_index(nearest, municipality_code.index, "nearest stations")
    unknown = municipality_code[~municipality_code.isin(own.index)]
    if len(unknown):
        warnings.warn(
            f"solar: {len(unknown)} sites are in no municipality whose stations are known "
            f"({name_some(list(unknown.index))}); the nearest station stands for them.",
            LayerWarning,
            stacklevel=2,
        )
    single = own["station_ids"].where(own["rule"] == "own")
    of_town = municipality_code.map(single)
    station = of_town.where(of_town.notna(), close)
    rule = pd.Series(np.where(of_town.notna(), "own", "nearest"), index=station.index)
    return pd.DataFrame(
        {"station": station.astype("str"), "station_rule": rule.where(station.notna())}
    )


def solar_of_settlements(
    settlements: Sites,
    yield_per_kw: pd.Series,
    *,
    area: str = "abandoned_ha",
    density: float = FARMLAND_KW_PER_HA,
    least_ha: float = LEAST_FARMLAND_HA,
    station: pd.Series | None = None,
) -> pd.DataFrame:
    """Solar power on the abandoned farmland of settlements that have enough of it.

    Parameters
    ----------
    settlements
        Settlements with a column of farmland.
    yield_per_kw
        Energy of 1 kW in a year at each settlement [kWh/kW], on a ground rack; see
        `specific_yield`. Settlements that it lacks have no energy, and are told.
    area
        Name of that column [ha].
    density
        Capacity on a hectare [kW/ha].
    least_ha
        Least farmland [ha] of a settlement that is kept, itself included.
    station
        Station of each settlement, to be noted in the result; see `stations_for_sites`.

    Returns
    -------
    pandas.DataFrame
        On the index of `settlements`: ``kept`` (boolean), ``capacity_kw`` [kW], ``specific_yield``
        [kWh/kW], ``annual_kwh`` [kWh/yr] and ``station``. Settlements with less than `least_ha`
        have 0; those whose farmland is missing (withheld) stay missing, and are told.

    Raises
    ------
    ModelInputError
        If there is no such column, or a value is outside its range: farmland in a or m2 gives
        settlements of more than 1,000 ha. A row alone with less is not told from one in hectares.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2), 4.1.6.
    """
    hectares = _column(settlements, area, "settlements")
    hint = "Areas in a are divided by 100, in m2 by 10,000."
    require_range("farmland of a settlement [ha]", hectares, 0, _MOST_FARMLAND_HA, hint=hint)
    require_range("least farmland [ha]", least_ha, 0)
    kept = _kept(hectares, hectares >= least_ha)
    if (hectares > 0).any() and not kept.any():
        _tell(f"settlements: none has {least_ha:g} ha or more. Are areas in ha?", stacklevel=3)
    capacity = capacity_on_area(hectares, density).where(kept.fillna(value=True), 0.0)
    return _energy(capacity, yield_per_kw, what="settlements", kept=kept, station=station)


def solar_of_ports(
    ports: Sites,
    yield_per_kw: pd.Series,
    *,
    area: str = "plot_area_m2",
    density: float = PLOT_KW_PER_M2,
    usable: float = 1.0,
    station: pd.Series | None = None,
) -> pd.DataFrame:
    """Solar power on the plots of buildings at fishing ports.

    Parameters
    ----------
    ports
        Ports with a column of plots.
    yield_per_kw
        Energy of 1 kW in a year at each port [kWh/kW], on a roof; see `specific_yield`. Ports that
        it lacks have no energy, and are told.
    area
        Name of that column [m2].
    density
        Capacity on a square metre [kW/m2].
    usable
        Share of the plots that can be used: 1 as in the report's total, `USABLE_ROOF` (8 %) by its
        field survey.
    station
        Station of each port, to be noted in the result; see `stations_for_sites`.

    Returns
    -------
    pandas.DataFrame
        On the index of `ports`: ``kept`` (boolean), ``capacity_kw`` [kW], ``specific_yield``
        [kWh/kW], ``annual_kwh`` [kWh/yr] and ``station``. Ports with 120 m2 or less have 0; those
        whose plots are missing stay missing, and are told.

    Raises
    ------
    ModelInputError
        If there is no such column, or a value is outside its range: plots in hectares are less than
        1, plots in km2 too.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 5.1.2, 表 5-2, 5.1.4.
    """
    plots = _column(ports, area, "ports")
    hint = "Areas in ha are multiplied by 10,000."
    stated = plots.where(plots != 0)
    require_range(
        "plots of a port, if any [m2]", stated, _LEAST_STATED_M2, _MOST_PLOT_M2, hint=hint
    )
    kept = _kept(plots, plots > LEAST_PLOT_M2)
    if (plots > 0).any() and not kept.any():
        message = f"ports: none has plots of more than {LEAST_PLOT_M2:g} m2. Are areas in m2?"
        _tell(message, stacklevel=3)
    capacity = capacity_on_area(plots, density, usable=usable).where(kept.fillna(value=True), 0.0)
    return _energy(capacity, yield_per_kw, what="ports", kept=kept, station=station)


def solar_of_dams(
    dams: Sites,
    yield_per_kw: pd.Series,
    *,
    capacity_kw: float = DAM_KW,
    station: pd.Series | None = None,
) -> pd.DataFrame:
    """Solar power of one size at every dam.

    Parameters
    ----------
    dams
        Dams; only their index is used.
    yield_per_kw
        Energy of 1 kW in a year at each dam [kWh/kW]; see `specific_yield`. The report's figures
        are those of modules on a roof. Dams that it lacks have no energy, and are told.
    capacity_kw
        Capacity at a dam [kW]: 10 kW fit on 120 m2.
    station
        Station of each dam, to be noted in the result; see `stations_for_sites`.

    Returns
    -------
    pandas.DataFrame
        On the index of `dams`: ``kept`` (true), ``capacity_kw`` [kW], ``specific_yield`` [kWh/kW],
        ``annual_kwh`` [kWh/yr] and ``station``.

    Raises
    ------
    ModelInputError
        If a value is outside its range: capacities above 5,000 kW are taken for ones in W.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.2, 表 3-11.
    """
    require_range("capacity at a dam [kW]", capacity_kw, 0.1, _MOST_DAM_KW, hint="Is it in kW?")
    capacity = pd.Series(float(capacity_kw), index=dams.index)
    kept = pd.Series(data=True, index=dams.index, dtype="boolean")
    return _energy(capacity, yield_per_kw, what="dams", kept=kept, station=station)


def _column(sites: Sites, name: str, what: str) -> pd.Series:
    """Values of a column as numbers with missing ones as NaN."""
    if name not in sites.columns:
        there = name_some([c for c in sites.columns if c != "geometry"], most=12)
        raise ModelInputError(f"{what}: there is no column {name!r}; there are {there}.")
    values = pd.Series(sites[name])
    require_range(f"{name} of {what}", values, 0, hint="An area is a number, and not negative.")
    return pd.Series(
        pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan), index=sites.index
    )


def _kept(values: pd.Series, enough: pd.Series) -> pd.Series:
    """Whether a site is kept, unknown where its value is missing."""
    return enough.astype("boolean").where(values.notna())


def _energy(
    capacity: pd.Series,
    yield_per_kw: pd.Series,
    *,
    what: str,
    kept: pd.Series,
    station: pd.Series | None,
) -> pd.DataFrame:
    """Capacity, yield and energy side by side; say where one is missing."""
    if not pd.api.types.is_numeric_dtype(yield_per_kw):
        raise ModelInputError(f"yields hold no numbers but {yield_per_kw.dtype}.")
    yields = _on_index(yield_per_kw, capacity.index, "yields").astype(float)
    noted = None if station is None else _on_index(station, capacity.index, "stations")
    nothing = pd.Series(np.nan, index=capacity.index, dtype="str")
    energy = annual_energy(capacity, yields).mask(capacity == 0, 0.0)
    withheld, dark = capacity.isna(), yields.isna() & (capacity > 0)
    for rows, lack in ((withheld, "area"), (dark, "yield")):
        if rows.any():
            _tell(
                f"{what}: {int(rows.sum())} of {len(rows)} have no {lack}, and their energy stays "
                f"missing: {name_some(list(rows.index[rows]))}.",
                stacklevel=4,
            )
    return pd.DataFrame(
        {
            "kept": kept,
            "capacity_kw": capacity,
            "specific_yield": yields,
            "annual_kwh": energy,
            "station": nothing if noted is None else noted.astype("str"),
        }
    )


def _on_index(values: pd.Series, index: pd.Index, what: str) -> pd.Series:
    """Values in the order of the sites; they must be given by site, each once."""
    if values.index.equals(index):
        return values
    if values.index.has_duplicates or index.has_duplicates:
        raise ModelInputError(
            f"{what} cannot be told apart: rows stand more than once. Give them on the very index "
            "of the sites."
        )
    if len(index) and not values.index.isin(index).any():
        raise ModelInputError(
            f"{what} are given for {name_some(list(values.index), most=3)}, but sites are "
            f"{name_some(list(index), most=3)}. Are they by station? Take them to the sites first, "
            "as site_station.map(yields)."
        )
    return values.reindex(index)


def _tell(message: str, *, stacklevel: int) -> None:
    warnings.warn(message, LayerWarning, stacklevel=stacklevel)
