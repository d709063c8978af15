"""Make farm settlements (農業集落) and their table of abandoned farmland.

Boundaries are Voronoi cells of seeds scattered over each municipality. Those on low and level
ground of the made-up relief are settlements; the rest stays forest and mountain. The cells are
bent by a smooth shift of the plane, so that shared borders stay shared, and noded with the
municipal boundaries into one coverage.

The table is shaped like a census download: cp932, two rows of headings, withheld cells.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from catalogue import CENSUS, SETTLEMENTS
from ground import FINE, REPORT_DIR, SAMPLE_DIR, noise, random_for, read_ground, to_lonlat, to_plane
from layer_files import read_rows, run_build, write_csv, write_flatgeobuf
from shapely.geometry import MultiPoint, Polygon, box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ground import Floats, Ground
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

COUNT: Final = 4000
"""Settlements in all; Hokkaido has some 7,000."""

TOTAL_A: Final = 1_110_700
"""Abandoned farmland in all [a], as published (11,107 ha)."""
LARGE_A: Final = 822_168
"""Of which in settlements of 200 a and more [a], as published (8,221.68 ha)."""
LIMIT_A: Final = 200
HIGHEST_A: Final = 9_900
"""Most in a settlement [a]: the report's classes end at 10,000."""

LARGE_COUNT: Final = 1_050
WITHHELD_SHARE: Final = 0.08
NONE_SHARE: Final = 0.06
"""Share of settlements whose area is withheld, and share without any."""

HABOMAI_LON: Final = 145.83
"""Longitude [degrees] beyond which lie only the islets of 歯舞群島, where nobody farms."""

GRID: Final = 1e-5
"""Grid [degrees] of the coordinates, about a metre."""

# Side [km] of a settlement: narrow in the rice lands, wide in the dairy lands of north and east.
_SIDES: Final = {
    "空知総合振興局": 2.0, "石狩振興局": 2.0, "上川総合振興局": 2.3, "十勝総合振興局": 2.7,
    "釧路総合振興局": 3.3, "根室振興局": 3.5, "宗谷総合振興局": 3.4, "留萌振興局": 2.7,
}  # fmt: skip
_OTHER_SIDE: Final = 2.4

# How much land lies idle where, against the mean: little on the wide fields of 十勝 and 空知.
_IDLE: Final = {
    "十勝総合振興局": 0.6, "空知総合振興局": 0.6, "石狩振興局": 1.0, "上川総合振興局": 0.9,
    "オホーツク総合振興局": 0.9, "釧路総合振興局": 1.3, "根室振興局": 1.1, "宗谷総合振興局": 1.5,
    "留萌振興局": 1.2, "檜山振興局": 1.4, "渡島総合振興局": 1.4, "後志総合振興局": 1.3,
}  # fmt: skip

# Roughly where in its municipality a settlement of the report is put, east and north from -1 to 1.
# The report's maps survive without positions: these are guesses and marked as such.
_REPORT_PLACES: Final = {
    ("網走市", "北地区"): (-0.3, 0.6), ("網走市", "二見ヶ岡"): (-0.5, 0.1),
    ("網走市", "実豊"): (0.2, -0.7), ("網走市", "鱒浦"): (0.6, -0.1),
    ("白糠町", "上庶路"): (0.0, 0.6), ("白糠町", "相互"): (0.3, 0.0),
    ("白糠町", "大秋"): (-0.4, -0.1), ("白糠町", "末広"): (0.5, -0.5),
    ("浜中町", "西円朱別"): (-0.5, 0.8), ("浜中町", "姉別千代ケ丘"): (0.3, 0.5),
    ("浜中町", "姉別北部"): (0.4, 0.8), ("浜中町", "茶内昭和"): (-0.6, 0.3),
    ("浜中町", "茶内桜ヶ丘"): (-0.3, 0.2), ("浜中町", "茶内福島"): (-0.5, 0.0),
    ("浜中町", "熊牛東福"): (-0.8, 0.6), ("浜中町", "恵茶人"): (0.6, 0.0),
    ("浜中町", "姉別大和"): (0.1, 0.3), ("浜中町", "姉別西部"): (0.0, 0.7),
}  # fmt: skip


