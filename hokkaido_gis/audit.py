"""The result of a join: the frame, and the audit of what matched by which rule and what did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import pandas as pd

from hokkaido_gis.errors import JoinError, list_faults, name_some
from hokkaido_gis.io.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from pathlib import Path

Validate = Literal["one_to_one", "many_to_one"] | None

MATCHED, SEVERAL, LEFT_ONLY, RIGHT_ONLY = "matched", "several", "left only", "right only"


class Link(NamedTuple):
    """What a join found for one row on the left.

    Parameters
    ----------
    key
        What the row was looked up by.
    position
        Row on the right, from 0; None where unmatched.
    rule
        Name of the rule that matched.
    candidates
        Rows on the right that the row could mean, where it could mean several.
    note
        Reason of a failure, or what else is to be known.
    distance_m
        Distance [m] of what matched by place.
    """

    key: object
    position: int | None = None
    rule: str = ""
    candidates: tuple[int, ...] = ()
    note: str = ""
    distance_m: float | None = None


class Key(NamedTuple):
    """What a row on the right is looked up by, and why it may never be found.

    Parameters
    ----------
    written
        The key as it stands there.
    note
        What is wrong with it.
    """

    written: object = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What a join matched and what it did not.

    Parameters
    ----------
    table
        First a row for each row on the left, in its order, then one for each row on the right that
        nothing matched: ``status`` (``matched``, ``several``, ``left only``, ``right only``),
        ``left`` and ``right`` (labels of the rows), ``key`` and ``right_key``, ``rule``,
        ``distance_m`` (missing unless by place) and ``note``.
    """

    table: pd.DataFrame

    @property
    def counts(self) -> pd.Series:
        """Number of rows by status, and of rows on the right that several on the left share."""
        status = self.table["status"].value_counts()
        counts = {name: int(status.get(name, 0)) for name in
                  (MATCHED, SEVERAL, LEFT_ONLY, RIGHT_ONLY)}  # fmt: skip
        return pd.Series({**counts, "shared": len(self.shared)}, name="rows")

    @property
    def rules(self) -> pd.Series:
        """Number of matches by rule."""
        counts = self._having(MATCHED)["rule"].value_counts(sort=False)
        return counts.sort_values(ascending=False, kind="stable")

    @property
    def unmatched(self) -> pd.DataFrame:
        """Rows of the table without a match, on either side."""
        return self.table[self.table["status"] != MATCHED]

    def summary(self, *, left: str = "left", right: str = "right") -> str:
        """Say in one sentence how many rows matched and by which rules.

        Parameters
        ----------
        left, right
            What to call the sides.
        """
        counts = self.counts
        rules = ", ".join(f"{rule} {count}" for rule, count in self.rules.items())
        rows = len(self.table) - counts[RIGHT_ONLY]
        return (
            f"{counts[MATCHED]} of {rows} rows of the {left} matched"
            f"{f' ({rules})' if rules else ''}; {counts[RIGHT_ONLY]} rows of the {right} are left "
            f"over and {counts['shared']} matched more than once."
        )

    def left_over(self, *, left: str = "left", right: str = "right") -> pd.DataFrame:
        """List what did not match, both ways, for reading.

        Parameters
        ----------
        left, right
            What to call the sides.

        Returns
        -------
        pandas.DataFrame
            ``side``, ``row`` (its label), ``key`` and ``note``.
        """
        rows = self.unmatched
        is_right = rows["status"] == RIGHT_ONLY
        absent = is_right.map(
            {True: f"no such key in the {left}", False: f"no such key in the {right}"}
        )
        return pd.DataFrame(
            {
                "side": is_right.map({True: right, False: left}),
                "row": rows["right"].where(is_right, rows["left"]),
                "key": rows["right_key"].where(is_right, rows["key"]),
                "note": rows["note"].where(rows["note"] != "", absent),
            }
        ).reset_index(drop=True)

    @property
    def shared(self) -> pd.Series:
        """Rows on the right that several on the left match (many to one), with their number."""
        matches = self._having(MATCHED)["right"].value_counts()
        return matches[matches > 1]

    @property
    def is_one_to_one(self) -> bool:
        """Whether no row of either side matches, or could match, several of the other."""
        return self.shared.empty and self._having(SEVERAL).empty

    def write(self, path: str | Path) -> Path:
        """Write the table as .csv, .xlsx or .parquet, with labels and keys as text."""
        labels = ["left", "key", "right", "right_key"]
        text = {name: self.table[name].map(str, na_action="ignore") for name in labels}
        return write_table(self.table.assign(**text), path)

    def _having(self, status: str) -> pd.DataFrame:
        return self.table[self.table["status"] == status]


@dataclass(frozen=True, slots=True)
class JoinResult:
    """A joined frame and its audit.

    Parameters
    ----------
    frame
        The rows of the left in their order on their index, with the columns of the right added;
        those are missing where nothing matched.
    audit
        What matched by which rule, and what did not.
    """

    frame: pd.DataFrame
    audit: Audit

    @property
    def layer(self) -> gpd.GeoDataFrame:
        """The frame as a layer.

        Raises
        ------
        JoinError
            If the left was a table without geometry.
        """
        if not isinstance(self.frame, gpd.GeoDataFrame):
            raise JoinError("The left of this join is a table; a layer on the left is needed.")
        return self.frame


