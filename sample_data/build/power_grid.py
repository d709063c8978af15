"""Make substations and power lines in the five voltage classes of the report.

Every municipality of the main island has a substation. In each class the lines form the shortest
network (minimum spanning tree) over the substations of that class, and where that leads a long way
round, a further line closes the loop. Lines follow least-cost paths over the made-up relief, so
that they keep to land and avoid summits, and are smoothed. No line is a real one.
"""

from __future__ import annotations

import heapq
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from catalogue import LINES, SUBSTATIONS
from ground import (
    FINE,
    ISLANDS,
    SAMPLE_DIR,
    Lattice,
    noise,
    random_for,
    read_ground,
    to_plane,
)
from layer_files import run_build, write_geojson
from places import find_town, place_apart
from shapely.geometry import LineString, Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ground import Floats, Ground

CLASSES: Final = (275, 187, 110, 66, 33)
"""One voltage of each of the report's classes [kV]."""

# Municipalities whose substation is on a voltage class; a guess at where plants and demand are.
_ON_275: Final = (
    "泊村", "京極町", "札幌市", "当別町", "岩見沢市", "安平町", "厚真町", "苫小牧市", "室蘭市",
    "新得町", "北斗市",
)  # fmt: skip
_ON_187: Final = (
    "札幌市", "江別市", "岩見沢市", "砂川市", "深川市", "旭川市", "名寄市", "留萌市", "北見市",
    "遠軽町", "美幌町", "釧路市", "白糠町", "帯広市", "音更町", "足寄町", "新得町", "中標津町",
    "千歳市", "苫小牧市", "厚真町", "室蘭市", "伊達市", "八雲町", "七飯町", "北斗市", "知内町",
    "京極町", "小樽市", "共和町", "泊村", "新ひだか町", "日高町", "安平町", "当別町",
)  # fmt: skip
_ON_110: Final = (
    "札幌市", "江別市", "石狩市", "岩見沢市", "夕張市", "砂川市", "芦別市", "富良野市", "旭川市",
    "士別市", "名寄市", "美深町", "天塩町", "豊富町", "稚内市", "留萌市", "帯広市", "大樹町",
    "浦河町", "新ひだか町", "釧路市", "厚岸町", "根室市", "別海町", "中標津町", "網走市",
    "紋別市",
)  # fmt: skip
# Municipalities reached by 33 kV alone.
_ONLY_33: Final = (
    "島牧村", "神恵内村", "積丹町", "赤井川村", "留寿都村", "真狩村", "乙部町", "厚沢部町",
    "福島町", "松前町", "上砂川町", "歌志内市", "月形町", "浦臼町", "新篠津村", "北竜町",
    "雨竜町", "秩父別町", "妹背牛町", "幌加内町", "音威子府村", "中川町", "初山別村", "猿払村",
    "中頓別町", "西興部村", "陸別町", "占冠村", "南富良野町", "鶴居村", "中札内村", "更別村",
    "置戸町", "羅臼町", "えりも町", "比布町", "愛別町", "壮瞥町", "鹿部町", "木古内町",
)  # fmt: skip
# Cities with more than one substation, and how many.
_SEVERAL: Final = {"札幌市": 4, "旭川市": 2, "函館市": 2, "苫小牧市": 2, "帯広市": 2, "釧路市": 2,
                   "北見市": 2, "別海町": 2, "足寄町": 2, "石狩市": 2}  # fmt: skip

# A loop is closed where the tree leads this many times the straight way round, up to a length [km].
_DETOUR: Final = 2.8
_LONGEST_LOOP: Final = {275: 130.0, 187: 120.0, 110: 60.0, 66: 28.0, 33: 0.0}

_PATHS: Final = Lattice(FINE.west, FINE.north, 0.03, 243, 150)
"""Grid on which paths are searched."""


@dataclass(frozen=True)
class Substation:
    """A substation.

    Parameters
    ----------
    name
        Its name.
    municipality
        Number of its municipality.
    place
        Longitude and latitude.
    kv
        Voltages [kV], highest first.
    """

    name: str
    municipality: int
    place: tuple[float, float]
    kv: tuple[int, ...]


def place_substations(ground: Ground) -> list[Substation]:
    """Place the substations.

    Parameters
    ----------
    ground
        Municipalities and relief.

    Returns
    -------
    substations
        In the order of the codes of their municipalities.
    """
    random = random_for("substations")
    substations = []
    for number, name in enumerate(ground.names):
        if name in ISLANDS:
            continue
        count = _SEVERAL.get(name, 1)
        others = place_apart(ground, number, count - 1, random) if count > 1 else np.empty((0, 2))
        for order, place in enumerate([find_town(ground, number), *others], 1):
            # The first one in a city is its hub; the others are fed from it at 66 kV.
            kv = _voltages(name) if order == 1 else (66,)
            label = name if count == 1 else f"{name}{order}"
            at = (float(place[0]), float(place[1]))
            substations.append(Substation(f"{label} 変電所 (合成)", number, at, kv))
    return substations


