"""Attribute tables onto layers: by municipality, by key, by name or by place, with an audit.

A join never changes the number or order of rows on the left. Rows that cannot be told apart are
not joined by guess: they stay without a match and stand in the audit, which names the rule and key
of every match and what was left over on either side.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.audit import JoinResult, Key, Link, Validate, join_rows
from hokkaido_gis.codes import Form, codes_from_names, normalise_codes, ward_to_city
from hokkaido_gis.errors import CodeError, JoinError, name_some
from hokkaido_gis.io.tables import require_columns
from hokkaido_gis.keys import (
    KEY_COLUMNS,
    KEY_NAMES,
    city_where_known,
    find_key,
    key_values,
    plain_key,
    read_municipality_keys,
    without_zeros,
)
from hokkaido_gis.names import match_names, propose_names
from hokkaido_gis.normalise import find_columns
from hokkaido_gis.places import nearest_shape
from hokkaido_gis.settlement_keys import KEY_COLUMNS as SETTLEMENT_COLUMNS
from hokkaido_gis.settlement_keys import find_keys, normalise_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import geopandas as gpd


def join_table(
    layer: pd.DataFrame,
    table: pd.DataFrame,
    *,
    key: str | None = None,
    layer_key: str | None = None,
    form: Form = "auto",
) -> JoinResult:
    """Join a table onto a layer by the keys that both have; several features may share a row.

    Without `key`, rows are joined by the key of a farm settlement where both sides have one, else
    by municipality. With it, by municipality where the column is known to name it or the layer has
    no such column, else as text.

    Parameters
    ----------
    layer
        Layer or table; its rows stay as they are.
    table
        Table whose columns are added.
    key
        Key column of `table`, and of `layer` where that has it.
    layer_key
        Key column of `layer`, where it is named else.
    form
        How 5-digit codes of municipalities are meant; see `normalise_codes`.

    Returns
    -------
    JoinResult
        Frame and audit, with the rules of `join_by_municipality` or `join_by_key`.

    Raises
    ------
    JoinError
        If no key column is found, or a key stands in several rows of the table.
    TableError
        If a column that is asked for is not there.
    CodeError
        If no key of a side can be read as a municipality.
    """
    if key is None and layer_key is None:
        mine, theirs = (
            find_columns(side, SETTLEMENT_COLUMNS).get("key") for side in (layer, table)
        )
        if mine is not None and theirs is not None:
            return join_by_key(layer, table, key=mine, right_key=theirs, validate="many_to_one")
    mine = layer_key or (key if key in layer.columns else None)
    if mine is None or _names_municipalities(layer, mine):
        return join_by_municipality(
            layer, table, key=mine, right_key=key, form=form, validate="many_to_one"
        )
    right_key = key if key is not None else mine
    return join_by_key(layer, table, key=mine, right_key=right_key, validate="many_to_one")


def _names_municipalities(layer: pd.DataFrame, column: str) -> bool:
    """Whether a column is known to name municipalities, and does so in most rows."""
    if column not in KEY_NAMES or column not in layer.columns:
        return False
    try:
        keys = read_municipality_keys(layer[column], "auto")
    except CodeError:
        return False
    return bool(keys.codes.notna().mean() > 0.5)


def join_by_municipality(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    key: str | None = None,
    right_key: str | None = None,
    form: Form = "auto",
    validate: Validate = "one_to_one",
) -> JoinResult:
    """Join rows of the same municipality, by code in any spelling or by name.

    A ward joins the row of its city where the other side has none for the ward. Keys that are no
    municipality, such as a row of totals, match nothing and are told in the audit.

    Parameters
    ----------
    left
        Layer or table; its rows stay as they are.
    right
        Table whose columns are added.
    key, right_key
        Columns (or named index) of codes or names; found by their name where None.
    form
        How 5-digit codes are meant; see `normalise_codes`.
    validate
        See `join_rows`.

    Returns
    -------
    JoinResult
        Frame and audit; rules ``code``, ``name`` and ``ward``.

    Raises
    ------
    JoinError
        If no key column is found, or the check fails.
    TableError
        If a column that is asked for is not there.
    CodeError
        If no key of a side can be read, or codes can be read in two ways.
    """
    mine = read_municipality_keys(key_values(left, key, "left"), form)
    theirs = read_municipality_keys(key_values(right, right_key, "right"), form)
    rule = "code" if mine.by_code and theirs.by_code else "name"
    units = city_where_known(mine.codes, theirs.codes)
    their_units = city_where_known(theirs.codes, mine.codes)
    wards = set(their_units[their_units != theirs.codes]) | set(units[units != mine.codes])
    positions = _positions(their_units)
    links = [
        _link(written, positions.get(unit, ()), "ward" if unit in wards else rule, note)
        for written, unit, note in zip(mine.written, units, mine.notes, strict=True)
    ]
    keys = [Key(*row) for row in zip(theirs.written, theirs.notes, strict=True)]
    return join_rows(left, right, links, keys, validate=validate)


def join_by_settlement(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    key: str | None = None,
    right_key: str | None = None,
    validate: Validate = "one_to_one",
) -> JoinResult:
    """Join rows of the same farm settlement (農業集落) by its 10-digit key in any spelling.

    Parameters
    ----------
    left
        Layer or table; its rows stay as they are.
    right
        Table whose columns are added.
    key, right_key
        Columns (or named index) of keys; found by their name, or put together from their parts,
        where None.
    validate
        See `join_rows`.

    Returns
    -------
    JoinResult
        Frame and audit; rule ``settlement``.

    Raises
    ------
    CodeError
        If a key is missing or none of a settlement; all are named with their rows.
    TableError
        If there is no column of keys.
    JoinError
        If the check fails.
    """
    mine = _settlement_keys(left, key, "left")
    theirs = _settlement_keys(right, right_key, "right")
    positions = _positions(theirs)
    links = [_link(wanted, positions.get(wanted, ()), "settlement") for wanted in mine]
    return join_rows(left, right, links, [Key(key) for key in theirs], validate=validate)


def _settlement_keys(frame: pd.DataFrame, key: str | None, what: str) -> pd.Series:
    if key is None and frame.index.name is None:
        return find_keys(frame, totals=True)
    return normalise_keys(key_values(frame, key, what, SETTLEMENT_COLUMNS), totals=True)


def join_by_key(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    key: str,
    right_key: str | None = None,
    validate: Validate = "one_to_one",
) -> JoinResult:
    """Join rows whose keys are the same text.

    Parameters
    ----------
    left
        Layer or table; its rows stay as they are.
    right
        Table whose columns are added.
    key, right_key
        Columns (or named index) of the keys; `right_key` is named as `key` where None.
    validate
        See `join_rows`.

    Returns
    -------
    JoinResult
        Frame and audit; rules ``exact``, ``plain`` (full and half width, blanks, ``.0`` of a
        number) and ``lost zero`` (digits without their leading zeros).

    Raises
    ------
    TableError
        If a column is not there.
    JoinError
        If the check fails.
    """
    mine = key_values(left, key, "left")
    theirs = key_values(right, right_key if right_key is not None else key, "right")
    return _join_by_text(left, right, mine, theirs, validate)


def join_by_name(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    names: tuple[str, str] = ("name", "name"),
    within: tuple[str, str] | None = None,
    aliases: Mapping[str, str] | None = None,
    propose: bool = False,
) -> JoinResult:
    """Join rows one to one by the name of a place or facility.

    Parameters
    ----------
    left
        Layer or table; its rows stay as they are.
    right
        Table whose columns are added.
    names
        Columns of names on the left and on the right.
    within
        Columns of groups on the left and on the right, such as codes of municipalities in the same
        spelling; only names of one group are compared.
    aliases
        Names of `left`, each with the name of `right` that it stands for.
    propose
        Note similar names beside those that match none; needs rapidfuzz.

    Returns
    -------
    JoinResult
        Frame and audit; rules as in `hokkaido_gis.names.RULES`.

    Raises
    ------
    TableError
        If a column is not there.
    ImportError
        If `propose` is asked for and rapidfuzz is not installed.
    """
    mine = key_values(left, names[0], "left")
    theirs = key_values(right, names[1], "right")
    groups = None
    if within is not None:
        groups = (
            key_values(left, within[0], "left"),
            key_values(right, within[1], "right"),
        )
    found = match_names(mine, theirs, within=groups, aliases=aliases)
    notes = found["outcome"].map(NAME_REASONS)
    if propose:
        notes += (
            propose_names(mine, theirs, within=groups)
            .map(describe_proposals)
            .where(found["outcome"] == "none", "")
        )
    links = [
        Link(name, None if pd.isna(position) else int(position), rule, candidates, note)
        for name, position, rule, candidates, note in zip(
            mine, found["position"], found["rule"], found["candidates"], notes, strict=True
        )
    ]
    return join_rows(left, right, links, [Key(name) for name in theirs])


# Why a name is unmatched, by the outcome that `match_names` gives.
NAME_REASONS = {
    "matched": "",
    "several": "the name could mean several, or several could mean the same",
    "taken": "its counterpart matched another row by a stricter rule",
    "none": "no such name",
    "no name": "no name",
}


def describe_proposals(proposals: tuple[tuple[object, str, float], ...]) -> str:
    """Say which names are similar, as an addition to a reason."""
    told = ", ".join(f"{name} ({score:g} %)" for _, name, score in proposals)
    return f"; similar: {told}" if told else ""


def join_by_place(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, *, limit_m: float = 0.0
) -> JoinResult:
    """Join to each feature the one it lies in, else the nearest within a limit.

    Parameters
    ----------
    left
        Features with a CRS; of a polygon or line, a point on it is taken.
    right
        Layer whose columns are added, such as municipalities.
    limit_m
        Greatest distance [m] on the ellipsoid; 0 takes only what a feature lies in.

    Returns
    -------
    JoinResult
        Frame and audit with distances; rules ``inside`` and ``nearest``. A feature on the border of
        two others matches neither.

    Raises
    ------
    CRSError
        If a layer has no CRS, or no known way leads from it to JGD2011.
    """
    found = nearest_shape(left, right, limit_m=limit_m)
    links = [
        Link(
            None,
            None if pd.isna(position) else int(position),
            "" if pd.isna(position) else "inside" if metres == 0 else "nearest",
            candidates,
            _place_note(candidates, limit_m),
            metres,
        )
        for position, metres, candidates in zip(
            found["position"], found["distance_m"], found["candidates"], strict=True
        )
    ]
    return join_rows(left, right, links, [Key()] * len(right))


def _place_note(candidates: tuple[int, ...], limit_m: float) -> str:
    if len(candidates) == 1:
        return ""
    if candidates:
        return f"{len(candidates)} are equally near"
    return f"none within {limit_m:g} m" if limit_m else "it lies in none"


def index_by_municipality(
    table: pd.DataFrame,
    *,
    key: str | None = None,
    form: Form = "auto",
    units: Collection[str] | None = None,
    what: str = "table",
) -> pd.DataFrame:
    """Give each row the 5-digit code of its municipality as index.

    Parameters
    ----------
    table
        Rows with a column of codes or names.
    key
        That column; found by its name where ``None``.
    form
        How 5-digit codes are meant; see `normalise_codes`.
    units
        Codes of the layer to join to. A ward that is not among them takes the code of its city.
    what
        Name of the table, for messages.

    Returns
    -------
    pandas.DataFrame
        The rows in their order, on an index ``code``.

    Raises
    ------
    TableError
        If the table has no column `key`.
    JoinError
        If no key column is found, or a municipality stands in several rows.
    CodeError
        If codes or names are wrong, unknown or ambiguous.
    """
    column = key if key is not None else find_key(table, KEY_COLUMNS, what)
    require_columns(table, [column], what=what)
    codes = read_codes(table[column], form)
    if units is not None:
        codes = codes.where(codes.isin(list(units)), ward_to_city(codes))
    repeated = codes[codes.duplicated(keep=False)]
    if len(repeated):
        told = [f"{code} in rows {name_some(list(rows.index))}" for code, rows in
                repeated.groupby(repeated)]  # fmt: skip
        raise JoinError(
            f"{what}: municipalities stand in more than one row: {name_some(told)}. Sum or select "
            "the rows first, so that one is left for each."
        )
    return table.set_axis(pd.Index(codes, name="code"))


def read_codes(values: pd.Series, form: Form = "auto") -> pd.Series:
    """Read a key column as codes of municipalities if it holds digits, else as names.

    Parameters
    ----------
    values
        Codes in any spelling, or names.
    form
        How 5-digit codes are meant; see `normalise_codes`.

    Returns
    -------
    pandas.Series
        5-digit codes on the index of `values`.

    Raises
    ------
    CodeError
        If codes or names are missing, wrong, unknown or ambiguous.
    """
    digits = values.astype(str).str.contains(r"\d").any()
    return normalise_codes(values, form=form) if digits else codes_from_names(values)


_KEY_RULES: dict[str, Callable[[object], str]] = {
    "exact": str,
    "plain": plain_key,
    "lost zero": without_zeros,
}


def _join_by_text(
    left: pd.DataFrame,
    right: pd.DataFrame,
    mine: pd.Series,
    theirs: pd.Series,
    validate: Validate,
) -> JoinResult:
    """Join by keys that a rule makes equal, strictest first."""
    by_rule = {
        rule: _positions(theirs.map(read, na_action="ignore")) for rule, read in _KEY_RULES.items()
    }
    links = []
    for key in mine:
        if pd.isna(key):
            links.append(Link(key, note="no key"))
            continue
        hits = ((rule, by_rule[rule].get(read(key), ())) for rule, read in _KEY_RULES.items())
        rule, positions = next((hit for hit in hits if hit[1]), ("", ()))
        links.append(_link(key, positions, rule))
    return join_rows(left, right, links, [Key(key) for key in theirs], validate=validate)


def _positions(keys: pd.Series) -> dict[object, tuple[int, ...]]:
    """Rows, from 0, by key; missing keys stand nowhere."""
    found: defaultdict[object, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        if pd.notna(key):
            found[key].append(position)
    return {key: tuple(positions) for key, positions in found.items()}


def _link(written: object, positions: tuple[int, ...], rule: str, note: str = "") -> Link:
    if len(positions) == 1:
        return Link(written, positions[0], rule)
    if positions:
        return Link(written, candidates=positions, note=f"it stands in {len(positions)} rows")
    return Link(written, note=note)
