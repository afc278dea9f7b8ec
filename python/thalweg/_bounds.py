"""Bounds and seeds as users write them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .errors import SettingError

Ranges = list[tuple[float, float]]


def ranges_of(bounds: Any) -> Ranges:
    """``(low, high)`` per axis.

    ``bounds``: an int d for the unit cube of d dimensions; one pair for one dimension; a list of
    pairs or an array ``(d, 2)``; an object with ``lb`` and ``ub`` (as SciPy's ``Bounds``).
    """
    if isinstance(bounds, (bool, np.bool_, str, bytes)) or bounds is None:
        raise TypeError(f"bounds must be pairs of numbers or a dimension, not {bounds!r}")
    if isinstance(bounds, (int, np.integer)):
        if bounds < 1:
            raise SettingError(f"the dimension is {bounds}; it must be at least 1")
        return [(0.0, 1.0)] * int(bounds)
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = np.stack(np.broadcast_arrays(bounds.lb, bounds.ub), axis=-1)
    if isinstance(bounds, dict):
        bounds = list(bounds.values())
    try:
        array = np.asarray(bounds, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingError(f"bounds must be pairs of numbers, one per axis: {error}") from None
    if array.shape == (2,):
        array = array.reshape(1, 2)
    if array.ndim != 2 or array.shape[1] != 2 or array.shape[0] == 0:
        raise SettingError(
            f"bounds have the shape {array.shape}; they must be pairs (low, high), one per axis"
        )
    for axis, (low, high) in enumerate(array.tolist()):
        if not low < high:
            raise SettingError(
                f"range {axis} is [{low}, {high}]; the lower end must be below the upper one"
            )
    return [(low, high) for low, high in array.tolist()]


def seed_of(seed: Any) -> int:
    """A seed as a number of 64 bits; of a generator, the next one it draws."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(0, 2**64, dtype=np.uint64))
    if isinstance(seed, (bool, np.bool_)):
        raise TypeError("seed must be an int or a numpy.random.Generator, not a bool")
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(
            f"seed must be an int or a numpy.random.Generator, not {type(seed).__name__}"
        ) from None
    if not 0 <= number < 2**64:
        raise SettingError(f"seed is {number}; it must be between 0 and 2**64 - 1")
    return number


def probe_points(ranges: Ranges) -> np.ndarray:
    """A few points ``(n, d)`` of the domain, with n different from d."""
    dim = len(ranges)
    n = 3 if dim != 3 else 5
    # A Kronecker sequence of the generalised golden ratio, inside the unit cube.
    phi = 2.0
    for _ in range(30):
        phi = (1.0 + phi) ** (1.0 / (dim + 1))
    steps = phi ** -np.arange(1.0, dim + 1.0)
    x = (0.5 + np.outer(np.arange(1.0, n + 1.0), steps)) % 1.0
    x = 0.05 + 0.9 * x
    low, high = np.array(ranges).T
    with np.errstate(all="ignore"):
        t = 2.0 * x - 1.0
        y = np.where(np.isinf(low), high - (1.0 - x) / x, low + x / (1.0 - x))
        y = np.where(np.isinf(low) & np.isinf(high), t / (1.0 - t * t), y)
        y = np.where(np.isfinite(low) & np.isfinite(high), low + (high - low) * x, y)
    return np.ascontiguousarray(y)
