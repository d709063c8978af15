"""Room on the grid: sites compete for the free capacity of lines and substations."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, ModelInputError, list_faults, name_some

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    Place = tuple[str, Hashable]

Unknown = Literal["none", "unlimited"]

# Room that is short by less than a milliwatt is short by rounding.
_ROUNDING_KW = 1e-6
_OPTION_COLUMNS = ("site", "kind", "target", "cost_million_yen")
_CARRIED = ("kind", "target", "kv", "voltage_class", "km", "cost_million_yen")


class Allocation(NamedTuple):
    """Which site connects where, and what that leaves of the room.

    Attributes
    ----------
    sites
        On the index of the capacities: ``capacity_kw``; ``kind``, ``target``, ``km`` and
        ``cost_million_yen`` (also ``kv`` and ``voltage_class``, where the options have them) of
        what was granted, missing where nothing was; ``choice``, 1 where that is the site's
        cheapest option; ``served``, the place of its turn in the order, from 1; ``reason`` why it
        is not connected, or what turned it away before.
    room
        On ``kind`` and ``target``, every place whose free capacity is stated or that a site turned
        to: ``free_kw`` before (missing where it is not stated), ``granted_kw``, ``left_kw`` [kW];
        ``sites``, the number that it takes, and ``turned_away``, the number that it turned away.
    """

    sites: pd.DataFrame
    room: pd.DataFrame


def allocate_room(
    options: pd.DataFrame,
    capacity_kw: pd.Series,
    free_kw: pd.Series,
    *,
    order: Literal["cost_per_kw", "capacity"] | Sequence[Hashable] = "cost_per_kw",
    unknown: Unknown = "none",
    also_uses: Mapping[Place, Sequence[Place]] | None = None,
) -> Allocation:
    """Connect sites in turn, each by its cheapest option that still has room for all of it.

    A site has one turn. What it takes is gone for those after it; where nothing has room for it, it
    stays unconnected and takes nothing. Its place in the order is kept when a place turns it away,
    as a place in a queue of applications is: a site that ends with a dear option may so come before
    one for which that place is cheap.

    Parameters
    ----------
    options
        One row for every site and candidate: ``site``, ``kind``, ``target`` (may be missing for
        distribution), ``cost_million_yen``; ``kv``, ``voltage_class`` and ``km`` are passed on.
        Options of equal cost are tried in the order of their rows.
    capacity_kw
        Capacity of each site [kW], 0 or more.
    free_kw
        Free capacity [kW] on two levels, kind and target, as from
        ``pd.concat({"line": ..., "substation": ...})``. A negative one is no room; infinity is room
        for all.
    order
        Who comes first: ``"cost_per_kw"``, the least cost of the cheapest option for each kW;
        ``"capacity"``, the largest; or the labels of all sites in the order wanted. Equals keep the
        order of `capacity_kw`.
    unknown
        Room of places whose free capacity is not stated: ``"none"``, or ``"unlimited"``. Their
        number is told as `LayerWarning`. Distribution has room for all unless it is stated.
    also_uses
        Further places whose room is used up by what connects to a place, such as the substation
        that a line leads to: ``{("line", "a"): [("substation", "b")]}``. A place that is not
        stated itself is limited by those alone. Room used in two places counts in both.

    Returns
    -------
    Allocation
        The sites, and the room that is left.

    Raises
    ------
    ModelInputError
        If columns are not there, a site has no capacity row or two, a capacity is negative, the
        free capacities are not on kind and target or stand twice, or the order does not name every
        site once; all faults are listed at once.

    Examples
    --------
    >>> options = pd.DataFrame(
    ...     [("a", "substation", "S", 12.0), ("b", "substation", "S", 60.0)],
    ...     columns=["site", "kind", "target", "cost_million_yen"],
    ... )
    >>> room = pd.Series({("substation", "S"): 4000.0})
    >>> found = allocate_room(options, pd.Series({"a": 3000.0, "b": 3000.0}), room)
    >>> found.sites["target"].tolist(), found.sites["reason"]["b"]
    (['S', nan], 'no room: substation S')
    """
    _check(options, capacity_kw, free_kw, order)
    ranked = _ranked(options)
    queue = _queue(ranked, capacity_kw, order)
    grid = _Grid(ranked, free_kw, unknown, also_uses or {})
    rows = ranked.groupby("site", sort=False).indices
    labels, needs = list(capacity_kw.index), capacity_kw.to_numpy(dtype=float)
    choices = [0] * len(labels)
    granted = np.full(len(labels), -1)
    reasons = np.full(len(labels), "", dtype=object)
    for i in queue:
        mine = rows.get(labels[i], ())
        if not needs[i] > 0:
            reasons[i] = "capacity is 0" if needs[i] == 0 else "capacity is missing"
        elif not len(mine):
            reasons[i] = "no option"
        else:
            place, refused = grid.connect(mine, needs[i])
            if place is not None:
                choices[i], granted[i] = place + 1, mine[place]
            if refused:
                prefix = "turned away by" if place is not None else "no room:"
                reasons[i] = f"{prefix} {name_some(refused)}"
    grid.tell_unknown()
    served = np.empty(len(labels), dtype=int)
    served[queue] = np.arange(1, len(labels) + 1)
    carried = [name for name in _CARRIED if name in ranked]
    taken = ranked[carried].reindex(granted).set_axis(capacity_kw.index)
    taken.insert(0, "capacity_kw", capacity_kw)
    taken["choice"] = pd.array([choice or None for choice in choices], dtype="Int64")
    taken["served"] = served
    taken["reason"] = pd.array(reasons, dtype="str")
    return Allocation(taken, grid.table())


class _Grid:
    """Room of every place, and what has been granted of it."""

    def __init__(
        self,
        ranked: pd.DataFrame,
        free_kw: pd.Series,
        unknown: Unknown,
        also_uses: Mapping[Place, Sequence[Place]],
    ) -> None:
        listed = [(str(kind), _target(target)) for kind, target in free_kw.index]
        stated = dict(zip(listed, free_kw.astype(float), strict=True))
        options = [
            (str(kind), _target(target))
            for kind, target in zip(ranked["kind"], ranked["target"], strict=True)
        ]
        further = {
            (kind, _target(target)): [(k, _target(t)) for k, t in places]
            for (kind, target), places in also_uses.items()
        }
        reached = [place for option in dict.fromkeys(options)
                   for place in (option, *further.get(option, ()))]  # fmt: skip
        self.places = list(dict.fromkeys([*listed, *reached]))
        self.free = [stated.get(place, np.nan) for place in self.places]
        self.granted = [0.0] * len(self.places)
        self.takes = [0] * len(self.places)
        self.turned_away = [0] * len(self.places)
        self.unlimited = unknown == "unlimited"
        self.unknown = set[int]()
        at = {place: i for i, place in enumerate(self.places)}
        uses = {
            option: tuple(dict.fromkeys(at[p] for p in (option, *further.get(option, ()))))
            for option in set(options)
        }
        self.options = [(at[option], uses[option]) for option in options]

    def connect(self, rows: Iterable[int], need: float) -> tuple[int | None, list[str]]:
        """Connect a site by the first of its options with room; name what turned it away."""
        full = dict[int, None]()
        found = None
        for place, row in enumerate(rows):
            own, used = self.options[row]
            short = self._short(own, used, need)
            if not short:
                for i in used:
                    self.granted[i] += need
                    self.takes[i] += 1
                found = place
                break
            full |= dict.fromkeys(short)
        for i in full:
            self.turned_away[i] += 1
        return found, [self._name(i) for i in full]

    def _short(self, own: int, used: tuple[int, ...], need: float) -> list[int]:
        """Places that an option needs and that have too little room."""
        known = [i for i in used if not np.isnan(self.free[i])]
        if known:
            return [i for i in known if self.free[i] - self.granted[i] < need - _ROUNDING_KW]
        if self.places[own][0] == "distribution":
            return []
        self.unknown.add(own)
        return [] if self.unlimited else [own]

    def _name(self, i: int) -> str:
        kind, target = self.places[i]
        return kind if target is None else f"{kind} {target}"

    def tell_unknown(self) -> None:
        """Warn of places that sites turned to and whose room is not stated."""
        if not self.unknown:
            return
        named = name_some([self._name(i) for i in sorted(self.unknown)])
        taken, other = ("room for all", "none") if self.unlimited else ("no room", "unlimited")
        warnings.warn(
            f"The free capacity of {len(self.unknown)} lines or substations that sites turned to "
            f"is not stated ({named}); they are taken to have {taken}. State it, or say "
            f"unknown={other!r}.",
            LayerWarning,
            stacklevel=3,
        )

    def table(self) -> pd.DataFrame:
        """What each place had, granted and has left."""
        free, granted = np.array(self.free, dtype=float), np.array(self.granted, dtype=float)
        left = free - granted
        left[np.abs(left) < _ROUNDING_KW] = 0.0
        index = pd.MultiIndex.from_arrays(
            [
                pd.Index([kind for kind, _ in self.places], dtype="str"),
                pd.Index([target for _, target in self.places], dtype=object),
            ],
            names=["kind", "target"],
        )
        columns = {"free_kw": free, "granted_kw": granted, "left_kw": left,
                   "sites": self.takes, "turned_away": self.turned_away}  # fmt: skip
        return pd.DataFrame(columns, index=index)


def _target(label: Any) -> Hashable:
    """A target as a key; every kind of missing value is the same."""
    missing = pd.api.types.is_scalar(label) and pd.isna(label)
    return None if missing else label


def _ranked(options: pd.DataFrame) -> pd.DataFrame:
    """Options from the cheapest up; those without a cost cannot be ranked and are set aside."""
    priced = options["cost_million_yen"].notna()
    if not priced.all():
        sites = list(options["site"][~priced].unique())
        warnings.warn(
            f"{(~priced).sum()} options have no cost and are set aside (sites {name_some(sites)}).",
            LayerWarning,
            stacklevel=3,
        )
    return options[priced].sort_values("cost_million_yen", kind="stable", ignore_index=True)


def _queue(
    ranked: pd.DataFrame, capacity_kw: pd.Series, order: str | Sequence[Hashable]
) -> list[int]:
    """Positions of the sites in the order of their turns."""
    if not isinstance(order, str):
        return [int(i) for i in capacity_kw.index.get_indexer(pd.Index(list(order)))]
    needs = capacity_kw.to_numpy(dtype=float)
    if order == "capacity":
        keys = -needs
    else:
        cheapest = ranked.groupby("site", sort=False)["cost_million_yen"].first()
        # A site without capacity or option has no cost per kW and comes last.
        with np.errstate(divide="ignore", invalid="ignore"):
            keys = cheapest.reindex(capacity_kw.index).to_numpy(dtype=float) / needs
        keys[~(needs > 0)] = np.nan
    return [int(i) for i in np.argsort(keys, kind="stable")]


def _check(
    options: pd.DataFrame,
    capacity_kw: pd.Series,
    free_kw: pd.Series,
    order: str | Sequence[Hashable],
) -> None:
    faults = []
    absent = [name for name in _OPTION_COLUMNS if name not in options.columns]
    if absent:
        has = name_some(list(options.columns), most=12)
        faults.append(f"the options have no column {name_some(absent)}; they have {has}.")
    else:
        strange = options["site"][~options["site"].isin(capacity_kw.index)].unique()
        if len(strange):
            faults.append(
                f"{len(strange)} sites of the options have no row in capacity_kw: "
                f"{name_some(list(strange))}."
            )
    faults += _repeated(capacity_kw.index, "sites stand more than once in capacity_kw")
    negative = capacity_kw[capacity_kw < 0]
    if len(negative):
        told = [f"{site}: {value:g}" for site, value in negative.items()]
        faults.append(f"capacity [kW] must be 0 or more; got {name_some(told)}.")
    if free_kw.index.nlevels != 2:
        faults.append(
            "free_kw must be on kind and target, e.g. pd.concat({'substation': free_kw}); its "
            f"index has {free_kw.index.nlevels} level."
        )
    else:
        faults += _repeated(free_kw.index, "free capacities are stated more than once")
    faults += _order_faults(order, capacity_kw.index)
    if faults:
        raise ModelInputError("Room on the grid: " + list_faults(faults))


def _repeated(index: pd.Index, what: str) -> list[str]:
    repeated = list(index[index.duplicated()].unique())
    return [f"{what}: {name_some(repeated)}."] if repeated else []


def _order_faults(order: str | Sequence[Hashable], sites: pd.Index) -> list[str]:
    if isinstance(order, str):
        if order in ("cost_per_kw", "capacity"):
            return []
        return [f"order={order!r} is not known; say 'cost_per_kw', 'capacity' or name all sites."]
    named = pd.Index(list(order))
    faults = _repeated(named, "the order names sites more than once")
    unnamed, strange = list(sites[~sites.isin(named)]), list(named[~named.isin(sites)])
    if unnamed:
        faults.append(f"the order leaves out {len(unnamed)} sites: {name_some(unnamed)}.")
    if strange:
        faults.append(f"the order names sites that are not there: {name_some(strange)}.")
    return faults
