"""Read raster files: one band, in whole or by window."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError as UnknownCRSError
from rasterio import Affine
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from hokkaido_gis.errors import CRSError, LayerError, name_some
from hokkaido_gis.io.limits import current_limits, how_to_raise

if TYPE_CHECKING:
    import numpy.typing as npt


# Formats that hold their cells themselves. Others, such as VRT and WMS, name files and addresses to
# open instead, whatever the name of their file ends in.
DRIVERS = (
    "GTiff", "netCDF", "HDF5", "HDF5Image", "GRIB", "GPKG", "AAIGrid", "EHdr", "ENVI", "DTED",
    "SRTMHGT", "USGSDEM", "SAGA", "GSAG", "GSBG", "GS7BG", "XYZ", "PNG", "JPEG",
)  # fmt: skip
# A part of a file, as GDAL writes it: format, file and part, or number of the part and file.
_PART = re.compile(
    r'(?:NETCDF|HDF5|GPKG):(?:"(?P<quoted>[^"]+)"|(?P<bare>.+)):[^":]+'
    r"|GTIFF_DIR:(?:off:)?\d+:(?P<tiff>.+)",
    re.IGNORECASE,
)
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# A file may claim more cells than are read at once, since statistics read it piece by piece.
_CLAIM = 100


class Bounds(NamedTuple):
    """A box in the CRS of a raster."""

    west: float
    south: float
    east: float
    north: float


class Grid(NamedTuple):
    """Values of a raster or of a window of it.

    Attributes
    ----------
    array
        Rows and columns; not a number where the raster has no value.
    transform
        From column and row to the coordinates of a cell's corner.
    crs
        CRS of those coordinates.
    """

    array: npt.NDArray[np.float64]
    transform: Affine
    crs: CRS


@dataclass(frozen=True)
class RasterBand:
    """One band of a raster file, described; its values are read when asked for.

    Attributes
    ----------
    source
        The file, or the part of a file with several rasters.
    band
        Number of the band, from 1.
    description
        Name that the file gives the band, or empty.
    unit
        Unit that the file gives the band, or empty.
    height, width
        Numbers of rows and columns.
    transform
        From column and row to the coordinates of a cell's corner; cells need not be square.
    crs
        CRS of the file, in which the values stay: moving a raster would change them.
    scale, offset
        A value is the number stored times `scale` plus `offset`; `read` applies them.
    tags
        Metadata of the file and the band.
    """

    source: str
    band: int
    description: str
    unit: str
    height: int
    width: int
    transform: Affine
    crs: CRS
    scale: float
    offset: float
    tags: dict[str, str]

    @property
    def bounds(self) -> Bounds:
        """Box around the raster."""
        grid = self.transform
        xs = sorted((grid.c, grid.c + self.width * grid.a))
        ys = sorted((grid.f, grid.f + self.height * grid.e))
        return Bounds(xs[0], ys[0], xs[1], ys[1])

    def read(self, bounds: tuple[float, float, float, float] | None = None) -> Grid:
        """Read the band, or the cells that a box touches.

        Parameters
        ----------
        bounds
            West, south, east and north in the CRS of the raster; without it the whole is read.

        Returns
        -------
        Grid
            Scaled values, not a number where there is no data; without rows or columns where the
            box is outside.

        Raises
        ------
        LayerError
            If the file has gone or is damaged, or more cells are asked for than the limit
            ``HOKKAIDO_GIS_MAX_CELLS``.
        """
        window = Window(0, 0, self.width, self.height) if bounds is None else self._window(bounds)
        self._require_few(int(window.width) * int(window.height))
        if not (window.width and window.height):
            values = np.empty((int(window.height), int(window.width)))
        else:
            with _open(self.source) as dataset:
                values = self._values(dataset, window)
        grid = self.transform
        west, north = grid.c + window.col_off * grid.a, grid.f + window.row_off * grid.e
        return Grid(values, Affine(grid.a, 0.0, west, 0.0, grid.e, north), self.crs)

    def _require_few(self, cells: int) -> None:
        most = current_limits().max_cells
        if cells > most:
            fault = (
                f"{cells:,} cells would be read at once; at most {most:,} are. Cut the raster to "
                f"where it is needed. {how_to_raise('max_cells')}"
            )
            raise LayerError(self.source, [fault])

    def _window(self, bounds: tuple[float, float, float, float]) -> Window:
        west, south, east, north = bounds
        if not (west <= east and south <= north):
            fault = f"bounds must be west, south, east, north; {tuple(bounds)} are not."
            raise LayerError(self.source, [fault])
        grid = self.transform
        columns = _cells((west - grid.c) / grid.a, (east - grid.c) / grid.a, self.width)
        rows = _cells((north - grid.f) / grid.e, (south - grid.f) / grid.e, self.height)
        return Window(columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])

    def _values(self, dataset: Any, window: Window) -> npt.NDArray[np.float64]:
        try:
            stored = dataset.read(self.band, window=window, masked=True)
        except (RasterioIOError, CPLE_BaseError) as error:
            raise LayerError(
                self.source, [f"band {self.band} cannot be read ({error}). Copy it again."]
            ) from error
        scaled = stored.astype("float64") * self.scale + self.offset
        values: npt.NDArray[np.float64] = scaled.filled(np.nan)
        values[~np.isfinite(values)] = np.nan
        return values


def open_band(
    source: str | Path, *, band: int | str | None = None, crs: str | CRS | None = None
) -> RasterBand:
    """Describe one band of a raster file without reading its values.

    Parameters
    ----------
    source
        A file in one of the formats `DRIVERS`, told by its content; a part of one by its GDAL name,
        as ``NETCDF:wind.nc:speed``.
    band
        Number, from 1, or description (case does not count); needed when there are several.
    crs
        CRS of a file that states none; a CRS that the file does state is kept.

    Returns
    -------
    RasterBand
        The band, its place and its scale.

    Raises
    ------
    LayerError
        If the file is absent or no raster, claims more than a hundred times the cells of
        ``HOKKAIDO_GIS_MAX_CELLS``, the band is not there or not named, or the grid has no
        place on earth or is rotated; all its faults are listed at once.
    CRSError
        If `crs` is none that PROJ knows.
    """
    with _open(str(source)) as dataset:
        number = _band_number(dataset, band)
        own_crs = _crs(dataset, crs, str(source))
        faults = [fault for fault in (_band_fault(dataset, band, number),) if fault]
        faults += _grid_faults(dataset) + _size_faults(dataset)
        if own_crs is None:
            faults.append(
                "it has no CRS. Say what it is with crs (--crs on the command line), e.g. "
                "EPSG:6668 for JGD2011 or EPSG:4326 for WGS 84."
            )
        if faults or number is None or own_crs is None:
            raise LayerError(str(source), faults)
        return RasterBand(
            source=str(source),
            band=number,
            description=dataset.descriptions[number - 1] or "",
            unit=dataset.units[number - 1] or "",
            height=dataset.height,
            width=dataset.width,
            transform=dataset.transform,
            crs=own_crs,
            scale=dataset.scales[number - 1],
            offset=dataset.offsets[number - 1],
            tags={**dataset.tags(), **dataset.tags(number)},
        )


def band_names(source: str | Path) -> tuple[str, ...]:
    """Descriptions of a raster's bands in their order, empty where a band has none.

    Raises
    ------
    LayerError
        If the file is absent or no raster.
    """
    with _open(str(source)) as dataset:
        return tuple(description or "" for description in dataset.descriptions)


def _open(source: str) -> Any:
    name = _local_name(source)
    try:
        with warnings.catch_warnings(), rasterio.Env():
            # Said with all other faults of the grid.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # What `rasterio.open` calls; it takes no list of drivers itself before 1.5.
            return DatasetReader(name, driver=list(DRIVERS))
    except (RasterioIOError, CPLE_BaseError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise LayerError(
            source, [f"it cannot be read as a raster ({reason}). Use e.g. GeoTIFF."]
        ) from error


def _local_name(source: str) -> str:
    """Name by which GDAL opens a file of this machine; others, such as addresses, are refused."""
    if Path(source).is_file():
        _refuse_commands_beside(Path(source))
        # A whole path is never taken for an address, whatever its folders are called.
        return str(Path(source).absolute())
    part = _PART.fullmatch(source)
    if part and any(Path(file).is_file() for file in part.groups() if file):
        return source
    fault = "there is no such file. Check the path and its ending; addresses are not read."
    raise LayerError(source, [fault])


def _refuse_commands_beside(path: Path) -> None:
    """Refuse masks and overviews beside a raster that are no TIFF, for GDAL opens any kind."""
    for ending in (".msk", ".ovr"):
        for beside in (path.with_name(path.name + ending), path.with_suffix(ending)):
            if beside != path and beside.is_file():
                with beside.open("rb") as file:
                    start = file.read(4)
                if start not in _TIFF:
                    fault = f"{beside.name} beside it is no TIFF, as masks and overviews are."
                    raise LayerError(str(path), [f"{fault} Remove it."])


def _band_number(dataset: Any, band: int | str | None) -> int | None:
    """Number of the band meant; none when it is not there or not told apart."""
    if band is None:
        return 1 if dataset.count == 1 else None
    if isinstance(band, int):
        return band if 1 <= band <= dataset.count else None
    names = [(name or "").casefold() for name in dataset.descriptions]
    wanted = band.strip().casefold()
    return names.index(wanted) + 1 if names.count(wanted) == 1 else None


def _band_fault(dataset: Any, band: int | str | None, number: int | None) -> str | None:
    if number is not None:
        return None
    if dataset.count == 0:
        parts = name_some(list(dataset.subdatasets))
        return f"it holds no band of its own but other rasters; name one of them: {parts}."
    there = [f"{i} {name or ''}".strip() for i, name in enumerate(dataset.descriptions, 1)]
    has = f"it has {dataset.count} bands ({name_some(there, most=12)})"
    if band is None:
        return f"{has}. Name one with band, by its number or its description."
    return f"{has}, and band={band!r} is not one of them."


def _grid_faults(dataset: Any) -> list[str]:
    transform = dataset.transform
    if transform.is_identity:
        return ["it has no place on earth (no transform). Georeference it first."]
    if transform.b or transform.d:
        return ["its grid is rotated. Straighten it with gdalwarp, then read the result."]
    return []


def _size_faults(dataset: Any) -> list[str]:
    cells, most = dataset.width * dataset.height, current_limits().max_cells * _CLAIM
    if cells <= most:
        return []
    told = f"it says that it has {dataset.width:,} by {dataset.height:,} cells"
    return [f"{told}; a file may have at most {most:,}. {how_to_raise('max_cells')}"]


def _crs(dataset: Any, crs: str | CRS | None, layer: str) -> CRS | None:
    if dataset.crs:
        return CRS.from_wkt(dataset.crs.to_wkt())
    if crs is None:
        return None
    try:
        return CRS.from_user_input(crs)
    except UnknownCRSError as error:
        raise CRSError(layer, [f"crs={crs!r} is no known CRS; e.g. 'EPSG:6668'."]) from error


def _cells(one: float, other: float, count: int) -> tuple[int, int]:
    """First cell and the one after the last that an interval touches, within the raster."""
    low, high = min(one, other), max(one, other)
    # Edges computed from a cell's own corner may be off by rounding.
    first, last = math.floor(low + 1e-9), math.ceil(high - 1e-9)
    last = max(last, first + 1) if low <= count and high >= 0 else first
    return min(max(first, 0), count), min(max(last, 0), count)
