"""What a recipe gives back: a scene, a chart or a table, with the words around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hokkaido_gis.render.charts import Chart
from hokkaido_gis.render.scene import Scene

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Table:
    """A table for a reader.

    Attributes
    ----------
    title
        Heading.
    frame
        Rows and columns with the headings that a reader sees; no index.
    caption
        What the reader should know: how much is printed, computed or lost.
    """

    title: str
    frame: pd.DataFrame
    caption: str = ""


Result = Scene | Chart | Table
Recipe = Callable[..., Result]
"""Takes `Inputs` and a language; some take the code of a municipality as well."""
