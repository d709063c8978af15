"""A figure described once in plain values: layers, classes, colours, labels, popups, legend, view.

No drawing library is known here. The writers (`kml`, `html`, `png`) draw what the scene says, and
`classes.resolve` tells them all the same classes and colours, so that the outputs look alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from hokkaido_gis.crs import (
    WGS84_CRS,
    move_bounds,
    move_shapes,
    require_crs,
    tell_assumed_datum,
    tell_datum_move,
    to_wgs84,
)
from hokkaido_gis.errors import RenderError, name_some
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.styles import (
    MISSING,
    Categorical,
    Category,
    Graduated,
    LabelStyle,
    Proportional,
    Single,
    Style,
    Symbol,
    check_opacity,
    colour_categories,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import numpy.typing as npt

__all__ = [
    "MISSING",
    "AnyLayer",
    "Bounds",
    "Categorical",
    "Category",
    "Graduated",
    "LabelStyle",
    "Lang",
    "Layer",
    "Proportional",
    "RasterLayer",
    "Scene",
    "Single",
    "Style",
    "Symbol",
    "colour_categories",
]

Lang = Literal["ja", "en"]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Layer:
    """Features drawn with one style.

    Parameters
    ----------
    frame
        Features in any CRS; the writers move them to WGS84. Of several geometry columns the active
        one is drawn.
    style
        How they are drawn.
    title
        Name in the layer list and the legend.
    name
        Column that names each feature (titles of balloons and popups).
    label
        Column written on the map itself, one text a feature at a point inside it.
    popup
        Columns shown in balloon, popup and tooltip, mapped to their headings; ``None`` shows every
        column of `table` under its own name.
    visible
        Whether the layer is shown when the map opens.
    label_style
        How the texts of `label` look.
    """

    frame: gpd.GeoDataFrame
    style: Style = field(default_factory=Single)
    title: str = ""
    name: Hashable | None = None
    label: Hashable | None = None
    popup: Mapping[Any, str] | None = None
    visible: bool = True
    label_style: LabelStyle = field(default_factory=LabelStyle)

    def __post_init__(self) -> None:
        if not isinstance(self.frame, gpd.GeoDataFrame):
            raise RenderError(
                f"A layer needs a GeoDataFrame; got {type(self.frame).__name__}. "
                "Join the table to its geometry first."
            )
        if self.frame.active_geometry_name is None:
            raise RenderError(
                f"Layer {self.title!r} has no active geometry, so there is nothing to draw. "
                "Choose a column with frame.set_geometry(...)."
            )
        if self.frame.crs is None:
            raise RenderError(
                f"Layer {self.title!r} has no CRS, so it cannot be placed on a map. "
                "Set it with frame.set_crs(...), e.g. 'EPSG:6668' for JGD2011."
            )
        self._require_columns()

    def _require_columns(self) -> None:
        # The names of `table`, which takes far longer to form and is not needed yet.
        frame = self.frame
        columns = [name for name in frame.index.names if name not in {None, *frame.columns}]
        columns += frame.columns[(frame.dtypes != "geometry").to_numpy()].to_list()
        wanted = [self.name, self.label, getattr(self.style, "column", None), *(self.popup or {})]
        absent = [c for c in wanted if c is not None and c not in columns]
        if absent:
            raise RenderError(
                f"Layer {self.title!r} has no column {name_some(absent)}; "
                f"it has {name_some(columns, most=12)}."
            )

    @property
    def table(self) -> pd.DataFrame:
        """Attributes of the features in their order: all columns but geometries.

        An index that has a name comes first, since readers keep codes there. Of several columns of
        one name the first is taken.
        """
        frame = self.frame
        table = pd.DataFrame(frame.loc[:, (frame.dtypes != "geometry").to_numpy()])
        table = table.reset_index(drop=True)
        for level, name in reversed(list(enumerate(frame.index.names))):
            if name is not None and name not in frame.columns:
                table.insert(0, name, frame.index.get_level_values(level), allow_duplicates=True)
        return table.loc[:, ~table.columns.duplicated()]

    @property
    def fields(self) -> dict[Hashable, str]:
        """Columns of `table` shown to a reader, mapped to their headings."""
        if self.popup is not None:
            return dict(self.popup)
        return {column: str(column) for column in self.table.columns}


@dataclass(frozen=True, eq=False)
class RasterLayer:
    """Cells of a grid, coloured by classes of their values and laid over the ground.

    Parameters
    ----------
    values
        Numbers by row and column. Cells that are not finite or equal `nodata` are clear.
    transform
        Six numbers (a, b, c, d, e, f) that move column and row to the corner of a cell: x = a col +
        b row + c, y = d col + e row + f; what rasterio gives as ``transform``.
    crs
        CRS of x and y, in any form that pyproj understands.
    title
        Name in the layer list and the legend.
    unit
        Unit shown in the legend, such as ``m/s``.
    breaks, method, classes, palette
        Classes and colours, as of `Graduated`.
    opacity
        Of the whole layer, 0 (clear) to 1 (solid).
    nodata
        Number that stands for no value, if any.
    visible
        Whether the layer is shown when the map opens.

    Examples
    --------
    A grid of 2 rows and 3 columns, its north-west corner at 141 E 43 N, cells of half a degree:

    >>> speeds = [[5.1, 6.4, 7.2], [4.8, 5.9, float("nan")]]
    >>> wind = RasterLayer(speeds, (0.5, 0, 141, 0, -0.5, 43), "EPSG:4326", breaks=(5.5, 6.5))
    >>> wind.bounds
    (141.0, 42.0, 142.5, 43.0)
    """

    values: npt.ArrayLike
    transform: Sequence[float]
    crs: Any
    title: str = ""
    unit: str = ""
    breaks: tuple[float, ...] | None = None
    method: Literal["quantile", "equal", "natural"] = "quantile"
    classes: int = 5
    palette: str = "YlGnBu"
    opacity: float = 0.7
    nodata: float | None = None
    visible: bool = True

    def __post_init__(self) -> None:
        cells = np.asarray(self.values)
        if cells.ndim != 2 or cells.size == 0 or cells.dtype.kind not in "biuf":
            raise RenderError(
                f"Raster {self.title!r} needs numbers in rows and columns; got "
                f"{cells.dtype} of shape {cells.shape}. Give one band of it."
            )
        numbers = tuple(float(number) for number in self.transform)[:6]
        if len(numbers) < 6 or not all(map(math.isfinite, numbers)):
            raise RenderError(
                f"Raster {self.title!r} needs the six numbers of its transform; got "
                f"{name_some(list(self.transform), most=9)}."
            )
        a, b, _, d, e, _ = numbers
        if a * e == b * d:
            raise RenderError(
                f"Raster {self.title!r} has cells without an area: its transform is "
                f"{name_some(numbers, most=6)}. Give the width and height of a cell."
            )
        if self.crs is None:
            raise RenderError(
                f"Raster {self.title!r} has no CRS, so it cannot be placed on a map. "
                "Give that of its coordinates, e.g. 'EPSG:6668' for JGD2011."
            )
        check_opacity(self.opacity)
        object.__setattr__(self, "values", cells)
        object.__setattr__(self, "transform", numbers)
        try:
            object.__setattr__(self, "crs", CRS.from_user_input(self.crs))
        except CRSError as error:
            raise RenderError(
                f"Raster {self.title!r}: {self.crs!r} is no CRS ({error})."
            ) from error

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The values as doubles, not a number where a cell is clear."""
        cells = np.array(self.values, dtype=float)
        clear = ~np.isfinite(cells)
        if self.nodata is not None:
            clear |= cells == self.nodata
        cells[clear] = np.nan
        return cells

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north [degrees, WGS84] of the whole grid."""
        rows, columns = np.shape(self.values)
        a, b, c, d, e, f = self.transform
        corners = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)])
        x, y = corners @ (a, b) + c, corners @ (d, e) + f
        box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
        if self.crs != WGS84_CRS:
            box = move_bounds(box, self.crs, WGS84_CRS, self.title or "raster", assume_datum=True)
        west, south, east, north = box
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise RenderError(
                f"Raster {self.title!r} has coordinates that are no longitude and latitude. Check "
                f"that its CRS ({self.crs}) is the one its transform was measured in."
            )
        return west, south, east, north


AnyLayer = Layer | RasterLayer


@dataclass(frozen=True, eq=False)
class Scene:
    """A figure: what is drawn, in which order, and what stands around it.

    Parameters
    ----------
    title
        Heading.
    layers
        Features and rasters, drawn in this order, the first lowest.
    caption
        What the reader should know: how much is real, published or synthetic.
    credit
        Credit line of the data's publishers.
    lang
        Language of legends, number formats and controls.
    view
        West, south, east, north [degrees, WGS84]; the layers' extent where ``None``.
    """

    title: str
    layers: Sequence[AnyLayer]
    caption: str = ""
    credit: str = ""
    lang: Lang = "ja"
    view: Bounds | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise RenderError(f"Scene {self.title!r} has no layer; nothing could be drawn.")

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north [degrees, WGS84] that the view shows.

        Raises
        ------
        RenderError
            If no layer has a geometry with an extent.
        """
        if self.view is not None:
            return self.view
        # Missing and empty geometries have no bounds; places outside a projection infinite ones.
        boxes = np.vstack([_boxes(layer) for layer in self.layers])
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        if len(boxes) == 0:
            raise RenderError(
                f"Scene {self.title!r}: every layer is empty; there is no place to show."
            )
        west, south = boxes[:, :2].min(axis=0).tolist()
        east, north = boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    def placed(self) -> Scene:
        """Move features to longitude and latitude; points at NaN count as missing.

        Returns
        -------
        Scene
            The same scene, with its features in WGS84, those of proportional discs as the points
            they stand at. Rasters stay in their CRS: moving them changes them, so each writer does
            it once (`raster_image.paint_raster`).

        Raises
        ------
        RenderError
            If coordinates of a layer are no longitude and latitude.
        """
        return replace(self, layers=[_place(layer) for layer in self.layers])


