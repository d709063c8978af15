"""How much of a planned increase of capacity each resource of a region could give."""

from __future__ import annotations

import pandas as pd

from hokkaido_gis.potential.ranges import require_range

LEAST_INCREASE_KW = 10.0
"""Smaller increases of a region's capacity are those of plans in another unit [kW]."""
_HINT = "A plan must grow, and 1 万kW is 10,000 kW."


def share_of_increase(
    potential_kw: pd.Series, now_kw: float | pd.Series, target_kw: float | pd.Series
) -> pd.DataFrame:
    """Potential of each resource beside the increase that a plan asks for.

    Parameters
    ----------
    potential_kw
        Capacity that each resource could have [kW], 0 or more; its index names the resources.
    now_kw, target_kw
        Capacity installed at the plan's beginning and wanted at its end [kW].

    Returns
    -------
    pandas.DataFrame
        On the index of `potential_kw`: ``potential_kw``, ``increase_kw`` (target less now [kW]),
        ``share`` (potential over increase; above 1 the resource alone would do) and ``needed``
        (part of the potential that would have to be built for the whole increase, missing where it
        is not enough). Missing potentials stay missing.

    Raises
    ------
    ModelInputError
        If a capacity is negative, or the target is not 10 kW above what is there: the plan falls,
        or is in 万kW and must be multiplied by 10,000. An increase of 10 MW or more that is given
        in MW is not noticed.

    Examples
    --------
    >>> share_of_increase(pd.Series({"solar": 56_000.0}), 368_000, 396_000)["share"].tolist()
    [2.0]
    """
    require_range("potential [kW]", potential_kw, 0)
    require_range("capacity now [kW]", now_kw, 0)
    increase = target_kw - now_kw
    require_range("increase to the target [kW]", increase, LEAST_INCREASE_KW, hint=_HINT)
    share = potential_kw / increase
    return pd.DataFrame(
        {
            "potential_kw": potential_kw,
            "increase_kw": increase,
            "share": share,
            "needed": (1 / share).where(share >= 1),
        }
    )
