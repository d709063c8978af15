"""Woody biomass: from usable heat to the output of a power plant."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

# 報告書 2.1.2 (1): 発電効率 27 %, 24 時間 365 日連続稼動.
EFFICIENCY = 0.27


@overload
def output_from_heat(heat_gj: float, *, efficiency: float = ..., hours: float = ...) -> float: ...
@overload
def output_from_heat(
    heat_gj: pd.Series, *, efficiency: float = ..., hours: float = ...
) -> pd.Series: ...
def output_from_heat(
    heat_gj: float | pd.Series, *, efficiency: float = EFFICIENCY, hours: float = HOURS_PER_YEAR
) -> float | pd.Series:
    r"""Output that a year's usable heat can sustain.

    .. math:: P = \frac{1000\, H \eta}{3.6\, t}

    Parameters
    ----------
    heat_gj
        Usable heat :math:`H` [GJ/yr], 0 or more.
    efficiency
        Efficiency :math:`\eta` of generation [0-1].
    hours
        Operation :math:`t` in a year [h], up to 8,784.

    Returns
    -------
    float or pandas.Series
        Output potential :math:`P` [kW], of the kind and on the index of `heat_gj`.

    Raises
    ------
    ModelInputError
        If a heat is negative, or efficiency or hours are outside their range.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 2.1.2 (1).

    Examples
    --------
    >>> round(output_from_heat(93_643), 1)
    801.7
    """
    require_range("efficiency [0-1]", efficiency, 0, 1)
    require_range("hours of operation in a year", hours, 1, 8784)
    require_range("heat [GJ/yr]", heat_gj, 0)
    return heat_gj * (1000 * efficiency / (3.6 * hours))
