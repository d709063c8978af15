"""Small hydro at irrigation dams: effective head, efficiency by class, output and generation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.together import require_with
from hokkaido_gis.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

GRAVITY = 9.8
"""Acceleration of gravity as the report rounds it [m/s2], and kW per m3/s and m."""

UTILISATION = 0.55
"""Share of the year at full output (設備利用率) of the survey that the report follows."""
IRRIGATION_UTILISATION = 0.33
"""The same for an irrigation season of four months of twelve, as the report rounds it."""

HEAD_OF_HEIGHT = 0.80
"""Effective head as a share of the dam's height (堤高)."""
HEAD_OF_HEIGHT_WITH_FLOOD_CONTROL = 0.65
"""The same where the dam serves flood control (治水)."""

# 表 3-2. The last line, "20,000kW 以上 80%", breaks the rise of the others and is likely a
# misprint; it is kept as printed. No dam of the report comes near it.
EFFICIENCY_CLASSES: tuple[tuple[float, float], ...] = (
    (100, 0.72),
    (300, 0.75),
    (1_000, 0.78),
    (2_500, 0.80),
    (5_000, 0.82),
    (10_000, 0.83),
    (20_000, 0.84),
    (math.inf, 0.80),
)
"""Greatest output of a class, itself included [kW], and efficiency of turbine and generator."""

# Wide: they tell units and not sites. The highest dam of Japan is 186 m.
_FLOW = (0.0, 100.0)
_HEAD = (0.0, 250.0)
_OUTPUT = (0.0, 100_000.0)


@overload
def effective_head(dam_height_m: float, *, flood_control: bool) -> float: ...
@overload
def effective_head(dam_height_m: pd.Series, *, flood_control: bool | pd.Series) -> pd.Series: ...
def effective_head(
    dam_height_m: float | pd.Series, *, flood_control: bool | pd.Series
) -> float | pd.Series:
    """Effective head that the report takes from a dam's height.

    Parameters
    ----------
    dam_height_m
        Height of the dam (堤高) [m], 0 to 250.
    flood_control
        Whether the dam serves flood control; where it is missing, so is the head.

    Returns
    -------
    float or pandas.Series
        65 % of the height with flood control, else 80 % [m], of the kind and on the index of
        `dam_height_m`.

    Raises
    ------
    ModelInputError
        If a height is outside its range, or the two are on different rows.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.1 (2).

    Examples
    --------
    >>> effective_head(40.0, flood_control=True)
    26.0
    """
    require_range("height of the dam [m]", dam_height_m, *_HEAD)
    if not isinstance(flood_control, pd.Series):
        share = HEAD_OF_HEIGHT_WITH_FLOOD_CONTROL if flood_control else HEAD_OF_HEIGHT
        return dam_height_m * share
    if not isinstance(dam_height_m, pd.Series) or not flood_control.index.equals(
        dam_height_m.index
    ):
        raise ModelInputError(
            "height of the dam and flood control are on different rows; give both on one index."
        )
    shares = flood_control.map(
        {True: HEAD_OF_HEIGHT_WITH_FLOOD_CONTROL, False: HEAD_OF_HEIGHT}, na_action="ignore"
    )
    return dam_height_m * shares.astype(float)


