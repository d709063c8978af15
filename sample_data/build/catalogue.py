"""What every file of the sample is, in one place: the layers' own metadata and ``layers.toml``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from ground import SAMPLE_DIR
from layer_files import Entry, Kind, run_build, write_bytes

if TYPE_CHECKING:
    from pathlib import Path

_OURS: Final = "MIT, as the rest of the repository"
_MADE_UP: Final = "hokkaido_gis の合成データ (実在の地点ではない)"
_REPORT: Final = "農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013)"
_REPORT_SOURCE: Final = (
    "農山漁村再生可能エネルギー導入可能性等調査 報告書, March 2013, commissioned by Hokkaido, "
    "as far as its figures survive"
)
_REPORT_TERMS: Final = "Published report; cite it with the figures"
_JMA: Final = "気象庁ホームページの地図データを加工して作成"
_ON_JMA: Final = f"{_MADE_UP}; 市町村界: {_JMA}"


def _entry(file: str, titles: tuple[str, str], kind: Kind, source: str, made: str) -> Entry:
    """Fill in terms and credit, which follow from the kind."""
    terms, credit = {
        "synthetic": (_OURS, _ON_JMA),
        "mixed": (f"Figures: {_REPORT_TERMS}. Places: {_OURS}", f"{_REPORT}; 位置: {_ON_JMA}"),
        "report": (_REPORT_TERMS, _REPORT),
        "real": ("JMA website terms: free use with credit, edits named as such", _JMA),
    }[kind]
    return Entry(file, *titles, kind, source, terms, credit, made)


SETTLEMENTS: Final = _entry(
    "settlements.fgb",
    ("農業集落の境界 (合成)", "Farm settlements (synthetic)"),
    "synthetic",
    "Made up; names of 18 settlements of 網走市, 白糠町 and 浜中町 from the report.",
    "settlements.py: Voronoi cells of scattered seeds on low and level ground of a made-up relief, "
    "bent, cut by municipality. Column name_kind says whose name it is.",
)
CENSUS: Final = _entry(
    "settlements_census.csv",
    ("農業集落別の耕作放棄地 (合成, 一部報告書)", "Abandoned farmland by settlement"),
    "mixed",
    f"Areas of 18 settlements and both totals: {_REPORT_SOURCE}. All other rows made up.",
    "settlements.py: areas drawn at random, then fitted to the published totals (11,107 ha; "
    "8,221.68 ha in settlements of 2.0 ha and more). cp932, two-row heading, x withheld, - none.",
)
SUBSTATIONS: Final = _entry(
    "substations.geojson",
    ("変電所 (合成)", "Substations (synthetic)"),
    "synthetic",
    "Made up.",
    "power_grid.py: one in each municipality of the main island, more in large cities.",
)
LINES: Final = _entry(
    "lines.geojson",
    ("送電線 (合成)", "Power lines (synthetic)"),
    "synthetic",
    "Made up; the five voltage classes are those of the report.",
    "power_grid.py: in each class the shortest network over its substations, with loops closed, "
    "along least-cost paths over a made-up relief.",
)
DAMS: Final = _entry(
    "dams.geojson",
    ("農業用ダム (報告書, 位置は合成)", "Irrigation dams (places synthetic)"),
    "mixed",
    f"Names, municipalities and outputs: {_REPORT_SOURCE}. Places made up.",
    "dams.py: on the higher ground of the municipality in a made-up relief, apart from each other.",
)
PORTS: Final = _entry(
    "ports.geojson",
    ("漁港 (報告書, 位置は合成)", "Fishing ports (places synthetic)"),
    "mixed",
    f"Names, municipalities and generation: {_REPORT_SOURCE}. Places made up.",
    "ports.py: along the coast of the municipality at about even distances. Plot areas follow from "
    "the generation; column plot_area_kind says how well.",
)
STATIONS: Final = _entry(
    "stations.geojson",
    ("気象観測所の平年値 (合成, 一部報告書)", "Weather stations (mostly synthetic)"),
    "mixed",
    f"Yearly generation of 10 kW where a dam gives it, monthly generation of 網走市 and 白糠町: "
    f"{_REPORT_SOURCE}. Temperatures, snow, and the course of the year made up.",
    "stations.py: columns irradiation_kind, temperature_kind and snow_kind say how each was found.",
)
NORMALS: Final = _entry(
    "stations_normals.csv",
    ("気温の平年値 (合成)", "Mean temperature of the months (synthetic)"),
    "synthetic",
    "Made up.",
    "stations.py: from latitude, height, distance to the coast and the cold current in the east.",
)
POPULATION: Final = _entry(
    "population.csv",
    ("市町村別の人口 (合成)", "Population by municipality (synthetic)"),
    "synthetic",
    "Made up.",
    "population.py: by the kind of municipality (city, town, village), height of its ground, and "
    "chance.",
)
WIND: Final = _entry(
    "wind.tif",
    ("年平均風速 地上高80m (合成)", "Mean wind speed at 80 m (synthetic)"),
    "synthetic",
    "Made up.",
    "rasters.py: rises towards the coast, the capes and with height; 0.02 degree, m/s.",
)
HEIGHT: Final = _entry(
    "height.tif",
    ("標高 (合成)", "Height of the ground (synthetic)"),
    "synthetic",
    "Made up; not the height of any real spot.",
    "rasters.py: noise, raised along some lines and lowered along others; 0.01 degree, m.",
)
SLOPE: Final = _entry(
    "slope.tif",
    ("傾斜 (合成)", "Slope of the ground (synthetic)"),
    "synthetic",
    "Made up; that of height.tif.",
    "rasters.py: three times the gradient between cells of height.tif; 0.01 degree, degrees.",
)
PROTECTED: Final = _entry(
    "protected_areas.geojson",
    ("自然保護区域 (合成)", "Protected areas (synthetic)"),
    "synthetic",
    "Made up; no park has these borders.",
    "protected_areas.py: round areas with uneven edges, cut by the coast.",
)
MUNICIPALITIES: Final = _entry(
    "municipalities.geojson",
    ("市町村界", "Municipal boundaries"),
    "real",
    "Japan Meteorological Agency (気象庁), areas of landslide alerts, as carried by the Python "
    "package reversejp 0.1.1 (MIT)",
    "municipalities.py: polygons read, noded, dissolved by municipality; not simplified further.",
)

_TABLES: Final = {
    "adjacency": ("隣接市町村", "Adjacent municipalities, table 2-17"),
    "biomass": ("木質バイオマス", "Woody biomass by municipality"),
    "chip_factories": ("チップ工場", "Chip factories, table 2-6"),
    "competing_plants": ("燃料競合施設", "Competing plants, table 2-4"),
    "dams": ("農業用ダム", "Irrigation dams, chapter 3"),
    "figures": ("図表の一覧", "Register of figures"),
    "forest_roads": ("林道密度", "Forest roads, table 2-38"),
    "monthly_1000kw": ("月別発電量 1,000kW", "Monthly generation of 1,000 kW"),
    "monthly_30kw": ("月別発電量 30kW", "Monthly generation of 30 kW"),
    "output_with_neighbours": ("隣接込みの出力", "Output with neighbours, figures 2-4 and 2-5"),
    "pellet_factories": ("ペレット工場", "Pellet factories, table 2-7"),
    "ports": ("漁港", "Fishing ports, table 5-2"),
    "private_forest": ("民有林", "Private forest, table 2-37"),
    "resource_heat": ("資源別の熱量", "Heat by resource, tables 2-18 to 2-34"),
    "settlements": ("農業集落", "Settlements, figures 4-37 to 4-39"),
    "siting": ("立地評価", "Siting axes, chapter 2"),
}


def _report_entries() -> list[Entry]:
    made = "As printed, or worked out from what survives (report/README.md)."
    return [
        _entry(f"report/{name}.csv", titles, "report", _REPORT_SOURCE, made)
        for name, titles in _TABLES.items()
    ]


ENTRIES: Final = (
    MUNICIPALITIES,
    SETTLEMENTS,
    CENSUS,
    LINES,
    SUBSTATIONS,
    DAMS,
    PORTS,
    STATIONS,
    NORMALS,
    POPULATION,
    WIND,
    HEIGHT,
    SLOPE,
    PROTECTED,
    *_report_entries(),
    _entry(
        "criteria/woody_biomass.toml",
        ("木質バイオマスの立地基準", "Siting criteria of woody biomass"),
        "report",
        _REPORT_SOURCE,
        "Thresholds of the report's tables 2-1 and 2-2, written out for `siting`.",
    ),
    _entry(
        "criteria/solar_survey.toml",
        ("太陽光の調査地選定基準", "Choice of sites to be surveyed for solar power"),
        "report",
        _REPORT_SOURCE,
        "Thresholds of the report's tables 4-5 and 5-3, written out for `siting`.",
    ),
)
"""All data files of the sample, except ``layers.toml`` itself."""


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write ``layers.toml``.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The file written.
    """
    head = (
        "# What each file of the sample is. Written by build/catalogue.py.\n"
        "# kind: real (official source), report (the report of 2013), synthetic (made up),\n"
        "#       mixed (figures of the report on made-up places).\n"
    )
    path = folder / "layers.toml"
    write_bytes(path, (head + "".join(_table(entry) for entry in ENTRIES)).encode("utf-8"))
    return [path]


def _table(entry: Entry) -> str:
    values = {"file": entry.file, "title_ja": entry.title_ja, "title_en": entry.title_en}
    values |= {"kind": entry.kind, "source": entry.source, "terms": entry.terms}
    values |= {"credit": entry.credit, "made": entry.made}
    lines = "".join(f'{name} = "{_escaped(value)}"\n' for name, value in values.items())
    return f"\n[[layer]]\n{lines}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    sys.exit(run_build(build))
