"""A table onto a layer in parts: its distinct keys are joined once, its rows then take theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

import numpy as np
import pandas as pd

from hokkaido_gis.audit import MATCHED, RIGHT_ONLY, Audit
from hokkaido_gis.cluster.map_parts import open_worksite
from hokkaido_gis.io.tables import require_columns
from hokkaido_gis.join import join_table
from hokkaido_gis.keys import KEY_COLUMNS, find_key
from hokkaido_gis.normalise import find_columns
from hokkaido_gis.settlement_keys import KEY_COLUMNS as SETTLEMENT_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from hokkaido_gis.cluster.engine import Engine
    from hokkaido_gis.codes import Form

# Whether keys are codes or names is settled by what most rows hold; of more rows than this, by as
# many in proportion.
_ROWS_AT_MOST = 100_000


class JoinOptions(TypedDict, total=False):
    """Options of `join_parts`: those of `join_table`, and the CRS of the layer.

    Attributes
    ----------
    key
        Key column of the table, and of the layer where that has it.
    layer_key
        Key column of the layer, where it is named else.
    form
        How 5-digit codes of municipalities are meant.
    crs
        CRS of a layer that states none.
    """

    key: str | None
    layer_key: str | None
    form: Form
    crs: str | None


class PartsJoined(NamedTuple):
    """A joined layer in parts, and what matched.

    Attributes
    ----------
    folder
        The parts.
    audit
        As of `join_table`, with a row for each distinct key of the layer; ``left`` is the first row
        that has it.
    rows
        Number of rows of the layer that have the key, on the rows of the audit's table; 0 for those
        of the right.
    """

    folder: Path
    audit: Audit
    rows: pd.Series

    def summary(self, *, left: str = "left", right: str = "right") -> str:
        """Say in one sentence how many rows matched and by which rules."""
        table = self.audit.table
        matched = table["status"] == MATCHED
        rules = self.rows[matched].groupby(table["rule"][matched], sort=False).sum()
        rules = rules.sort_values(ascending=False, kind="stable")
        told = ", ".join(f"{rule} {count}" for rule, count in rules.items())
        used = self.rows[matched].groupby(table["right"][matched]).sum()
        return (
            f"{self.rows[matched].sum()} of {self.rows.sum()} rows of the {left} matched"
            f"{f' ({told})' if told else ''}; {(table['status'] == RIGHT_ONLY).sum()} rows of the "
            f"{right} are left over and {(used > 1).sum()} matched more than once."
        )

    def left_over(self, *, left: str = "left", right: str = "right") -> pd.DataFrame:
        """List the keys that did not match, both ways, with the number of their rows."""
        unmatched = self.audit.unmatched.index
        told = self.audit.left_over(left=left, right=right)
        told.insert(2, "rows", self.rows[unmatched].to_numpy())
        return told


def join_parts(
    layer: str | Path,
    table: pd.DataFrame,
    *,
    out: str | Path,
    engine: Engine | None = None,
    **options: Unpack[JoinOptions],
) -> PartsJoined:
    """Join a table onto a layer in parts by the keys that both have.

    Parameters
    ----------
    layer
        Folder of parts, or a file that is cut into parts first.
    table
        Table whose columns are added; in memory, as are the distinct keys of the layer.
    out
        Folder of parts to write, whole or not at all.
    engine
        Workers; one a processor of this machine where None.
    **options
        ``key``, ``layer_key`` and ``form`` as for `join_table`, and ``crs``: see `JoinOptions`.

    Returns
    -------
    PartsJoined
        The folder, row for row what `join_table` gives for the whole layer; and an audit by
        distinct key.

    Raises
    ------
    JoinError, TableError, CodeError
        As by `join_table`.
    OutputError, HokkaidoGisError
        As by `map_parts`.
    """
    key, layer_key = options.get("key"), options.get("layer_key")
    form = options.get("form", "auto")
    with open_worksite(layer, out=out, engine=engine, crs=options.get("crs")) as site:
        columns = site.parts[0].schema.columns
        column = _key_column(site.parts[0].schema, table, key, layer_key)
        keys = _distinct(site.collect(_count, column, columns=[column]))
        # Other columns only lend their names, by which columns of the table may have to give way.
        weights = _weights(keys["rows"])
        rows = pd.DataFrame(None, index=np.repeat(keys["first"], weights), columns=columns)
        rows[column] = np.repeat(keys["key"].array, weights)
        joined = join_table(rows, table, key=key, layer_key=layer_key, form=form)
        first = np.concatenate([[0], np.cumsum(weights)[:-1]]).astype(np.intp)
        added = joined.frame.iloc[first].drop(columns=columns).reset_index(drop=True)
        audit = _by_key(joined.audit, first, len(rows))
        counts = [*keys["rows"], *[0] * (len(audit.table) - len(keys))]
        site.make(_take, column, pd.Index(keys["key"]), added)
    return PartsJoined(site.target, audit, pd.Series(counts, dtype="int64", name="rows"))


def _key_column(
    layer: pd.DataFrame, table: pd.DataFrame, key: str | None, layer_key: str | None
) -> str:
    """The column of the layer by which `join_table` joins."""
    if key is None and layer_key is None:
        mine, theirs = (
            find_columns(side, SETTLEMENT_COLUMNS).get("key") for side in (layer, table)
        )
        if mine is not None and theirs is not None:
            return mine
    mine = layer_key or (key if key in layer.columns else None)
    column = mine if mine is not None else find_key(layer, KEY_COLUMNS, "left")
    require_columns(layer, [column], what="left")
    return column


def _count(part: pd.DataFrame, column: str) -> pd.DataFrame:
    """Distinct keys of a part: ``key``, the ``first`` row that has it and how many ``rows`` do."""
    return _distinct([pd.DataFrame({"key": part[column].array, "first": part.index, "rows": 1})])


def _distinct(counts: list[pd.DataFrame]) -> pd.DataFrame:
    every = pd.concat(counts, ignore_index=True)
    keys = every.groupby("key", sort=False, dropna=False, as_index=False).agg(
        {"first": "min", "rows": "sum"}
    )
    return keys.sort_values("first", ignore_index=True)


def _weights(rows: pd.Series) -> npt.NDArray[np.intp]:
    """How often a key is to stand among distinct keys for each to have its share of the rows."""
    total = int(rows.sum())
    if total <= _ROWS_AT_MOST:
        return rows.to_numpy(dtype=np.intp)
    counts = rows.to_numpy(dtype=np.intp)
    return np.asarray(np.maximum(1, counts * _ROWS_AT_MOST // total))


def _by_key(audit: Audit, first: npt.NDArray[np.intp], rows: int) -> Audit:
    """An audit by key, of one by rows among which each key first stands at `first`."""
    kept = np.concatenate([first, np.arange(rows, len(audit.table))])
    return Audit(audit.table.iloc[kept].reset_index(drop=True))


def _take(part: pd.DataFrame, column: str, keys: pd.Index, added: pd.DataFrame) -> pd.DataFrame:
    """Add to each row what was joined to its key."""
    position = keys.get_indexer(pd.Index(part[column].array))
    frame = part.copy()
    for name in added.columns:
        frame[name] = added[name].array.take(position)
    return frame
