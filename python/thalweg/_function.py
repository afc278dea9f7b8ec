"""Users' functions as the library calls them: x (n, d) -> values (n, outputs)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import _native
from ._bounds import Ranges, probe_points
from ._c_function import NativeFunction
from .errors import ShapeError

#: shape of the values of a point: () for one number; per name for a dict
Shape = tuple[int, ...]


class ScalarFunction:
    """A function of one point that may be called with many: what :func:`scalar` makes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, x: Any, *args: Any) -> Any:
        """f at one point ``(d,)``, or at each of the points ``(n, d)``."""
        x = np.asarray(x)
        if x.ndim != 2:
            return self.function(x, *args)
        values = [self.function(point, *args) for point in x]
        if values and isinstance(values[0], Mapping):
            return {name: np.array([v[name] for v in values]) for name in values[0]}
        return np.array(values)


def scalar(function: Callable[..., Any]) -> ScalarFunction:
    """Decorates a function of one point, f(x: ``(d,)``) -> number, array or dict.

    Such functions are slow in Python, about a microsecond or more per point; a function of an
    array ``(n, d)`` needs no decorator.

    >>> @scalar
    ... def f(x):
    ...     return x[0] * x[1]
    >>> float(f([2.0, 3.0]))
    6.0
    """
    return ScalarFunction(function)


def as_floats(values: Any, what: str) -> np.ndarray:
    """An array of float64, or a clear exception."""
    array = np.asarray(values)
    if array.dtype == np.float64:
        return array
    if array.dtype.kind == "c":
        raise ShapeError(f"{what} returned complex numbers; return real and imaginary part instead")
    if array.dtype.kind not in "fiubO":
        raise ShapeError(f"{what} returned an array of {array.dtype}; it must hold real numbers")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what} returned what are no real numbers: {error}") from None


class Function:
    """A user's function, with the shape of its values, found by calling it at a few points."""

    def __init__(self, function: Any, ranges: Ranges, args: tuple[Any, ...] = ()) -> None:
        if not callable(function):
            raise TypeError(f"the integrand must be callable, not {type(function).__name__}")
        self.function = function
        self.args = args
        self.dim = len(ranges)
        #: names of the outputs, where the function returns a dict
        self.names: tuple[str, ...] | None = None
        #: shape of the values of one point, per name or in all
        self.shapes: list[Shape] = []
        #: the C function that is called instead
        self.pointer: _native.Pointer | None = None
        if isinstance(function, NativeFunction):
            self._take(function)
        else:
            self._probe(ranges)
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.outputs = sum(self.sizes)
        if self.outputs == 0:
            raise ShapeError("the integrand returned no values; it needs at least one output")

    def _take(self, function: NativeFunction) -> None:
        if self.args:
            raise TypeError("a C function has no args; hand it user_data instead")
        if function.dim != self.dim:
            raise ShapeError(
                f"the C function has {function.dim} coordinates and the bounds have {self.dim}"
            )
        self.pointer = function._pointer
        self.shapes = [() if function.outputs == 1 else (function.outputs,)]

    def _probe(self, ranges: Ranges) -> None:
        x = probe_points(ranges)
        x.flags.writeable = False
        values = self.function(x, *self.args)
        n = len(x)
        if isinstance(values, Mapping):
            if not values:
                raise ShapeError("the integrand returned an empty dict")
            self.names = tuple(values)
            self.shapes = [self._shape(values[name], n, repr(name)) for name in self.names]
        else:
            self.shapes = [self._shape(values, n, "the integrand")]

    def _shape(self, values: Any, n: int, what: str) -> Shape:
        if values is None:
            raise ShapeError(f"{what} returned None; it must return an array ({n},)")
        shape = as_floats(values, what).shape
        if shape[:1] != (n,):
            found = f"an array of shape {shape}" if shape else "one number"
            raise ShapeError(
                f"{what} returned {found} for {n} points; it must return ({n},) or ({n}, k), one "
                f"row per point of x ({n}, {self.dim}); decorate functions of one point with "
                "@thalweg.scalar"
            )
        return shape[1:]

    def _rows(self, values: Any, n: int, shape: Shape, what: str) -> np.ndarray:
        array = as_floats(values, what)
        if array.shape != (n, *shape):
            # Squeezing functions drop the axis of a single point.
            if n == 1 and array.shape == shape:
                return array
            raise ShapeError(
                f"{what} returned an array of shape {array.shape} for {n} points; it was "
                f"{('n', *shape)} before"
            )
        return array

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x ``(n, d)`` -> ``(n, outputs)``, contiguous."""
        values = self.function(x, *self.args)
        n = len(x)
        if self.names is None:
            rows = self._rows(values, n, self.shapes[0], "the integrand")
            return np.ascontiguousarray(rows.reshape(n, self.outputs))
        if not isinstance(values, Mapping) or tuple(values) != self.names:
            found = tuple(values) if isinstance(values, Mapping) else type(values).__name__
            raise ShapeError(f"the integrand returned {found}; it was a dict of {self.names} before")
        parts = zip(self.names, self.shapes, self.sizes)
        columns = [
            self._rows(values[name], n, shape, repr(name)).reshape(n, size)
            for name, shape, size in parts
        ]
        return np.concatenate(columns, axis=1)

    def layout(self) -> tuple[tuple[str, ...] | None, tuple[Shape, ...]]:
        """Names and shapes, as results keep them."""
        return self.names, tuple(self.shapes)
