"""What was made of what: hashes of files and of this package, and notes with their own hash."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING

from hokkaido_gis._version import __version__
from hokkaido_gis.errors import LayerError
from hokkaido_gis.io.file_names import stays_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# What reads, computes, draws and writes: another version of it may give other results.
_LIBRARIES = (
    "exactextract", "geopandas", "mapclassify", "matplotlib", "matplotlib-fontja", "numba", "numpy",
    "openpyxl", "pandas", "pillow", "pvlib", "pyarrow", "pyogrio", "pyproj", "rasterio", "scipy",
    "shapely", "windpowerlib",
)  # fmt: skip
_BEFORE_NOTE = len('["') + 64 + len('",')  # bytes of a line, 64 of them its hash


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_input(path: Path) -> str:
    """SHA-256 of a file that a user named.

    Raises
    ------
    LayerError
        If it cannot be read.
    """
    try:
        return hash_file(path)
    except OSError as error:
        fault = f"it cannot be read ({error.strerror or error}). Check that it is still there."
        raise LayerError(str(path), [fault]) from error


def hash_of(parts: Iterable[str]) -> str:
    """SHA-256 over texts in their order."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def with_side_files(path: Path) -> list[Path]:
    """Give a file and those beside it that go by its name, such as the parts of a shapefile."""
    return sorted(
        side
        for side in path.parent.iterdir()
        if side.is_file() and side.name.startswith(f"{path.stem}.")
    )


@cache
def package_version() -> str:
    """Hash over the files of this package, and the versions of Python and the libraries it uses.

    The sample is left out.
    """
    package = resources.files("hokkaido_gis")
    with resources.as_file(package) as folder:
        sources = [
            f"{path.relative_to(folder).as_posix()} {hash_file(path)}"
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not {"__pycache__", "sample_data"} & {*path.parts[:-1]}
        ]
    versions = [f"{name} {_version(name)}" for name in _LIBRARIES]
    return hash_of([__version__, platform.python_version(), *versions, *sources])


def are_whole(folder: Path, files: Mapping[str, str]) -> bool:
    """Tell whether files are as they were noted; one outside the folder is not.

    Parameters
    ----------
    folder
        Where they stand.
    files
        SHA-256 of each, by its path in the folder.
    """
    home = folder.resolve()
    return all(
        stays_inside(name)
        and (folder / name).is_file()
        and (folder / name).resolve().is_relative_to(home)
        and hash_file(folder / name) == digest
        for name, digest in files.items()
    )


def note_line(text: bytes) -> bytes:
    """Write a note, JSON on one line, with its own hash, so that a wrong letter is noticed."""
    return b'["%s",%s]\n' % (hashlib.sha256(text).hexdigest().encode(), text)


def read_notes(path: Path) -> list[bytes]:
    """Give the notes of a file that are as `note_line` wrote them; none if it cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    texts = (line[_BEFORE_NOTE:-1] for line in lines)
    return [
        text for line, text in zip(lines, texts, strict=True) if note_line(text) == line + b"\n"
    ]


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "absent"
