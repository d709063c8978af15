"""Ways to connect a site: the nearest lines and substations of every class allowed, with costs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.analysis.nearest import nearest_positions, require_labels
from hokkaido_gis.crs import require_crs
from hokkaido_gis.errors import LayerError, LayerWarning, ModelInputError, name_some
from hokkaido_gis.grid.costs import REPORT_COSTS, ConnectionCosts
from hokkaido_gis.grid.rules import DISTRIBUTION, REPORT_RULES, Band, CapacityRules
from hokkaido_gis.voltage import (
    HVDC_KV,
    VOLTAGE_CLASSES,
    VoltageClass,
    classify_voltages,
    parse_voltage,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]

KINDS = ("line", "substation", DISTRIBUTION)
"""What a site may connect to."""
COLUMNS = ("site", "kind", "target", "kv", "voltage_class", "km", "cost_million_yen")
DISTRIBUTION_KM = 0.5
"""Length of a connection to the distribution network that the report assumes [km] (chapter 3)."""


class GridOptions(TypedDict, total=False):
    """Options that `connection_options` and `connect_to_grid` share.

    Attributes
    ----------
    rules
        Voltage by capacity: `CapacityRules`, or a table for `CapacityRules.from_table`.
    costs
        Costs by voltage class: `ConnectionCosts`, or a table for `ConnectionCosts.from_table`.
    distribution
        Length of a connection to the distribution network where a band allows it: a number [km],
        or its lines as a layer, to the nearest of which it is measured.
    max_km
        Greatest length of any connection [km].
    """

    rules: CapacityRules | pd.DataFrame
    costs: ConnectionCosts | pd.DataFrame
    distribution: float | gpd.GeoDataFrame
    max_km: float | None


@dataclass(frozen=True)
class _Settings:
    """The options with their defaults."""

    rules: CapacityRules = REPORT_RULES
    costs: ConnectionCosts = REPORT_COSTS
    distribution: float | gpd.GeoDataFrame = DISTRIBUTION_KM
    max_km: float | None = None

    @classmethod
    def of(cls, options: GridOptions) -> _Settings:
        rules, costs = options.get("rules", REPORT_RULES), options.get("costs", REPORT_COSTS)
        read = {
            "rules": CapacityRules.from_table(rules) if isinstance(rules, pd.DataFrame) else rules,
            "costs": (
                ConnectionCosts.from_table(costs) if isinstance(costs, pd.DataFrame) else costs
            ),
        }
        settings = cls(**{**options, **read})  # type: ignore[arg-type]
        settings.check()
        return settings

    def check(self) -> None:
        """Check what the tables do not check themselves."""
        faults = []
        allowed = {each for band in self.rules.bands for each in band.classes}
        if unpriced := sorted(allowed - set(self.costs.by_class)):
            faults.append(f"the rules allow {name_some(unpriced)}, which the costs have not got.")
        if isinstance(self.distribution, int | float) and not 0 <= self.distribution < np.inf:
            faults.append(f"distribution must be 0 km or more; got {self.distribution:g}.")
        if self.max_km is not None and not self.max_km > 0:
            faults.append(f"max_km must be more than 0 km; got {self.max_km:g}.")
        if faults:
            raise ModelInputError(" ".join(faults))


class Ways(NamedTuple):
    """Ways to connect by position, in the order of sites, then cost, length and label.

    ``kind`` counts in `KINDS`; ``target`` is -1 where the distribution network is taken as present;
    ``group`` counts in the categories of `VOLTAGE_CLASSES`.
    """

    site: Ints
    kind: Ints
    target: Ints
    kv: Floats
    group: Ints
    km: Floats
    cost: Floats


class Study(NamedTuple):
    """Ways found, with what is needed to say why others were not.

    ``capacity`` [kW] and ``band`` (position, -1 for none) are of each site; ``allowed`` tells which
    kinds have anything of an allowed class, by band.
    """

    ways: Ways
    capacity: Floats
    band: Ints
    allowed: npt.NDArray[np.bool_]
    settings: _Settings


def connection_options(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None = None,
    *,
    capacity_kw: float | str | pd.Series,
    k: int = 3,
    **options: Unpack[GridOptions],
) -> pd.DataFrame:
    """List the ways in which each site may connect to the grid, the cheapest first.

    These are the `k` nearest lines and the `k` nearest substations of every voltage class that the
    rules allow for its capacity. A line or substation with several voltages (``187;66`` in
    ``voltages``) stands in the class of each. Direct current is never allowed, and what has no
    voltage is left out and counted in a `LayerWarning`.

    Parameters
    ----------
    features
        Sites: points, lines or polygons with a CRS.
    lines, substations
        As from `read_lines` and `read_substations`: a column ``kv``, and ``voltages``,
        ``voltage_class`` and ``is_hvdc`` if there; any CRS.
    capacity_kw
        Capacity of the plants [kW]: one for all, a Series on the index of `features`, or the name
        of a column.
    k
        How many of each class.
    **options
        ``rules``, ``costs``, ``distribution`` and ``max_km``: see `GridOptions`. The default is the
        report's rule, its 12 million yen per km and circuit, 0.5 km to the distribution network,
        and no greatest length: a cable to another island is measured as any line.

    Returns
    -------
    pandas.DataFrame
        A row for each site and way, by the order of sites, then cost, length and label: ``site``
        (label of `features`), ``kind`` (``line``, ``substation``, ``distribution``), ``target``
        (label of the line or substation; missing for a distribution network without a layer),
        ``kv`` (voltage [kV] at which it connects), ``voltage_class``, ``km`` (geodesic, border to
        border) and ``cost_million_yen``. Sites without any way have no row.

    Raises
    ------
    LayerError, CRSError
        If a layer has no CRS, no column ``kv``, or labels twice.
    TableError
        If the rules or costs are wrong.
    ModelInputError
        If capacities are negative or no numbers, or an option is out of its range.
    """
    ways = find_ways(features, lines, substations, capacity_kw, k=k, options=options).ways
    layers = [lines, substations, _distribution_layer(options)]
    target = np.full(len(ways.site), None, dtype=object)
    for kind, layer in enumerate(layers):
        rows = np.flatnonzero((ways.kind == kind) & (ways.target >= 0))
        if layer is not None:
            target[rows] = layer.index.to_numpy(dtype=object)[ways.target[rows]]
    return pd.DataFrame(
        {
            "site": features.index.take(ways.site),
            "kind": pd.array(np.array(KINDS, dtype=object)[ways.kind], dtype="str"),
            "target": pd.Series(target, dtype=object).infer_objects(),
            "kv": ways.kv,
            "voltage_class": pd.Categorical.from_codes(ways.group, dtype=VOLTAGE_CLASSES),
            "km": ways.km,
            "cost_million_yen": ways.cost,
        }
    )


def find_ways(
    features: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None,
    capacity_kw: float | str | pd.Series,
    *,
    k: int,
    options: GridOptions,
) -> Study:
    """Find what `connection_options` lists, by position."""
    settings = _Settings.of(options)
    require_labels(features, "features")
    require_crs(features, "features")
    capacity = _capacities(features, capacity_kw)
    band = settings.rules.band_of(capacity)
    found, allowed = [], np.zeros((len(settings.rules.bands), len(KINDS)), dtype=bool)
    layers = [(lines, _assets(lines, "lines"))]
    if substations is not None:
        layers.append((substations, _assets(substations, "substations")))
    for number, each in enumerate(settings.rules.bands):
        sites = np.flatnonzero(band == number)
        for kind, (layer, assets) in enumerate(layers):
            usable = _usable(assets, each)
            allowed[number, kind] = len(usable) > 0
            if len(usable) and len(sites):
                ways = _nearest(features.iloc[sites], layer, usable, k, settings.max_km)
                found.append(_priced(_at(ways, sites), kind, settings.costs))
        if DISTRIBUTION in each.classes:
            allowed[number, KINDS.index(DISTRIBUTION)] = True
            found.append(_to_distribution(features, sites, each, k, settings))
    labels = [layer.index for layer, _ in layers]
    return Study(_in_order(found, labels), capacity, band, allowed, settings)


def _distribution_layer(options: GridOptions) -> gpd.GeoDataFrame | None:
    layer = options.get("distribution")
    return layer if isinstance(layer, gpd.GeoDataFrame) else None


def _capacities(features: gpd.GeoDataFrame, capacity_kw: float | str | pd.Series) -> Floats:
    """Capacity of each site [kW], missing where it is not known."""
    given = capacity_kw
    if isinstance(given, str):
        if given not in features.columns:
            columns = [name for name in features.columns if name != features.geometry.name]
            fault = f"they have no column {given!r} of capacities; they have {name_some(columns)}."
            raise LayerError("features", [fault])
        given = features[given]
    if not isinstance(given, pd.Series):
        given = pd.Series(given, index=features.index, dtype=float)
    if not given.index.equals(features.index):
        fault = "capacity_kw must stand on the index of the features, in its order."
        raise LayerError("features", [fault])
    numbers = pd.to_numeric(given, errors="coerce").astype("Float64")
    words = given[numbers.isna() & given.notna()]
    faults = [f"row {row}: {value!r} is no number." for row, value in words.head(5).items()]
    below = numbers[numbers < 0]
    faults += [f"row {row}: {value:g} kW is negative." for row, value in below.head(5).items()]
    if faults:
        count = f" ({len(words) + len(below)} rows in all)" if len(words) + len(below) > 10 else ""
        raise ModelInputError(f"Capacities must be numbers of kW, 0 or more{count}. " +
                              " ".join(faults))  # fmt: skip
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))


def _assets(layer: gpd.GeoDataFrame, what: str) -> pd.DataFrame:
    """Voltages of lines or substations: ``position``, ``kv`` and ``group``, a row for each."""
    require_labels(layer, what)
    require_crs(layer, what)
    if "kv" not in layer.columns:
        columns = [name for name in layer.columns if name != layer.geometry.name]
        fault = f"it has no column 'kv' (voltage [kV]); it has {name_some(columns)}."
        raise LayerError(what, [f"{fault} read_{what} makes it."])
    kv = pd.to_numeric(layer["kv"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    several = layer["voltages"] if "voltages" in layer.columns else pd.Series(None, layer.index)
    known = [parse_voltage(text, unit="kV").kv if pd.notna(text) else () for text in several]
    voltages = [each or ((one,) if one > 0 else ()) for each, one in zip(known, kv, strict=True)]
    unknown = layer.index[[not each for each in voltages]]
    if len(unknown):
        warnings.warn(
            f"{what}: {len(unknown)} of {len(layer)} have no voltage and are no candidates "
            f"({name_some(list(unknown))}).",
            LayerWarning,
            stacklevel=5,
        )
    table = pd.DataFrame(
        {
            "position": np.repeat(np.arange(len(layer)), [len(each) for each in voltages]),
            "kv": np.array([one for each in voltages for one in each], dtype=float),
        }
    )
    table["group"] = classify_voltages(table["kv"]).cat.codes.to_numpy(dtype=np.intp)
    direct = (
        layer["is_hvdc"].fillna(value=False).to_numpy(dtype=bool)
        if "is_hvdc" in layer.columns
        else np.zeros(len(layer), dtype=bool)
    )
    if "voltage_class" in layer.columns:
        # Of a station with 250 kV among others, only that is direct current.
        is_direct = (layer["voltage_class"] == str(VoltageClass.HVDC)).to_numpy()
        direct = direct | (is_direct & (kv != HVDC_KV))
    table = table[~direct[table["position"]]]
    highest = table.sort_values(["position", "kv"], ascending=[True, False], kind="stable")
    return highest.drop_duplicates(["position", "group"])


def _usable(assets: pd.DataFrame, band: Band) -> pd.DataFrame:
    """Voltages that a band allows."""
    names = VOLTAGE_CLASSES.categories
    classes = [names.get_loc(each) for each in band.classes if each != DISTRIBUTION]
    return assets[assets["group"].isin(classes) & (assets["kv"] >= band.required_kv)]


def _nearest(
    sites: gpd.GeoDataFrame,
    layer: gpd.GeoDataFrame,
    usable: pd.DataFrame,
    k: int,
    max_km: float | None,
) -> Ways:
    """The nearest of each class, not yet priced."""
    position = usable["position"].to_numpy()
    targets = gpd.GeoDataFrame(geometry=layer.geometry.array[position])
    group = usable["group"].to_numpy()
    near = nearest_positions(sites[[sites.geometry.name]], targets, group, k=k, max_km=max_km)
    return Ways(
        near.site,
        np.zeros_like(near.site),
        position[near.target],
        usable["kv"].to_numpy()[near.target],
        near.group,
        near.km,
        near.km,
    )


def _at(ways: Ways, sites: Ints) -> Ways:
    return ways._replace(site=sites[ways.site])


def _priced(ways: Ways, kind: int, costs: ConnectionCosts) -> Ways:
    cost = np.empty(len(ways.km))
    for group in np.unique(ways.group):
        rows = ways.group == group
        one = costs.by_class[VOLTAGE_CLASSES.categories[group]]
        cost[rows] = one.of(ways.km[rows], at_substation=KINDS[kind] == "substation")
    return ways._replace(kind=np.full(len(cost), kind), cost=cost)


def _to_distribution(
    features: gpd.GeoDataFrame, sites: Ints, band: Band, k: int, settings: _Settings
) -> Ways:
    """Connections to the distribution network, measured where it is a layer."""
    kv, kind = band.required_kv, KINDS.index(DISTRIBUTION)
    group = classify_voltages(pd.Series([kv])).cat.codes.to_numpy(dtype=np.intp)[0]
    layer = settings.distribution
    if isinstance(layer, gpd.GeoDataFrame):
        require_labels(layer, DISTRIBUTION)
        everything = pd.DataFrame(
            {"position": np.arange(len(layer)), "kv": kv, "group": np.full(len(layer), group)}
        )
        ways = _at(_nearest(features.iloc[sites], layer, everything, k, settings.max_km), sites)
    else:
        shapes = features.geometry.to_numpy()[sites]
        placed = sites[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        km = np.full(len(placed), float(layer))
        nothing = np.full(len(placed), -1, dtype=np.intp)
        ways = Ways(placed, nothing, nothing, np.full(len(placed), kv), nothing - nothing + group,
                    km, km)  # fmt: skip
    cost = settings.costs.by_class[DISTRIBUTION].of(ways.km, at_substation=False)
    return ways._replace(kind=np.full(len(cost), kind), cost=cost)


def _in_order(found: list[Ways], labels: list[pd.Index]) -> Ways:
    nothing = np.empty(0, dtype=np.intp)
    empty = Ways(nothing, nothing, nothing, np.empty(0), nothing, np.empty(0), np.empty(0))
    ways = Ways._make(np.concatenate(each) for each in zip(empty, *found, strict=True))
    place = ways.target.copy()
    for kind, index in enumerate(labels):
        rank = np.empty(len(index), dtype=np.intp)
        rank[np.argsort(index.astype(str), kind="stable")] = np.arange(len(index))
        rows = (ways.kind == kind) & (ways.target >= 0)
        place[rows] = rank[ways.target[rows]]
    order = np.lexsort((ways.kind, place, ways.km, ways.cost, ways.site))
    return Ways._make(each[order] for each in ways)
