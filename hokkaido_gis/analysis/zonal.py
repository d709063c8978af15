"""Statistics of raster cells under polygons, with exact cell fractions, a block of cells at a time.

exactextract computes the fractions and the statistics. What is added here is the order: polygons
are taken by tiles of the raster, whose cells are read once and ahead of need, so that neither the
order of the polygons nor their number decides how often a cell is read.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from exactextract.feature import Feature, FeatureSource
from exactextract.operation import Operation
from exactextract.processor import FeatureSequentialProcessor
from exactextract.raster import RasterSource
from exactextract.writer import Writer

from hokkaido_gis.errors import ModelInputError, list_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    import numpy.typing as npt

    Box = tuple[float, float, float, float]
    Values = npt.NDArray[np.float64]

# Sides of tiles [cells] to choose from, and what a further tile costs, counted in cells read.
_TILES = (128, 512, 2048)
_COST_OF_TILE = 200_000
# Polygons longer than this [cells] are read by themselves, in pieces of so many cells.
_LONGEST, _MOST_CELLS = 1024, 4_000_000

_PLAIN = ("mean", "min", "max", "sum", "count", "median", "stdev")
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")
_SHARE = re.compile(r"share_above_(-?\d+(?:\.\d+)?)")
# Counts and sums of cells are what they are; all else stands for ground, whatever a cell's size.
_BY_CELL = ("sum", "count", "min", "max")


class Statistic(NamedTuple):
    """A statistic asked for.

    Attributes
    ----------
    name
        As asked, and the name of its column.
    operation
        Operation of exactextract.
    quantile
        Of a percentile [0-1].
    threshold
        Of a share, in the unit of the raster.
    """

    name: str
    operation: str
    quantile: float | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Cells:
    """A raster to take statistics of, read by its boxes.

    Attributes
    ----------
    west, north
        Corner of the raster in its CRS.
    dx, dy
        Sides of a cell, positive.
    columns, rows
        Numbers of cells.
    geographic
        Whether the CRS is in degrees, where cells shrink towards the pole.
    read
        Gives the cells that a box (west, south, east, north) touches, rows from north to south and
        columns from west to east, not a number where there is none.
    """

    west: float
    north: float
    dx: float
    dy: float
    columns: int
    rows: int
    geographic: bool
    read: Callable[[Box], Values]

    def windows(self, bounds: Values) -> npt.NDArray[np.int64]:
        """First column and row, and those after the last, under and around boxes of shape (n, 4).

        One more on each side, since exactextract may round an edge into the next cell.
        """
        low = [(bounds[:, 0] - self.west) / self.dx, (self.north - bounds[:, 3]) / self.dy]
        high = [(bounds[:, 2] - self.west) / self.dx, (self.north - bounds[:, 1]) / self.dy]
        # Missing shapes have boxes that are not a number, and no cells.
        cells = np.nan_to_num(np.column_stack([np.floor(low).T - 1, np.ceil(high).T + 1]))
        most = [self.columns, self.rows, self.columns, self.rows]
        windows: npt.NDArray[np.int64] = np.clip(cells, 0, most).astype(np.int64)
        return windows

    def read_window(self, window: tuple[int, int, int, int]) -> Values:
        """Read cells by first column and row and those after the last."""
        left, top, right, bottom = window
        # A quarter of a cell inside, so that rounding cannot touch the cells around.
        return self.read(
            (
                self.west + (left + 0.25) * self.dx,
                self.north - (bottom - 0.25) * self.dy,
                self.west + (right - 0.25) * self.dx,
                self.north - (top + 0.25) * self.dy,
            )
        )


def parse_statistics(names: Sequence[str]) -> list[Statistic]:
    """Understand names of statistics.

    Parameters
    ----------
    names
        ``mean``, ``min``, ``max``, ``median``, ``stdev``, ``sum``, ``count``; ``p90`` for a
        percentile; ``share_above_5.5`` for the share of cells' area above a value.

    Raises
    ------
    ModelInputError
        If names are unknown, out of range or given twice, or there is none; all are listed.

    Examples
    --------
    >>> [s.operation for s in parse_statistics(["max", "p90", "share_above_5.5"])]
    ['max', 'quantile', 'mean']
    """
    found = [(name, _parse(name)) for name in names]
    faults = [
        f"{name!r} is no statistic; use {', '.join(_PLAIN)}, p0 to p100 or share_above_5.5."
        for name, statistic in found
        if statistic is None
    ]
    faults += [f"{name!r} is given twice." for name in {n for n in names if names.count(n) > 1}]
    if not names:
        faults.append("name at least one, such as mean.")
    if faults:
        raise ModelInputError("Statistics: " + list_faults(faults))
    return [statistic for _, statistic in found if statistic is not None]


def _parse(name: str) -> Statistic | None:
    if name in _PLAIN:
        return Statistic(name, name)
    if (match := _PERCENTILE.fullmatch(name)) and float(match[1]) <= 100:
        return Statistic(name, "quantile", quantile=float(match[1]) / 100)
    if match := _SHARE.fullmatch(name):
        return Statistic(name, "mean", threshold=float(match[1]))
    return None


def statistics_of_cells(
    shapes: npt.NDArray[np.object_], cells: Cells, statistics: Sequence[Statistic]
) -> tuple[Values, Values]:
    """Statistics of the cells under polygons.

    Parameters
    ----------
    shapes
        Valid polygons in the CRS of the raster, shape (n,); missing and empty ones have no cells.
    cells
        The raster.
    statistics
        What is asked for.

    Returns
    -------
    values
        Shape (n, number of statistics), not a number where no cell has a value but for the count,
        which is 0 there.
    coverage
        Share of each polygon's area, in the plane of the raster's CRS, under cells with a value
        [0-1, to six decimals], shape (n,); not a number for missing and empty ones.
    """
    table = np.full((len(shapes), len(statistics) + 1), np.nan)
    windows = cells.windows(shapely.bounds(shapes))
    inside = (windows[:, 2] > windows[:, 0]) & (windows[:, 3] > windows[:, 1])
    wkb = np.asarray(shapely.to_wkb(shapes), dtype=object)
    with ThreadPoolExecutor(max_workers=1) as reader:
        for rows, block in _blocks(windows, np.flatnonzero(inside), cells, reader):
            table[rows] = _extract(wkb[rows], cells, block, statistics)
    area = shapely.area(shapes) / (cells.dx * cells.dy)
    covered = np.nan_to_num(table[:, -1])
    table[covered == 0] = np.nan
    known = area > 0
    for i, statistic in enumerate(statistics):
        if statistic.operation == "count":
            table[known, i] = covered[known]
    coverage = np.divide(covered, area, out=np.full(len(shapes), np.nan), where=known)
    return table[:, :-1], np.round(np.minimum(coverage, 1), 6)


class _Block(NamedTuple):
    """Cells held in memory, and the column and row they begin at."""

    left: int
    top: int
    values: Values

    def cut(self, window: tuple[int, int, int, int]) -> Values | None:
        """Cells by first column and row and those after the last; none where not all are held."""
        x, y = window[0] - self.left, window[1] - self.top
        right, bottom = window[2] - self.left, window[3] - self.top
        rows, columns = self.values.shape
        if x < 0 or y < 0 or right > columns or bottom > rows:
            return None
        return self.values[y:bottom, x:right]


def _blocks(
    windows: npt.NDArray[np.int64],
    rows: npt.NDArray[np.intp],
    cells: Cells,
    reader: ThreadPoolExecutor,
) -> Iterator[tuple[npt.NDArray[np.intp], _Block | None]]:
    """Polygons by tile with the cells under them, the next cells being read meanwhile."""
    sides = windows[rows, 2:] - windows[rows, :2]
    long = (sides > _LONGEST).any(axis=1)
    tiles = _tiles(windows, rows[~long])
    boxes = [_around(windows[members]) for members in tiles]
    coming: Future[Values] | None = reader.submit(cells.read_window, boxes[0]) if boxes else None
    for i, members in enumerate(tiles):
        assert coming is not None  # noqa: S101  (for the type checker: there is a box for each)
        values = coming.result()
        if i + 1 < len(boxes):
            coming = reader.submit(cells.read_window, boxes[i + 1])
        yield members, _Block(boxes[i][0], boxes[i][1], values)
    for row in rows[long]:
        yield np.array([row]), None


def _tiles(
    windows: npt.NDArray[np.int64], rows: npt.NDArray[np.intp]
) -> list[npt.NDArray[np.intp]]:
    """Polygons by the tile of their middle, the tiles of such a side that least is read."""
    if len(rows) == 0:
        return []
    middle = (windows[rows, :2] + windows[rows, 2:]) // 2
    best, least = [], np.inf
    for side in _TILES:
        tile = middle // side
        order = np.lexsort((tile[:, 0], tile[:, 1]))
        starts = np.flatnonzero(np.any(np.diff(tile[order], axis=0, prepend=-1), axis=1))
        low = np.minimum.reduceat(windows[rows[order], :2], starts)
        high = np.maximum.reduceat(windows[rows[order], 2:], starts)
        cost = float(np.prod(high - low, axis=1).sum() + _COST_OF_TILE * len(starts))
        if cost < least:
            best, least = np.split(rows[order], starts[1:]), cost
    return best


def _around(windows: npt.NDArray[np.int64]) -> tuple[int, int, int, int]:
    left, top = windows[:, :2].min(axis=0).tolist()
    right, bottom = windows[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _extract(
    wkb: npt.NDArray[np.object_],
    cells: Cells,
    block: _Block | None,
    statistics: Sequence[Statistic],
) -> Values:
    """Values of the statistics, and the number of cells last, shape (n, number + 1)."""
    window = _Window(cells, block)
    values = _Source(window)
    sources: list[_Source] = [values]
    operations: list[Any] = []
    for statistic in (*statistics, Statistic("", "count")):
        source = values if statistic.threshold is None else _Above(window, statistic.threshold)
        # exactextract takes sources of one name for one source.
        source.set_name(str(statistic.threshold))
        sources.append(source)
        options: dict[str, object] = {}
        if statistic.quantile is not None:
            options["q"] = statistic.quantile
        if cells.geographic and statistic.operation not in _BY_CELL:
            options["coverage_weight"] = "area_spherical_m2"
        name = str(len(operations))
        operations.append(Operation(statistic.operation, name, source, None, options))
    # Neither operations nor the processor keep alive what they are given: it has its names here.
    shapes = _Shapes(wkb.tolist())
    # A quantile appends itself to the name it is given.
    written = _Rows({operation.name: i for i, operation in enumerate(operations)})
    processor = FeatureSequentialProcessor(shapes, written, operations)
    processor.set_max_cells_in_memory(_MOST_CELLS)
    processor.process()
    return np.array(written.rows, dtype=float)


class _Window:
    """Cells by window: out of the block, or else read and kept for the next statistic."""

    def __init__(self, cells: Cells, block: _Block | None) -> None:
        self.cells = cells
        self.block = block
        self.last: _Block | None = None

    def read(self, left: int, top: int, columns: int, rows: int) -> Values:
        if not (columns and rows):  # so exactextract begins, to learn the type of the values
            return np.empty((rows, columns))
        window = (left, top, left + columns, top + rows)
        for held in (self.block, self.last):
            if held is not None and (found := held.cut(window)) is not None:
                return found
        # Apart from the block, which the polygons after this one need.
        self.last = _Block(left, top, self.cells.read_window(window))
        return self.last.values


class _Source(RasterSource):  # type: ignore[misc]
    """The raster as exactextract asks for it."""

    def __init__(self, window: _Window) -> None:
        super().__init__()
        self.window = window
        cells = window.cells
        east = cells.west + cells.columns * cells.dx
        self.box = (cells.west, cells.north - cells.rows * cells.dy, east, cells.north)

    def extent(self) -> Box:
        return self.box

    def res(self) -> tuple[float, float]:
        return self.window.cells.dx, self.window.cells.dy

    def nodata_value(self) -> None:
        return None

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Values:
        return self.window.read(x0, y0, nx, ny)


class _Above(_Source):
    """1 where the raster is above a threshold, 0 where not, not a number where it has none."""

    def __init__(self, window: _Window, threshold: float) -> None:
        super().__init__(window)
        self.threshold = threshold

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Values:
        values = super().read_window(x0, y0, nx, ny)
        return np.where(np.isnan(values), np.nan, values > self.threshold)


class _Shape(Feature):  # type: ignore[misc]
    """A polygon without attributes."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self.wkb = wkb

    def geometry(self) -> bytes:
        return self.wkb

    def fields(self) -> tuple[str, ...]:
        return ()


