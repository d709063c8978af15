"""Free capacities of published tables joined to the lines and substations that they are of."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import pandas as pd

from hokkaido_gis.audit import JoinResult, Key, Link, join_rows
from hokkaido_gis.errors import JoinError, name_some
from hokkaido_gis.names import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hokkaido_gis.grid.room import Place

Kind = Literal["line", "substation"]

# Tables leave out the word for the kind that maps write, and the other way round.
_KIND_WORDS = {"line": re.compile(r"(?<=.)(送電)?線(?=$|\()"),
               "substation": re.compile(r"(?<=.)変電所(?=$|\()")}  # fmt: skip
# A reading in brackets, such as (Dōhoku-kansen).
_LATIN = re.compile(r"(?<=.)\([A-Za-zĀ-ſ0-9 .,'-]+\)$")
_JOINED = ("capacity_kw", "operating_kw", "free_own_kw", "free_upper_kw", "free_kw", "remarks")


def join_free_capacity(
    layer: pd.DataFrame,
    table: pd.DataFrame,
    *,
    kind: Kind,
    aliases: Mapping[str, str] | None = None,
) -> JoinResult:
    """Find the rows of a table of free capacity for lines or substations, by id or name.

    A row is looked for by the feature's id, then by name among rows of the same highest voltage,
    then by name alone, where the voltages have one in common or are not known on both sides. The
    words 変電所 and 線 at the end of a name may be missing. Several features, such as the sections
    of a line, share one row; a name that could mean several rows matches none.

    Parameters
    ----------
    layer
        Features as from `read_lines` or `read_substations`: ``name``, ``kv``, ``voltages``.
    table
        As from `read_free_capacity`.
    kind
        Which rows of the table are meant.
    aliases
        Names in the layer, each with the name in the table that it stands for.

    Returns
    -------
    JoinResult
        The layer with ``facility`` (label of the row), ``capacity_kw``, ``operating_kw``,
        ``free_own_kw``, ``free_upper_kw``, ``free_kw`` and ``remarks``, and the audit: rules are
        ``id``, or those of `hokkaido_gis.names.RULES` with ``+kv`` where the highest voltages are
        the same.

    Raises
    ------
    JoinError
        If the layer or the table lacks a column, or the table has no row of that kind.
    """
    for frame, what in ((layer, "layer"), (table, "table of free capacity")):
        absent = [c for c in ("name", "kv", "voltages") if c not in frame.columns]
        if absent:
            raise JoinError(
                f"The {what} has no column {name_some(absent)}; it has "
                f"{name_some(list(frame.columns), most=12)}."
            )
    rows = table[table["kind"] == kind]
    if rows.empty:
        raise JoinError(f"The table of free capacity has no row of kind {kind!r}.")
    links = _FacilitySearch(layer, rows, kind, aliases).links()
    right = rows[[name for name in _JOINED if name in rows]].copy()
    right.insert(0, "facility", rows.index.astype("str"))
    return join_rows(layer, right, links, [Key(name) for name in rows["name"]])


def share_room(joined: pd.DataFrame, kind: Kind) -> tuple[pd.Series, dict[Place, list[Place]]]:
    """Free capacities of a joined layer as `allocate_room` takes them, each row counted once.

    Several sections of a line share one free capacity; stated for each section, it would be granted
    as many times.

    Parameters
    ----------
    joined
        Frame of `join_free_capacity`.
    kind
        Kind of its features.

    Returns
    -------
    free_kw : pandas.Series
        Free capacity [kW] on ``kind`` and ``target``, where the target is the facility of the
        table.
    also_uses : dict
        For every feature with a facility, that facility.
    """
    known = joined[joined["facility"].notna()]
    free = known.drop_duplicates("facility").set_index("facility")["free_kw"]
    also_uses: dict[Place, list[Place]] = {
        (kind, label): [(kind, facility)] for label, facility in known["facility"].items()
    }
    return pd.concat({kind: free}, names=["kind", "target"]), also_uses


class _FacilitySearch:
    """Features looked up in the rows of a table; several may find the same row."""

    def __init__(
        self,
        layer: pd.DataFrame,
        rows: pd.DataFrame,
        kind: Kind,
        aliases: Mapping[str, str] | None,
    ) -> None:
        meant = {_plain(name): _plain(other) for name, other in (aliases or {}).items()}
        self.layer, self.rows, self.word = layer, rows, _KIND_WORDS[kind]
        self.names = [meant.get(name, name) for name in map(_plain, layer["name"])]
        self.row_names = [_plain(name) for name in rows["name"]]
        ids = {label: j for j, label in enumerate(rows.index.astype("str"))}
        self.hits = {
            i: Link(label, ids[label], "id")
            for i, label in enumerate(layer.index.astype("str"))
            if label in ids
        }
        self.notes = {i: "no name" if not name else "no such name"
                      for i, name in enumerate(self.names)}  # fmt: skip

    def links(self) -> list[Link]:
        """What is found for each feature, in the order of the layer."""
        for by_kv in (True, False):
            self._look_for(self.names, self.row_names, by_kv=by_kv)
            self._look_for(*map(self._bare, (self.names, self.row_names)), by_kv=by_kv)
        return [
            self.hits.get(i, Link(name, None, "", (), self.notes[i]))
            for i, name in enumerate(self.layer["name"])
        ]

    def _bare(self, names: list[str]) -> list[str]:
        """Names without the word for their kind."""
        return [self.word.sub("", name) for name in names]

    def _look_for(self, names: list[str], row_names: list[str], *, by_kv: bool) -> None:
        """Compare what is open by one rule of names after the other, strictest first."""
        kv = self.layer["kv"].tolist() if by_kv else [0.0] * len(names)
        row_kv = self.rows["kv"].tolist() if by_kv else [0.0] * len(row_names)
        for rule in RULES:
            if rule.opens_brackets:
                continue
            names, row_names = ([rule.undo(n) for n in each] for each in (names, row_names))
            found = defaultdict(list)
            for j, key in enumerate(zip(row_names, row_kv, strict=True)):
                found[key].append(j)
            for i, key in enumerate(zip(names, kv, strict=True)):
                if i not in self.hits and key[0] and key in found:
                    self._settle(i, found[key], rule.name, by_kv=by_kv)

    def _settle(self, i: int, positions: list[int], rule: str, *, by_kv: bool) -> None:
        """Take the one row that a feature can mean, or note why there is none."""
        name, mine = self.layer["name"].iloc[i], self.layer["voltages"].iloc[i]
        theirs = {j: self.rows["voltages"].iloc[j] for j in positions}
        fits = [j for j, kv in theirs.items() if by_kv or _may_be_same(mine, kv)]
        if len(fits) == 1:
            note = "" if by_kv else f"voltages {_told(mine)} and {_told(theirs[fits[0]])}"
            self.hits[i] = Link(name, fits[0], f"{rule}+kv" if by_kv else rule, note=note)
        elif fits:
            labels = name_some([self.rows.index[j] for j in fits])
            self.notes[i] = f"the name could mean several: {labels}"
        else:
            there = name_some([_told(kv) for kv in theirs.values()])
            self.notes[i] = f"the name is there with {there}, not {_told(mine)}"


def _may_be_same(mine: object, theirs: object) -> bool:
    """Whether two lists of voltages have one in common, or either is not known."""
    known = isinstance(mine, str) and isinstance(theirs, str)
    return not known or bool(set(str(mine).split(";")) & set(str(theirs).split(";")))


def _told(voltages: object) -> str:
    return f"{voltages} kV" if isinstance(voltages, str) else "unknown"


def _plain(name: object) -> str:
    """A name in half width without blanks and without its reading in Latin letters."""
    if not isinstance(name, str):
        return ""
    return _LATIN.sub("", re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)))
