"""What building a plant brings to its region: orders for local builders, and jobs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.potential.ranges import require_range

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractingModel:
    """Effect of construction orders (建設請負効果), as shares of what a project costs.

    Attributes
    ----------
    equipment
        Equipment bought outside of the region [0-1]; missing (NaN) where not known.
    construction
        Construction work (工事費) [0-1]; missing where not known.
    circulation
        What goes round within the region (地域内循環効果) where all builders are local; missing
        where not known.
    total
        Local construction and circulation together (地域経済波及効果) where all builders are local.
    jobs_per_million_yen
        Jobs (雇用効果) for 百万円 of cost where all builders are local.
    source
        Where the figures come from, and which of them are fitted.
    """

    equipment: float
    construction: float
    circulation: float
    total: float
    jobs_per_million_yen: float
    source: str = ""


_REPORT = "農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013)"
_STUDY = "緑の分権改革推進事業 道産クリーンエネルギー活用推進方策検討調査 (平成23年 北海道)"

NON_RESIDENTIAL = ContractingModel(
    equipment=0.63,
    construction=0.37,
    circulation=0.67,
    total=1.04,
    jobs_per_million_yen=0.04,
    source=(
        f"{_REPORT}, 建設請負効果 in 4.1.5 (網走, 白糠), after {_STUDY}, 非住宅用; the jobs for "
        "百万円 are lost, 0.04 is fitted to the printed 13 (0.0383 to 0.0413 would do)"
    ),
)
"""Of 100 円: 63 of equipment, 37 of construction, 67 of circulation; the same in both regions."""

RESIDENTIAL = ContractingModel(
    equipment=math.nan,
    construction=math.nan,
    circulation=math.nan,
    total=0.94,
    jobs_per_million_yen=0.036,
    source=(
        f"{_REPORT}, 建設請負効果 in 5.1.5 (能取, 白糠), after {_STUDY}, 住宅用; the parts are "
        "lost, 0.94 is fitted to the printed 1,314 万円 of 1,398, 0.036 to the printed 0.5 jobs "
        "(0.0322 to 0.0393 would do)"
    ),
)
"""Of 100 円: 94 of construction and circulation together; their parts are lost."""


def regional_effect(
    cost_man_yen: float,
    *,
    model: ContractingModel = NON_RESIDENTIAL,
    local_shares: Iterable[float] = (1.0,),
) -> pd.DataFrame:
    """Effect on the regional economy of building a plant, by the share of local builders.

    The report shows 100 % local builders alone. For other shares all of the effect is taken to
    fall in proportion, as the table's own rows suggest: the share of local builders multiplies the
    construction cost, and what goes round follows from that.

    Parameters
    ----------
    cost_man_yen
        Cost of the project [万円], 0 or more. Another unit of money is unguarded.
    model
        Multipliers: `NON_RESIDENTIAL` (1,000 kW) or `RESIDENTIAL` (30 kW).
    local_shares
        Shares of the construction that local builders carry out (地元請負率) [0-1].

    Returns
    -------
    pandas.DataFrame
        On an index ``local_share``: ``cost``, ``equipment``, ``construction``,
        ``local_construction``, ``circulation``, ``total`` [万円], ``jobs``; missing where the model
        does not state the part. Nothing is rounded.

    Raises
    ------
    ModelInputError
        If the cost is negative or a share outside 0-1, as in percent.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 5.1.5.

    Examples
    --------
    >>> regional_effect(32_650, local_shares=(1.0, 0.5))["total"].round().tolist()
    [33956.0, 16978.0]
    """
    shares = pd.Index(list(local_shares), name="local_share", dtype=float)
    require_range("share of local builders [0-1]", pd.Series(shares, index=shares), 0, 1)
    require_range("cost [万円]", cost_man_yen, 0)
    share = pd.Series(shares, index=shares)
    construction = model.construction * cost_man_yen
    return pd.DataFrame(
        {
            "cost": cost_man_yen,
            "equipment": model.equipment * cost_man_yen,
            "construction": construction,
            "local_construction": construction * share,
            "circulation": model.circulation * cost_man_yen * share,
            "total": model.total * cost_man_yen * share,
            "jobs": model.jobs_per_million_yen * cost_man_yen / 100 * share,
        },
        index=shares,
    )
