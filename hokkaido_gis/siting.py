"""Choice of sites: marks for each criterion, knock-outs, and a ranking, each with its reasons."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import CriteriaError, list_faults, name_some

if TYPE_CHECKING:
    from hokkaido_gis.analysis.adjacency import Adjacency
    from hokkaido_gis.criteria import Comparison, Criteria, Criterion, KnockOut

_COMPARE = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
NEUTRAL, UNKNOWN = "neutral", "unknown"


def evaluate_siting(
    table: pd.DataFrame, criteria: Criteria, *, adjacency: Adjacency | None = None
) -> pd.DataFrame:
    """Mark, knock out and rank sites.

    Candidates are the units with the most positive marks (or at least so many). Those that a
    knock-out rules out stay in the table with the reason; the others are ranked.

    Parameters
    ----------
    table
        Indicators of the units as numbers, on an index of codes; a column ``name`` is used if
        there.
    criteria
        The study; see `read_criteria`.
    adjacency
        Which units touch; needed where a knock-out reaches over to neighbours.

    Returns
    -------
    pandas.DataFrame
        On the index of `table`: ``name``; a column for each criterion with ``positive``,
        ``negative``, ``neutral`` or ``unknown`` (an indicator is missing); ``positives`` and
        ``negatives`` (their numbers); ``knocked_out_by`` (criterion, and the neighbour it comes
        from in brackets); ``rank`` (1 is best; missing for units that are no candidates or out);
        ``candidate`` (``first``, ``second`` or empty).

    Raises
    ------
    CriteriaError
        If columns are not there or not numeric, or neighbours are needed and not given.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 2.1.3, 表 2-2, 表 2-9.
    """
    _check(table, criteria, adjacency)
    names = _names(table)
    marks = pd.DataFrame({c.id: _mark(table, c) for c in criteria.criterion})
    result = marks.assign(
        positives=(marks == "positive").sum(axis=1),
        negatives=(marks == "negative").sum(axis=1),
        knocked_out_by=_knock_outs(table, criteria, adjacency),
    )
    result.insert(0, "name", names)
    result["rank"] = _rank(table, result, criteria)
    first, second = criteria.candidates.first, criteria.candidates.second
    place = result["rank"].astype(float).fillna(np.inf)
    result["candidate"] = np.select(
        [place <= first, place <= first + second], ["first", "second"], ""
    )
    return result


def explain_siting(table: pd.DataFrame, criteria: Criteria) -> pd.DataFrame:
    """Give value, threshold and margin of every unit and test.

    Parameters
    ----------
    table
        Indicators of the units as numbers, on an index of codes.
    criteria
        The study.

    Returns
    -------
    pandas.DataFrame
        One row for every unit and test: ``code``, ``name``, ``criterion``, ``indicator``, ``op``,
        ``value``, ``threshold``, ``margin`` (how far the value is on the side that holds; negative
        where the test fails, missing where the value is), ``unit`` and ``mark`` of the criterion.

    Raises
    ------
    CriteriaError
        If columns are not there or not numeric.
    """
    _check_columns(table, criteria)
    names = _names(table)
    rows = [
        pd.DataFrame(
            {
                "code": table.index,
                "name": names.to_numpy(),
                "criterion": criterion.id,
                "indicator": test.column,
                "op": test.op,
                "value": table[test.column].to_numpy(dtype=float),
                "threshold": threshold(table, test),
                "margin": margin(table, test).to_numpy(),
                "unit": test.unit,
                "mark": _mark(table, criterion).to_numpy(),
            }
        )
        for criterion in criteria.criterion
        for test in criterion.tests
    ]
    order = {code: i for i, code in enumerate(table.index)}
    stacked = pd.concat(rows, ignore_index=True)
    return stacked.sort_values("code", key=lambda c: c.map(order), kind="stable", ignore_index=True)


def threshold(table: pd.DataFrame, test: Comparison) -> float:
    """Threshold of a test as a number; a mean or median is taken over the units with a value."""
    if test.threshold == "mean":
        return float(table[test.column].mean())
    if test.threshold == "median":
        return float(table[test.column].median())
    return float(test.threshold)


def margin(table: pd.DataFrame, test: Comparison) -> pd.Series:
    """How far each value lies on the side of the threshold where the test holds."""
    difference = table[test.column].astype(float) - threshold(table, test)
    if test.op in ("<=", "<"):
        return -difference
    if test.op in ("==", "!="):
        return difference.abs() if test.op == "!=" else -difference.abs()
    return difference


def _names(table: pd.DataFrame) -> pd.Series:
    if "name" in table.columns:
        return pd.Series(table["name"])
    return pd.Series(table.index.astype(str), index=table.index)


def _holds(table: pd.DataFrame, test: Comparison) -> pd.Series:
    """Whether a test holds, 1 or 0, and missing where the value is."""
    values = table[test.column].astype(float)
    holds = pd.Series(_COMPARE[test.op](values, threshold(table, test)), dtype=float)
    return holds.where(values.notna())


def _mark(table: pd.DataFrame, criterion: Criterion) -> pd.Series:
    holds = pd.concat([_holds(table, test) for test in criterion.tests], axis=1)
    # One failing test settles "all", one that holds settles "any", whatever is missing beside it.
    if criterion.need == "all":
        yes, no = (holds == 1).all(axis=1), (holds == 0).any(axis=1)
    else:
        yes, no = (holds == 1).any(axis=1), (holds == 0).all(axis=1)
    marks = np.select([yes, no], [criterion.effect, NEUTRAL], UNKNOWN)
    return pd.Series(marks, index=table.index)


def _knock_outs(table: pd.DataFrame, criteria: Criteria, adjacency: Adjacency | None) -> pd.Series:
    """Reasons that rule each unit out, own ones first, joined by commas."""
    names = _names(table)
    reasons: dict[object, list[str]] = {code: [] for code in table.index}
    for knock_out in criteria.knock_out:
        criterion = _criterion(criteria, knock_out.criterion)
        if knock_out.tests:
            criterion = criterion.model_copy(update={"tests": knock_out.tests, "need": "all"})
        struck = list(table.index[_mark(table, criterion) == criterion.effect])
        for code in struck:
            reasons[code].append(knock_out.criterion)
        if knock_out.reach == "neighbours" and adjacency is not None:
            for code in struck:
                for neighbour in _reached(code, knock_out, table, adjacency):
                    reasons[neighbour].append(f"{knock_out.criterion} ({names[code]})")
    return pd.Series({code: ", ".join(found) for code, found in reasons.items()}, dtype=object)


def _reached(
    code: str, knock_out: KnockOut, table: pd.DataFrame, adjacency: Adjacency
) -> list[str]:
    """Neighbours of a unit that its knock-out rules out as well."""
    near = [other for other in adjacency.neighbours(code) if other in table.index]
    if knock_out.within is None:
        return near
    zone = table[knock_out.within]
    return [other for other in near if zone[other] == zone[code]]


def _criterion(criteria: Criteria, name: str) -> Criterion:
    return next(criterion for criterion in criteria.criterion if criterion.id == name)


def _rank(table: pd.DataFrame, result: pd.DataFrame, criteria: Criteria) -> pd.Series:
    """Rank of the candidates left in; equal values share the better rank."""
    least = criteria.candidates.positives
    needed = result["positives"].max() if least == "most" else least
    runs = (result["positives"] >= needed) & (result["knocked_out_by"] == "")
    values = table[criteria.rank_by].astype(float).where(runs)
    rank = values.rank(method="min", ascending=not criteria.descending)
    return pd.Series(rank, dtype="Int64")


def _check(table: pd.DataFrame, criteria: Criteria, adjacency: Adjacency | None) -> None:
    _check_columns(table, criteria)
    if not criteria.asks_neighbours:
        return
    if adjacency is None:
        asking = [k.criterion for k in criteria.knock_out if k.reach == "neighbours"]
        raise CriteriaError(
            f"Criterion {name_some(asking)} knocks out neighbours too, so it must be known which "
            "units touch: give the adjacency (on the command line, --boundaries FILE)."
        )
    unknown = table.index.difference(adjacency.names.index)
    if len(unknown):
        raise CriteriaError(
            f"{len(unknown)} codes of the table are not in the boundaries: "
            f"{name_some(list(unknown))}."
        )


def _check_columns(table: pd.DataFrame, criteria: Criteria) -> None:
    faults = []
    zones = [k.within for k in criteria.knock_out if k.within is not None]
    absent = [column for column in [*criteria.columns, *zones] if column not in table.columns]
    if absent:
        faults.append(
            f"the table has no column {name_some(absent)}; it has "
            f"{name_some(list(table.columns), most=12)}."
        )
    present = [column for column in criteria.columns if column in table.columns]
    text = [c for c in present if not pd.api.types.is_numeric_dtype(table[c])]
    if text:
        faults.append(f"columns to be compared must hold numbers; {name_some(text)} do not.")
    if table.index.has_duplicates:
        repeated = table.index[table.index.duplicated()].unique()
        faults.append(f"codes stand more than once: {name_some(list(repeated))}.")
    if faults:
        raise CriteriaError("Siting: " + list_faults(faults))
