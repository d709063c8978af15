"""Range checks that every model shares: values outside are refused with their row named."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from hokkaido_gis.errors import ModelInputError, name_some


def require_range(
    what: str,
    value: float | pd.Series,
    least: float,
    most: float = math.inf,
    *,
    hint: str = "Is the unit right?",
) -> None:
    """Check that a value, or every value of a Series, is a number within a range.

    A missing value of a Series passes, since its row stays missing in the result. A number that
    stands alone has no row to stay missing in and is refused when it is missing: an efficiency that
    is not a number would leave a whole layer without values and say nothing.

    Parameters
    ----------
    what
        Quantity and unit, for the message.
    value
        Number or Series.
    least, most
        The range, both ends included; infinite values are outside of any.
    hint
        Last sentence of the message: what values outside usually come from.

    Raises
    ------
    ModelInputError
        Naming the rows and values outside, or those that are no numbers.
    """
    limit = f"between {least:g} and {most:g}" if most < math.inf else f"{least:g} or more"
    told = _outside(value, least, most)
    if told:
        raise ModelInputError(f"{what} must be {limit}; got {name_some(told)}. {hint}")


def require_table_range(
    what: str,
    table: pd.DataFrame,
    least: float,
    most: float = math.inf,
    *,
    hint: str = "Is the unit right?",
) -> None:
    """Check all values of a table at once, as `require_range` does those of a Series.

    Parameters
    ----------
    what, least, most, hint
        As for `require_range`.
    table
        Columns of numbers; missing ones pass.

    Raises
    ------
    ModelInputError
        Naming rows, columns and values outside.
    """
    cells = pd.MultiIndex.from_product([table.index, table.columns])
    values = table.to_numpy(dtype=object).ravel()
    require_range(what, pd.Series(values, index=cells, dtype=object), least, most, hint=hint)


def _outside(value: float | pd.Series, least: float, most: float) -> list[str]:
    """Say which values are no numbers, or outside the range."""
    if not isinstance(value, pd.Series):
        try:
            number = float(value)
        except (TypeError, ValueError):
            return [repr(value)]
        return [] if least <= number <= most and math.isfinite(number) else [f"{number:g}"]
    numbers = pd.to_numeric(value, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    unread = np.isnan(numbers) & value.notna().to_numpy()
    wrong = unread | (numbers < least) | (numbers > most) | np.isinf(numbers)
    rows = zip(value.index[wrong], value[wrong], numbers[wrong], unread[wrong], strict=True)
    return [
        f"row {_row(label)}: " + (repr(given) if text else f"{number:g}")
        for label, given, number, text in rows
    ]


def _row(label: object) -> str:
    """Label of a row; the levels of a compound one are set apart by blanks."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