def join_rows(
    left: pd.DataFrame,
    right: pd.DataFrame,
    links: Sequence[Link],
    keys: Sequence[Key],
    *,
    validate: Validate = None,
    suffix: str = "_right",
) -> JoinResult:
    """Add to each row on the left the columns of the row it links to.

    Parameters
    ----------
    left, right
        Layers or tables; the geometry of `right` is left out.
    links
        What was found for each row of `left`, in its order.
    keys
        Key of each row of `right`, in its order.
    validate
        ``"one_to_one"``: refuse rows on the right that several share, and keys that stand in
        several rows; ``"many_to_one"``: refuse the latter only; None: only tell.
    suffix
        Added to columns of `right` whose name `left` has too, in whatever case.

    Returns
    -------
    JoinResult
        Frame and audit.

    Raises
    ------
    JoinError
        If the check fails, naming all keys that do not fit.
    """
    audit = Audit(_audit_table(left, right, links, keys))
    _check(audit, right, links, validate)
    positions = [-1 if link.position is None else link.position for link in links]
    added = _rows_at(_attributes(right), positions).set_axis(left.index, axis="index")
    # GeoPackage and shapefiles take KEY and key for one.
    there = {str(column).casefold() for column in left.columns}
    added = added.rename(columns=lambda c: f"{c}{suffix}" if str(c).casefold() in there else c)
    repeated = [column for column in added.columns if str(column).casefold() in there]
    if repeated:
        raise JoinError(
            f"Both sides have columns {name_some(repeated)}. Rename them, or choose another "
            f"suffix than {suffix!r}."
        )
    frame = left.copy()
    for column in added.columns:
        frame[column] = added[column].array
    return JoinResult(frame, audit)


def _attributes(right: pd.DataFrame) -> pd.DataFrame:
    if isinstance(right, gpd.GeoDataFrame):
        return pd.DataFrame(right.drop(columns=right.geometry.name))
    return right


def _rows_at(table: pd.DataFrame, positions: list[int]) -> pd.DataFrame:
    """Rows by position, missing at -1; whole numbers and truth values stay what they are."""
    if -1 in positions:
        kinds = {"i": "Int64", "u": "UInt64", "b": "boolean"}
        nullable = {
            name: kinds[dtype.kind]
            for name, dtype in table.dtypes.items()
            if dtype.kind in kinds and not pd.api.types.is_extension_array_dtype(dtype)
        }
        table = table.astype(nullable)
    return table.reset_index(drop=True).reindex(positions)


def _audit_table(
    left: pd.DataFrame,
    right: pd.DataFrame,
    links: Sequence[Link],
    keys: Sequence[Key],
) -> pd.DataFrame:
    rows = [
        _left_row(label, link, right, keys) for label, link in zip(left.index, links, strict=True)
    ]
    used = {link.position for link in links}
    wanted = {j for link in links if link.position is None for j in link.candidates}
    rows += [
        (
            RIGHT_ONLY, None, None, label, key.written, "", None,
            "a row on the left could mean it and others" if j in wanted else key.note,
        )
        for j, (label, key) in enumerate(zip(right.index, keys, strict=True))
        if j not in used
    ]  # fmt: skip
    columns = ["status", "left", "key", "right", "right_key", "rule", "distance_m", "note"]
    # Labels and keys of several kinds stand in one column; numbers must not turn into floats.
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.astype({"status": "str", "rule": "str", "note": "str", "distance_m": float})


def _left_row(
    label: Hashable, link: Link, right: pd.DataFrame, keys: Sequence[Key]
) -> tuple[object, ...]:
    if link.position is not None:
        other = (right.index[link.position], keys[link.position].written)
        return (MATCHED, label, link.key, *other, link.rule, link.distance_m, link.note)
    status = SEVERAL if len(link.candidates) > 1 else LEFT_ONLY
    return (status, label, link.key, None, None, link.rule, link.distance_m, link.note)


def _check(audit: Audit, right: pd.DataFrame, links: Sequence[Link], validate: Validate) -> None:
    if validate is None:
        return
    doubled = {
        link.key: f"{link.key!r} in rows {name_some([right.index[j] for j in link.candidates])}"
        for link in links
        if link.position is None and len(link.candidates) > 1
    }
    faults = []
    if doubled:
        faults.append(
            f"keys stand in more than one row on the right: {name_some(list(doubled.values()))}. "
            "Sum or select the rows first, so that one is left for each."
        )
    if validate == "one_to_one" and len(audit.shared):
        told = [f"row {label} by {count} rows" for label, count in audit.shared.items()]
        faults.append(
            f"rows on the right are matched more than once: {name_some(told)}. If that is meant, "
            "say so with validate='many_to_one'."
        )
    if faults:
        raise JoinError("The join is not one to one: " + list_faults(faults))
