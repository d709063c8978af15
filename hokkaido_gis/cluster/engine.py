"""Dask as the engine: worker processes on this machine, or a scheduler that runs already."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hokkaido_gis.cluster.cut import ROWS_PER_PART
from hokkaido_gis.errors import HokkaidoGisError, ModelInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# What a scheduler that runs is given to answer.
_ANSWER_S = 15
# Share of the machine's memory for all workers together; the rest is for what starts them.
_SHARE_OF_MEMORY = 0.9


@dataclass(frozen=True)
class Engine:
    """How a layer in parts is worked on.

    Attributes
    ----------
    workers
        Worker processes on this machine; one a processor where None.
    scheduler
        Address of a Dask scheduler that runs already, such as ``tcp://10.0.0.5:8786``, instead of
        workers of one's own. Its workers need this package and see the same folders.
    memory_limit
        Memory of each worker, such as ``"4GB"``; one that needs more is ended and begun anew. An
        equal share of the machine's where None.
    rows_per_part
        Rows of a part, where a file is cut into parts first.
    progress
        Whether parts done are shown on standard error.

    Examples
    --------
    >>> Engine(workers=2, memory_limit="4GB").scheduler is None
    True
    """

    workers: int | None = None
    scheduler: str | None = None
    memory_limit: str | None = None
    rows_per_part: int = ROWS_PER_PART
    progress: bool = False

    def __post_init__(self) -> None:
        """Check what does not go together."""
        if self.workers is not None and self.workers < 1:
            raise ModelInputError(f"workers must be 1 or more; got {self.workers}.")
        if self.scheduler is not None and (self.workers or self.memory_limit):
            raise ModelInputError(
                "A scheduler that runs already has workers of its own: state it, or workers and "
                "memory_limit, not both."
            )

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Give a `distributed.Client`, and end the workers that it started.

        Yields
        ------
        distributed.Client
            Connected. Workers of one's own have one thread each, listen on the loopback address
            only and have no dashboard.

        Raises
        ------
        HokkaidoGisError
            If Dask is not installed, or no scheduler answers at the address.
        """
        distributed = require_dask()
        # Small layers travel with the first task; that they are large for a task is known.
        with _settings({"distributed.admin.large-graph-warning-threshold": "10GB"}):
            if self.scheduler is None:
                with (
                    self._local_cluster(distributed) as cluster,
                    distributed.Client(cluster, set_as_default=False) as client,
                ):
                    yield client
            else:
                with self._running(distributed) as client:
                    yield client

    def _local_cluster(self, distributed: ModuleType) -> Any:
        workers = self.workers or os.cpu_count() or 1
        share = int(distributed.system.MEMORY_LIMIT * _SHARE_OF_MEMORY / workers)
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=self.memory_limit or share,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            # A worker that ends is told in the result, not by a traceback of the engine.
            silence_logs="CRITICAL",
        )

    def _running(self, distributed: ModuleType) -> Any:
        try:
            return distributed.Client(self.scheduler, timeout=_ANSWER_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise HokkaidoGisError(
                f"No Dask scheduler answers at {self.scheduler} ({error}). Start one with "
                "`dask scheduler`, and workers with `dask worker`, or leave --scheduler out."
            ) from error


def require_dask() -> ModuleType:
    """Import Dask's scheduler and workers.

    Raises
    ------
    HokkaidoGisError
        If they are not installed, saying how to install them.
    """
    try:
        import distributed  # noqa: PLC0415
    except ImportError as error:
        raise HokkaidoGisError(
            "Layers in parts are worked on by Dask, which is not installed: "
            'pip install "hokkaido-gis[cluster]".'
        ) from error
    module: ModuleType = distributed
    return module


def _settings(values: dict[str, Any]) -> Any:
    import dask  # noqa: PLC0415

    return dask.config.set(values)
