"""Generation of a year from flow-duration data, by the report's approximate method (概算法)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import ModelInputError, name_some
from hokkaido_gis.potential.hydro import hydro_generation, hydro_output, total_efficiency
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.together import require_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAYS_PER_YEAR = 365

FLOW_CLASSES: dict[str, int] = {"渇水": 355, "低水": 275, "平水": 185, "豊水": 95, "35日": 35}
"""Days of a year on which the flow of a class is reached or exceeded (図 3-9)."""

LEAST_LOAD = 0.30
"""Share of the design flow below which a turbine stands still (報告書 3.1 (5) 5)."""

REPORT_HEAD_M = 32.0
"""Effective head of figures 3-11 and 3-12 [m]."""

_FLOW = (0.0, 100.0)
_DAYS_HINT = "Count the days of a year on which the flow is reached, not the rank of a day."


def cross_flow_efficiency(load: pd.Series) -> pd.Series:
    r"""Efficiency of a cross-flow turbine at part load, as a share of that at full load.

    .. math:: \frac{\eta(q)}{\eta(1)} = \frac{0.79 - 0.15\,(1 - q) - 1.37\,(1 - q)^{14}}{0.79}

    The report corrects the efficiency for the load and does not say how; this curve stands in.

    Parameters
    ----------
    load
        Flow used as a share :math:`q` of the design flow [0-1].

    Returns
    -------
    pandas.Series
        Share of the efficiency at full load [0-1], on the index of `load`.

    Raises
    ------
    ModelInputError
        If a load is outside 0-1.

    References
    ----------
    .. [1] RETScreen International, Clean Energy Project Analysis: Small Hydro Project Analysis,
       Minister of Natural Resources Canada (2004), appendix A.

    Examples
    --------
    >>> cross_flow_efficiency(pd.Series([1.0, 0.5])).round(3).tolist()
    [1.0, 0.905]
    """
    require_range("load [0-1]", load, 0, 1)
    below = 1 - load
    return ((0.79 - 0.15 * below - 1.37 * below**14) / 0.79).clip(lower=0)


def straight_flow(mean_m3_s: float, *, fall: float) -> pd.Series:
    r"""Flow-duration line that falls evenly through the year, as figure 3-9 simplifies the curve.

    .. math:: Q(d) = \bar Q\,\bigl(1 + f\,(1/2 - d/365)\bigr)

    Two lines of one mean carry the same water in the year, however much they fall. The flows of
    figure 3-9 are lost; with this its comparison can be made for flows of one's own.

    Parameters
    ----------
    mean_m3_s
        Mean flow :math:`\bar Q` of the year [m3/s], 0 to 50.
    fall
        Difference :math:`f` of greatest and least flow as a share of the mean, 0 to 2.

    Returns
    -------
    pandas.Series
        Flow [m3/s] on an index ``days`` (days on which it is reached or exceeded): 0, those of
        `FLOW_CLASSES`, 365.

    Raises
    ------
    ModelInputError
        If a value is outside its range.

    Examples
    --------
    >>> straight_flow(1.0, fall=1.0).round(3).tolist()
    [1.5, 1.404, 1.24, 0.993, 0.747, 0.527, 0.5]
    """
    require_range("mean flow [m3/s]", mean_m3_s, 0, _FLOW[1] / 2)
    require_range("fall as a share of the mean", fall, 0, 2)
    days = pd.Index([0, *sorted(FLOW_CLASSES.values()), DAYS_PER_YEAR], name="days")
    flow = mean_m3_s * (1 + fall * (0.5 - days.to_numpy() / DAYS_PER_YEAR))
    return pd.Series(flow, index=days, name="flow_m3_s")


def generation_from_flow(
    flow_m3_s: pd.Series,
    head_m: float | pd.Series,
    *,
    design_flow_m3_s: float,
    efficiency: float | None = None,
    part_load: Callable[[pd.Series], pd.Series] = cross_flow_efficiency,
    least_load: float = LEAST_LOAD,
) -> pd.DataFrame:
    r"""Follow a flow-duration curve by the approximate method of figures 3-11 and 3-12.

    At each point of the curve the turbine uses the flow up to its design flow; load gives the
    efficiency, and that the output. Between two points the mean of their outputs runs for the days
    between:

    .. math:: E = \sum_i 24\,(d_i - d_{i-1})\,\frac{P_{i-1} + P_i}{2}, \qquad
        P_i = 9.8\,\min(Q_i, Q_d)\,H_e\,\eta\,\rho(Q_i / Q_d)

    Nothing is supposed beyond what the curve states: before its first day its first output runs,
    and after its last day none. Both leave the estimate on the low side.

    Parameters
    ----------
    flow_m3_s
        Flow [m3/s], 0 to 100, on an index of the days of a year on which it is reached or exceeded
        (0 to 365, rising; the flow does not rise with them).
    head_m
        Effective head :math:`H_e` [m], one number or one on the index of `flow_m3_s`.
    design_flow_m3_s
        Greatest flow :math:`Q_d` that the turbine uses [m3/s], above 0.
    efficiency
        Total efficiency :math:`\eta` at full load [0-1]; by table 3-2 for the design flow and the
        mean head where it is not given.
    part_load
        Function :math:`\rho` of the load (a Series 0-1) that gives the share of the efficiency at
        full load.
    least_load
        Load below which the turbine stands still [0-1].

    Returns
    -------
    pandas.DataFrame
        On the index of `flow_m3_s`: ``days`` since the point before, ``flow_m3_s`` (used, up to the
        design flow), ``load`` [0-1], ``efficiency`` [0-1], ``output_kw`` at the point,
        ``mean_output_kw`` since the point before, ``generation_kwh``. The column
        ``generation_kwh`` adds up to the year.

    Raises
    ------
    ModelInputError
        If a flow is missing or has no head, a value is outside its range, the days do not rise from
        0 to 365, or the flow rises with them.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.1 参考, 図 3-11, 図 3-12.

    Examples
    --------
    >>> table = generation_from_flow(straight_flow(0.3, fall=0.4), 32.0, design_flow_m3_s=0.3)
    >>> round(float(table["generation_kwh"].sum()))
    558675
    """
    require_with("flow [m3/s]", flow_m3_s, {"head [m]": head_m})
    require_range("design flow [m3/s]", design_flow_m3_s, 1e-3, _FLOW[1])
    require_range("least load [0-1]", least_load, 0, 1)
    _require_curve(flow_m3_s)
    if efficiency is None:
        efficiency = total_efficiency(design_flow_m3_s, _design_head(head_m))
    used = flow_m3_s.astype(float).clip(upper=design_flow_m3_s)
    load = used / design_flow_m3_s
    share = part_load(load)
    require_range("share of the efficiency at full load [0-1]", share, 0, 1)
    effective = (share * efficiency).where(load >= least_load, 0.0)
    output = hydro_output(used, head_m, efficiency=effective)
    days = pd.Series(flow_m3_s.index, index=flow_m3_s.index).diff().fillna(flow_m3_s.index[0])
    mean = (output + output.shift().fillna(output)) / 2
    return pd.DataFrame(
        {
            "days": days,
            "flow_m3_s": used,
            "load": load,
            "efficiency": effective,
            "output_kw": output,
            "mean_output_kw": mean,
            "generation_kwh": 24 * days * mean,
        }
    )


def generation_by_design_flow(
    flow_m3_s: pd.Series,
    head_m: float | pd.Series,
    *,
    classes: Mapping[str, float] | None = None,
    efficiency: float | None = None,
    part_load: Callable[[pd.Series], pd.Series] = cross_flow_efficiency,
    least_load: float = LEAST_LOAD,
) -> pd.DataFrame:
    """Compare turbines laid out for the flow of each class, as figure 3-10 does.

    Parameters
    ----------
    flow_m3_s, head_m, efficiency, part_load, least_load
        As of `generation_from_flow`.
    classes
        Days on which the design flow is reached or exceeded, by name; `FLOW_CLASSES` unless stated.
        Between two points of the curve the flow is interpolated.

    Returns
    -------
    pandas.DataFrame
        On the names of `classes`: ``design_flow_m3_s``, ``output_kw`` at full load,
        ``generation_kwh`` in a year, ``utilisation`` (share of the year at full output [0-1]).

    Raises
    ------
    ModelInputError
        As of `generation_from_flow`, or if a class lies outside the days of the curve.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 図 3-10.

    Examples
    --------
    >>> found = generation_by_design_flow(straight_flow(0.3, fall=0.4), 32.0)
    >>> found["generation_kwh"].idxmax()
    '35日'
    """
    _require_curve(flow_m3_s)
    days = pd.Series(dict(classes or FLOW_CLASSES), dtype=float)
    curve = flow_m3_s.index
    require_range("days of a class within the curve", days, curve[0], curve[-1], hint=_DAYS_HINT)
    design = pd.Series(
        np.interp(days.to_numpy(), curve.to_numpy(dtype=float), flow_m3_s.to_numpy(dtype=float)),
        index=days.index,
    )
    years = [
        generation_from_flow(
            flow_m3_s,
            head_m,
            design_flow_m3_s=flow,
            efficiency=efficiency,
            part_load=part_load,
            least_load=least_load,
        )["generation_kwh"].sum()
        for flow in design
    ]
    output = hydro_output(design, _design_head(head_m), efficiency=efficiency)
    return pd.DataFrame(
        {
            "design_flow_m3_s": design,
            "output_kw": output,
            "generation_kwh": years,
            "utilisation": years / hydro_generation(output, utilisation=1.0),
        }
    )


def _design_head(head_m: float | pd.Series) -> float:
    """Head that the turbine is laid out for [m]: the mean of those along the curve."""
    return float(head_m.mean()) if isinstance(head_m, pd.Series) else head_m


def _require_curve(flow_m3_s: pd.Series) -> None:
    """Check that days rise within a year and flows do not rise with them."""
    require_range("flow [m3/s]", flow_m3_s, *_FLOW)
    if flow_m3_s.empty or flow_m3_s.isna().any():
        missing = flow_m3_s.index[flow_m3_s.isna()].tolist()
        raise ModelInputError(
            f"flow [m3/s] is missing in row {name_some(missing)}; a curve needs every point."
            if missing
            else "the flow-duration curve has no points."
        )
    days = pd.Series(flow_m3_s.index, index=flow_m3_s.index)
    require_range("days on which a flow is reached", days, 0, DAYS_PER_YEAR, hint=_DAYS_HINT)
    if not flow_m3_s.index.is_unique or not flow_m3_s.index.is_monotonic_increasing:
        raise ModelInputError(
            f"days must rise from row to row, each once; got {name_some(days.tolist(), most=10)}."
        )
    rises = flow_m3_s.index[flow_m3_s.diff() > 0].tolist()
    if rises:
        raise ModelInputError(
            f"flow [m3/s] rises with the days at row {name_some(rises)}; on a duration curve a "
            "flow that is reached on more days is smaller. Sort the flows downwards."
        )