class _Shapes(FeatureSource):  # type: ignore[misc]
    """Polygons, handed over as WKB, since GeoJSON would cost more than the statistics."""

    def __init__(self, wkb: list[bytes]) -> None:
        super().__init__()
        self.wkb = wkb

    def count(self) -> int:
        return len(self.wkb)

    def __iter__(self) -> Iterator[_Shape]:
        return map(_Shape, self.wkb)

    def srs_wkt(self) -> None:
        return None


class _Row(Feature):  # type: ignore[misc]
    """Takes the values of one polygon."""

    def __init__(self, places: dict[str, int]) -> None:
        super().__init__()
        self.places = places
        self.values = [np.nan] * len(places)

    def set(self, name: str, value: float) -> None:
        self.values[self.places[name]] = value

    def set_geometry(self, _: object) -> None:
        """Leave it: the shapes are known."""


class _Rows(Writer):  # type: ignore[misc]
    """Takes the values of all polygons in their order."""

    def __init__(self, places: dict[str, int]) -> None:
        super().__init__()
        self.places = places
        self.rows: list[list[float]] = []

    def add_operation(self, operation: Any) -> None:
        """Leave it: the operations are known."""

    def write(self, feature: Any) -> None:
        row = _Row(self.places)
        feature.copy_to(row)
        self.rows.append(row.values)
