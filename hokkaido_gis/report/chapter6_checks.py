"""What chapter 6 prints, recomputed: every resource side by side, and what regions can connect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.grid.regions import SENDING_CAPACITY_MW, SHARES, connectable_mw
from hokkaido_gis.potential.hydro import IRRIGATION_UTILISATION, hydro_generation
from hokkaido_gis.potential.wind import wind_capacity, wind_generation
from hokkaido_gis.report import dam_study
from hokkaido_gis.report.chapter3_checks import SOLAR_KWH as DAM_SOLAR_KWH
from hokkaido_gis.report.chapter3_checks import TOTAL_MWH, TOTAL_THOUSAND_KW
from hokkaido_gis.report.chapter4_checks import (
    KEPT_HA,
    SHARED_OUT,
    SOLAR_KW,
    SOLAR_KWH,
    TOTALS_OF_SAMPLE,
    WIND_KW,
    WIND_KWH,
    farmland,
)
from hokkaido_gis.report.chapter5_checks import ENERGY_KWH, PLOTS_M2, plots_kw
from hokkaido_gis.report.comparison import Check, known, why
from hokkaido_gis.report.solar_study import printed_port_kwh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hokkaido_gis.report.inputs import Inputs

# 表 6-1: what is left of the ports' capacity [thousand kW] and plots [m2, last three digits].
PORT_THOUSAND_KW = 49
PLOTS_ENDING = 686
# 6.2.2: generating capacity of Hokkaido [万kW].
GENERATING_CAPACITY = 750
# 表 6-2: thousands that survive of 石狩's sending capacity and of the sum at 15 % [MW].
ISHIKARI_THOUSAND_MW = 2
SUM_THOUSAND_MW = 1

_LOST = ("ダムの桁が転記で失われた", "digits of dams are lost in the surviving text")


def checks(inputs: Inputs) -> Iterator[Check]:
    """Check every figure of chapter 6 that can be recomputed."""
    yield from _farmland(inputs)
    yield from _dams(inputs)
    yield from _ports(inputs)
    yield from _connectable()


def _farmland(inputs: Inputs) -> Iterator[Check]:
    """Farmland of table 6-1, from the layers."""
    area = farmland(inputs, "kept_ha")
    wind = math.nan if math.isnan(area) else wind_capacity(area)
    wind_kwh = math.nan if math.isnan(wind) else wind_generation(wind)
    for words, published, here, sample in (
        (("耕作放棄地 [ha]", "abandoned farmland [ha]"), KEPT_HA, area, TOTALS_OF_SAMPLE),
        (("耕作放棄地 太陽光 [kW]", "farmland, solar [kW]"), SOLAR_KW,
         farmland(inputs, "capacity_kw"), TOTALS_OF_SAMPLE),
        (("耕作放棄地 太陽光 [kWh]", "farmland, solar [kWh]"), SOLAR_KWH,
         farmland(inputs, "annual_kwh"), SHARED_OUT),
        (("耕作放棄地 風力 [kW]", "farmland, wind [kW]"), WIND_KW, wind, TOTALS_OF_SAMPLE),
        (("耕作放棄地 風力 [kWh]", "farmland, wind [kWh]"), WIND_KWH,
         wind_kwh, TOTALS_OF_SAMPLE),
    ):  # fmt: skip
        yield Check(
            "table-6-1",
            words,
            float(published),
            round(here, 3),
            cause=why(inputs, here, "census", sample),
        )


def _dams(inputs: Inputs) -> Iterator[Check]:
    """Dams of table 6-1: hydro between the bounds that are left, and sun."""
    dams = dam_study.dam_outputs(inputs)
    low, high = (float(dams[end].sum()) for end in ("output_low", "output_high"))
    least, most = (hydro_generation(kw, utilisation=IRRIGATION_UTILISATION) for kw in (low, high))
    yield Check(
        "table-6-1",
        ("農業水利施設 中小水力 (千の位まで) [kW]", "irrigation dams, hydro (thousands only) [kW]"),
        TOTAL_THOUSAND_KW * 1000.0,
        low,
        high,
        unit_of_print=1000,
        cause=_LOST,
    )
    yield Check(
        "table-6-1",
        ("農業水利施設 中小水力 (稼働率33%) [kWh]", "irrigation dams, hydro at 33 % [kWh]"),
        TOTAL_MWH * 1000.0,
        float(round(least)),
        float(round(most)),
        cause=_LOST,
    )
    sun = known(lambda: dam_study.dam_solar(inputs)["annual_kwh"].sum(skipna=False))
    yield Check(
        "table-6-1",
        ("農業水利施設 太陽光 [kWh]", "irrigation dams, solar [kWh]"),
        float(DAM_SOLAR_KWH),
        sun,
        cause=why(
            inputs,
            sun,
            "irradiation",
            (
                "データ: 値が失われた7ダムの日射量は標本では合成データ",
                "data: the sample's irradiation of the seven dams that are lost is synthetic",
            ),
        ),
    )


def _ports(inputs: Inputs) -> Iterator[Check]:
    """Ports of table 6-1."""
    yield Check(
        "table-6-1",
        ("漁港 太陽光 (千の位まで) [kW]", "ports, solar (thousands only) [kW]"),
        PORT_THOUSAND_KW * 1000.0,
        plots_kw(),
        unit_of_print=1000,
    )
    yield Check(
        "table-6-1",
        ("漁港 用地面積 (下3桁) [m2]", "ports, plots (last three digits) [m2]"),
        float(PLOTS_ENDING),
        float(PLOTS_M2 % 1000),
        unit_of_print=0,
    )
    printed = printed_port_kwh(inputs.report("ports")).sum()
    yield Check(
        "table-6-1",
        ("漁港 太陽光 [kWh]", "ports, solar [kWh]"),
        float(ENERGY_KWH),
        float(printed["printed_kwh"]),
        float(printed["printed_kwh_below"]),
        cause=("187漁港は千の位までしか残らない", "of 187 ports only the thousands survive"),
    )


def _connectable() -> Iterator[Check]:
    """Sums of table 6-2."""
    yield Check(
        "table-6-2",
        ("想定送電能力の計 (本文の発電能力、万kW)", "sending capacity, as the text has it [10 MW]"),
        float(GENERATING_CAPACITY),
        SENDING_CAPACITY_MW / 10,
    )
    table = connectable_mw(pd.Series([SENDING_CAPACITY_MW]))
    sums = {share: float(table[f"connectable_{100 * share:g}_mw"].iloc[0]) for share in SHARES}
    first, *others = SHARES
    yield Check(
        "table-6-2",
        (f"計 {first:.0%}の場合 (千の位まで) [MW]", f"sum at {first:.0%} (thousands only) [MW]"),
        SUM_THOUSAND_MW * 1000.0,
        sums[first],
        unit_of_print=1000,
    )
    for share in others:
        yield Check(
            "table-6-2",
            (
                f"計 {share:.0%}の場合 [MW] (桁区切りのコンマだけが残る)",
                f"sum at {share:.0%} [MW] (of the digits a comma alone is left)",
            ),
            "≥ 1,000",
            "≥ 1,000" if sums[share] >= 1000 else f"{sums[share]:,.0f}",
        )
    # Of the region's own columns none has a comma: its 30 % are below 1,000 MW.
    most = 1000.0 / max(SHARES)
    yield Check(
        "table-6-2",
        ("石狩の想定送電能力 (千の位まで) [MW]", "sending capacity of 石狩 (thousands only) [MW]"),
        ISHIKARI_THOUSAND_MW * 1000.0,
        1000.0,
        min(most, SENDING_CAPACITY_MW),
        unit_of_print=1000,
        cause=(
            "支店別の販売電力量は失われた。30%の欄にコンマがなく、3,333MW未満と分かる",
            (
                "the electricity sold by each branch is lost; no comma stands at 30 %, so that it "
                "is below 3,333 MW"
            ),
        ),
    )
