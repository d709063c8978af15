"""How much renewable output regions can connect, as a share of what their substations can send."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import LayerWarning, ModelInputError, name_some
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.units import kilowatts_to_megawatts

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = (0.15, 0.20, 0.25, 0.30)
"""Shares of the sending capacity that table 6-2 looks at [0-1]."""

SENDING_CAPACITY_MW = 7509.0
"""Sending capacity of all regions together, as the last row of table 6-2 prints it [MW]."""

REGIONS = {
    "石狩振興局": "石狩",
    "渡島総合振興局": "渡島",
    "檜山振興局": "檜山",
    "後志総合振興局": "後志",
    "空知総合振興局": "空知",
    "上川総合振興局": "上川",
    "留萌振興局": "留萌",
    "宗谷総合振興局": "宗谷",
    "オホーツク総合振興局": "北見",
    "胆振総合振興局": "胆振",
    "日高振興局": "日高",
    "十勝総合振興局": "十勝",
    "釧路総合振興局": "釧路",
    "根室振興局": "根室",
}
"""Subprefectures and the names of table 6-2 for them, in its order."""


def connectable_mw(
    sending_capacity_mw: pd.Series, shares: Sequence[float] = SHARES
) -> pd.DataFrame:
    """Renewable output that each region can connect at given shares of its sending capacity.

    The report takes what a region can connect as a share of the capacity that its substations are
    thought to send out; nothing else, such as the limits of wind or solar, enters.

    Parameters
    ----------
    sending_capacity_mw
        Sending capacity of each region [MW], 0 or more.
    shares
        Shares of it that may be renewable [0-1].

    Returns
    -------
    pandas.DataFrame
        On the index of `sending_capacity_mw`: ``sending_capacity_mw`` and a column for each share,
        such as ``connectable_15_mw`` for 15 % [MW]; missing where the capacity is. Sums over
        regions are those of their capacities.

    Raises
    ------
    ModelInputError
        If a capacity is negative, a share is not between 0 and 1, or one stands twice.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 6.2.2, 表 6-2.

    Examples
    --------
    >>> connectable_mw(pd.Series({"計": 7509.0})).round().loc["計"].tolist()
    [7509.0, 1126.0, 1502.0, 1877.0, 2253.0]
    """
    require_range("sending capacity [MW]", sending_capacity_mw, 0)
    require_range("share of the sending capacity [0-1]", pd.Series(shares, dtype=float), 0, 1)
    names = [f"connectable_{100 * share:g}_mw" for share in shares]
    if len(set(names)) < len(names):
        raise ModelInputError(f"shares must differ; got {name_some(list(shares))}.")
    capacity = sending_capacity_mw.astype(float)
    columns = {name: capacity * share for name, share in zip(names, shares, strict=True)}
    return pd.DataFrame({"sending_capacity_mw": capacity, **columns})


def share_sending_capacity(
    weights: pd.Series, *, total_mw: float = SENDING_CAPACITY_MW
) -> pd.Series:
    """Share a total sending capacity out to regions, as the report does by electricity sold.

    The report shares the generating capacity of Hokkaido out to the branches of the power company
    by the electricity that each sells, and takes each part for what its substations can send. The
    regions of a branch can be told apart by a second call with its part and their populations.

    Parameters
    ----------
    weights
        Electricity sold, population or any other measure of each region, 0 or more.
    total_mw
        What is shared out [MW].

    Returns
    -------
    pandas.Series
        ``sending_capacity_mw`` [MW] on the index of `weights`; the sum is `total_mw`.

    Raises
    ------
    ModelInputError
        If the total or a weight is negative, a weight is missing, or all are 0.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 6.2.2.

    Examples
    --------
    >>> share_sending_capacity(pd.Series({"石狩": 3.0, "根室": 1.0}), total_mw=1000).tolist()
    [750.0, 250.0]
    """
    require_range("total sending capacity [MW]", total_mw, 0)
    require_range("weight", weights, 0)
    if weights.isna().any():
        unknown = list(weights.index[weights.isna()])
        raise ModelInputError(
            f"Weights of {len(unknown)} regions are missing ({name_some(unknown)}), so that no "
            "share can be told. Give all, or leave these regions out."
        )
    whole = math.fsum(weights.astype(float))
    if whole == 0:
        raise ModelInputError("All weights are 0, so that nothing says how the total is shared.")
    return (weights.astype(float) * (total_mw / whole)).rename("sending_capacity_mw")


def sum_by_region(
    capacity_kw: pd.Series, region: pd.Series, *, regions: Sequence[str] = ()
) -> pd.Series:
    """Sending capacity of regions from the capacities of their substations.

    Another way to the capacities of table 6-2, where those of single substations are known, such as
    ``operating_kw`` of `read_free_capacity`. A substation that feeds another of the list counts
    twice: choose one voltage class beforehand.

    Parameters
    ----------
    capacity_kw
        Capacity of each substation [kW], 0 or more.
    region
        Region that each lies in, on the index of `capacity_kw`, such as the subprefecture of its
        municipality through `REGIONS`.
    regions
        All regions in the order wanted; those without a substation get 0. Without it, those that
        occur, in the order of their first substation.

    Returns
    -------
    pandas.Series
        ``sending_capacity_mw`` [MW] on the regions. Capacities that are missing, and substations
        that lie in no region, are left out and told as `LayerWarning`.

    Raises
    ------
    ModelInputError
        If a capacity is negative, or `region` is on another index or names regions that are not in
        `regions`.
    """
    require_range("capacity [kW]", capacity_kw, 0)
    if not capacity_kw.index.equals(region.index):
        raise ModelInputError("capacity_kw and region must have the same index in the same order.")
    named = list(region.dropna().unique())
    strange = [name for name in named if regions and name not in regions]
    if strange:
        raise ModelInputError(
            f"{len(strange)} regions are not among those asked for: {name_some(strange)}; expected "
            f"{name_some(list(regions), most=14)}."
        )
    _tell_left_out(capacity_kw, region)
    sums = kilowatts_to_megawatts(capacity_kw.astype(float).groupby(region, sort=False).sum())
    wanted = list(regions) or named
    return sums.reindex(wanted, fill_value=0.0).rename("sending_capacity_mw").rename_axis(None)


def _tell_left_out(capacity_kw: pd.Series, region: pd.Series) -> None:
    unknown = list(capacity_kw.index[capacity_kw.isna()])
    outside = capacity_kw[capacity_kw.notna() & region.isna()]
    parts = []
    if unknown:
        parts.append(f"capacities of {len(unknown)} are missing ({name_some(unknown)})")
    if len(outside):
        named = name_some(list(outside.index))
        parts.append(f"{len(outside)} with {outside.sum():g} kW lie in no region ({named})")
    if parts:
        warnings.warn(
            f"Of {len(capacity_kw)} substations {' and '.join(parts)}; they are left out.",
            LayerWarning,
            stacklevel=3,
        )
