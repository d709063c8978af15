"""Whether coordinate systems are known to every library, and the Tokyo datum moves as it should."""

from __future__ import annotations

import os
import re
import site
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import rasterio.crs
import shapely
from pyproj.exceptions import ProjError

from hokkaido_gis.crs import STORAGE_CRS, geodesic_lengths, to_storage_crs
from hokkaido_gis.datum import is_same_crs
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.packages import pip_install
from hokkaido_gis.errors import CRSError, LayerWarning
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from hokkaido_gis.render.scene import Lang

VARIABLES = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH")
"""Variables of the environment by which other programs lead our libraries to their files."""

# Words in paths by which the owner of a variable is told.
_OWNERS = {
    "postgresql": "PostgreSQL (PostGIS)",
    "qgis": "QGIS",
    "osgeo4w": "OSGeo4W (QGIS)",
    "arcgis": "ArcGIS",
    "conda": "Anaconda",
    "grass": "GRASS GIS",
}
_SAPPORO = (141.3544, 43.0621)
# The Tokyo datum lies some 400 m from JGD2011 all over Hokkaido.
_LEAST_MOVE_M, _GREATEST_MOVE_M = 350.0, 450.0


def check_proj(subject: str, lang: Lang) -> list[Finding]:
    """Look up a coordinate system in each library, and name variables that lead elsewhere."""
    faults = {name: fault for name, ask in _LIBRARIES.items() if (fault := _fault_of(ask))}
    alien = {name: os.environ[name] for name in VARIABLES if _is_alien(os.environ.get(name))}
    if faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        found = say(
            lang, f"座標系を読めないライブラリがあります ({told})", f"not all can look up: {told}"
        )
        # GDAL_DATA holds no coordinate systems.
        guilty = {name: path for name, path in alien.items() if name.startswith("PROJ")}
        if not guilty:
            command = pip_install("--force-reinstall", *faults)
            advice = say(lang, f"入れ直してください: {command}", f"Install again: {command}")
            return [Finding("mend", subject, found, advice)]
        return [
            Finding("mend", subject, f"{found}; {_describe(guilty)}", _unset(list(guilty), lang))
        ]
    library = f"PROJ {pyproj.proj_version_str}, {pyproj.datadir.get_data_dir()}"
    findings = [Finding("ok", subject, library)]
    if alien:
        found = say(
            lang,
            f"環境変数がほかのソフトのフォルダを指しています ({_describe(alien)})。"
            "今は動いています",
            f"variables lead to other programs' folders ({_describe(alien)}); it works now",
        )
        findings.append(Finding("note", subject, found, _unset(list(alien), lang)))
    return findings


def check_datum(subject: str, lang: Lang) -> list[Finding]:
    """Move a point at 札幌 from the Tokyo datum to JGD2011, and say how far and how surely."""
    old = gpd.GeoDataFrame(geometry=[shapely.Point(_SAPPORO)], crs="EPSG:4301")
    names = say(lang, "日本測地系 (EPSG:4301) → JGD2011", "Tokyo datum (EPSG:4301) to JGD2011")
    again = pip_install("--force-reinstall", "pyproj")
    advice = say(
        lang,
        f"古い測地系のデータが約 400 m ずれます。pyproj を入れ直してください: {again}",
        f"Data in the old datum would be some 400 m off. Install pyproj again: {again}",
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", LayerWarning)
        try:
            new = to_storage_crs(old, "札幌")
        except CRSError as error:
            return [Finding("mend", subject, f"{names}: {error}", advice)]
    point = shapely.get_coordinates(new.geometry.to_numpy())
    distance = float(geodesic_lengths(np.array([_SAPPORO]), point)[0])
    found = say(lang, f"{names}: 札幌で {distance:.1f} m", f"{names}: {distance:.1f} m at 札幌")
    if not _LEAST_MOVE_M < distance < _GREATEST_MOVE_M:
        return [Finding("mend", subject, found, advice)]
    accuracy = re.search(r"accuracy ([\d.]+ m)", " ".join(str(each.message) for each in told))
    if accuracy:
        found += say(lang, f"、精度 {accuracy[1]}", f", accuracy {accuracy[1]}")
    return [Finding("ok", subject, found)]


def _ask_pyproj() -> None:
    pyproj.CRS.from_epsg(6668)


def _ask_rasterio() -> None:
    # Within an environment GDAL's own complaints are logged and not printed.
    with rasterio.Env():
        rasterio.crs.CRS.from_epsg(6668)


def _ask_pyogrio() -> None:
    point = gpd.GeoDataFrame(geometry=[shapely.Point(_SAPPORO)], crs=STORAGE_CRS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "point.gpkg"
        pyogrio.write_dataframe(point, path)
        crs = pyogrio.read_dataframe(path).crs
    if crs is None or not is_same_crs(crs, STORAGE_CRS):
        raise ProjError(f"EPSG:6668 came back as {crs}")


_LIBRARIES: dict[str, Callable[[], None]] = {
    "pyproj": _ask_pyproj,
    "rasterio": _ask_rasterio,
    "pyogrio": _ask_pyogrio,
}


def _fault_of(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception as error:  # noqa: BLE001  (each library raises errors of its own)
        return str(error) or type(error).__name__
    return ""


def _is_alien(path: str | None) -> bool:
    """Whether a variable is set and leads out of the Python that is running."""
    if not path:
        return False
    own = [sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages()]
    return not any(Path(path).resolve().is_relative_to(Path(root).resolve()) for root in own)


def _describe(variables: dict[str, str]) -> str:
    told = []
    for name, path in variables.items():
        owners = [owner for word, owner in _OWNERS.items() if word in path.casefold()]
        told.append(f"{name}={path}" + (f" [{owners[0]}]" if owners else ""))
    return ", ".join(told)


def _unset(names: list[str], lang: Lang) -> str:
    if os.name == "nt":
        command = "; ".join(f"Remove-Item Env:{name}" for name in names)
    else:
        command = f"unset {' '.join(names)}"
    return say(
        lang,
        "ほかのソフトが設定した環境変数です。この画面の間だけ外すには、"
        f"次を実行してからやり直します:\n{command}\nずっと外すには、Windows の"
        "「システム環境変数の編集」で削除します (そのソフトで必要な場合があるので、"
        "消す前に担当の方にご確認ください)。",
        "Another program has set them. To be rid of them in this window, run this and try again:\n"
        f"{command}\n"
        "To be rid of them for good, delete them from the environment variables of the system, if "
        "that program can do without.",
    )