def shapes_on_the_map(layer: Layer) -> npt.NDArray[np.object_]:
    """Shapes of a layer in WGS84, to see where they lie and how large they are, without a word."""
    title = layer.title or "layer"
    shapes = layer.frame.geometry.to_numpy()
    return move_shapes(shapes, require_crs(layer.frame, title), WGS84_CRS, title, strict=False)


def _boxes(layer: AnyLayer) -> npt.NDArray[np.float64]:
    """Bounds of a layer's parts [degrees, WGS84], one a row."""
    if isinstance(layer, RasterLayer):
        return np.array([layer.bounds])
    return shapely.bounds(shapes_on_the_map(layer))


def _place(layer: AnyLayer) -> AnyLayer:
    if isinstance(layer, RasterLayer):
        title, corner = layer.title or "raster", np.array([layer.transform[2::3]])
        tell_assumed_datum(layer.crs, title)
        tell_datum_move(corner, layer.crs, title)
        return layer
    frame = to_wgs84(layer.frame, layer.title or "layer")
    shapes = frame.geometry.to_numpy()
    lost = (shapely.get_type_id(shapes) == 0) & np.isnan(shapely.bounds(shapes)).any(axis=1)
    if lost.any():
        frame = frame.set_geometry(frame.geometry.mask(lost))
    # A comparison with NaN is false, so that it is refused too.
    if not (np.abs(shapely.get_coordinates(shapes[~lost])) <= (180, 90)).all():
        raise RenderError(
            f"Layer {layer.title!r} has coordinates that are no longitude and latitude. Check that "
            f"its CRS ({layer.frame.crs}) is the one its coordinates were measured in."
        )
    if isinstance(layer.style, Proportional):
        points = label_points(frame.geometry.to_numpy())
        frame = frame.set_geometry(gpd.GeoSeries(points, index=frame.index, crs=frame.crs))
    return replace(layer, frame=frame)
