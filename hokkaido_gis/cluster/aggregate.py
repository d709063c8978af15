"""Values of a layer in parts summed by municipality, and then over neighbours."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.analysis.aggregate import explain_sums
from hokkaido_gis.analysis.sums import add_up, partial_sums
from hokkaido_gis.cluster.map_parts import open_worksite
from hokkaido_gis.io.tables import require_columns, to_numbers
from hokkaido_gis.keys import KEY_COLUMNS, find_key

if TYPE_CHECKING:
    import pandas as pd

    from hokkaido_gis.analysis.adjacency import Adjacency
    from hokkaido_gis.cluster.engine import Engine
    from hokkaido_gis.codes import Form


def aggregate_parts(
    layer: str | Path,
    value: str,
    adjacency: Adjacency,
    *,
    key: str | None = None,
    form: Form = "auto",
    engine: Engine | None = None,
) -> pd.DataFrame:
    """Sum a column of a layer in parts over each municipality and those that touch it.

    Parameters
    ----------
    layer
        Rows such as parcels, many to a municipality: a folder of parts, or a file, which is cut
        into parts in the temporary folder of this machine.
    value
        Column of numbers to sum.
    adjacency
        Neighbours of the municipalities.
    key
        Column of codes or names of municipalities; found by its name where None.
    form
        How 5-digit codes are meant; see `normalise_codes`.
    engine
        Workers; one a processor of this machine where None.

    Returns
    -------
    pandas.DataFrame
        As from `explain_sums`, of the sums that `sum_by_municipality` gives for the whole layer, to
        the last digit. A sum with a missing part is missing; so is that of a municipality without
        rows.

    Raises
    ------
    TableError, JoinError, CodeError
        As by `sum_by_municipality` and `explain_sums`.
    LayerError, HokkaidoGisError
        As by `map_parts`.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        open_worksite(layer, out=Path(folder) / "sums", engine=engine, crs=None) as site,
    ):
        schema = site.parts[0].schema
        column = key if key is not None else find_key(schema, KEY_COLUMNS, str(layer))
        require_columns(schema, [column, value], what=str(layer))
        wanted = list(dict.fromkeys([column, value]))
        sums = site.collect(_sum_part, value, column, columns=wanted)
    total = add_up(sums, form=form, units=adjacency.names.index)
    return explain_sums(total.rename(value), adjacency)


def _sum_part(part: pd.DataFrame, value: str, key: str) -> pd.DataFrame:
    return partial_sums(to_numbers(part[value]), part[key])
