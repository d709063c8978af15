"""What regions can connect: the row of totals of table 6-2, and sums that are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerWarning, ModelInputError
from hokkaido_gis.grid.regions import (
    REGIONS,
    SENDING_CAPACITY_MW,
    connectable_mw,
    share_sending_capacity,
    sum_by_region,
)
from hokkaido_gis.readers.municipalities import read_municipalities

positive = st.floats(0.01, 1e5)


def test_row_of_totals_of_the_report() -> None:
    """Printed: 計 7,509, and of its 15 % the first digit, 1 thousand. 7,509 is what is sent."""
    total = connectable_mw(pd.Series({"計": SENDING_CAPACITY_MW})).loc["計"]
    assert total["sending_capacity_mw"] == 7509
    assert total["connectable_15_mw"] // 1000 == 1
    # The capacity of all plants is given as 7,500 MW in the text beside the table.
    assert total["sending_capacity_mw"] == pytest.approx(7500, rel=0.002)


def test_shares_by_hand() -> None:
    found = connectable_mw(pd.Series({"石狩": 2000.0, "根室": np.nan}), shares=(0.1, 0.125))
    assert found.columns.tolist() == [
        "sending_capacity_mw", "connectable_10_mw", "connectable_12.5_mw",
    ]  # fmt: skip
    assert found.loc["石狩"].tolist() == [2000, 200, 250]
    assert found.loc["根室"].isna().all()


@given(st.lists(positive, min_size=1, max_size=14), positive)
def test_shared_out_and_summed_again(weights: list[float], total: float) -> None:
    regions = pd.Series(weights, index=list(REGIONS.values())[: len(weights)])
    capacity = share_sending_capacity(regions, total_mw=total)
    assert capacity.index.equals(regions.index)
    assert capacity.sum() == pytest.approx(total)
    table = connectable_mw(capacity)
    assert table["connectable_30_mw"].sum() == pytest.approx(0.3 * total)
    np.testing.assert_allclose(capacity / total, regions / regions.sum())


def test_branch_shared_out_by_population() -> None:
    branches = share_sending_capacity(pd.Series({"函館": 1.0, "旭川": 3.0}), total_mw=800)
    regions = share_sending_capacity(
        pd.Series({"渡島": 40_000.0, "檜山": 10_000.0}), total_mw=branches["函館"]
    )
    assert regions.tolist() == [160, 40]


def test_regions_of_the_report_are_the_subprefectures() -> None:
    municipalities = read_municipalities(sample_data() / "municipalities.geojson")
    assert set(municipalities["subprefecture"]) == set(REGIONS)
    assert len(set(REGIONS.values())) == 14


def test_substations_by_region() -> None:
    kw = pd.Series({"s1": 50_000.0, "s2": 30_000.0, "s3": np.nan, "s4": 7_000.0})
    region = pd.Series({"s1": "石狩", "s2": "石狩", "s3": "根室", "s4": None})
    with pytest.warns(LayerWarning, match=r"1 are missing \(s3\) and 1 with 7000 kW .* \(s4\)"):
        found = sum_by_region(kw, region, regions=["石狩", "根室", "釧路"])
    assert found.to_dict() == {"石狩": 80, "根室": 0, "釧路": 0}
    known = ["s1", "s2"]
    assert sum_by_region(kw[known], region[known]).to_dict() == {"石狩": 80}


def test_bad_input() -> None:
    one = pd.Series({"石狩": 1.0})
    with pytest.raises(ModelInputError, match=r"sending capacity \[MW\] must be 0 or more"):
        connectable_mw(-one)
    with pytest.raises(ModelInputError, match="between 0 and 1"):
        connectable_mw(one, shares=(15,))
    with pytest.raises(ModelInputError, match="shares must differ"):
        connectable_mw(one, shares=(0.1, 0.1))
    with pytest.raises(ModelInputError, match=r"Weights of 1 regions are missing \(根室\)"):
        share_sending_capacity(pd.Series({"石狩": 1.0, "根室": np.nan}))
    with pytest.raises(ModelInputError, match="All weights are 0"):
        share_sending_capacity(one * 0)
    with pytest.raises(ModelInputError, match="same index"):
        sum_by_region(one, pd.Series({"根室": "x"}))
    with pytest.raises(ModelInputError, match="1 regions are not among those asked for: 石狩"):
        sum_by_region(pd.Series([1.0]), pd.Series(["石狩"]), regions=["根室"])
