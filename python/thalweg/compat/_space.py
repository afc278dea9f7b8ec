"""Integration regions and integrands as vegas's users write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .._bounds import Ranges, ranges_of
from .._function import Function, ScalarFunction
from ..errors import SettingError

#: how an integrand takes its points
KINDS = ("scalar", "lbatch", "rbatch")


class Space:
    """A box, and whether its points are arrays ``(d,)``, arrays of another shape, or dicts."""

    def __init__(self, bounds: Any) -> None:
        if isinstance(bounds, Mapping):
            parts = {name: np.asarray(part, dtype=np.float64) for name, part in bounds.items()}
            self.names: tuple[str, ...] | None = tuple(parts)
            arrays = list(parts.values())
        else:
            self.names = None
            arrays = [_as_array(bounds)]
        for array in arrays:
            if array.ndim == 0 or array.shape[-1] != 2:
                raise SettingError("bounds must be pairs (low, high)")
        #: shape of each part of a point
        self.shapes = [array.shape[:-1] for array in arrays]
        self.ranges: Ranges = ranges_of(np.concatenate([a.reshape(-1, 2) for a in arrays]))
        if not np.isfinite(self.ranges).all():
            raise SettingError(
                "bounds must be finite, as vegas's are: change variables, or use "
                "thalweg.integrate, which takes infinite ones"
            )

    @property
    def dim(self) -> int:
        """Number of axes."""
        return len(self.ranges)

    def labels(self) -> list[str]:
        """A name for each axis."""
        return [
            " ".join([name, *map(str, index)]) if name or len(shape) > 1 else str(index[0])
            for name, shape in zip(self.names or ("",), self.shapes)
            for index in np.ndindex(shape)
        ]

    def points(self, x: np.ndarray) -> Any:
        """Points ``(n, d)`` as batch integrands see them, the batch index first."""
        if self.names is None and len(self.shapes[0]) == 1:
            return x
        parts, start = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            parts.append(x[:, start : start + size].reshape(len(x), *shape))
            start += size
        return parts[0] if self.names is None else dict(zip(self.names, parts))


def _as_array(bounds: Any) -> np.ndarray:
    try:
        array = np.asarray(bounds, dtype=np.float64)
    except (TypeError, ValueError):
        # Axes with grids of their own: their ends count.
        array = np.array([(axis[0], axis[-1]) for axis in bounds], dtype=np.float64)
    if array.ndim == 2 and array.shape[1] != 2:
        array = array[:, [0, -1]]
    return array.reshape(1, 2) if array.shape == (2,) else array


class LBatchIntegrand:
    """Base of classes whose objects take points ``x[i, d]``, the batch index i first.

    With a function as its argument it is one that calls it.
    """

    fcntype = "lbatch"

    def __init__(self, fcn: Callable[..., Any] | None = None) -> None:
        self.fcn = fcn

    def __call__(self, x: Any, *args: Any) -> Any:
        if self.fcn is None:
            raise NotImplementedError("define __call__")
        return self.fcn(x, *args)


class RBatchIntegrand(LBatchIntegrand):
    """The same for points ``x[d, i]``, the batch index last."""

    fcntype = "rbatch"


def lbatchintegrand(f: Any) -> Any:
    """Decorates an integrand, or a class of them, that takes many points ``x[i, d]`` at once.

    It returns an array of values, ``(n,)`` or ``(n, ...)``, or a dict of them.
    """
    return _marked(f, LBatchIntegrand)


def rbatchintegrand(f: Any) -> Any:
    """Decorates an integrand of points ``x[d, i]``, with values ``(..., n)``."""
    return _marked(f, RBatchIntegrand)


def _marked(f: Any, base: type[LBatchIntegrand]) -> Any:
    try:
        f.fcntype = base.fcntype
    except AttributeError:
        return base(f)
    return f


def function_of(fcn: Any, space: Space) -> Function:
    """x ``(n, d)`` -> values ``(n, k)`` of an integrand of any kind."""
    if not callable(fcn):
        raise TypeError(f"the integrand must be callable, not {type(fcn).__name__}")
    kind = getattr(fcn, "fcntype", "scalar")
    if kind not in KINDS:
        raise ValueError(f"fcntype is {kind!r}; it must be one of {KINDS}")

    def lbatch(x: np.ndarray) -> Any:
        # A copy, which the function may change.
        return fcn(space.points(x.copy()))

    def rbatch(x: np.ndarray) -> Any:
        points = space.points(x)
        values = fcn(_moved(points, 0, -1))
        return _moved(values, -1, 0)

    def scalar(x: np.ndarray) -> Any:
        points = space.points(x.reshape(1, -1).copy())
        if isinstance(points, dict):
            return fcn({name: part[0] for name, part in points.items()})
        return fcn(points[0])

    of_batch = {"lbatch": lbatch, "rbatch": rbatch, "scalar": ScalarFunction(scalar)}[kind]
    return Function(of_batch, space.ranges)


def _moved(x: Any, old: int, new: int) -> Any:
    """Moves the batch index of an array, or of each of a dict."""
    if isinstance(x, Mapping):
        return {name: _moved(part, old, new) for name, part in x.items()}
    return np.ascontiguousarray(np.moveaxis(np.asarray(x), old, new))
