"""Every resource side by side: by municipality, for the island, and for any region."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import CodeError, MissingInputError, name_some
from hokkaido_gis.potential.hydro import IRRIGATION_UTILISATION, hydro_generation
from hokkaido_gis.potential.solar_sites import DAM_KW
from hokkaido_gis.potential.targets import share_of_increase
from hokkaido_gis.potential.wind import wind_capacity, wind_generation
from hokkaido_gis.report import biomass_study, dam_study, solar_study
from hokkaido_gis.report.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

RESOURCES: dict[str, Words] = {
    "farmland_solar": ("耕作放棄地 太陽光", "abandoned farmland, solar"),
    "farmland_wind": ("耕作放棄地 風力", "abandoned farmland, wind"),
    "dam_hydro": ("農業水利施設 中小水力", "irrigation dams, small hydro"),
    "dam_solar": ("農業水利施設 太陽光", "irrigation dams, solar"),
    "biomass": ("林地・民有林 木質バイオマス", "forests, woody biomass"),
    "port_solar": ("漁港・漁場 太陽光", "fishing ports, solar"),
}
"""Resources in the order of table 6-1, in Japanese and English."""

MEASURES = ("kw_low", "kw_high", "kwh_low", "kwh_high")


@kept
def resources_by_town(inputs: Inputs) -> pd.DataFrame:
    """Capacity and generation of each resource in each municipality.

    Returns
    -------
    pandas.DataFrame
        On an index ``resource`` (keys of `RESOURCES`) and ``code``: ``kw_low``, ``kw_high`` [kW],
        ``kwh_low``, ``kwh_high`` [kWh/yr], which differ where digits of the report are lost; 0
        where a municipality has none of it. Farmland at 500 kW/ha (solar) and 1,000 kW/ha (wind);
        hydro at a utilisation of 33 %; biomass from the heat of the municipality alone, without a
        generation, as in table 6-1. Outside Hokkaido only the resources that the layers tell.
    """
    if inputs.place.is_of_the_report:
        tables = {
            "farmland_solar": _farmland_solar(inputs),
            "farmland_wind": _farmland_wind(inputs),
            "dam_hydro": _dam_hydro(inputs),
            "dam_solar": _dam_solar(inputs),
            "biomass": _biomass(inputs),
            "port_solar": _port_solar(inputs),
        }
    else:
        tables = _of_the_layers(inputs)
    codes = inputs.municipalities.index
    return pd.concat(
        {name: table.reindex(codes, fill_value=0.0) for name, table in tables.items()},
        names=["resource", "code"],
    )


def totals(inputs: Inputs, codes: Collection[str] | None = None) -> pd.DataFrame:
    """Sums of each resource over some municipalities, or all.

    Returns
    -------
    pandas.DataFrame
        Columns of `resources_by_town` on the keys of `RESOURCES`.

    Raises
    ------
    CodeError
        If a code is none of the run's municipalities, or there is none.
    """
    table = resources_by_town(inputs)
    if codes is not None:
        _require_codes(inputs, codes)
        table = table[table.index.get_level_values("code").isin(list(codes))]
    return table.groupby("resource", sort=False).sum(min_count=1).reindex(list(RESOURCES))


def plan_shares(
    inputs: Inputs, codes: Collection[str], now_kw: float, target_kw: float
) -> pd.DataFrame:
    """Potential of a region beside the increase that its plan asks for.

    Parameters
    ----------
    inputs
        Layers and tables of the run.
    codes
        Municipalities of the region, as 5-digit codes.
    now_kw, target_kw
        Capacity at the plan's beginning and end [kW].

    Returns
    -------
    pandas.DataFrame
        `totals` of the region, with the columns of `share_of_increase` for the lower bound of the
        capacity.

    Raises
    ------
    CodeError
        As of `totals`.
    ModelInputError
        If the target is not above what is there.
    """
    found = totals(inputs, codes)
    return found.join(share_of_increase(found["kw_low"], now_kw, target_kw))


def _require_codes(inputs: Inputs, codes: Collection[str]) -> None:
    """Refuse a region whose sums would leave out a municipality without a word."""
    known = inputs.municipalities.index
    unknown = [code for code in codes if code not in known]
    if unknown or len(codes) == 0:
        what = f"{name_some(unknown)} are none" if unknown else "no code is one"
        raise CodeError(
            f"{what} of the {len(known)} municipalities of {inputs.folder.name}. Give 5-digit "
            "codes as text, such as 01206 for 釧路市."
        )


def _farmland_solar(inputs: Inputs) -> pd.DataFrame:
    towns = solar_study.towns_energy(inputs)
    return _both(towns["capacity_kw"], towns["annual_kwh"])


def _farmland_wind(inputs: Inputs) -> pd.DataFrame:
    kw = wind_capacity(solar_study.towns_energy(inputs)["kept_ha"])
    return _both(kw, wind_generation(kw))


def _dam_hydro(inputs: Inputs) -> pd.DataFrame:
    dams = dam_study.dam_outputs(inputs).groupby("municipality_code")
    low, high = dams["output_low"].sum(), dams["output_high"].sum()
    energy = [hydro_generation(kw, utilisation=IRRIGATION_UTILISATION) for kw in (low, high)]
    return _bounds(low, high, *energy)


def _dam_solar(inputs: Inputs) -> pd.DataFrame:
    dams = dam_study.dam_outputs(inputs)["municipality_code"]
    energy = dam_study.dam_solar(inputs)
    known = energy["printed_kwh"].fillna(energy["annual_kwh"]).groupby(dams).sum(min_count=1)
    return _both(dams.groupby(dams).size() * DAM_KW, known)


def _biomass(inputs: Inputs) -> pd.DataFrame:
    output = biomass_study.output(biomass_study.own_heat(inputs))
    nothing = pd.Series(float("nan"), index=output.low.index)
    return _bounds(output.low, output.high, nothing, nothing)


def _port_solar(inputs: Inputs) -> pd.DataFrame:
    """Generation as printed; capacity from it by the yield of the port's station."""
    ports = solar_study.port_energy(inputs)
    code = ports["municipality_code"]
    low, high = (ports[column] for column in ("printed_kwh", "printed_kwh_below"))
    kw = [(kwh / ports["specific_yield"]).groupby(code).sum() for kwh in (low, high)]
    return _bounds(*kw, *(kwh.groupby(code).sum() for kwh in (low, high)))


