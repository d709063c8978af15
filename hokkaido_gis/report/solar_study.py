"""Solar power of the layers of a run: yields by station and place, energy of farms, dams and ports.

The figures, tables and the ledger of chapters 3 to 6 all take their numbers from here, so that
they agree with one another.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.analysis.stations import mean_of_stations, nearest_station, station_of
from hokkaido_gis.errors import LayerWarning, MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.matching import match_ports
from hokkaido_gis.potential.jis_c8907 import Mounting
from hokkaido_gis.potential.solar_sites import (
    solar_of_dams,
    solar_of_ports,
    solar_of_settlements,
    stations_for_sites,
)
from hokkaido_gis.potential.solar_yield import MONTHS, yield_by_month
from hokkaido_gis.report.kept import kept

if TYPE_CHECKING:
    import geopandas as gpd

    from hokkaido_gis.report.inputs import Inputs

# Coasts of simplified boundaries leave stations on capes outside [m].
_STATION_TOLERANCE_M = 2_000.0


@kept
def has_months(inputs: Inputs) -> bool:
    """Whether the irradiation comes by month, and not as the year's mean alone."""
    return set(MONTHS) <= set(inputs.irradiation.columns)


@kept
def sunny_stations(inputs: Inputs) -> gpd.GeoDataFrame:
    """Stations that have both irradiation and temperature.

    Raises
    ------
    MissingInputError
        If none has both.
    """
    stations = inputs.irradiation
    both = stations[stations.index.isin(inputs.temperatures.dropna().index)]
    if both.empty:
        raise MissingInputError(
            f"{inputs.folder}: no station has both irradiation and temperature; their ids differ.",
            f"{inputs.folder.name}: 日射量と気温の両方をもつ観測所がない (番号が合わない)。",
        )
    return both


def yields(inputs: Inputs, mounting: Mounting) -> pd.DataFrame:
    """Energy of 1 kW by station [kWh/kW], columns ``m01`` to ``m12`` and ``year``.

    Where only the year's mean irradiation is known it stands for every month; the year is then an
    estimate and the months are missing.
    """
    return _yields_on_ground(inputs) if mounting is Mounting.GROUND else _yields_on_roof(inputs)


@kept
def _yields_on_ground(inputs: Inputs) -> pd.DataFrame:
    return _yields(inputs, Mounting.GROUND)


@kept
def _yields_on_roof(inputs: Inputs) -> pd.DataFrame:
    return _yields(inputs, Mounting.ROOF)


def _yields(inputs: Inputs, mounting: Mounting) -> pd.DataFrame:
    stations = sunny_stations(inputs)
    if has_months(inputs):
        return yield_by_month(stations[list(MONTHS)], inputs.temperatures, mounting=mounting)
    flat = pd.DataFrame(dict.fromkeys(MONTHS, stations["irradiation"]))
    energy = yield_by_month(flat, inputs.temperatures, mounting=mounting)
    return energy.assign(**dict.fromkeys(MONTHS, np.nan))


@kept
def stations_of_towns(inputs: Inputs) -> pd.DataFrame:
    """Stations that stand for each municipality, as `station_of` gives them."""
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        return station_of(
            inputs.municipalities, sunny_stations(inputs), tolerance=_STATION_TOLERANCE_M
        )


@kept
def town_climate(inputs: Inputs) -> pd.DataFrame:
    """Means of its stations for each municipality.

    Columns ``irradiation`` (year's mean [kWh/m2 day]), ``specific_yield`` (ground rack [kWh/kW]),
    ``max_snow_cm`` (of its weather stations [cm], missing where they do not tell).
    """
    stations, chosen = sunny_stations(inputs), stations_of_towns(inputs)
    by_station = pd.DataFrame(
        {
            "irradiation": stations["irradiation"],
            "specific_yield": yields(inputs, Mounting.GROUND)["year"],
            "max_snow_cm": inputs.stations["max_snow_cm"].reindex(stations.index),
        }
    )
    return mean_of_stations(chosen, by_station)


def yields_of_towns(inputs: Inputs, mounting: Mounting) -> pd.Series:
    """Energy of 1 kW in a year for each municipality [kWh/kW], the mean of its stations."""
    year = yields(inputs, mounting)[["year"]]
    return mean_of_stations(stations_of_towns(inputs), year)["year"]


