"""Fewer points, the same picture."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_POINTS = 200


def thinned(x: Floats, y: Floats, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Positions of at most `most` points whose polyline stays nearest to the whole one.

    The point farthest from the line drawn so far is added until there are enough
    (Ramer 1972; Douglas & Peucker 1973), so corners and the convex hull stay.
    """
    count = len(x)
    if count <= most:
        return np.arange(count)
    kept = {0, count - 1}
    queue = [_farthest(x, y, 0, count - 1)]
    while queue and len(kept) < most:
        distance, at, first, last = heapq.heappop(queue)
        if -distance <= 1e-9:
            break
        kept.add(at)
        for a, b in ((first, at), (at, last)):
            if b - a > 1:
                heapq.heappush(queue, _farthest(x, y, a, b))
    return np.array(sorted(kept), dtype=np.intp)


def evenly(positions: Floats, most: int) -> NDArray[np.intp]:
    """Places of at most `most` of the ascending `positions`, about equally far apart; first and last stay."""
    if len(positions) <= most:
        return np.arange(len(positions))
    marks = np.linspace(positions[0], positions[-1], most)
    return np.unique(np.clip(np.searchsorted(positions, marks), 0, len(positions) - 1))


def _farthest(x: Floats, y: Floats, first: int, last: int) -> tuple[float, int, int, int]:
    dx, dy = x[last] - x[first], y[last] - y[first]
    inner_x, inner_y = x[first + 1 : last] - x[first], y[first + 1 : last] - y[first]
    length = float(np.hypot(dx, dy))
    gaps = np.abs(inner_x * dy - inner_y * dx) / length if length > 0 else np.hypot(inner_x, inner_y)
    at = int(np.argmax(gaps))
    return -float(gaps[at]), first + 1 + at, first, last
