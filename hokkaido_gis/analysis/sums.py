"""Sums of many rows by municipality, exact whatever the order and the parts they are taken in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.codes import Form, ward_to_city
from hokkaido_gis.errors import TableError, name_some
from hokkaido_gis.join import read_codes
from hokkaido_gis.keys import KEY_COLUMNS, find_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def sum_by_municipality(
    rows: pd.DataFrame,
    value: str,
    *,
    key: str | None = None,
    form: Form = "auto",
    units: Collection[str] | None = None,
) -> pd.Series:
    """Sum a column over the rows of each municipality.

    Parameters
    ----------
    rows
        Rows with a column of codes or names, such as parcels; several may be of one municipality.
    value
        Column of numbers to sum.
    key
        Column of codes or names; found by its name where None.
    form
        How 5-digit codes are meant; see `normalise_codes`.
    units
        Codes of the municipalities wanted. A ward that is not among them counts for its city.

    Returns
    -------
    pandas.Series
        Sums on a sorted index ``code``, in the unit of the column, rounded once: the order of the
        rows does not matter. A sum with a missing part is missing itself, never a silent zero.

    Raises
    ------
    TableError
        If a column is not there, or a value is infinite.
    JoinError
        If no key column is found.
    CodeError
        If codes or names are missing, wrong, unknown or ambiguous.

    Examples
    --------
    >>> parcels = pd.DataFrame({"code": ["01202", "012025", "01203"], "ha": [0.25, 0.5, None]})
    >>> sum_by_municipality(parcels, "ha").to_dict()
    {'01202': 0.75, '01203': nan}
    """
    column = key if key is not None else find_key(rows, KEY_COLUMNS, "rows")
    absent = [repr(name) for name in (column, value) if name not in rows.columns]
    if absent:
        told = name_some(list(rows.columns), most=12)
        raise TableError("rows", [f"no column {name_some(absent)}; there are {told}."])
    return add_up([partial_sums(rows[value], rows[column])], form=form, units=units)


def partial_sums(values: pd.Series, keys: pd.Series) -> pd.DataFrame:
    """Sums of some of the rows by key as it is written, to be put together by `add_up`.

    Parameters
    ----------
    values
        Numbers.
    keys
        Codes or names, on the same rows.

    Returns
    -------
    pandas.DataFrame
        A row for each key, on the label of the first row that has it: ``key``, ``terms`` (numbers
        whose sum is that of the values without any rounding) and ``missing`` (whether a value is).

    Raises
    ------
    TableError
        If a value is infinite; its row is named.
    """
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(numbers).any():
        told = name_some(list(values.index[np.isinf(numbers)]))
        raise TableError(f"column {values.name!r}", [f"rows {told}: infinite values."])
    table = pd.DataFrame({"key": keys.array, "number": numbers, "label": values.index})
    grouped = table.groupby("key", sort=False, dropna=False)
    return pd.DataFrame(
        {
            "key": [key for key, _ in grouped],
            "terms": [_terms(part["number"].dropna()) for _, part in grouped],
            "missing": [bool(part["number"].isna().any()) for _, part in grouped],
        },
        index=pd.Index(grouped["label"].first().array),
    )


def add_up(
    parts: Iterable[pd.DataFrame], *, form: Form = "auto", units: Collection[str] | None = None
) -> pd.Series:
    """Put partial sums together by municipality.

    Parameters
    ----------
    parts
        As from `partial_sums`.
    form, units
        As for `sum_by_municipality`.

    Returns
    -------
    pandas.Series
        As of `sum_by_municipality`.

    Raises
    ------
    CodeError
        If codes or names are missing, wrong, unknown or ambiguous.
    """
    table = pd.concat(list(parts))
    codes = read_codes(table["key"], form)
    if units is not None:
        codes = codes.where(codes.isin(list(units)), ward_to_city(codes))
    grouped = table.groupby(codes.to_numpy())
    sums = {
        code: math.nan if part["missing"].any() else _total(part["terms"]) for code, part in grouped
    }
    return pd.Series(sums, dtype=float).rename_axis("code")


def _terms(values: Iterable[float]) -> list[float]:
    """Few numbers with exactly the sum of many."""
    rest, terms = list(values), []
    while (term := math.fsum(rest)) != 0:
        terms.append(term)
        rest.append(-term)
    return terms


def _total(terms: Iterable[Sequence[float]]) -> float:
    return math.fsum(term for each in terms for term in each)