def connect(ground: Ground, places: Floats, roots: Sequence[int], kv: int) -> list[tuple[int, int]]:
    """Choose which substations lines run between.

    Parameters
    ----------
    ground
        Municipalities and relief.
    places
        Longitude and latitude of the substations.
    roots
        Those connected from the start: one, or for the lowest class all of the class above.
    kv
        The class, which says how long a loop may be.

    Returns
    -------
    pairs
        Numbers of substations, lower first.
    """
    costs = _costs_between(ground, places)
    tree = _spanning_tree(costs, roots)
    return sorted({(min(pair), max(pair)) for pair in [*tree, *_loops(costs, tree, kv)]})


class Router:
    """Finds ways over land.

    Parameters
    ----------
    ground
        Municipalities and relief.
    kv
        Class of the lines; each has its own detours, so that they do not all share one route.
    """

    def __init__(self, ground: Ground, kv: int) -> None:
        lon, lat = _PATHS.centres()
        lonlat = np.stack([lon, lat], axis=-1)
        plane = to_plane(lonlat)
        burden = 1.0 + ground.height_at(lonlat) / 350.0
        burden *= 1.0 + 0.5 * noise(plane, 12, f"routes {kv}")
        inside = ground.owner[FINE.cells_of(lonlat)] >= 0
        # A bay may be crossed where there is no other way, at a price.
        self._burden = np.where(inside, burden, 25.0)
        self._steps = [
            (row, column, float(np.hypot(row * 3.33, column * 2.43)))
            for row in (-1, 0, 1)
            for column in (-1, 0, 1)
            if (row, column) != (0, 0)
        ]

    def route(self, start: tuple[float, float], end: tuple[float, float]) -> LineString:
        """Find a way and smooth it.

        Parameters
        ----------
        start, end
            Longitude and latitude.

        Returns
        -------
        line
            From exactly `start` to exactly `end`.
        """
        rows, columns = _PATHS.cells_of(np.array([start, end]))
        cells = self._cheapest((int(rows[0]), int(columns[0])), (int(rows[1]), int(columns[1])))
        lon, lat = _PATHS.centres()
        between = [(float(lon[cell]), float(lat[cell])) for cell in cells[1:-1]]
        line = shapely.simplify(LineString([start, *between, end]), 0.012)
        corners = shapely.get_coordinates(line)
        for _ in range(2):
            corners = _cut_corners(corners)
        smooth = shapely.get_coordinates(shapely.simplify(LineString(corners), 0.0008))
        return LineString(np.vstack([start, np.round(smooth[1:-1], 5), end]))

    def _cheapest(self, start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
        """Dijkstra's way through the grid."""
        spent = {start: 0.0}
        before: dict[tuple[int, int], tuple[int, int]] = {}
        queue = [(0.0, start)]
        while queue:
            cost, cell = heapq.heappop(queue)
            if cell == end:
                break
            if cost > spent[cell]:
                continue
            for other, length in self._neighbours(cell):
                total = cost + length * float(self._burden[cell] + self._burden[other]) / 2.0
                if total < spent.get(other, np.inf):
                    spent[other], before[other] = total, cell
                    heapq.heappush(queue, (total, other))
        way = [end]
        while way[-1] != start:
            way.append(before[way[-1]])
        return way[::-1]

    def _neighbours(self, cell: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
        for row, column, length in self._steps:
            other = (cell[0] + row, cell[1] + column)
            if 0 <= other[0] < _PATHS.rows and 0 <= other[1] < _PATHS.columns:
                yield other, length


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write substations and lines.

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
    substations = place_substations(ground)
    paths = [folder / SUBSTATIONS.file, folder / LINES.file]
    points = [(_substation_tags(i, each), Point(each.place)) for i, each in enumerate(substations)]
    write_geojson(paths[0], SUBSTATIONS, points)
    lines: list[tuple[dict[str, object], LineString]] = []
    for kv in CLASSES:
        members = [i for i, each in enumerate(substations) if kv in each.kv]
        roots = [0]
        if kv == CLASSES[-1]:
            # The lowest class has no network of its own: it hangs on the one above.
            feeders = [i for i, each in enumerate(substations) if 66 in each.kv]
            members, roots = feeders + members, list(range(len(feeders)))
        places = np.array([substations[i].place for i in members])
        router = Router(ground, kv)
        for one, other in connect(ground, places, roots, kv):
            ends = (members[one], members[other])
            line = router.route(substations[ends[0]].place, substations[ends[1]].place)
            lines.append((_line_tags(len(lines), kv, ends, substations), line))
    write_geojson(paths[1], LINES, lines)
    return paths


def _voltages(name: str) -> tuple[int, ...]:
    if name in _ONLY_33:
        return (33,)
    on = {275: _ON_275, 187: _ON_187, 110: _ON_110}
    return (*(kv for kv, names in on.items() if name in names), 66)


def _costs_between(ground: Ground, places: Floats) -> Floats:
    """Straight lengths [km], dearer where they cross the sea."""
    plane = to_plane(places)
    apart = np.hypot(*np.moveaxis(plane[:, None] - plane, -1, 0))
    shares = np.linspace(0.0, 1.0, 21)[:, None, None, None]
    along = places[:, None] * (1.0 - shares) + places * shares
    at_sea = (ground.owner[FINE.cells_of(along)] < 0).mean(axis=0)
    costs: Floats = apart * (1.0 + 6.0 * at_sea)
    return costs


def _spanning_tree(costs: Floats, roots: Sequence[int]) -> list[tuple[int, int]]:
    """Prim's shortest network."""
    nearest = costs[list(roots)].min(axis=0)
    parent = np.array(roots)[np.argmin(costs[list(roots)], axis=0)]
    waiting = set(range(len(costs))) - set(roots)
    pairs = []
    while waiting:
        new = min(waiting, key=lambda node: (nearest[node], node))
        waiting.remove(new)
        pairs.append((int(parent[new]), new))
        closer = costs[new] < nearest
        parent[closer], nearest[closer] = new, costs[new][closer]
    return pairs


def _loops(costs: Floats, tree: Sequence[tuple[int, int]], kv: int) -> list[tuple[int, int]]:
    """Pairs that are near by and far by way of the tree, the nearest first."""
    network = np.full(costs.shape, np.inf)
    np.fill_diagonal(network, 0.0)
    for one, other in tree:
        network[one, other] = network[other, one] = costs[one, other]
    for via in range(len(costs)):
        network = np.minimum(network, network[:, via, None] + network[via])
    added = []
    near = np.argwhere(np.triu(costs < _LONGEST_LOOP[kv], 1))
    for one, other in sorted(near.tolist(), key=lambda pair: (costs[pair[0], pair[1]], pair)):
        length = costs[one, other]
        if np.isfinite(network[one, other]) and network[one, other] > _DETOUR * length:
            added.append((one, other))
            to_one, to_other = network[one], network[other]
            network = np.minimum(network, to_one[:, None] + length + to_other)
            network = np.minimum(network, to_other[:, None] + length + to_one)
    return added


def _cut_corners(corners: Floats) -> Floats:
    """Chaikin's smoothing: each corner gives way to two, the ends stay."""
    quarter = 0.75 * corners[:-1] + 0.25 * corners[1:]
    rest = 0.25 * corners[:-1] + 0.75 * corners[1:]
    between = np.stack([quarter, rest], axis=1).reshape(-1, 2)
    return np.vstack([corners[0], between[1:-1], corners[-1]])


def _volts(kilovolts: Sequence[int]) -> str:
    return ";".join(str(1000 * kv) for kv in kilovolts)


def _substation_tags(number: int, substation: Substation) -> dict[str, object]:
    """Attributes as OpenStreetMap names them."""
    return {
        "id": f"substation-{number + 1:03d}",
        "power": "substation",
        "substation": "transmission" if substation.kv[0] >= 110 else "distribution",
        "voltage": _volts(substation.kv),
        "name": substation.name,
    }


def _line_tags(
    number: int, kv: int, ends: tuple[int, int], substations: Sequence[Substation]
) -> dict[str, object]:
    """Attributes as OpenStreetMap names them, and the substations at both ends."""
    names = [substations[end].name.split(" ")[0] for end in ends]
    circuits = 1 if kv == 33 else 2
    return {
        "id": f"line-{number + 1:03d}",
        "power": "line",
        "voltage": _volts([kv]),
        "name": f"{names[0]}-{names[1]} {kv}kV線 (合成)",
        "circuits": str(circuits),
        "cables": str(3 * circuits),
        "frequency": "50",
        "from_substation": f"substation-{ends[0] + 1:03d}",
        "to_substation": f"substation-{ends[1] + 1:03d}",
    }


if __name__ == "__main__":
    sys.exit(run_build(build))