@dataclass
class Settlement:
    """A farm settlement.

    Parameters
    ----------
    municipality
        Number of its municipality.
    shape
        Its land [degrees].
    centre
        A point on it [degrees].
    key
        10 digits: prefecture, municipality, former municipality, settlement.
    name
        Its name.
    area_a
        Abandoned farmland [a]; None where it is withheld.
    from_report
        Whether name and area are the report's.
    """

    municipality: int
    shape: BaseGeometry
    centre: Floats
    key: str = ""
    name: str = ""
    area_a: int | None = 0
    from_report: bool = field(default=False)


def scatter_seeds(ground: Ground) -> tuple[Floats, NDArray[np.intp]]:
    """Scatter seeds over the land, none too near to another.

    Parameters
    ----------
    ground
        Municipalities and relief.

    Returns
    -------
    seeds, owners
        Places on the plane [km], shape (n, 2), and the number of the municipality of each.
    """
    random = random_for("settlement seeds")
    rows, columns = np.nonzero(ground.owner >= 0)
    order = random.permutation(len(rows))
    rows, columns = rows[order], columns[order]
    lon, lat = FINE.centres()
    shift = random.uniform(-0.5, 0.5, size=(len(rows), 2)) * FINE.cell
    places = to_plane(np.column_stack([lon[rows, columns], lat[rows, columns]]) + shift)
    owners = ground.owner[rows, columns].astype(np.intp)
    sides = np.array([_SIDES.get(bureau, _OTHER_SIDE) for bureau in ground.subprefectures])
    kept = _far_enough(places, sides[owners] * 0.8)
    return places[kept], owners[kept]


