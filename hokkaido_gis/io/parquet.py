"""What a Parquet file says it holds, looked at before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hokkaido_gis.errors import TableError
from hokkaido_gis.io.limits import current_limits, how_to_raise

if TYPE_CHECKING:
    from pathlib import Path


def require_fit_parquet(path: Path, shown: Path | None = None) -> None:
    """Refuse a Parquet file that would unfold to more than is sensible.

    Equal values are stored once, so that a small file may hold any number of rows.

    Parameters
    ----------
    path
        The file.
    shown
        How its user knows it.

    Raises
    ------
    TableError
        If it says that it holds more than the limits.
    pyarrow.ArrowException, OSError
        If it is no Parquet file.
    """
    limits = current_limits()
    with pq.ParquetFile(path) as file:
        told = file.metadata
        values = told.num_rows * told.num_columns
        groups = [told.row_group(i) for i in range(told.num_row_groups)]
    faults = []
    if values > limits.max_values:
        faults.append(
            f"it says that it has {told.num_rows:,} rows of {told.num_columns} columns; at most "
            f"{limits.max_values:,} values are taken. {how_to_raise('max_values')}"
        )
    size = sum(group.total_byte_size for group in groups)
    if size > limits.max_unpacked:
        faults.append(
            f"it says that it holds {size:,} bytes; at most {limits.max_unpacked:,} are taken. "
            f"{how_to_raise('max_unpacked')}"
        )
    if faults:
        raise TableError(str(shown or path), faults)
