"""Bounds of withheld values of the census of agriculture, and sums beside their totals."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, name_some
from hokkaido_gis.readers.sheets import is_number, plain_text

TOTALS = ("former municipality", "municipality", "prefecture")
"""Levels of totals, the smallest units first; see `key_levels`."""

_PREFIX = {"former municipality": 7, "municipality": 5, "prefecture": 2}


def find_bounds(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Lower and upper bound of every row [ha]; the upper by what totals leave."""
    value = rows["abandoned_ha"]
    withheld = rows["status"] == "withheld"
    leaves = rows["level"].isin(["settlement", "outside"])
    high = value.mask(withheld & leaves, _left_by_totals(rows, leaves))
    return {"abandoned_ha_low": value.mask(withheld, 0.0), "abandoned_ha_high": high}


def _left_by_totals(rows: pd.DataFrame, leaves: pd.Series) -> pd.Series:
    """What the totals above a row leave for it when all else that they hold is taken off [ha].

    Upwards, a unit holds at least its total where stated, else the sum of what its parts hold at
    least. Downwards, a part holds at most its own total and what its unit may hold less what the
    other parts hold at least.
    """
    keys = rows.loc[leaves, "key"]
    own = rows.loc[leaves].set_index("key")["abandoned_ha"].fillna(0.0).groupby(level=0).sum()
    least = {"settlement": own}
    stated = {}
    for level in TOTALS:
        totals = rows[(rows["level"] == level) & rows["abandoned_ha"].notna()]
        prefix = totals["key"].str[: _PREFIX[level]]
        stated[level] = totals.set_axis(pd.Index(prefix), axis="index")["abandoned_ha"]
        below = list(least.values())[-1]
        parts = below.groupby(below.index.str[: _PREFIX[level]]).sum()
        least[level] = stated[level].reindex(parts.index).fillna(parts)
    most = stated["prefecture"].reindex(least["prefecture"].index).fillna(np.inf)
    for level, upper in (
        ("municipality", "prefecture"),
        ("former municipality", "municipality"),
        ("settlement", "former municipality"),
    ):
        above = pd.Index(least[level].index.str[: _PREFIX[upper]])
        held = least[level].groupby(above).sum()
        spare = (most - held).reindex(above).to_numpy() + least[level].to_numpy()
        own_total = stated.get(level, pd.Series(dtype=float)).reindex(least[level].index)
        most = pd.Series(np.fmin(spare, own_total.to_numpy(float)), index=least[level].index)
    most = most.replace(np.inf, np.nan).clip(lower=0.0).round(9)
    return pd.Series(most.reindex(keys).to_numpy(), index=keys.index)


def find_sums(rows: pd.DataFrame, *, resolution: float) -> pd.DataFrame:
    """Each total beside the sum of its settlements; both are rounded to `resolution` [ha]."""
    leaves = rows[rows["level"].isin(["settlement", "outside"])]
    found = []
    for level in TOTALS:
        totals = rows[(rows["level"] == level) & rows["abandoned_ha"].notna()].set_index("key")
        within = leaves.groupby(leaves["key"].str[: _PREFIX[level]])["abandoned_ha"]
        prefix = totals.index.str[: _PREFIX[level]]
        counts, known = within.size(), within.count()
        found.append(
            pd.DataFrame(
                {
                    "level": level,
                    "stated_ha": totals["abandoned_ha"],
                    "sum_ha": within.sum().reindex(prefix).fillna(0.0).to_numpy(),
                    "missing": (counts - known).reindex(prefix).fillna(0).to_numpy(int),
                    "tolerance_ha": 0.5
                    * resolution
                    * (known.reindex(prefix).fillna(0).to_numpy() + 1),
                },
                index=totals.index,
            )
        )
    sums = pd.concat(found)
    left = sums["stated_ha"] - sums["sum_ha"]
    enough = left >= -sums["tolerance_ha"] - 1e-9
    exact = left.abs() <= sums["tolerance_ha"] + 1e-9
    sums.insert(4, "remainder_ha", left.round(9))
    return sums.assign(agrees=enough & (exact | (sums["missing"] > 0)))


def find_resolution(texts: pd.Series) -> float:
    """Step to which numbers are rounded [unit of the column]: 1, or less by their decimals."""
    numbers = [plain for plain in map(plain_text, texts) if is_number(plain)]
    return float(10.0 ** -max((len(n.partition(".")[2]) for n in numbers), default=0))


def tell_sums(what: str, sums: pd.DataFrame) -> None:
    """Tell of totals that do not agree with their settlements."""
    wrong = sums[~sums["agrees"]]
    if len(wrong):
        told = [
            f"{key} ({row.level}) states {row.stated_ha:g} ha, its settlements sum to "
            f"{row.sum_ha:g} ha"
            for key, row in zip(wrong.index, wrong.itertuples(), strict=True)
        ]
        warnings.warn(
            f"{what}: {len(wrong)} totals do not agree with their settlements: {name_some(told)}.",
            LayerWarning,
            stacklevel=3,
        )
