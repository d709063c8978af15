"""Wind power over the abandoned farmland of a run, measured under each settlement."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import LayerWarning, MissingInputError
from hokkaido_gis.grid.by_municipality import has_line_up_to
from hokkaido_gis.overlay import zonal_stats
from hokkaido_gis.potential.solar_sites import LEAST_FARMLAND_HA
from hokkaido_gis.potential.wind import speed_by_power_law, wind_capacity, wind_generation
from hokkaido_gis.potential.wind_energy import power_curve, wind_capacity_factor
from hokkaido_gis.potential.wind_rating import rate_wind
from hokkaido_gis.report.grid_tables import municipal_grid
from hokkaido_gis.report.kept import kept

if TYPE_CHECKING:
    import geopandas as gpd

    from hokkaido_gis.report.inputs import Inputs

# The report's plant has 2,000 kW; so has this common one of its time, with its hub at 80 m.
TURBINE = "E-82/2000"
HUB_M = 80.0
LOSSES = 0.10


@kept
def farms(inputs: Inputs) -> gpd.GeoDataFrame:
    """Settlements with 2 ha of abandoned farmland and more."""
    settlements = inputs.settlements
    return settlements[settlements["abandoned_ha"] >= LEAST_FARMLAND_HA]


@kept
def settlement_wind(inputs: Inputs) -> pd.DataFrame:
    """Wind of each of `farms`, with the report's flat rule and the computed energy.

    Returns
    -------
    pandas.DataFrame
        On the index of `farms`: ``mean_ms``, ``max_ms`` (of the raster [m/s]), ``coverage`` [0-1],
        ``hub_ms`` (mean at 80 m [m/s]; the power law where the raster has another height),
        ``capacity_factor`` [0-1], ``capacity_kw`` (1,000 kW/ha), ``flat_kwh`` (26.3 %) and
        ``computed_kwh`` [kWh/yr], and the columns of `rate_wind`.
    """
    fields, wind = farms(inputs), inputs.wind
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        found = zonal_stats(fields, wind, stats=("mean", "max"))
    speed = found["mean"]
    if wind.height_m is not None and wind.height_m != HUB_M:
        speed = speed_by_power_law(speed, height_m=wind.height_m, hub_m=HUB_M)
    share = wind_capacity_factor(speed, power_curve(TURBINE), losses=LOSSES)
    kw = wind_capacity(fields["abandoned_ha"])
    table = pd.DataFrame(
        {
            "mean_ms": found["mean"],
            "max_ms": found["max"],
            "coverage": found["coverage"],
            "hub_ms": speed,
            "capacity_factor": share,
            "capacity_kw": kw,
            "flat_kwh": wind_generation(kw),
            "computed_kwh": wind_generation(kw, capacity_factor=share),
        }
    )
    line = fields["municipality_code"].map(lines_up_to_66kv(inputs))
    return table.join(rate_wind(speed, line=line))


@kept
def lines_up_to_66kv(inputs: Inputs) -> pd.Series:
    """Whether each municipality has a line of 66 kV or less; missing without a layer of lines."""
    try:
        return has_line_up_to(municipal_grid(inputs)).astype("boolean")
    except MissingInputError:
        codes = inputs.municipalities.index
        return pd.Series(pd.NA, index=codes, dtype="boolean")


@kept
def town_wind(inputs: Inputs) -> pd.DataFrame:
    """Wind by municipality: sums over its settlements, speeds weighted by farmland.

    Returns
    -------
    pandas.DataFrame
        On the codes of municipalities with such farmland: ``settlements``, ``kept_ha``,
        ``hub_ms`` [m/s], ``capacity_kw``, ``flat_kwh``, ``computed_kwh``, ``capacity_factor``, and
        the columns of `rate_wind`.
    """
    fields, wind = farms(inputs), settlement_wind(inputs)
    hectares = fields["abandoned_ha"].where(wind["hub_ms"].notna())
    table = pd.DataFrame(
        {
            "settlements": 1,
            "kept_ha": fields["abandoned_ha"],
            "measured_ha": hectares,
            "weighted": wind["hub_ms"] * hectares,
            **{name: wind[name] for name in ("capacity_kw", "flat_kwh", "computed_kwh")},
        }
    )
    sums = table.groupby(fields["municipality_code"]).sum(min_count=1).rename_axis("code")
    speed = sums.pop("weighted") / sums.pop("measured_ha")
    hours = wind_generation(sums["capacity_kw"], capacity_factor=1.0)
    sums = sums.assign(hub_ms=speed, capacity_factor=sums["computed_kwh"] / hours)
    return sums.join(rate_wind(speed, line=lines_up_to_66kv(inputs)))
