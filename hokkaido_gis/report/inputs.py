"""What the figures are made of: layers of one folder and the report's own tables, read once."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.analysis.adjacency import Adjacency, adjacency_from_lists, find_adjacency
from hokkaido_gis.codes import normalise_codes
from hokkaido_gis.criteria import Criteria, read_criteria
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import (
    HokkaidoGisError,
    LayerError,
    LayerWarning,
    MissingInputError,
    name_some,
)
from hokkaido_gis.io.tables import read_table, require_columns, to_numbers
from hokkaido_gis.join import index_by_municipality, join_by_settlement
from hokkaido_gis.normalise import find_columns
from hokkaido_gis.readers.census import read_abandoned_farmland
from hokkaido_gis.readers.climate import monthly, read_irradiation, read_normals
from hokkaido_gis.readers.dams import read_dams
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_districts, read_municipalities
from hokkaido_gis.readers.ports import read_ports
from hokkaido_gis.readers.settlements import read_settlements
from hokkaido_gis.readers.stations import read_stations
from hokkaido_gis.readers.substations import read_substations, substation_points
from hokkaido_gis.readers.wind import Wind, read_wind
from hokkaido_gis.report.kept import Watched, kept_property
from hokkaido_gis.report.layer_files import LAYERS, Origin, find_files, origin_of
from hokkaido_gis.report.place import THE_REPORT, Place, place_of, with_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Inputs(Watched):
    """Layers and tables of one run, each read when first asked for and then kept.

    Parameters
    ----------
    folder
        Folder of layers; the sample where none is named. The report's own tables always come with
        the package.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        super().__init__()
        self._tables: dict[str, pd.DataFrame] = {}
        self._files: dict[str, list[Path]] = {}
        self.folder = Path(folder) if folder is not None else sample_data()
        if not self.folder.is_dir():
            raise MissingInputError(
                f"{self.folder} is no folder. Name a folder of layers with --data."
            )

    @kept_property
    def municipalities(self) -> gpd.GeoDataFrame:
        """Municipal boundaries, as `read_municipalities` gives them.

        Of several files the one with the most municipalities is taken, and this is told. Outside
        Hokkaido ``subprefecture`` is the region that the data have, as `with_regions` finds it.
        """
        self.need("municipalities")
        files = find_files(self.folder, "municipalities")
        if len(files) > 1:
            with warnings.catch_warnings(category=LayerWarning, action="ignore"):
                sizes = {path: len(read_municipalities(path)) for path in files}
            files = [max(files, key=lambda path: sizes[path])]
            told = [f"{path.name} ({size})" for path, size in sizes.items()]
            warnings.warn(
                f"{self.folder}: of {name_some(told)}, {files[0].name} is taken for boundaries.",
                LayerWarning,
                stacklevel=2,
            )
        self._files["municipalities"] = files
        towns = read_municipalities(files[0])
        needs_regions = towns["subprefecture"].isna().all()
        return with_regions(towns, read_districts(files[0]) if needs_regions else None)

    @kept_property
    def place(self) -> Place:
        """Prefecture and regions of the boundaries; Hokkaido where there are none to be read."""
        try:
            return place_of(self.municipalities)
        except HokkaidoGisError:  # said of each figure that needs them
            return THE_REPORT

    @kept_property
    def settlements(self) -> gpd.GeoDataFrame:
        """Farm settlements with their abandoned farmland (`read_settlements`, census joined)."""
        settlements = read_settlements(self._only("settlements"))
        census = read_abandoned_farmland(self._only("census"))
        joined = join_by_settlement(settlements, census.areas())
        return gpd.GeoDataFrame(joined.frame)

    @kept_property
    def lines(self) -> gpd.GeoDataFrame:
        """Transmission lines of all files that hold some, as `read_lines` gives them."""
        return self._all("lines", read_lines)

    @kept_property
    def substations(self) -> gpd.GeoDataFrame:
        """Substations as points, as `read_substations` gives them."""
        substations = self._all("substations", read_substations)
        return substations.set_geometry(substation_points(substations))

    @kept_property
    def dams(self) -> gpd.GeoDataFrame:
        """Dams, as `read_dams` gives them."""
        return read_dams(self._only("dams"), municipalities=self.municipalities)

    @kept_property
    def ports(self) -> gpd.GeoDataFrame:
        """Fishing ports, as `read_ports` gives them."""
        return read_ports(self._only("ports"), municipalities=self.municipalities)

    @kept_property
    def stations(self) -> gpd.GeoDataFrame:
        """Weather stations, as `read_stations` gives them."""
        return read_stations(self._only("stations"))

    @kept_property
    def temperatures(self) -> pd.DataFrame:
        """Mean temperature of the months by station [deg C], columns ``m01`` to ``m12``."""
        with warnings.catch_warnings(category=LayerWarning, action="ignore"):
            normals = read_normals(self._only("normals"))
        return monthly(normals, "temperature")

    @kept_property
    def irradiation(self) -> gpd.GeoDataFrame:
        """Irradiation by station (`read_irradiation`), else that in the file of stations."""
        try:
            path = self._only("irradiation")
        except MissingInputError:
            path = self._only("stations")
            self._files["irradiation"] = [path]
        return read_irradiation(path)

    @kept_property
    def population(self) -> pd.Series:
        """People by municipality, on an index of codes."""
        path = self._only("population")
        table = read_table(path)
        found = find_columns(table, {"population": ("population", "人口", "人口総数", "総人口")})
        require_columns(table, [found.get("population", "population")], what=str(path))
        units = self.municipalities.index
        keyed = index_by_municipality(table, units=units, what=str(path))
        return to_numbers(keyed[found["population"]]).reindex(units).rename("population")

    @kept_property
    def wind(self) -> Wind:
        """Wind map; cells are read where they are asked for."""
        return read_wind(self._only("wind"))

    @kept_property
    def adjacency(self) -> Adjacency:
        """Which municipalities touch by their boundaries."""
        return find_adjacency(self.municipalities)

    @kept_property
    def listed_adjacency(self) -> Adjacency:
        """Which municipalities touch by the report's table 2-17.

        What is odd in the table stands in the ledger; no reader of a run could mend it.
        """
        table = self.report("adjacency")
        with warnings.catch_warnings(category=LayerWarning, action="ignore"):
            return adjacency_from_lists(table["name"], table["neighbours"].fillna("").str.split())

    @kept_property
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
        self.need(f"report/{name}")
        if name not in self._tables:
            table = read_table(sample_data() / "report" / f"{name}.csv")
            if "report_code" in table.columns:
                table.index = pd.Index(normalise_codes(table["report_code"]), name="code")
            self._tables[name] = table
        return self._tables[name]

    def origin(self, layer: str) -> Origin:
        """Where a layer comes from; several files must be named in its credit."""
        origins = [origin_of(path) for path in self._files_of(layer)]
        lines = list(dict.fromkeys(origin.credit for origin in origins))
        return Origin(origins[0].kind, "; ".join(lines))

    def used(self, needs: Collection[str] | None = None) -> list[tuple[str, Path]]:
        """Files read so far, each with its layer (``report`` for the report's tables).

        Parameters
        ----------
        needs
            Names as `watched` gives them, to tell the files of these alone; all where ``None``.
        """
        layers = [
            (layer, path)
            for layer in sorted(self._files)
            if needs is None or layer in needs
            for path in self._files[layer]
        ]
        tables = [
            ("report", sample_data() / "report" / f"{name}.csv")
            for name in sorted(self._tables)
            if needs is None or f"report/{name}" in needs
        ]
        return layers + tables

    def _files_of(self, layer: str) -> list[Path]:
        self.need(layer)
        if layer not in self._files:
            self._files[layer] = find_files(self.folder, layer)
        return self._files[layer]

    def _only(self, layer: str) -> Path:
        """File of a layer that must stand in one file.

        Raises
        ------
        LayerError
            If several may hold it.
        """
        files = self._files_of(layer)
        if len(files) > 1:
            raise LayerError(
                str(self.folder),
                [
                    (
                        f"{len(files)} files may hold its {LAYERS[layer].title}: "
                        f"{name_some([path.name for path in files])}. Leave one."
                    )
                ],
            )
        return files[0]

    def _all(self, layer: str, read: Callable[[Path], gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
        """Features of all files that hold a layer, with ids made unique by their file's name."""
        files = self._files_of(layer)
        frames = [read(path) for path in files]
        if len(frames) > 1:
            frames = [
                frame.set_index(frame.index.map(partial(_with_file, path.stem)))
                for frame, path in zip(frames, files, strict=True)
            ]
        return gpd.GeoDataFrame(pd.concat(frames), crs=frames[0].crs)


def _with_file(stem: str, name: str) -> str:
    return f"{stem}/{name}"