@overload
def total_efficiency(
    flow_m3_s: float, head_m: float, *, classes: Sequence[tuple[float, float]] = ...
) -> float: ...
@overload
def total_efficiency(
    flow_m3_s: pd.Series,
    head_m: float | pd.Series,
    *,
    classes: Sequence[tuple[float, float]] = ...,
) -> pd.Series: ...
@overload
def total_efficiency(
    flow_m3_s: float, head_m: pd.Series, *, classes: Sequence[tuple[float, float]] = ...
) -> pd.Series: ...
def total_efficiency(
    flow_m3_s: float | pd.Series,
    head_m: float | pd.Series,
    *,
    classes: Sequence[tuple[float, float]] = EFFICIENCY_CLASSES,
) -> float | pd.Series:
    r"""Efficiency of turbine and generator of the class that contains the output it leads to.

    The table gives :math:`\eta` by the output :math:`P = 9.8\,Q H_e \eta`, which :math:`\eta`
    itself decides. The class taken is the first, from the smallest, whose result is not above it:

    .. math:: k = \min \{\, i : 9.8\,Q H_e\,\eta_i \le P_i^{\max} \,\}

    Nearly always that is the one class which contains its own result. Where the efficiency rises
    from a class to the next, both contain theirs in a narrow band below the limit (for 100 kW,
    :math:`9.8\,Q H_e` from 133.3 to 138.9 kW); the smaller class, with the smaller efficiency,
    is taken. Where it falls, as the print has it at 20,000 kW, no class does (23,810 to 25,000 kW);
    the larger class is taken, again with the smaller efficiency, though its result, 19,048
    to 20,000 kW, lies below the class.

    Parameters
    ----------
    flow_m3_s
        Greatest flow used :math:`Q` [m3/s], 0 to 100.
    head_m
        Effective head :math:`H_e` [m], 0 to 250.
    classes
        Greatest output [kW] and efficiency [0-1] of each class, from small to large; the last
        without limit (``math.inf``). Table 3-2 unless stated.

    Returns
    -------
    float or pandas.Series
        Efficiency :math:`\eta` [0-1]; a Series where either is one, missing where the flow is.

    Raises
    ------
    ModelInputError
        If a flow, head or efficiency is outside its range, a row has flow without head, or the
        classes do not rise to one without limit.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 3-2.

    Examples
    --------
    >>> total_efficiency(5.0, 26.0)
    0.78
    """
    limits = np.array([limit for limit, _ in classes], dtype=float)
    steps = np.array([efficiency for _, efficiency in classes], dtype=float)
    if not len(limits) or limits[-1] != math.inf or (np.diff(limits) <= 0).any():
        raise ModelInputError(
            f"classes of efficiency must rise from small to large and end with math.inf; "
            f"got {limits.tolist()}"
        )
    require_range("efficiency of a class [0-1]", pd.Series(steps, index=limits), 0, 1)
    hydraulic = _hydraulic_power(flow_m3_s, head_m)
    power = np.asarray(hydraulic, dtype=float)[..., None]
    # A limit that is met exactly must not be missed by the last bit of a product.
    first = (power * steps <= limits * (1 + 1e-12)).argmax(axis=-1)
    chosen = np.where(np.isnan(power[..., 0]), np.nan, steps[first])
    if isinstance(hydraulic, pd.Series):
        return pd.Series(chosen, index=hydraulic.index, name="efficiency")
    return float(chosen)


@overload
def hydro_output(flow_m3_s: float, head_m: float, *, efficiency: float | None = ...) -> float: ...
@overload
def hydro_output(
    flow_m3_s: pd.Series,
    head_m: float | pd.Series,
    *,
    efficiency: float | pd.Series | None = ...,
) -> pd.Series: ...
@overload
def hydro_output(
    flow_m3_s: float, head_m: pd.Series, *, efficiency: float | pd.Series | None = ...
) -> pd.Series: ...
def hydro_output(
    flow_m3_s: float | pd.Series,
    head_m: float | pd.Series,
    *,
    efficiency: float | pd.Series | None = None,
) -> float | pd.Series:
    r"""Output of flow and head.

    .. math:: P = 9.8\,Q H_e\,\eta

    Flow or head 1,000 times too small (km, thousand m3/s) is unguarded: there are sites that small.
    Flow in L/s is refused above 100 L/s, head in mm above 250 mm.

    Parameters
    ----------
    flow_m3_s
        Greatest flow used :math:`Q` (最大使用水量; at the report's dams the irrigation flow,
        かんがい流量) [m3/s], 0 to 100.
    head_m
        Effective head :math:`H_e` [m], 0 to 250; see `effective_head`.
    efficiency
        Total efficiency :math:`\eta` [0-1]; by `total_efficiency` where it is not given.

    Returns
    -------
    float or pandas.Series
        Output :math:`P` [kW]; a Series where either is one, missing where the flow is.

    Raises
    ------
    ModelInputError
        If a flow, head or efficiency is outside its range, or a row has flow without head.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.1 (2), 式 (1).

    Examples
    --------
    >>> round(hydro_output(5.0, 26.0), 1)
    993.7
    """
    if efficiency is None:
        efficiency = total_efficiency(flow_m3_s, head_m)
    else:
        require_range("efficiency [0-1]", efficiency, 0, 1)
    return _hydraulic_power(flow_m3_s, head_m) * efficiency


