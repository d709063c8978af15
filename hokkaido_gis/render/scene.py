"""A figure described once in plain values: layers, classes, colours, labels, popups, legend, view.

No drawing library is known here. The writers (`kml`, `html`, `png`) draw what the scene says, and
`classes.resolve` tells them all the same classes and colours, so that the outputs look alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.errors import RenderError, name_some

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

Lang = Literal["ja", "en"]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one class is drawn.

    Parameters
    ----------
    fill
        Colour of areas and points, ``#rrggbb``.
    fill_opacity
        0 (clear) to 1 (solid).
    stroke
        Colour of outlines and lines, ``#rrggbb``.
    stroke_width
        Width of outlines and lines [px of a screen, pt on paper]; 0 draws none.
    radius
        Radius of points [px].
    """

    fill: str = "#4c9f70"
    fill_opacity: float = 0.7
    stroke: str = "#555555"
    stroke_width: float = 0.8
    radius: float = 5.0

    def __post_init__(self) -> None:
        for colour in (self.fill, self.stroke):
            if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
                raise RenderError(f"A colour must be written #rrggbb; got {colour!r}.")
        if not 0 <= self.fill_opacity <= 1:
            raise RenderError(f"An opacity lies between 0 and 1; got {self.fill_opacity}.")


MISSING = Symbol(fill="#d9d9d9", fill_opacity=0.55, stroke="#8c8c8c", stroke_width=0.5)


@dataclass(frozen=True, slots=True)
class Single:
    """One symbol for every feature."""

    symbol: Symbol = Symbol()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a categorical style, its legend text and its symbol."""

    value: Hashable
    label: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Categorical:
    """A symbol for each listed value of a column; other values fall into the missing class."""

    column: Hashable
    categories: tuple[Category, ...]
    missing: Symbol = MISSING


@dataclass(frozen=True, slots=True)
class Graduated:
    """Colours by classes of a number.

    Parameters
    ----------
    column
        Column of numbers.
    method
        How breaks are found where `breaks` is not given (mapclassify's names in plain words).
    classes
        Number of classes.
    breaks
        Fixed upper limits of all classes but the last, ascending; a value equal to a limit belongs
        to the class below it.
    palette
        ColorBrewer name, light to dark.
    unit
        Unit shown in the legend, such as ``kW``.
    opacity
        Of areas and points, 0 (clear) to 1 (solid).
    stroke, stroke_width
        Outline of areas and points. Lines have this width, and the colour of their class.
    missing
        Symbol of features whose value is missing or infinite.
    """

    column: Hashable
    method: Literal["quantile", "equal", "natural"] = "quantile"
    classes: int = 5
    breaks: tuple[float, ...] | None = None
    palette: str = "YlGnBu"
    unit: str = ""
    opacity: float = 0.75
    stroke: str = "#555555"
    stroke_width: float = 0.6
    missing: Symbol = MISSING


Style = Single | Categorical | Graduated


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
    """

    frame: gpd.GeoDataFrame
    style: Style = field(default_factory=Single)
    title: str = ""
    name: Hashable | None = None
    label: Hashable | None = None
    popup: Mapping[Any, str] | None = None
    visible: bool = True

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
        columns = self.table.columns
        wanted = [self.name, self.label, getattr(self.style, "column", None), *(self.popup or {})]
        absent = [c for c in wanted if c is not None and c not in columns]
        if absent:
            raise RenderError(
                f"Layer {self.title!r} has no column {name_some(absent)}; "
                f"it has {name_some(list(columns), most=12)}."
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
class Scene:
    """A figure: what is drawn, in which order, and what stands around it.

    Parameters
    ----------
    title
        Heading.
    layers
        Drawn in this order, the first lowest.
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
    layers: Sequence[Layer]
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
        shapes = [to_wgs84(layer.frame).geometry.to_numpy() for layer in self.layers]
        # Missing and empty geometries have no bounds; places outside a projection infinite ones.
        boxes = shapely.bounds(np.concatenate(shapes))
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        if len(boxes) == 0:
            raise RenderError(
                f"Scene {self.title!r}: every layer is empty; there is no place to show."
            )
        west, south = boxes[:, :2].min(axis=0).tolist()
        east, north = boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    def placed(self) -> Scene:
        """Move all layers to longitude and latitude; points at NaN count as missing.

        Returns
        -------
        Scene
            The same scene, with its layers in WGS84.

        Raises
        ------
        RenderError
            If coordinates of a layer are no longitude and latitude.
        """
        return replace(self, layers=[_place(layer) for layer in self.layers])


def to_wgs84(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Move a layer to WGS84 longitude and latitude, which KML and web maps need."""
    return frame.to_crs("EPSG:4326")


def _place(layer: Layer) -> Layer:
    frame = to_wgs84(layer.frame)
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
    return replace(layer, frame=frame)
