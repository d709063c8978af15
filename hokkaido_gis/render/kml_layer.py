"""What a layer brings into a KML file: where its features lie, their names and their attributes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.render.kml_geometry import escape_all, escape_html, escape_xml
from hokkaido_gis.render.kml_rings import is_long
from hokkaido_gis.render.text import format_column, format_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.scene import Lang, Layer
    from hokkaido_gis.render.shapes import Indices, Shapes

_TYPES = {
    "integer": "int",
    "floating": "double",
    "mixed-integer-float": "double",
    "boolean": "bool",
}


@dataclass(frozen=True, eq=False)
class KmlLayer:
    """A placed layer with its classes; `key` begins the ids of its styles and schemas."""

    key: str
    source: Layer
    resolved: Resolved
    lang: Lang

    @cached_property
    def shapes(self) -> Shapes:
        """Geometries in the layer's order."""
        return np.asarray(self.source.frame.geometry.array, dtype=object)

    @cached_property
    def dimensions(self) -> Indices:
        """0, 1, 2 for points, lines, areas; -1 where there is nothing to draw."""
        found = shapely.get_dimensions(self.shapes)
        return np.where(shapely.is_empty(self.shapes), -1, found).astype(np.intp)

    @cached_property
    def has_points(self) -> bool:
        """Whether an icon is needed: any feature is a point or may hold one."""
        return bool(np.isin(shapely.get_type_id(self.shapes), (0, 4, 7)).any())

    @cached_property
    def vertices(self) -> Indices:
        """Vertices of each feature."""
        return np.asarray(shapely.get_num_coordinates(self.shapes), dtype=np.intp)

    @cached_property
    def quarters(self) -> Indices:
        """Radius of each disc in quarters of a pixel, fine enough for the eye."""
        radii = self.resolved.radii
        return np.zeros(0, np.intp) if radii is None else np.rint(4 * radii).astype(np.intp)

    @cached_property
    def long(self) -> npt.NDArray[np.bool_]:
        """Whether each feature has an area of very many vertices, which is written in pieces."""
        return is_long(self.shapes)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Attributes in the layer's order."""
        return self.source.table

    @cached_property
    def columns(self) -> list[KmlColumn]:
        """Attributes that are shown."""
        # Names are text in KML, so that 5 and "5" are one.
        named = {
            str(name): KmlColumn(str(name), heading, self.table[name])
            for name, heading in self.source.fields.items()
        }
        return list(named.values())

    @property
    def has_labels(self) -> bool:
        """Whether a text is written on the map at each feature."""
        return self.source.label is not None

    def titles(self, rows: Indices) -> list[str]:
        """Write what features are called; missing names and those of no column are empty."""
        column = self.source.label if self.source.name is None else self.source.name
        return [""] * len(rows) if column is None else format_names(self.table[column].iloc[rows])

    def labels(self, rows: Indices) -> list[str]:
        """Write the texts on the map itself; missing ones are empty."""
        return format_column(self.table[self.source.label].iloc[rows], self.lang, missing="")


@dataclass(frozen=True, eq=False)
class KmlColumn:
    """An attribute on its way to balloons and to other programs."""

    name: str
    heading: str
    values: pd.Series

    @cached_property
    def type(self) -> str:
        """Type of KML's SimpleField; whole numbers beyond its 32 bits become doubles or text."""
        values = self.values
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        found = _TYPES.get(pd.api.types.infer_dtype(values, skipna=True), "string")
        if found == "int":
            largest = max((abs(value) for value in values.dropna().tolist()), default=0)
            found = "int" if largest < 2**31 else "double" if largest <= 2**53 else "string"
        return found

    def texts(self, rows: Indices, lang: Lang) -> tuple[Sequence[str], Sequence[str], bool]:
        """Write values for balloons and for other programs, escaped, and say if all are known.

        Where some are missing, the second texts are whole elements, empty for missing values.
        """
        values = self.values.iloc[rows]
        known = values.notna().to_numpy()
        if known.all():
            plain = _plain(values, self.type)
            shown = plain if self._is_text else format_column(values, lang)
            cells = escape_all(shown, escape_html)
            return cells, escape_all(plain, escape_xml), True
        cells = escape_all(format_column(values, lang), escape_html)
        plain = escape_all(_plain(values[known], self.type), escape_xml)
        found = (f"{self.data_head}{text}</SimpleData>" for text in plain)
        return cells, [next(found) if is_known else "" for is_known in known.tolist()], False

    @property
    def _is_text(self) -> bool:
        return isinstance(self.values.dtype, pd.StringDtype)

    @cached_property
    def data_head(self) -> str:
        """Opening tag of SimpleData."""
        return f'<SimpleData name="{escape_xml(self.name)}">'


def _plain(values: pd.Series, kml_type: str) -> Sequence[str]:
    """Write known values as KML's types want them, not yet escaped."""
    if kml_type == "double":
        numbers = values.to_numpy(dtype=float)
        texts = list(map(repr, numbers.tolist()))
        if np.isfinite(numbers).all():
            return texts
        return [text.replace("inf", "INF") for text in texts]
    if kml_type == "bool":
        return [str(int(value)) for value in values.tolist()]
    return list(map(str, values.tolist()))
