"""Nearest segments by a packed tree of boxes, which compiled code searches.

A way of its own to what `segment_search` finds with shapely, worth its start for many sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np

from hokkaido_gis.analysis.compiled_search import FAN, search
from hokkaido_gis.analysis.segment_index import metres_per_degree

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.analysis.segment_index import Segments

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]

SPARE = 2
"""Candidates kept beyond those asked for, since the plane cannot tell near ties apart."""


class Tree(NamedTuple):
    """Boxes over segments, level by level from the leaves, `FAN` children to a node.

    ``boxes`` are west, south, east, north of each node; ``scales`` the least metres to a degree
    within it; ``levels`` the first node of each level. ``ends`` are the segments in the order of
    the leaves, ``owner`` their targets, ``place`` their positions in what the tree was built from.
    """

    boxes: Floats
    scales: Floats
    levels: Ints
    ends: Floats
    owner: Ints
    place: Ints


def build_tree(segments: Segments, place: Ints) -> Tree:
    """Pack segments into a tree in the order of a Hilbert curve.

    Parameters
    ----------
    segments
        All segments.
    place
        Positions of those that go into the tree, at least one.
    """
    chosen = segments.take(place)
    middle = (chosen.start + chosen.end) / 2
    order = np.argsort(gpd.GeoSeries.from_xy(*middle.T).hilbert_distance().to_numpy())
    chosen, place = chosen.take(order), place[order]
    low, high = np.minimum(chosen.start, chosen.end), np.maximum(chosen.start, chosen.end)
    levels, boxes = [0], []
    while True:
        missing = -len(low) % FAN
        low = np.pad(low, ((0, missing), (0, 0)), constant_values=np.inf)
        high = np.pad(high, ((0, missing), (0, 0)), constant_values=-np.inf)
        low, high = low.reshape(-1, FAN, 2).min(axis=1), high.reshape(-1, FAN, 2).max(axis=1)
        boxes.append(np.column_stack([low, high]))
        levels.append(levels[-1] + len(low))
        if len(low) == 1:
            break
    nodes = np.concatenate(boxes)
    south, north = np.abs(nodes[:, 1]), np.abs(nodes[:, 3])
    scales = np.column_stack(
        [
            metres_per_degree(np.maximum(south, north))[:, 0],
            metres_per_degree(np.minimum(south, north))[:, 1],
        ]
    )
    ends = np.column_stack([chosen.start, chosen.end])
    return Tree(nodes, scales, np.array(levels), ends, chosen.owner, place)


def nearest_in_tree(
    tree: Tree, edges: Segments, sites: int, *, k: int, reach_m: float
) -> tuple[Ints, Ints, Floats]:
    """Candidates for the nearest targets of each site.

    Parameters
    ----------
    tree
        Segments of the targets.
    edges
        Segments of the sites.
    sites
        Number of sites.
    k
        How many targets.
    reach_m
        Greatest distance [m].

    Returns
    -------
    tuple of numpy.ndarray
        Site and segment of the target by position, and longitude and latitude of the two ends of
        their connection, shape (n, 4), equal where they meet.
    """
    ends = np.column_stack([edges.start, edges.end])
    segment = np.full((sites, k + SPARE), -1, dtype=np.intp)
    links = np.empty((sites, k + SPARE, 4))
    search(tree, (ends, edges.ring, edges.first(sites)), (k, reach_m), segment, links)
    site, rank = np.nonzero(segment >= 0)
    return site, tree.place[segment[site, rank]], links[site, rank]