@overload
def hydro_generation(output_kw: float, *, utilisation: float = ...) -> float: ...
@overload
def hydro_generation(output_kw: pd.Series, *, utilisation: float = ...) -> pd.Series: ...
def hydro_generation(
    output_kw: float | pd.Series, *, utilisation: float = UTILISATION
) -> float | pd.Series:
    r"""Generation of a year at a flat utilisation.

    .. math:: E = 24 \times 365\,\xi P

    Output in MW is unguarded: there are plants of 1 kW. Output in W is refused above 100,000 W.

    Parameters
    ----------
    output_kw
        Output :math:`P` [kW], 0 to 100,000.
    utilisation
        Utilisation :math:`\xi` (設備利用率) [0-1]: 0.55, or 0.33 for an irrigation season of four
        months.

    Returns
    -------
    float or pandas.Series
        Generation :math:`E` [kWh/yr], of the kind and on the index of `output_kw`.

    Raises
    ------
    ModelInputError
        If an output or the utilisation is outside its range.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.1 (2), 式 (2).

    Examples
    --------
    >>> hydro_generation(100.0, utilisation=0.33)
    289080.0
    """
    require_range("utilisation [0-1]", utilisation, 0, 1)
    require_range("output [kW]", output_kw, *_OUTPUT)
    return output_kw * (HOURS_PER_YEAR * utilisation)


@overload
def output_from_generation(generation_kwh: float, *, utilisation: float = ...) -> float: ...
@overload
def output_from_generation(generation_kwh: pd.Series, *, utilisation: float = ...) -> pd.Series: ...
def output_from_generation(
    generation_kwh: float | pd.Series, *, utilisation: float = UTILISATION
) -> float | pd.Series:
    """Output that a year's generation at a flat utilisation stands for.

    The inverse of `hydro_generation`, for tables that lost the output: table 3-3's dams print
    generation where their output is lost.

    Parameters
    ----------
    generation_kwh
        Generation [kWh/yr], 0 or more. Generation in MWh is unguarded.
    utilisation
        Utilisation [0.01-1].

    Returns
    -------
    float or pandas.Series
        Output [kW], of the kind and on the index of `generation_kwh`.

    Raises
    ------
    ModelInputError
        If a generation is negative or leads to more than 100,000 kW, or the utilisation is outside
        its range.

    Examples
    --------
    >>> round(output_from_generation(5_922_000), 1)  # 青山 ダム, printed with 1,229 kW
    1229.1
    """
    require_range("utilisation", utilisation, 0.01, 1)
    require_range("generation [kWh/yr]", generation_kwh, 0)
    output = generation_kwh / (HOURS_PER_YEAR * utilisation)
    require_range("output [kW] that the generation [kWh/yr] leads to", output, *_OUTPUT)
    return output


def output_histogram(output_kw: pd.Series, *, step_kw: float = 500.0) -> pd.DataFrame:
    """Count sites by class of output, as figures 3-1 (500 kW) and 3-2 (100 kW) do.

    Parameters
    ----------
    output_kw
        Output of each site [kW], 0 to 100,000; missing ones are in no class, nor in the total.
    step_kw
        Width of a class [kW], above 0.

    Returns
    -------
    pandas.DataFrame
        One row a class from 0 to the greatest output, empty ones too: ``above_kw`` and
        ``up_to_kw`` (a site of exactly 500 kW is in the class up to 500, one of 0 in the first),
        ``sites``, ``cumulative_sites`` and ``cumulative_share`` [0-1]. No rows without any output.

    Raises
    ------
    ModelInputError
        If an output is outside its range, or the step is not positive.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 図 3-1, 図 3-2.

    Examples
    --------
    >>> output_histogram(pd.Series([20.0, 500.0, 1_229.0]))["sites"].tolist()
    [2, 0, 1]
    """
    require_range("step [kW]", step_kw, 1e-3, _OUTPUT[1])
    require_range("output [kW]", output_kw, *_OUTPUT)
    known = output_kw.dropna().to_numpy(dtype=float)
    classes = max(1, math.ceil(known.max() / step_kw)) if len(known) else 0
    upper = step_kw * np.arange(1, classes + 1)
    sites = np.bincount(np.searchsorted(upper, known, side="left"), minlength=classes)
    cumulative = sites.cumsum()
    return pd.DataFrame(
        {
            "above_kw": upper - step_kw,
            "up_to_kw": upper,
            "sites": sites,
            "cumulative_sites": cumulative,
            "cumulative_share": cumulative / max(1, len(known)),
        }
    )


@overload
def _hydraulic_power(flow_m3_s: float, head_m: float) -> float: ...
@overload
def _hydraulic_power(
    flow_m3_s: float | pd.Series, head_m: float | pd.Series
) -> float | pd.Series: ...
def _hydraulic_power(flow_m3_s: float | pd.Series, head_m: float | pd.Series) -> float | pd.Series:
    """Power of the falling water [kW], of a checked flow and head."""
    require_with("flow [m3/s]", flow_m3_s, {"head [m]": head_m})
    require_range("flow [m3/s]", flow_m3_s, *_FLOW)
    require_range("head [m]", head_m, *_HEAD)
    return GRAVITY * flow_m3_s * head_m
