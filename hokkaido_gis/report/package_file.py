"""A GeoPackage put together from tables of others, so that a table need not be written again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STYLES = "layer_styles"
_INDEX_PARTS = ("node", "parent", "rowid")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of features or tiles in a GeoPackage as `write_gpkg` writes it.

    Attributes
    ----------
    file
        The GeoPackage.
    name
        Name of the table, which it keeps.
    """

    file: Path
    name: str


def assemble(tables: Sequence[Table], path: Path) -> None:
    """Write one GeoPackage of tables of others, with their indexes, styles and entries.

    The same tables in the same order give the same bytes, from whichever files they come.

    Parameters
    ----------
    tables
        Tables in their order, no name twice.
    path
        File that is made; it must not be there.
    """
    files = list(dict.fromkeys(table.file for table in tables))
    with closing(sqlite3.connect(path)) as target:
        names = {file: f"source{number}" for number, file in enumerate(files)}
        for file, name in names.items():
            target.execute(f"ATTACH DATABASE ? AS {name}", (str(file),))
        with target:
            common = _copy_common(target, list(names.values()))
            for table in tables:
                _copy_table(target, names[table.file], table.name, common)
            _copy_rows(target, names[files[0]], "gpkg_contents", "table_name = ?", (_STYLES,))
            for source in names.values():
                _create(target, source, "type = 'trigger' AND tbl_name IN ({})", common)
        for name in names.values():
            target.execute(f"DETACH DATABASE {name}")
        target.execute("VACUUM")


def _copy_common(target: sqlite3.Connection, sources: list[str]) -> list[str]:
    """Make the tables that tell of all others, and give their names in order."""
    for pragma in ("application_id", "user_version"):
        (value,) = target.execute(f"PRAGMA {sources[0]}.{pragma}").fetchone()
        target.execute(f"PRAGMA {pragma} = {value}")
    found: set[str] = set()
    for source in sources:
        rows = target.execute(
            f"SELECT name FROM {source}.sqlite_master WHERE type = 'table' "  # noqa: S608
            f"AND (name LIKE 'gpkg\\_%' ESCAPE '\\' OR name = '{_STYLES}')"
        )
        found.update(name for (name,) in rows)
    for name in sorted(found):
        for source in sources:
            _create(target, source, "name IN ({}) AND type = 'table'", [name])
    for source in sources:
        target.execute(
            "INSERT OR IGNORE INTO gpkg_spatial_ref_sys SELECT * "  # noqa: S608
            f"FROM {source}.gpkg_spatial_ref_sys ORDER BY srs_id"
        )
    return sorted(found)


def _copy_table(target: sqlite3.Connection, source: str, name: str, common: list[str]) -> None:
    """Copy a table with its rows, what tells of it, its spatial index and its triggers."""
    _create(target, source, "type = 'table' AND name IN ({})", [name])
    _copy_rows(target, source, name)
    for table in common:
        columns = _columns(target, source, table)
        key = next((c for c in ("table_name", "f_table_name") if c in columns), None)
        if key is not None:
            # Numbers of rows are given anew, in the order of the tables.
            kept = [column for column in columns if (table, column) != (_STYLES, "id")]
            _copy_rows(target, source, table, f"{key} = ?", (name,), columns=kept)
    index = target.execute(
        f"SELECT name FROM {source}.sqlite_master WHERE type = 'table' "  # noqa: S608
        "AND name LIKE 'rtree\\_%' ESCAPE '\\' AND sql LIKE 'CREATE VIRTUAL%' "
        "AND name IN (SELECT 'rtree_' || table_name || '_' || column_name "
        f"FROM {source}.gpkg_geometry_columns WHERE table_name = ?)",
        (name,),
    ).fetchone()
    if index is not None:
        _create(target, source, "type = 'table' AND name IN ({})", [index[0]])
        for part in _INDEX_PARTS:
            target.execute(f"DELETE FROM main.{_quoted(f'{index[0]}_{part}')}")  # noqa: S608
            _copy_rows(target, source, f"{index[0]}_{part}")
    _create(target, source, "type IN ('index', 'trigger') AND tbl_name IN ({})", [name])


def _create(target: sqlite3.Connection, source: str, where: str, names: Sequence[str]) -> None:
    """Make tables, indexes or triggers as they stand in a source, where they are not there yet."""
    marks = ", ".join("?" for _ in names)
    rows = target.execute(
        f"SELECT sql FROM {source}.sqlite_master WHERE {where.format(marks)} "  # noqa: S608
        "AND sql IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.sqlite_master AS here "
        f"WHERE here.name = {source}.sqlite_master.name) ORDER BY name",
        list(names),
    ).fetchall()
    for (statement,) in rows:
        target.execute(statement)


def _copy_rows(
    target: sqlite3.Connection,
    source: str,
    table: str,
    where: str = "1",
    values: Sequence[str] = (),
    *,
    columns: Sequence[str] | None = None,
) -> None:
    chosen = ", ".join(map(_quoted, columns or _columns(target, source, table)))
    name = _quoted(table)
    target.execute(
        f"INSERT INTO main.{name} ({chosen}) "  # noqa: S608
        f"SELECT {chosen} FROM {source}.{name} WHERE {where} ORDER BY rowid",
        list(values),
    )


def _columns(target: sqlite3.Connection, source: str, table: str) -> list[str]:
    return [row[1] for row in target.execute(f"PRAGMA {source}.table_info({_quoted(table)})")]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