def yield_of_sites(
    inputs: Inputs, sites: gpd.GeoDataFrame, towns: pd.Series, mounting: Mounting
) -> pd.DataFrame:
    """Station and yearly yield of each site, by the report's rule.

    Returns
    -------
    pandas.DataFrame
        On the index of `sites`: ``station``, ``station_rule`` and ``specific_yield`` [kWh/kW].
    """
    near = nearest_station(sites, sunny_stations(inputs))["station_id"]
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        chosen = stations_for_sites(towns, stations_of_towns(inputs), near)
    return chosen.assign(specific_yield=chosen["station"].map(yields(inputs, mounting)["year"]))


@kept
def settlement_energy(inputs: Inputs) -> pd.DataFrame:
    """Solar power on abandoned farmland, on the index of the settlements.

    Columns of `solar_of_settlements`, with the municipality and the farmland [ha] beside them.
    """
    farms = inputs.settlements
    site = yield_of_sites(inputs, farms, farms["municipality_code"], Mounting.GROUND)
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        energy = solar_of_settlements(farms, site["specific_yield"], station=site["station"])
    return pd.concat([farms[["municipality_code", "municipality", "abandoned_ha"]], energy], axis=1)


@kept
def towns_energy(inputs: Inputs) -> pd.DataFrame:
    """Solar power on abandoned farmland by municipality.

    Columns ``abandoned_ha`` (all settlements), ``kept_ha``, ``capacity_kw`` and ``annual_kwh`` (of
    settlements with 2 ha and more), ``kwh_per_kw``, and ``withheld`` (settlements whose census
    value is withheld); 0 where a municipality has no settlement with as much.
    """
    farms = settlement_energy(inputs)
    enough = farms["kept"].fillna(value=False).astype(bool)
    withheld = inputs.settlements["status"] == "withheld"
    sums = (
        farms.assign(kept_ha=farms["abandoned_ha"].where(enough), withheld=withheld)
        .groupby("municipality_code")[
            ["abandoned_ha", "kept_ha", "capacity_kw", "annual_kwh", "withheld"]
        ]
        .sum()
        .reindex(inputs.municipalities.index, fill_value=0)
    )
    per_kw = sums["annual_kwh"] / sums["capacity_kw"].where(sums["capacity_kw"] > 0)
    return sums.assign(kwh_per_kw=per_kw)


@kept
def dams_for_solar(inputs: Inputs) -> gpd.GeoDataFrame:
    """Dams of the layer that serve irrigation, or all where the layer tells no purposes."""
    dams = inputs.dams
    serves = dams["irrigation"]
    return dams[serves.fillna(value=False).astype(bool)] if serves.notna().any() else dams


@kept
def dam_energy(inputs: Inputs) -> pd.DataFrame:
    """10 kW of solar power at each dam, on the index of the dams."""
    dams = inputs.dams
    site = yield_of_sites(inputs, dams, dams["municipality_code"], Mounting.ROOF)
    return solar_of_dams(dams, site["specific_yield"], station=site["station"])


@kept
def port_energy(inputs: Inputs) -> pd.DataFrame:
    """Solar power on the plots of fishing ports, on the index of the ports.

    Columns ``printed_kwh`` and ``printed_kwh_below`` [kWh/yr] bound what table 5-2 prints for the
    port, missing where it is not in that table; ``specific_yield`` [kWh/kW] is that of a roof.
    Capacities and energies of `solar_of_ports` are missing without the area of the plots.
    """
    ports = inputs.ports
    site = yield_of_sites(inputs, ports, ports["municipality_code"], Mounting.ROOF)
    if inputs.place.is_of_the_report:
        listed = inputs.report("ports").reset_index()
        match = match_ports(ports, listed, inputs.municipalities).frame
        printed = printed_port_kwh(listed).set_axis(match["port_id"])
        printed = printed[printed.index.notna()].reindex(ports.index)
    else:
        columns = ["printed_kwh", "printed_kwh_below"]
        printed = pd.DataFrame(np.nan, index=ports.index, columns=columns)
    energy = solar_of_ports(ports, site["specific_yield"], station=site["station"])
    return pd.concat([ports[["municipality_code"]], energy, printed], axis=1)


def printed_port_kwh(listed: pd.DataFrame) -> pd.DataFrame:
    """Least and most that table 5-2 can have printed [kWh/yr], where the last digits are lost."""
    whole = to_numbers(listed["annual_kwh"])
    thousands = to_numbers(listed["annual_kwh_thousand_prefix"]) * 1000
    return pd.DataFrame(
        {
            "printed_kwh": whole.where(whole.notna(), thousands),
            "printed_kwh_below": whole.where(whole.notna(), thousands + 999),
        }
    )
