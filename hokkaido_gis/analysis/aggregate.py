"""Sums over a unit and those that touch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import JoinError, name_some

if TYPE_CHECKING:
    from hokkaido_gis.analysis.adjacency import Adjacency


def with_neighbours(values: pd.Series, adjacency: Adjacency) -> pd.Series:
    """Sum a quantity over each unit and its neighbours (pattern B of the report).

    Parameters
    ----------
    values
        Quantity of each unit, on an index of codes.
    adjacency
        Neighbours of the units; every code of `values` must be among them.

    Returns
    -------
    pandas.Series
        Sums on the index of `values`, in its unit. A sum with a missing part is missing itself,
        never a silent zero; `explain_sums` says which parts are missing and what is known. Units
        without neighbours keep their own value.

    Raises
    ------
    JoinError
        If `values` has repeated codes or codes that the adjacency does not know.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 図 2-3, 集計パターン B.
    """
    _check_codes(values, adjacency)
    parts = _parts(values, adjacency)
    sums = parts.groupby("code")["value"].agg(lambda part: part.sum(skipna=False))
    return sums.reindex(values.index).rename(_sum_name(values))


def explain_sums(values: pd.Series, adjacency: Adjacency) -> pd.DataFrame:
    """Give own value, sum with neighbours and what the sum is made of.

    Parameters
    ----------
    values
        Quantity of each unit, on an index of codes.
    adjacency
        Neighbours of the units.

    Returns
    -------
    pandas.DataFrame
        One row for every unit of the adjacency, on its index of codes: ``name``, ``value``,
        ``with_neighbours`` (missing where a part is), ``neighbours`` (their number),
        ``neighbour_names``, ``known_sum`` (sum of the parts that are there) and ``missing`` (names
        of the units whose value is missing).

    Raises
    ------
    JoinError
        If `values` has repeated codes or codes that the adjacency does not know.
    """
    _check_codes(values, adjacency)
    parts = _parts(values.reindex(adjacency.names.index), adjacency)
    parts["part_name"] = parts["part"].map(adjacency.names)
    own = parts["code"] == parts["part"]
    grouped = parts.groupby("code")
    table = pd.DataFrame(
        {
            "name": adjacency.names,
            "value": parts[own].set_index("code")["value"],
            "with_neighbours": grouped["value"].agg(lambda part: part.sum(skipna=False)),
            "neighbours": adjacency.counts(),
            "neighbour_names": parts[~own].groupby("code")["part_name"].agg(" ".join),
            "known_sum": grouped["value"].sum(),
            "missing": parts[parts["value"].isna()].groupby("code")["part_name"].agg(" ".join),
        }
    )
    text = ["neighbour_names", "missing"]
    table[text] = table[text].fillna("")
    return table.reindex(adjacency.names.index)


def _check_codes(values: pd.Series, adjacency: Adjacency) -> None:
    repeated = values.index[values.index.duplicated()].unique()
    if len(repeated):
        raise JoinError(f"Values are given more than once for {name_some(list(repeated))}.")
    unknown = values.index.difference(adjacency.names.index)
    if len(unknown):
        raise JoinError(
            f"{len(unknown)} codes have a value but no polygon: {name_some(list(unknown))}. Their "
            "neighbours are not known; take them out, or use boundaries that hold them."
        )


def _parts(values: pd.Series, adjacency: Adjacency) -> pd.DataFrame:
    """One row for every unit and each part of its sum: itself, then its neighbours."""
    own = pd.DataFrame({"code": values.index, "part": values.index})
    others = adjacency.directed.rename(columns={"neighbour_code": "part"})
    parts = pd.concat([own, others[others["code"].isin(values.index)]], ignore_index=True)
    return parts.assign(value=parts["part"].map(values).astype(float))


def _sum_name(values: pd.Series) -> str:
    return "with_neighbours" if values.name is None else f"{values.name}_with_neighbours"
