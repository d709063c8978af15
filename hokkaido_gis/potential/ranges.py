"""Range checks that every model shares: values outside are refused with their row named."""

from __future__ import annotations

import math

import pandas as pd

from hokkaido_gis.errors import ModelInputError, name_some


def require_range(
    what: str, value: float | pd.Series, least: float, most: float = math.inf
) -> None:
    """Check that a value, or every value of a Series, lies within a range; missing ones may pass.

    Parameters
    ----------
    what
        Quantity and unit, for the message.
    value
        Number or Series.
    least, most
        The range, both ends included.

    Raises
    ------
    ModelInputError
        Naming the rows and values outside.
    """
    if isinstance(value, pd.Series):
        outside = value[(value < least) | (value > most)]
        told = [f"row {i}: {v:g}" for i, v in outside.items()]
    else:
        told = [f"{value:g}"] if value < least or value > most else []
    if told:
        limit = f"between {least:g} and {most:g}" if most < math.inf else f"{least:g} or more"
        raise ModelInputError(f"{what} must be {limit}; got {name_some(told)}. Is the unit right?")
