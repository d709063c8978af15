"""What the figures are made of: layers of one folder and the report's own tables, read once."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.analysis.adjacency import Adjacency, adjacency_from_lists, find_adjacency
from hokkaido_gis.codes import normalise_codes
from hokkaido_gis.criteria import Criteria, read_criteria
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerError, LayerWarning, MissingInputError, name_some
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.readers.municipalities import read_municipalities

if TYPE_CHECKING:
    import geopandas as gpd

_VECTOR = (".geojson", ".gpkg", ".shp", ".shp.zip", ".fgb", ".gml", ".kml", ".kmz", ".parquet")
# File names under which a layer is looked for, without regard to case.
_NAMES = {"municipalities": ("municipalities", "n03")}
_TITLES = {"municipalities": "municipal boundaries (市町村界)"}


class Inputs:
    """Layers and tables of one run, each read when first asked for and then kept.

    Parameters
    ----------
    folder
        Folder of layers; the sample where none is named. The report's own tables always come with
        the package.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self._tables: dict[str, pd.DataFrame] = {}
        self.folder = Path(folder) if folder is not None else sample_data()
        if not self.folder.is_dir():
            raise MissingInputError(
                f"{self.folder} is no folder. Name a folder of layers with --data."
            )

    @property
    def is_sample(self) -> bool:
        """Whether the layers are those of the sample."""
        return self.folder.resolve() == sample_data().resolve()

    @cached_property
    def municipalities(self) -> gpd.GeoDataFrame:
        """Municipal boundaries, as `read_municipalities` gives them."""
        return read_municipalities(self.path("municipalities"))

    @cached_property
    def adjacency(self) -> Adjacency:
        """Which municipalities touch by their boundaries."""
        return find_adjacency(self.municipalities)

    @cached_property
    def listed_adjacency(self) -> Adjacency:
        """Which municipalities touch by the report's table 2-17.

        What is odd in the table stands in the ledger; no reader of a run could mend it.
        """
        table = self.report("adjacency")
        with warnings.catch_warnings(category=LayerWarning, action="ignore"):
            return adjacency_from_lists(table["name"], table["neighbours"].fillna("").str.split())

    @cached_property
    def criteria(self) -> Criteria:
        """Criteria of the biomass study."""
        return read_criteria(sample_data() / "criteria" / "woody_biomass.toml")

    def report(self, name: str) -> pd.DataFrame:
        """One of the report's tables, as text; read once, so not to be changed.

        Parameters
        ----------
        name
            File name without its ending.

        Returns
        -------
        pandas.DataFrame
            Columns as in the file; where it has report codes, an index ``code`` of 5-digit codes.
        """
        if name not in self._tables:
            table = read_table(sample_data() / "report" / f"{name}.csv")
            if "report_code" in table.columns:
                table.index = pd.Index(normalise_codes(table["report_code"]), name="code")
            self._tables[name] = table
        return self._tables[name]

    def path(self, layer: str) -> Path:
        """File of a layer in the folder.

        Raises
        ------
        MissingInputError
            If the folder holds none.
        LayerError
            If it holds several.
        """
        found = sorted(
            file
            for file in self.folder.iterdir()
            if file.name.lower().startswith(_NAMES[layer]) and file.name.lower().endswith(_VECTOR)
        )
        if not found:
            raise MissingInputError(
                f"{self.folder} holds no {_TITLES[layer]}. Put a file there whose name begins with "
                f"{' or '.join(_NAMES[layer])} ({', '.join(_VECTOR)})."
            )
        if len(found) > 1:
            raise LayerError(
                str(self.folder),
                [
                    (
                        f"it holds {len(found)} files of {_TITLES[layer]}: "
                        f"{name_some([file.name for file in found])}. Leave one."
                    )
                ],
            )
        return found[0]
