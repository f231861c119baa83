"""Topics: points of the flat map that lie close together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagedb_site.mapping.fit import Places
from imagedb_site.mapping.nearest import evenly

NONE = -1
CLUSTERED = 20_000
"""Clusters are found among at most this number of points."""
LEAST = 5
"""The fewest points of a cluster."""
NEAR = 2000
"""A point of no cluster belongs to that of the nearest clustered point, if this is at most so far away, or at
most SPARSE times as far as neighbouring points usually are."""
SPARSE = 5
MOST_TOPICS = 2_000

Numbers = NDArray[np.int64]


def find_topics(places: Places) -> Numbers:
    """Returns the topic of each point, int64 [n], the largest topic first; NONE for points between topics."""
    from sklearn.cluster import HDBSCAN
    from sklearn.neighbors import KDTree

    if len(places) < 2 * LEAST:
        return np.full(len(places), NONE, dtype=np.int64)
    points = places.astype(np.float64)
    sample = evenly(len(points), CLUSTERED)
    size = max(LEAST, round(len(sample) ** 0.5 / 2))
    labels = HDBSCAN(
        min_cluster_size=size, min_samples=LEAST, cluster_selection_method="leaf", copy=True
    ).fit_predict(points[sample])
    inside = np.flatnonzero(labels >= 0)
    if not len(inside):
        return np.full(len(places), NONE, dtype=np.int64)
    usual = float(np.median(KDTree(points[sample]).query(points[sample], k=2)[0][:, 1]))
    distances, found = KDTree(points[sample[inside]]).query(points, k=1)
    topics = labels[inside][found[:, 0]].astype(np.int64)
    topics[distances[:, 0] > max(NEAR, SPARSE * usual)] = NONE
    return by_size(topics)


def by_size(topics: Numbers) -> Numbers:
    """Numbers topics by falling size, ties by their first row; the smallest above MOST_TOPICS become NONE."""
    known, first, counts = np.unique(topics[topics >= 0], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    numbers = np.full(int(known.max(initial=0)) + 2, NONE, dtype=np.int64)
    numbers[known[order]] = np.arange(len(known))
    numbers[numbers >= MOST_TOPICS] = NONE
    # The last number stands for NONE, which is -1.
    numbers[-1] = NONE
    return numbers[topics]
