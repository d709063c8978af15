"""Dams and ports of a list found among real points, by name and municipality.

A name alone does not do: 泊, 美谷 and 一の沢 stand in several municipalities. So a listed name is
looked for within its municipality first. What is not found there is looked for by the municipality
of the point's address, and at last among points just across the border, since reservoirs and
harbours lie on borders. Every match says its rule; what is left over says its reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from hokkaido_gis.audit import JoinResult, Key, Link, join_rows
from hokkaido_gis.codes import normalise_name
from hokkaido_gis.crs import STORAGE_CRS, to_storage_crs
from hokkaido_gis.datasets import register
from hokkaido_gis.errors import LayerError, name_some
from hokkaido_gis.join import NAME_REASONS, describe_proposals
from hokkaido_gis.keys import key_values, read_municipality_keys
from hokkaido_gis.names import compare_names, match_names, propose_names
from hokkaido_gis.places import shapes_near

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Columns of a list that name its municipality and its facilities, preferred first.
_MUNICIPALITY = {
    "code": ("municipality_code", "report_code", "code", "市町村コード"),
    "name": ("municipality", "市町村名", "市町村"),
}
_DAM = {"name": ("dam", "name", "ダム", "ダム名")}
_PORT = {"name": ("port", "name", "漁港", "漁港名")}


def match_dams(
    dams: gpd.GeoDataFrame,
    listed: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    limit_m: float = 2000.0,
    aliases: Mapping[str, str] | None = None,
    propose: bool = False,
) -> JoinResult:
    """Find the dams of a list among real ones.

    Of two dams of one name in one municipality the one for irrigation is taken, if there is but one
    such: the report is about irrigation dams.

    Parameters
    ----------
    dams
        Points as from `read_dams`; columns ``name``, ``irrigation`` and ``address`` are used.
    listed
        Rows with the name of a dam and its municipality (code or name).
    municipalities
        Boundaries as from `read_municipalities`.
    limit_m
        Greatest distance [m] of a dam from the listed municipality, where it lies outside.
    aliases
        Listed names, each with the name of the dam that it stands for.
    propose
        Note similar names beside those that match none; needs rapidfuzz.

    Returns
    -------
    JoinResult
        The rows of `listed` in their order with ``dam_id``, the columns of `dams` (``_right`` after
        those that `listed` has too) and ``geometry`` (missing where unmatched, EPSG:6668). The
        audit's rules are those of `match_names`, with ``address``, ``near`` or ``irrigation`` after
        a plus sign where that was needed; its distance is that from the listed municipality [m].

    Raises
    ------
    JoinError, TableError
        If the list has no column of names or municipalities.
    LayerError
        If `dams` or `municipalities` lack a column.
    CodeError
        If no municipality of the list can be read.
    """
    search = _Search(dams, listed, municipalities, names=_DAM, limit_m=limit_m, aliases=aliases)
    search.within("", search.lies_in())
    if "irrigation" in dams:
        serves = dams["irrigation"].fillna(value=False).to_numpy(dtype=bool)
        search.within("irrigation", search.lies_in(), only=serves)
    if "address" in dams:
        search.within("address", _address_pairs(dams["address"]))
    search.within("near", search.lies_near())
    return search.result(propose=propose)


def match_ports(
    ports: gpd.GeoDataFrame,
    listed: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    limit_m: float = 2000.0,
    aliases: Mapping[str, str] | None = None,
    propose: bool = False,
) -> JoinResult:
    """Find the fishing ports of a list among real ones.

    A port lies on the water and belongs to the nearest municipality.

    Parameters
    ----------
    ports
        Points as from `read_ports`; column ``name`` is used.
    listed
        Rows with the name of a port and its municipality (code or name).
    municipalities
        Boundaries as from `read_municipalities`.
    limit_m
        Greatest distance [m] of a port from the listed municipality, where it lies outside.
    aliases
        Listed names, each with the name of the port that it stands for, such as
        ``{"ウトロ": "宇登呂"}``.
    propose
        Note similar names beside those that match none; needs rapidfuzz.

    Returns
    -------
    JoinResult
        As `match_dams`, with ``port_id``; rules with ``near`` only.

    Raises
    ------
    JoinError, TableError
        If the list has no column of names or municipalities.
    LayerError
        If `ports` or `municipalities` lack a column.
    CodeError
        If no municipality of the list can be read.
    """
    search = _Search(ports, listed, municipalities, names=_PORT, limit_m=limit_m, aliases=aliases)
    search.within("", search.lies_in())
    search.within("near", search.lies_near())
    return search.result(propose=propose)


class _Hit(NamedTuple):
    """A match, or what a listed name could mean."""

    position: int | None
    rule: str
    candidates: tuple[int, ...]
    outcome: str


class _Search:
    """A list, the points it is looked up in, and what has been found so far."""

    def __init__(
        self,
        points: gpd.GeoDataFrame,
        listed: pd.DataFrame,
        municipalities: gpd.GeoDataFrame,
        *,
        names: Mapping[str, tuple[str, ...]],
        limit_m: float,
        aliases: Mapping[str, str] | None,
    ) -> None:
        _require(points, ["name"], "points")
        _require(municipalities, ["name"], "municipalities")
        self.points = to_storage_crs(points, "points")
        self.listed, self.limit_m, self.aliases = listed, limit_m, aliases
        self.units = municipalities
        self.names = key_values(listed, None, "listed", names)
        written = key_values(listed, None, "listed", _MUNICIPALITY)
        self.codes = read_municipality_keys(written, "auto").codes
        near = shapes_near(self.points, municipalities, limit_m=limit_m)
        self.near = near.assign(code=municipalities.index.to_numpy()[near["shape"]])
        self.hits: dict[int, _Hit] = {}

    def lies_in(self) -> pd.DataFrame:
        """Points with the municipality they lie in, or the nearest where they lie in none."""
        return self.near.drop_duplicates("point")[["point", "code"]]

    def lies_near(self) -> pd.DataFrame:
        """Points with every municipality near by."""
        return self.near[["point", "code"]]

    def within(
        self, evidence: str, pairs: pd.DataFrame, *, only: Iterable[bool] | None = None
    ) -> None:
        """Look for what is still open among points of the listed municipality.

        Parameters
        ----------
        evidence
            Name of what ties points to municipalities, added to the rule.
        pairs
            ``point`` (row) and ``code`` of its municipality.
        only
            Which points may be taken.
        """
        taken = {hit.position for hit in self.hits.values()}
        free = ~pairs["point"].isin(taken - {None})
        if only is not None:
            free &= pd.Series(list(only))[pairs["point"]].to_numpy()
        pairs = pairs[free]
        matched = {i for i, hit in self.hits.items() if hit.position is not None}
        rows = [i for i in range(len(self.names)) if i not in matched]
        found = match_names(
            self.names.iloc[rows],
            self.points["name"].iloc[pairs["point"]],
            within=(self.codes.iloc[rows], pairs["code"]),
            aliases=self.aliases,
        )
        points = pairs["point"].tolist()
        for i, (position, rule, outcome, candidates) in zip(
            rows, found.itertuples(index=False), strict=True
        ):
            hit = _Hit(
                None if pd.isna(position) else points[position],
                f"{rule}+{evidence}" if evidence and rule else rule,
                tuple(points[candidate] for candidate in candidates),
                outcome,
            )
            # What an earlier search found ambiguous stays so unless this one settles it.
            if i not in self.hits or hit.position is not None or hit.candidates:
                self.hits[i] = hit

    def result(self, *, propose: bool) -> JoinResult:
        """Join what was found onto the list, with the points' geometry."""
        distances = {(p, c): d for p, c, d in self.near[["point", "code", "distance_m"]].to_numpy()}
        notes = self._notes(propose=propose)
        links = [
            Link(
                name,
                self.hits[i].position,
                self.hits[i].rule,
                self.hits[i].candidates,
                notes[i],
                distances.get((self.hits[i].position, code)),
            )
            for i, (name, code) in enumerate(zip(self.names, self.codes, strict=True))
        ]
        right = self.points.copy()
        right.insert(0, self.points.index.name or "point_id", self.points.index)
        joined = join_rows(self.listed, right, links, [Key(name) for name in right["name"]])
        shapes = self.points.geometry.to_numpy()
        found = [None if link.position is None else shapes[link.position] for link in links]
        frame = gpd.GeoDataFrame(
            pd.DataFrame(joined.frame), geometry=np.array(found, dtype=object), crs=STORAGE_CRS
        )
        return JoinResult(frame, joined.audit)

    def _notes(self, *, propose: bool) -> list[str]:
        """Reasons of failures: how it came, where the name stands elsewhere, what is similar."""
        notes = []
        for i, name in enumerate(self.names):
            hit = self.hits[i]
            note = NAME_REASONS[hit.outcome]
            if hit.outcome == "none":
                note = "no such name in or near the municipality"
                note += self._elsewhere(str(name)) + self._left_over(i)
            elif hit.outcome == "several":
                told = [str(self.points.index[j]) for j in hit.candidates]
                note += f": {name_some(told)}"
            notes.append(note)
        if propose:
            proposals = self._proposals()
            notes = [f"{note}{proposals.get(i, '')}" for i, note in enumerate(notes)]
        return notes

    def _elsewhere(self, name: str) -> str:
        """Where else a point of the same name stands, without brackets opened."""
        units = self.units["name"].to_dict()
        where = self.lies_in().set_index("point")["code"].to_dict()
        told = [
            f"{other} in {units.get(where.get(j), 'none')}"
            for j, other in enumerate(self.points["name"])
            if compare_names(name, str(other)) not in (None, "brackets")
        ]
        return f"; elsewhere: {name_some(told)}" if told else ""

    def _left_over(self, i: int) -> str:
        """Points of the municipality that no listed name matched."""
        taken = {hit.position for hit in self.hits.values()}
        pairs = self.lies_in()
        there = pairs["point"][(pairs["code"] == self.codes.iloc[i]) & ~pairs["point"].isin(taken)]
        told = [str(self.points["name"].iloc[point]) for point in there]
        return f"; unmatched there: {name_some(told, most=8)}" if told else ""

    def _proposals(self) -> dict[int, str]:
        """Similar names among the points of the municipality that nothing matched."""
        taken = {hit.position for hit in self.hits.values()}
        pairs = self.lies_near()
        pairs = pairs[~pairs["point"].isin(taken - {None})]
        rows = [i for i, hit in self.hits.items() if hit.outcome == "none"]
        proposals = propose_names(
            self.names.iloc[rows],
            self.points["name"].iloc[pairs["point"]],
            within=(self.codes.iloc[rows], pairs["code"]),
        )
        return {i: describe_proposals(given) for i, given in zip(rows, proposals, strict=True)}


def _require(layer: gpd.GeoDataFrame, columns: list[str], what: str) -> None:
    absent = [column for column in columns if column not in layer.columns]
    if absent:
        raise LayerError(
            what,
            [f"it has no column {name_some(absent)}; it has {name_some(list(layer.columns))}."],
        )


def _address_pairs(addresses: pd.Series) -> pd.DataFrame:
    """Points with the municipality that their address begins with; wards are their city."""
    names = {
        normalise_name(unit.name): unit.code
        for unit in register().values()
        if unit.kind == "municipality"
    }
    pairs = []
    for point, address in enumerate(addresses):
        plain = _without_district(address) if isinstance(address, str) else ""
        pairs += [(point, code) for name, code in names.items() if plain.startswith(name)][:1]
    return pd.DataFrame(pairs, columns=["point", "code"])


def _without_district(address: str) -> str:
    """An address from its municipality on: without 北海道 and a district (郡) before it."""
    return re.sub(r"^[^市町村]{1,4}?郡", "", normalise_name(address))