def _of_the_layers(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Resources that layers alone tell: outside Hokkaido the report knows of no others."""
    found: dict[str, Callable[[Inputs], pd.DataFrame]] = {
        "farmland_solar": _farmland_solar,
        "farmland_wind": _farmland_wind,
        "dam_solar": _dam_solar_of_layer,
        "port_solar": _port_solar_of_layer,
    }
    tables = {}
    for name, compute in found.items():
        with suppress(MissingInputError):
            tables[name] = compute(inputs)
    if not tables:
        raise MissingInputError(
            f"{inputs.folder} holds no layers of farmland, dams or ports to sum up.",
            f"{inputs.folder.name} に耕作放棄地、ダム、漁港のレイヤがない。",
        )
    return tables


def _dam_solar_of_layer(inputs: Inputs) -> pd.DataFrame:
    dams = solar_study.dams_for_solar(inputs)
    energy = solar_study.dam_energy(inputs).loc[dams.index]
    sums = energy.groupby(dams["municipality_code"])[["capacity_kw", "annual_kwh"]].sum()
    return _both(sums["capacity_kw"], sums["annual_kwh"])


def _port_solar_of_layer(inputs: Inputs) -> pd.DataFrame:
    """Ports by the areas of their plots, where the layer has any."""
    if inputs.ports["plot_area_m2"].isna().all():
        raise MissingInputError(
            f"the ports in {inputs.folder} have no areas of plots (plot_area_m2).",
            f"{inputs.folder.name} の漁港に用地面積 (列 plot_area_m2) がない。",
        )
    ports = solar_study.port_energy(inputs)
    sums = ports.groupby("municipality_code")[["capacity_kw", "annual_kwh"]].sum()
    return _both(sums["capacity_kw"], sums["annual_kwh"])


def _both(kw: pd.Series, kwh: pd.Series) -> pd.DataFrame:
    return _bounds(kw, kw, kwh, kwh)


def _bounds(*columns: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(MEASURES, columns, strict=True))).astype(float)
