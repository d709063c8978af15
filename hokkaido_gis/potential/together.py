"""Checks of quantities that go together: flow with its head, Series on one index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import ModelInputError, list_faults, name_some

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_with(
    what: str, value: float | pd.Series, needed: Mapping[str, float | pd.Series]
) -> None:
    """Check that every row with one quantity has the others that it needs, on the same index.

    A row without `value` stays missing in the result. One that has it and lacks another is a fault
    of its table: to leave its result missing would lose a site in silence.

    Parameters
    ----------
    what
        Quantity and unit of `value`, for the message.
    value
        Number or Series; where it is given, the others must be.
    needed
        The others, numbers or Series, by quantity and unit.

    Raises
    ------
    ModelInputError
        Naming the rows that lack a quantity, or if two Series are on different rows.

    Examples
    --------
    >>> require_with("flow [m3/s]", pd.Series([5.0, None]), {"head [m]": pd.Series([26.0, 31.0])})
    """
    quantities = {what: value, **needed}
    series = {name: v for name, v in quantities.items() if isinstance(v, pd.Series)}
    first, *others = series or [what]
    apart = [name for name in others if not series[name].index.equals(series[first].index)]
    if apart:
        raise ModelInputError(
            f"{first} and {name_some(apart)} are on different rows; give all on one index, in one "
            "order."
        )
    faults = []
    for name in needed:
        if name in series:
            lacking = series[name].isna()
            if isinstance(value, pd.Series):
                lacking &= value.notna()
            if lacking.any():
                rows = name_some(series[name].index[lacking].tolist())
                faults.append(f"{name} is missing in row {rows}, where {what} is given.")
    if faults:
        raise ModelInputError(list_faults(faults))


def require_one_index(first: object, *others: object) -> None:
    """Check that Series which are multiplied are of the same rows, in the same order.

    Parameters
    ----------
    first, others
        Numbers or Series; the first must be a Series where another is.

    Raises
    ------
    ModelInputError
        If two are on different rows.
    """
    for other in others:
        if isinstance(other, pd.Series) and not (
            isinstance(first, pd.Series) and other.index.equals(first.index)
        ):
            raise ModelInputError(
                "Series must be on one index, and the first value a Series when another is; "
                "reindex one on the other's rows."
            )