def choose_farmed(ground: Ground, seeds: Floats, owners: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Choose the seeds that become settlements: the lowest and most level, one a municipality.

    Parameters
    ----------
    ground
        Municipalities and relief.
    seeds, owners
        Places [km] and municipalities of the seeds.

    Returns
    -------
    farmed
        One flag a seed, `COUNT` of them set.
    """
    cells = FINE.cells_of(to_lonlat(seeds))
    height = np.nan_to_num(ground.height[cells], nan=30.0)
    slope = np.nan_to_num(ground.slope[cells], nan=4.0)
    burden = height / 150.0 + slope / 4.0 + 1.0 * noise(seeds, 12, "farmed")
    scaled = np.empty(len(seeds))
    for number in range(len(ground.codes)):
        own = np.flatnonzero(owners == number)
        order = own[np.argsort(burden[own], kind="stable")]
        # Mountain towns farm their valleys: the place within the municipality counts as well.
        place = np.arange(len(order)) / len(order)
        scaled[order] = 0.3 * np.minimum(burden[order], 6.0) + 3.5 * place
        scaled[order[: _least_settlements(ground.names[number])]] = -np.inf
    scaled[to_lonlat(seeds)[:, 0] > HABOMAI_LON] = np.inf
    farmed = np.zeros(len(seeds), dtype=bool)
    farmed[np.argsort(scaled, kind="stable")[:COUNT]] = True
    return farmed


def cut_cells(
    ground: Ground, seeds: Floats, owners: NDArray[np.intp], farmed: NDArray[np.bool_]
) -> list[Settlement]:
    """Cut the land into the cells of the seeds, and keep those that are farmed.

    Parameters
    ----------
    ground
        Municipalities and relief.
    seeds, owners, farmed
        Places [km], municipalities, and which become settlements.

    Returns
    -------
    settlements
        Without key, name and area.
    """
    cells: list[BaseGeometry] = []
    numbers: list[int] = []
    for municipality in range(len(ground.codes)):
        own = np.flatnonzero(owners == municipality)
        cells += _voronoi(seeds[own])
        numbers += own.tolist()
    # Borders of the municipalities go in whole, so that both sides share their vertices.
    borders = [shape.boundary for shape in ground.shapes]
    inside = [
        shapely.intersection(cell.boundary, ground.shapes[owners[number]])
        for cell, number in zip(cells, numbers, strict=True)
    ]
    lines = shapely.union_all([*borders, *inside], grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    owned = _faces_by_seed(ground, faces, cells, numbers, owners)
    return [
        Settlement(int(owners[seed]), shape, shapely.get_coordinates(shape.point_on_surface())[0])
        for seed in sorted(owned)
        if farmed[seed] and (shape := _without_crumbs(owned[seed])) is not None
    ]


def name_settlements(ground: Ground, settlements: list[Settlement]) -> list[Settlement]:
    """Give keys and names, those of the report where it has some.

    Parameters
    ----------
    ground
        Municipalities and relief.
    settlements
        As `cut_cells` makes them.

    Returns
    -------
    settlements
        The same, in the order of their keys.
    """
    ordered: list[Settlement] = []
    for number, code in enumerate(ground.codes):
        own = [each for each in settlements if each.municipality == number]
        centres = to_plane(np.array([each.centre for each in own]))
        sectors = _sectors(centres)
        numbered = sorted(
            zip(own, sectors, _former_municipalities(centres), strict=True),
            key=lambda row: (row[2], -round(row[0].centre[1], 1), row[0].centre[0]),
        )
        counts: dict[object, int] = {}
        for each, sector, former in numbered:
            counts[former] = counts.get(former, 0) + 1
            counts[sector] = counts.get(sector, 0) + 1
            each.key = f"{code}{former:02d}{counts[former]:03d}"
            each.name = f"{sector}第{counts[sector]}"
            ordered.append(each)
    _take_names_of_report(ground, ordered)
    return ordered


def draw_areas(ground: Ground, settlements: Sequence[Settlement]) -> None:
    """Draw the abandoned farmland of all settlements but those of the report.

    Parameters
    ----------
    ground
        Municipalities and relief.
    settlements
        Settlements with names; their areas are filled in.
    """
    random = random_for("abandoned farmland")
    of_report = {ground.number_of(name) for name, _ in _REPORT_PLACES}
    others = [each for each in settlements if not each.from_report]
    idle = np.array([_idleness(ground, each) for each in others])
    idle *= np.exp(random.normal(0.0, 0.7, len(others)))
    # All settlements of 200 a and more of these three are in the report.
    may_be_large = np.array([each.municipality not in of_report for each in others])
    fixed = [each.area_a or 0 for each in settlements if each.from_report]
    large = np.zeros(len(others), dtype=bool)
    rank = np.argsort(np.where(may_be_large, -idle, np.inf), kind="stable")
    large[rank[: LARGE_COUNT - len(fixed)]] = True
    fate = random.uniform(size=len(others))
    withheld = ~large & (fate < WITHHELD_SHARE * len(others) / (~large).sum())
    nothing = ~large & ~withheld & (fate > 1.0 - NONE_SHARE * len(others) / (~large).sum())
    small = ~large & ~withheld & ~nothing
    areas = np.zeros(len(others), dtype=int)
    # Drawn above the limit, so that they do not crowd on it.
    above = LARGE_A - sum(fixed) - LIMIT_A * int(large.sum())
    tail = np.exp(random.normal(0.0, 1.0, int(large.sum())))
    areas[large] = LIMIT_A + fit_total(tail, above, (0, HIGHEST_A - LIMIT_A))
    body = random.beta(1.5, 1.1, int(small.sum()))
    areas[small] = fit_total(body, TOTAL_A - LARGE_A, (1, LIMIT_A - 1))
    for each, area, hidden in zip(others, areas, withheld, strict=True):
        each.area_a = None if hidden else int(area)


def fit_total(weights: Floats, total: int, limits: tuple[int, int]) -> NDArray[np.intp]:
    """Turn weights into whole numbers with a given sum, each within limits.

    Parameters
    ----------
    weights
        Positive numbers.
    total
        Sum wanted.
    limits
        Lowest and highest number.

    Returns
    -------
    numbers
        In proportion to `weights`, save for the limits.
    """
    lowest, highest = limits
    low, high = 0.0, float(total)
    for _ in range(100):
        middle = (low + high) / 2.0
        if np.clip(np.floor(weights * middle), lowest, highest).sum() > total:
            high = middle
        else:
            low = middle
    numbers = np.clip(np.floor(weights * low), lowest, highest).astype(np.intp)
    room = np.flatnonzero((numbers < highest) & (numbers > lowest))
    numbers[room[: total - int(numbers.sum())]] += 1
    return numbers


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write boundaries and table of the settlements.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The files written.
    """
    ground = read_ground()
    seeds, owners = scatter_seeds(ground)
    farmed = choose_farmed(ground, seeds, owners)
    settlements = name_settlements(ground, cut_cells(ground, seeds, owners, farmed))
    draw_areas(ground, settlements)
    layer, table = folder / SETTLEMENTS.file, folder / CENSUS.file
    columns = {
        "key": [each.key for each in settlements],
        "name": [each.name for each in settlements],
        "municipality_code": [each.key[:5] for each in settlements],
        "municipality": [ground.names[each.municipality] for each in settlements],
        "name_kind": ["report" if each.from_report else "synthetic" for each in settlements],
    }
    write_flatgeobuf(layer, SETTLEMENTS, columns, [each.shape for each in settlements])
    write_csv(table, _census_rows(ground, settlements), encoding="cp932")
    return [layer, table]


def _far_enough(places: Floats, radii: Floats) -> NDArray[np.intp]:
    """Take places in turn, leaving out those too near to one already taken."""
    side = float(radii.max())
    taken: dict[tuple[int, int], list[int]] = {}
    kept = []
    for number, (x, y) in enumerate(places.tolist()):
        column, row = int(x // side), int(y // side)
        near = (
            other
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for other in taken.get((i, j), ())
        )
        reach = float(radii[number]) ** 2
        if all((places[o, 0] - x) ** 2 + (places[o, 1] - y) ** 2 >= reach for o in near):
            taken.setdefault((column, row), []).append(number)
            kept.append(number)
    return np.array(kept, dtype=np.intp)


def _least_settlements(name: str) -> int:
    """Settlements that a municipality has at least; those of the report need room."""
    in_report = sum(place[0] == name for place in _REPORT_PLACES)
    return max(2, in_report * 2)


def _voronoi(seeds: Floats) -> list[BaseGeometry]:
    """Voronoi cells of seeds [km], bent and turned into degrees, in the order of the seeds."""
    points = MultiPoint(seeds)
    extent = box(*(seeds.min(axis=0) - 80.0), *(seeds.max(axis=0) + 80.0))
    if len(seeds) == 1:
        return [shapely.transform(extent, to_lonlat)]
    collection = shapely.voronoi_polygons(points, extend_to=extent, ordered=True)
    # Long edges get vertices on the way: straight lines would stay straight however bent.
    return [
        shapely.transform(shapely.segmentize(cell, 1.2), _bend)
        for cell in shapely.get_parts(collection)
    ]


def _bend(plane: Floats) -> Floats:
    """Shift the plane smoothly, without folding it, and turn it into degrees."""
    shift = np.stack(
        [noise(plane, 5.0, "bend x", octaves=2), noise(plane, 5.0, "bend y", octaves=2)], axis=-1
    )
    return to_lonlat(plane + 0.75 * shift)


def _faces_by_seed(
    ground: Ground,
    faces: NDArray[np.object_],
    cells: Sequence[BaseGeometry],
    numbers: Sequence[int],
    owners: NDArray[np.intp],
) -> dict[int, list[BaseGeometry]]:
    """Give each face to the seed whose cell and whose municipality it lies in."""
    points = shapely.point_on_surface(faces)
    owned: dict[int, list[BaseGeometry]] = {}
    which, municipality = shapely.STRtree(list(ground.shapes)).query(points, predicate="within")
    home = dict(zip(which.tolist(), municipality.tolist(), strict=True))
    face_ids, cell_ids = shapely.STRtree(list(cells)).query(points, predicate="within")
    for face, cell in zip(face_ids.tolist(), cell_ids.tolist(), strict=True):
        if home.get(face) == owners[numbers[cell]]:
            owned.setdefault(numbers[cell], []).append(faces[face])
    return owned


def _without_crumbs(faces: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """Join the faces of a cell, leaving out islets and tips that hold no farm."""
    whole = shapely.coverage_union_all(list(faces))
    parts = [part for part in shapely.get_parts(whole) if isinstance(part, Polygon)]
    largest = max(part.area for part in parts)
    # A tenth of the largest part and more stays; 3e-6 square degrees are some 3 ha.
    kept = [part for part in parts if part.area >= max(0.1 * largest, 3e-6)]
    if not kept:
        return None
    shape = shapely.normalize(shapely.union_all(kept) if len(kept) > 1 else kept[0])
    return shapely.orient_polygons(shape)


def _sectors(centres: Floats) -> list[str]:
    """Say in which part of its municipality each settlement lies."""
    offset = centres - centres.mean(axis=0)
    reach = np.hypot(*offset.T)
    names = ("東", "北東", "北", "北西", "西", "南西", "南", "南東")
    turn = np.round(np.degrees(np.arctan2(offset[:, 1], offset[:, 0])) / 45.0).astype(int) % 8
    middle = reach < 0.35 * max(float(reach.max()), 1e-9)
    return ["中央" if near else names[part] for near, part in zip(middle, turn, strict=True)]


def _former_municipalities(centres: Floats) -> NDArray[np.intp]:
    """Split a municipality from west to east into former ones, the more the larger it is."""
    parts = 1 + len(centres) // 35
    rank = np.argsort(np.argsort(centres[:, 0], kind="stable"), kind="stable")
    return 1 + rank * parts // len(centres)


def _take_names_of_report(ground: Ground, settlements: Sequence[Settlement]) -> None:
    """Give the report's names and areas to the settlements nearest to where they may be."""
    for row in read_rows(REPORT_DIR / "settlements.csv"):
        number = ground.number_of(row["municipality"])
        own = [each for each in settlements if each.municipality == number]
        centres = to_plane(np.array([each.centre for each in own]))
        middle, half = (centres.min(0) + centres.max(0)) / 2, np.ptp(centres, axis=0) / 2
        wanted = middle + half * _REPORT_PLACES[row["municipality"], row["settlement"]]
        away = np.hypot(*(centres - wanted).T)
        away[[each.from_report for each in own]] = np.inf
        chosen = own[int(np.argmin(away))]
        chosen.name, chosen.from_report = row["settlement"], True
        chosen.area_a = int(row["abandoned_farmland_a"])


def _idleness(ground: Ground, settlement: Settlement) -> float:
    """How likely land lies idle: by region, and more on high ground."""
    bureau = ground.subprefectures[settlement.municipality]
    height = float(ground.height_at(settlement.centre))
    return _IDLE.get(bureau, 1.0) * (1.0 + height / 400.0)


def _census_rows(ground: Ground, settlements: Sequence[Settlement]) -> list[list[str]]:
    """Rows of the table, with farms and cultivated land that go with the settlement's size."""
    random = random_for("census")
    columns: Mapping[str, str] = {
        "KEY": "農業集落コード",
        "PREF": "都道府県",
        "CITY": "市区町村",
        "KCITY": "旧市区町村",
        "RCOM": "農業集落",
        "CITY_NAME": "市区町村名",
        "RCOM_NAME": "農業集落名",
        "FARMS": "総農家数（戸）",
        "CULTIVATED": "経営耕地面積（ａ）",
        "ABANDONED": "耕作放棄地面積（ａ）",
    }
    title = f"農業集落別にみた耕作放棄地面積 ({CENSUS.kind}: 合成データ, 一部は2013年報告書の値)"
    rows = [[title], list(columns), list(columns.values())]
    for each in settlements:
        key = each.key
        land_ha = each.shape.area * 111.32 * 111.1 * np.cos(np.radians(each.centre[1])) * 100.0
        farms = max(1, int(land_ha / 60.0 * random.uniform(0.4, 1.6)))
        cultivated = int(100.0 * land_ha * random.uniform(0.25, 0.6))
        # The census withholds the cells of settlements with two holdings or fewer.
        hidden = each.area_a is None
        farms = min(farms, 2) if hidden else max(farms, 3)
        shown = ["x", "x"] if hidden else [str(cultivated), str(each.area_a or "-")]
        names = [ground.names[each.municipality], each.name]
        rows.append([key, key[:2], key[2:5], key[5:7], key[7:], *names, str(farms), *shown])
    note = "注: 「-」は調査は行ったが事実のないもの、「x」は秘匿措置を施したもの (合成データ)。"
    return [*rows, [note]]


if __name__ == "__main__":
    sys.exit(run_build(build))
