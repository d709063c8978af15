"""Hostile files, made by code, and what becomes of each; the list that the documentation shows."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from shapely.geometry import Point, box

from hokkaido_gis.fetch.archive import unpack
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.readers.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "TOPSECRET-0123"  # noqa: S105 (a mark to look for)

Reader = Literal["vector", "raster", "table", "sheet", "fetch"]


@dataclass(frozen=True)
class Place:
    """Where hostile files are made, and what they reach for.

    Attributes
    ----------
    folder
        Where they are made.
    url
        A server on this machine, which must not be asked.
    secret
        A layer with the text `SECRET`, which must not show up.
    """

    folder: Path
    url: str
    secret: Path


@dataclass(frozen=True)
class Case:
    """One hostile file.

    Attributes
    ----------
    id
        Its name in tests and documentation.
    group
        Kind of harm.
    how
        What it is.
    make
        Makes it and gives its path, or the text given in the place of a path.
    reader
        What reads it.
    outcome
        What is expected, for people.
    refused
        Words of the message; blank where the file is read and harmless.
    """

    id: str
    group: str
    how: str
    make: Callable[[Place], Path | str]
    reader: Reader
    outcome: str
    refused: str = ""


def attempt(case: Case, place: Place) -> str:
    """Make the file, read it and give all that a reader could show of it as text.

    Raises
    ------
    HokkaidoGisError
        If it is refused.
    """
    source = case.make(place)
    match case.reader:
        case "vector":
            frame = read_vector(source)
            return f"{frame.to_csv()} {frame.crs}"
        case "raster":
            band = open_band(source)
            return f"{band} {band.read().array.tolist()}"
        case "table":
            return read_table(source).to_csv()
        case "sheet":
            return read_sheet(source).written.to_csv()
        case "fetch":
            target = place.folder / "unpacked"
            return " ".join(path.read_text() for path in unpack(source, target))


# XML

_KML = (
    '<?xml version="1.0"?>\n{before}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}'
    "<Placemark><name>{name}</name><Point><coordinates>141,43</coordinates></Point></Placemark>"
    "</Document></kml>"
)
_GML = (
    '<?xml version="1.0"?>\n{before}<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
    'xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {attributes}><gml:featureMember>'
    '<ogr:a fid="a.0"><ogr:geometryProperty>{geometry}</ogr:geometryProperty>'
    "<ogr:name>{name}</ogr:name></ogr:a></gml:featureMember></ogr:FeatureCollection>"
)
_GML_POINT = '<gml:Point srsName="EPSG:4326"><gml:coordinates>141,43</gml:coordinates></gml:Point>'
_GPX = (
    '<?xml version="1.0"?>\n{before}<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    '<wpt lat="43" lon="141"><name>{name}</name></wpt></gpx>'
)
_GEOJSON = (
    '{{"type": "FeatureCollection", {member} "features": [{{"type": "Feature", "properties": '
    '{{"a": "x"}}, "geometry": {{"type": "Point", "coordinates": [141, 43]}}}}]}}'
)


def text_file(name: str, content: Callable[[Place], str]) -> Callable[[Place], Path]:
    """Give the maker of a text file."""

    def make(place: Place) -> Path:
        path = place.folder / name
        path.write_text(content(place), encoding="utf-8")
        return path

    return make


def _entity(place: Place) -> str:
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "{place.secret.as_uri()}">]>'


def _laughs(_: Place) -> str:
    steps = (f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY a0 "lol">{"".join(steps)}]>'


def kml(before: str = "", inside: str = "", name: str = "x") -> str:
    return _KML.format(before=before, inside=inside, name=name)


def gml(before: str = "", attributes: str = "", geometry: str = _GML_POINT, name: str = "x") -> str:
    return _GML.format(before=before, attributes=attributes, geometry=geometry, name=name)


def _network_link(place: Place) -> str:
    links = [f"{place.url}/n.kml", place.secret.as_uri(), f"/vsicurl/{place.url}/v.kml"]
    inside = "".join(f"<NetworkLink><Link><href>{a}</href></Link></NetworkLink>" for a in links)
    return kml(inside=inside)


def _kmz(content: Callable[[Place], str]) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        return zip_file(place, "a.kmz", {"doc.kml": content(place).encode()})

    return make


def _gml_with_schema(place: Place) -> Path:
    (place.folder / "a.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'<xs:include schemaLocation="{place.url}/s.xsd"/></xs:schema>'
    )
    return text_file("a.gml", lambda _: gml())(place)


def _vrt(place: Place, source: str = "") -> str:
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="secret">'
        f"<SrcDataSource>{source or place.secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )


XML_CASES = [
    Case("kml-entity", "XML", "KML with an entity that is a local file",
         text_file("a.kml", lambda p: kml(_entity(p), name="&e;")), "vector", "refused",
         "document type"),
    Case("kml-dtd", "XML", "KML whose document type is at an address",
         text_file("a.kml", lambda p: kml(f'<!DOCTYPE kml SYSTEM "{p.url}/x.dtd">')), "vector",
         "refused", "document type"),
    Case("kml-laughs", "XML", "KML with an entity of 10^9 words (billion laughs)",
         text_file("a.kml", lambda p: kml(_laughs(p), name="&a9;")), "vector", "refused",
         "document type"),
    Case("kml-utf16-entity", "XML", "the same in UTF-16",
         lambda p: _utf16(p, kml(_entity(p), name="&e;")), "vector", "refused", "no known kind"),
    Case("kmz-entity", "XML", "KMZ with such a KML",
         _kmz(lambda p: kml(_entity(p), name="&e;")), "vector", "refused", "document type"),
    Case("zip-gml-entity", "XML", "zip with a GML with an entity that is a local file",
         lambda p: zip_file(p, "a.zip", {"a.gml": gml(_entity(p), name="&e;").encode()}), "vector",
         "refused", "document type"),
    Case("gpx-entity", "XML", "GPX with an entity that is a local file",
         text_file("a.gpx", lambda p: _GPX.format(before=_entity(p), name="&e;")), "vector",
         "refused", "document type"),
    Case("kml-xinclude", "XML", "KML with an XInclude of a local file",
         text_file("a.kml", lambda p: kml(inside=(
             '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
             f'href="{p.secret.as_uri()}"/>'))), "vector", "read, the include left out"),
    Case("kml-network-link", "XML", "KML with network links to a server and a local file",
         text_file("a.kml", _network_link), "vector", "read, no link followed"),
    Case("kmz-network-link", "XML", "KMZ with such network links", _kmz(_network_link), "vector",
         "read, no link followed"),
    Case("kml-style", "XML", "KML with styles and pictures at a server",
         text_file("a.kml", lambda p: kml(inside=(
             f'<Style id="s"><IconStyle><Icon><href>{p.url}/i.png</href></Icon></IconStyle></Style>'
             f"<GroundOverlay><Icon><href>{p.url}/g.png</href></Icon></GroundOverlay>"
         )).replace("<name>", f"<styleUrl>{p.url}/s.kml#s</styleUrl><name>")), "vector",
         "read, nothing fetched"),
    Case("gml-xlink", "XML", "GML whose name is to be taken from a server (xlink:href)",
         text_file("a.gml", lambda p: gml().replace(
             "<ogr:name>", f'<ogr:name xlink:href="{p.url}/p.gml#a">')), "vector",
         "read, no link followed"),
    Case("gml-xlink-geometry", "XML", "GML whose geometry is to be taken from a server",
         text_file("a.gml", lambda p: gml(geometry=f'<gml:Point xlink:href="{p.url}/p.gml#a"/>')),
         "vector", "refused, as it has no geometry", "no features"),
    Case("gml-schema-location", "XML", "GML whose schema is at a server",
         text_file("a.gml", lambda p: gml(attributes=(
             f'xsi:schemaLocation="http://ogr.maptools.org/ {p.url}/s.xsd '
             f'http://www.opengis.net/wfs {p.url}/?request=DescribeFeatureType"'))), "vector",
         "read, no schema fetched"),
    Case("gml-xsd", "XML", "GML beside a schema that includes one at a server", _gml_with_schema,
         "vector", "refused", "not opened"),
    Case("gml-srs", "XML", "GML whose CRS is at a server",
         text_file("a.gml", lambda p: gml(geometry=_GML_POINT.replace("EPSG:4326", p.url))),
         "vector", "read without a CRS"),
    Case("kml-deep", "XML", "KML with 100,000 elements inside each other",
         text_file("a.kml", lambda _: kml(inside="<Folder>" * 100_000)), "vector", "refused",
         "cannot be read"),
]  # fmt: skip


# Files that tell GDAL to open others


def _utf16(place: Place, text: str) -> Path:
    path = place.folder / "a.kml"
    path.write_text(text, encoding="utf-16")
    return path


def _raster_vrt(place: Place, source: str) -> str:
    return (
        '<VRTDataset rasterXSize="10" rasterYSize="10"><SRS>EPSG:4326</SRS>'
        "<GeoTransform>141,0.1,0,43,0,-0.1</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def _tiled_service(place: Place) -> str:
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{place.url}/${{z}}</ServerUrl></Service>'
        "<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>90"
        "</LowerRightX><LowerRightY>0</LowerRightY><TileLevel>1</TileLevel></DataWindow>"
        "<Projection>EPSG:4326</Projection><BandsCount>1</BandsCount></GDAL_WMS>"
    )


def _pipeline(source: str) -> str:
    return json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {source}"}
    )


def _tiff(place: Place, **tags: str) -> Path:
    path = place.folder / "a.tif"
    with rasterio.open(path, "w", **_GRID, width=10, height=10) as file:
        file.write(np.ones((1, 10, 10), "uint8"))
        file.update_tags(ns="OVERVIEWS", **tags)
    return path


_GRID = {
    "driver": "GTiff",
    "count": 1,
    "dtype": "uint8",
    "crs": "EPSG:4326",
    "transform": rasterio.Affine(0.1, 0, 141, 0, -0.1, 45),
}


def _tiff_with_mask(place: Place) -> Path:
    path = _tiff(place)
    source = f"/vsicurl/{place.url}/m.tif"
    path.with_name("a.tif.msk").write_text(_raster_vrt(place, source))
    return path


def _tiff_with_overviews(place: Place) -> Path:
    return _tiff(place, OVERVIEW_FILE=f"/vsicurl/{place.url}/o.tif")


def _view_of_a_file(place: Place) -> Path:
    path = place.folder / "a.gpkg"
    _point().to_file(path, layer="a")
    with sqlite3.connect(path) as base:
        base.execute(f"create view v as select ogr_datasource_load_layers('{place.secret}') as a")
    base.close()
    return path


def _crs_by_link(key: str) -> Callable[[Place], str]:
    def content(place: Place) -> str:
        crs = json.dumps({"type": "link", "properties": {"href": f"{place.url}/crs"}})
        return _GEOJSON.format(member=f"{key}: {crs},")

    return content


def _shapefile_prj(place: Place) -> Path:
    path = _shapefile(place)
    path.with_suffix(".prj").write_text(f"{place.url}/prj")
    return path


COMMAND_CASES = [
    Case("vrt-as-geojson", "command", "GDAL's VRT, named .geojson, for a local file",
         text_file("a.geojson", _vrt), "vector", "refused", "OGRVRT"),
    Case("vrt-as-kml", "command", "GDAL's VRT, named .kml, for a server",
         text_file("a.kml", lambda p: _vrt(p, f"/vsicurl/{p.url}/x.geojson")), "vector", "refused",
         "OGRVRT"),
    Case("vrt-behind-kml", "command", "a KML with a VRT after its end",
         text_file("a.kml", lambda p: "<kml/>" + _vrt(p)), "vector", "refused", "OGRVRT"),
    Case("vrt-in-zip", "command", "zip with such a VRT named .gml",
         lambda p: zip_file(p, "a.zip", {"a.gml": _vrt(p).encode()}), "vector", "refused",
         "OGRVRT"),
    Case("wfs-as-gml", "command", "address of a WFS, named .gml",
         text_file("a.gml", lambda p: f"<OGRWFSDataSource><URL>{p.url}</URL></OGRWFSDataSource>"),
         "vector", "refused", "OGRWFS"),
    Case("pipeline-as-geojson", "command", "pipeline of GDAL, named .geojson, for a local file",
         text_file("a.geojson", lambda p: _pipeline(str(p.secret))), "vector", "refused",
         "gdal_streamed_alg"),
    Case("pipeline-as-json", "command", "pipeline of GDAL, named .json, for a server",
         text_file("a.json", lambda p: _pipeline(f"/vsicurl/{p.url}/x.geojson")), "vector",
         "refused", "gdal_streamed_alg"),
    Case("geojson-crs-link", "command", "GeoJSON whose CRS is at a server",
         text_file("a.geojson", _crs_by_link('"crs"')), "vector", "refused", "not followed"),
    Case("geojson-crs-escaped", "command", "the same, the key written with an escape",
         text_file("a.geojson", _crs_by_link('"\\u0063rs"')), "vector", "refused", "not followed"),
    Case("geojson-crs-comment", "command", "the same, with a comment behind the key",
         text_file("a.geojson", _crs_by_link('"crs"/* : null */')), "vector", "refused",
         "not followed|cannot be read"),
    Case("shapefile-prj-address", "command", "shapefile whose .prj is an address", _shapefile_prj,
         "vector", "read without a CRS"),
    Case("geopackage-view", "command", "GeoPackage with a view that opens a local file",
         _view_of_a_file, "vector", "refused", "steal data"),
    Case("vrt-as-tif", "command", "GDAL's VRT, named .tif, for a server",
         text_file("a.tif", lambda p: _raster_vrt(p, f"/vsicurl/{p.url}/x.tif")), "raster",
         "refused", "cannot be read as a raster"),
    Case("vrt-of-a-file", "command", "GDAL's VRT, named .tif, for a local file",
         text_file("a.tif", lambda p: _raster_vrt(p, "/etc/passwd")), "raster", "refused",
         "cannot be read as a raster"),
    Case("wms-as-tif", "command", "address of a tile service, named .tif",
         text_file("a.tif", _tiled_service), "raster", "refused", "cannot be read as a raster"),
    Case("tif-mask-vrt", "command", "GeoTIFF beside a mask that is a VRT for a server",
         _tiff_with_mask, "raster", "refused", "is no TIFF"),
    Case("tif-overviews", "command", "GeoTIFF that says that its overviews are at a server",
         _tiff_with_overviews, "raster", "read, nothing fetched"),
    Case("vector-vsicurl", "command", "/vsicurl/ address in the place of a path",
         lambda p: f"/vsicurl/{p.url}/x.geojson", "vector", "refused", "no such file"),
    Case("vector-address", "command", "http address in the place of a path",
         lambda p: f"{p.url}/x.geojson", "vector", "refused", "no such file"),
    Case("vector-postgres", "command", "address of a database in the place of a path",
         lambda _: "PG:host=127.0.0.1", "vector", "refused", "no such file"),
    Case("raster-vsicurl", "command", "/vsicurl/ address in the place of a raster",
         lambda p: f"/vsicurl/{p.url}/x.tif", "raster", "refused", "no such file"),
    Case("raster-address", "command", "http address in the place of a raster",
         lambda p: f"{p.url}/x.tif", "raster", "refused", "no such file"),
    Case("raster-netcdf-address", "command", "netCDF part at an address",
         lambda p: f'NETCDF:"{p.url}/x.nc":v', "raster", "refused", "no such file"),
]  # fmt: skip


# Archives


def zip_file(
    place: Place, name: str, files: dict[str, bytes], *, link: bool = False, packed: bool = True
) -> Path:
    """Write a zip; with `link` its first entry is marked as a symbolic link."""
    path = place.folder / name
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for number, (inner, content) in enumerate(files.items()):
            entry = zipfile.ZipInfo(inner)
            entry.compress_type = method
            if link and number == 0:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, content)
    return path


def _layer() -> bytes:
    return _GEOJSON.format(member="").encode()


def _bomb_in_a_zip(name: str) -> Callable[[Place], Path]:
    """A layer beside 300 MB of zeros."""

    def make(place: Place) -> Path:
        path = place.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("a.geojson" if name.endswith("zip") else "doc.kml", _layer())
            with archive.open("zeros.bin", "w") as entry:
                for _ in range(300):
                    entry.write(bytes(1_000_000))
        return path

    return make


def _understated(place: Place) -> Path:
    """An entry that says 10 bytes and holds 5 million."""
    path = zip_file(place, "a.zip", {"a.geojson": _layer() + b" " * 5_000_000})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = data.index(mark) + offset
        data[start : start + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    return path


def _nested(place: Place) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", _layer())
    return zip_file(place, "a.zip", {"inner.zip": inner.getvalue()})


def _cp932_names(place: Place) -> Path:
    """Names as archives made in Japan have them, in Shift_JIS and without a mark."""
    path = zip_file(place, "a.zip", {"AAAA.geojson": _layer()})
    path.write_bytes(path.read_bytes().replace(b"AAAA", "札幌".encode("cp932")))
    return path


def _archive(name: str, **options: bool) -> Callable[[Place], Path]:
    return lambda place: zip_file(place, "a.zip", {name: _layer()}, **options)


ARCHIVE_CASES = [
    Case("zip-parent", "archive", "entry ../a.geojson", _archive("../a.geojson"), "vector",
         "refused", "outside its folder"),
    Case("zip-backslash", "archive", "entry ..\\a.geojson", _archive("..\\a.geojson"), "vector",
         "refused", "outside its folder"),
    Case("zip-absolute", "archive", "entry /tmp/a.geojson", _archive("/tmp/a.geojson"),  # noqa: S108
         "vector", "refused", "outside its folder"),
    Case("zip-drive", "archive", "entry C:\\a.geojson", _archive("C:\\a.geojson"), "vector",
         "refused", "outside its folder"),
    Case("zip-link", "archive", "entry that is a symbolic link", _archive("a.geojson", link=True),
         "vector", "refused", "are links"),
    Case("zip-twice", "archive", "two entries whose names differ by case alone",
         lambda p: zip_file(p, "a.zip", {"a.geojson": _layer(), "A.GeoJSON": _layer()}), "vector",
         "refused", "come twice"),
    Case("zip-many", "archive", "6,000 entries",
         lambda p: zip_file(p, "a.zip", {f"{i}.geojson": b"{}" for i in range(6000)}), "vector",
         "refused; HOKKAIDO_GIS_MAX_FILES", "HOKKAIDO_GIS_MAX_FILES"),
    Case("zip-bomb", "archive", "a layer beside 300 MB of zeros", _bomb_in_a_zip("a.zip"), "vector",
         "refused; HOKKAIDO_GIS_MAX_RATIO", "HOKKAIDO_GIS_MAX_RATIO"),
    Case("kmz-bomb", "archive", "KMZ with 300 MB of zeros", _bomb_in_a_zip("a.kmz"), "vector",
         "refused; HOKKAIDO_GIS_MAX_RATIO", "HOKKAIDO_GIS_MAX_RATIO"),
    Case("zip-understated", "archive", "entry that says 10 bytes and holds 5 million", _understated,
         "vector", "refused", "damaged or locked"),
    Case("zip-nested", "archive", "zip within a zip", _nested, "vector",
         "refused, archives within archives are not opened", "no layer that is read"),
    Case("zip-cp932", "archive", "names in Shift_JIS without a mark", _cp932_names, "vector",
         "read"),
    Case("kmz-parent", "archive", "KMZ with the entry ../doc.kml",
         lambda p: zip_file(p, "a.kmz", {"../doc.kml": kml().encode()}), "vector", "refused",
         "outside its folder"),
    Case("fetch-parent", "archive", "entry ../a.txt in a file that was fetched",
         _archive("../a.txt"), "fetch", "refused", "outside its folder"),
    Case("fetch-link", "archive", "symbolic link in a file that was fetched",
         _archive("a.txt", link=True), "fetch", "refused", "are links"),
    Case("fetch-bomb", "archive", "300 MB of zeros in a file that was fetched",
         _bomb_in_a_zip("a.zip"), "fetch", "refused", "HOKKAIDO_GIS_MAX_RATIO"),
    Case("fetch-understated", "archive", "entry larger than it says in a file that was fetched",
         _understated, "fetch", "refused", "no sound zip"),
]  # fmt: skip


# Absurd sizes


def _point() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"a": ["x"]}, geometry=[Point(141, 43)], crs="EPSG:4326")


def _shapefile(place: Place) -> Path:
    path = place.folder / "a.shp"
    gpd.GeoDataFrame({"a": ["x"]}, geometry=[box(141, 43, 142, 44)], crs="EPSG:4326").to_file(path)
    return path


def _patched_shapefile(ending: str, offset: int, value: bytes) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        path = _shapefile(place)
        data = bytearray(path.with_suffix(ending).read_bytes())
        data[offset : offset + len(value)] = value
        path.with_suffix(ending).write_bytes(data)
        return path

    return make


def _sparse_tiff(place: Place) -> Path:
    """A GeoTIFF of some 50 kB that says it has 10^12 cells."""
    path = place.folder / "a.tif"
    shape = {"width": 1_000_000, "height": 1_000_000, "blockxsize": 16384, "blockysize": 16384}
    options = {"SPARSE_OK": True, "BIGTIFF": "YES", "tiled": True}
    with rasterio.open(path, "w", **_GRID, **shape, **options):
        pass
    return path


def _large_tiff(place: Place) -> Path:
    """A GeoTIFF that may be opened, and is too large to be read at once."""
    path = place.folder / "a.tif"
    shape = {"width": 40_000, "height": 40_000, "blockxsize": 4096, "blockysize": 4096}
    with rasterio.open(path, "w", **_GRID, **shape, SPARSE_OK=True, tiled=True):
        pass
    return path


def _repeated_parquet(place: Place) -> Path:
    """120 million equal values in half a megabyte."""
    path = place.folder / "a.parquet"
    part = pa.table({"a": np.zeros(10_000_000, dtype="int8")})
    with pq.ParquetWriter(path, part.schema) as writer:
        for _ in range(12):
            writer.write_table(part)
    return path


def xlsx(place: Place, change: Callable[[str, bytes], bytes] | None = None) -> Path:
    """Write a workbook of two cells, and change the parts of its archive."""
    book = openpyxl.Workbook()
    book.active.append(["code", "kw"])
    book.active.append(["01202", 5])
    plain = io.BytesIO()
    book.save(plain)
    path = place.folder / "a.xlsx"
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(name, content) if change else content)
    return path


def _in_sheet(old: bytes, new: bytes) -> Callable[[Place], Path]:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(old, new, 1) if name.endswith("sheet1.xml") else content

    return lambda place: xlsx(place, change)


def _before_sheet(before: Callable[[Place], bytes]) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        def change(name: str, content: bytes) -> bytes:
            return before(place) + content if name.endswith("sheet1.xml") else content

        return xlsx(place, change)

    return make


_FAR_CELL = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
_MERGED = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'

SIZE_CASES = [
    Case("tif-cells", "size", "GeoTIFF of 50 kB that says 10^6 by 10^6 cells", _sparse_tiff,
         "raster", "refused; HOKKAIDO_GIS_MAX_CELLS", "HOKKAIDO_GIS_MAX_CELLS"),
    Case("tif-at-once", "size", "GeoTIFF of 40,000 by 40,000 cells, read at once", _large_tiff,
         "raster", "refused; HOKKAIDO_GIS_MAX_CELLS", "read at once.*HOKKAIDO_GIS_MAX_CELLS"),
    Case("geojson-deep", "size", "GeoJSON with a million brackets inside each other",
         text_file("a.geojson", lambda _: _GEOJSON.format(member="").replace(
             "[141, 43]", "[" * 1_000_000 + "]" * 1_000_000)), "vector", "refused",
         "cannot be read"),
    Case("geojson-open", "size", "five million opening brackets",
         text_file("a.geojson", lambda _: "[" * 5_000_000), "vector", "refused", "cannot be read"),
    Case("dbf-rows", "size", ".dbf that says it has 2^31 - 1 rows",
         _patched_shapefile(".dbf", 4, struct.pack("<I", 2**31 - 1)), "vector", "refused",
         "cut off"),
    Case("shp-length", "size", ".shp that says it has 8 GB",
         _patched_shapefile(".shp", 24, struct.pack(">I", 2**32 - 1)), "vector", "refused",
         "cut off"),
    Case("shp-points", "size", ".shp whose polygon says it has 2^28 vertices",
         _patched_shapefile(".shp", 148, struct.pack("<I", 2**28)), "vector", "refused",
         "without geometry"),
    Case("parquet-rows", "size", "Parquet of 120 million equal values", _repeated_parquet, "table",
         "refused; HOKKAIDO_GIS_MAX_VALUES", "HOKKAIDO_GIS_MAX_VALUES"),
    Case("geoparquet-rows", "size", "the same read as a layer", _repeated_parquet, "vector",
         "refused; HOKKAIDO_GIS_MAX_VALUES", "HOKKAIDO_GIS_MAX_VALUES"),
    Case("xlsx-far-cell", "size", "workbook with a cell in XFD1048576",
         _in_sheet(b"</sheetData>", _FAR_CELL), "table", "refused; HOKKAIDO_GIS_MAX_VALUES",
         "HOKKAIDO_GIS_MAX_VALUES"),
    Case("xlsx-far-columns", "size", "workbook with a row of 16,384 cells and 100,000 bare rows",
         _in_sheet(b"</sheetData>", b"<row>" + b"<c/>" * 16_384 + b"</row>"
                   + b"<row/>" * 100_000 + b"</sheetData>"), "table",
         "refused; HOKKAIDO_GIS_MAX_VALUES", "HOKKAIDO_GIS_MAX_VALUES"),
    Case("xlsx-dimension", "size", "workbook that says it reaches to XFD1048576 and does not",
         _in_sheet(b'ref="A1:B2"', b'ref="A1:XFD1048576"'), "table", "read"),
    Case("xlsx-merged", "size", "workbook with the cells A1:XFD1048576 merged",
         _in_sheet(b"</sheetData>", _MERGED), "sheet", "refused; HOKKAIDO_GIS_MAX_VALUES",
         "HOKKAIDO_GIS_MAX_VALUES"),
    Case("xlsx-bomb", "size", "workbook with a sheet of 200 MB of blanks",
         _in_sheet(b"<sheetData>", b" " * 200_000_000 + b"<sheetData>"), "table",
         "refused; HOKKAIDO_GIS_MAX_RATIO", "HOKKAIDO_GIS_MAX_RATIO"),
    Case("xlsx-entity", "XML", "workbook with an entity that is a local file",
         _before_sheet(lambda p: _entity(p).encode()), "table", "refused", "document type"),
    Case("xlsx-laughs", "XML", "workbook with an entity of 10^9 words",
         _before_sheet(lambda p: _laughs(p).encode()), "sheet", "refused", "document type"),
]  # fmt: skip

CASES = [*XML_CASES, *COMMAND_CASES, *ARCHIVE_CASES, *SIZE_CASES]


def listing() -> Iterator[tuple[str, str, str, str]]:
    """Group, id, what it is and what becomes of it, of each case; for the documentation."""
    for case in CASES:
        yield case.group, case.id, case.how, case.outcome
