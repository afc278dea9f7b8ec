"""Numbers with errors and correlations: just enough of what gvar does.

A number is its mean and its derivatives with respect to the values that were estimated; estimates of
one iteration, or of one average, share a covariance matrix. Errors of functions of such numbers follow
to first order,

    var = sum_ij (df/dv_i) (df/dv_j) cov_ij,

so that ratios of correlated integrals have the errors they should. Known weakness: first order only, as
in gvar; where a denominator is within a few errors of 0 the error says little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._native import parenthesis

_PLAIN = (int, float, np.integer, np.floating)


class Source:
    """Values that were estimated together: their covariance matrix ``(k, k)``."""

    __slots__ = ("_gvars", "calls", "cov")
    cov: np.ndarray
    #: calls that the estimates took
    calls: int
    _gvars: Any

    def __init__(self, cov: np.ndarray, calls: int = 0) -> None:
        self.cov = cov
        self.calls = calls
        self._gvars = None

    def numbers(self, means: Iterable[float]) -> list[Number]:
        """The estimates themselves, with these means."""
        return [Number(float(mean), {self: {i: 1.0}}) for i, mean in enumerate(means)]

    def gvars(self) -> Any:
        """Deviations from the means as ``gvar.GVar``, the same ones each time."""
        if self._gvars is None:
            import gvar

            self._gvars = gvar.gvar(np.zeros(len(self.cov)), self.cov)
        return self._gvars

    def __getstate__(self) -> Any:
        return self.cov, self.calls

    def __setstate__(self, state: Any) -> None:
        self.cov, self.calls = state
        self._gvars = None


Derivatives = dict[Source, dict[int, float]]


class Number:
    """A mean with an error; arithmetic keeps track of correlations.

    With a ``gvar.GVar`` on the right it gives one. On the left gvar refuses what it does not know: write
    ``extra * number.to_gvar()``.
    """

    __slots__ = ("_derivatives", "_mean")
    _mean: float
    _derivatives: Derivatives

    def __init__(self, mean: float, derivatives: Derivatives | None = None) -> None:
        self._mean = mean
        self._derivatives = derivatives or {}

    @property
    def mean(self) -> float:
        """The mean."""
        return self._mean

    @property
    def var(self) -> float:
        """The variance."""
        return max(_covariance(self, self), 0.0)

    @property
    def sdev(self) -> float:
        """The standard deviation, a one-sigma error."""
        return math.sqrt(self.var)

    def to_gvar(self) -> Any:
        """The same as ``gvar.GVar``, correlated as this is; needs the package gvar."""
        import gvar

        made = gvar.gvar(self.mean, 0.0) if not self._derivatives else self.mean
        for source, slopes in self._derivatives.items():
            gvars = source.gvars()
            for i, slope in slopes.items():
                made = made + slope * gvars[i]
        return made

    def _chain(self, mean: float, slope: float) -> Number:
        """A function of this number alone, with this value and derivative."""
        return Number(mean, _combined(self._derivatives, slope, {}, 0.0))

    # ---- arithmetic

    def _with(self, other: Any, rule: Callable[[float, float], Any], swapped: bool = False) -> Any:
        """``rule(a, b)`` gives value and both derivatives."""
        if isinstance(other, Number):
            a, b = (other, self) if swapped else (self, other)
            mean, da, db = rule(a.mean, b.mean)
            return Number(mean, _combined(a._derivatives, da, b._derivatives, db))
        if isinstance(other, _PLAIN):
            x = float(other)
            mean, da, db = rule(x, self.mean) if swapped else rule(self.mean, x)
            return self._chain(mean, db if swapped else da)
        return NotImplemented

    def __add__(self, other: Any) -> Any:
        if _is_gvar(other):
            return self.to_gvar() + other
        return self._with(other, lambda a, b: (a + b, 1.0, 1.0))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if _is_gvar(other):
            return self.to_gvar() - other
        return self._with(other, lambda a, b: (a - b, 1.0, -1.0))

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: (a - b, 1.0, -1.0), swapped=True)

    def __mul__(self, other: Any) -> Any:
        if _is_gvar(other):
            return self.to_gvar() * other
        return self._with(other, lambda a, b: (a * b, b, a))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if _is_gvar(other):
            return self.to_gvar() / other
        return self._with(other, _ratio)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, _ratio, swapped=True)

    def __pow__(self, other: Any) -> Any:
        if _is_gvar(other):
            return self.to_gvar() ** other
        return self._with(other, _power)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, _power, swapped=True)

    def __neg__(self) -> Number:
        return self._chain(-self.mean, -1.0)

    def __pos__(self) -> Number:
        return self._chain(self.mean, 1.0)

    def __abs__(self) -> Number:
        return -self if self.mean < 0.0 else +self

    # ---- functions, which NumPy's of the same name call: np.sqrt(number)

    def sqrt(self) -> Number:
        """The square root."""
        root = math.sqrt(self.mean)
        return self._chain(root, 0.5 / root)

    def exp(self) -> Number:
        """The exponential function."""
        value = math.exp(self.mean)
        return self._chain(value, value)

    def log(self) -> Number:
        """The natural logarithm."""
        return self._chain(math.log(self.mean), 1.0 / self.mean)

    def sin(self) -> Number:
        """The sine."""
        return self._chain(math.sin(self.mean), math.cos(self.mean))

    def cos(self) -> Number:
        """The cosine."""
        return self._chain(math.cos(self.mean), -math.sin(self.mean))

    # ---- comparison of means, conversion, text

    def __lt__(self, other: Any) -> bool:
        return self.mean < _mean_of(other)

    def __le__(self, other: Any) -> bool:
        return self.mean <= _mean_of(other)

    def __gt__(self, other: Any) -> bool:
        return self.mean > _mean_of(other)

    def __ge__(self, other: Any) -> bool:
        return self.mean >= _mean_of(other)

    def __str__(self) -> str:
        return parenthesis(self.mean, self.sdev)

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, spec: str) -> str:
        try:
            return format(str(self), spec)
        except ValueError:
            return format(self.mean, spec)


def _ratio(a: float, b: float) -> tuple[float, float, float]:
    return a / b, 1.0 / b, -a / (b * b)


def _power(a: float, b: float) -> tuple[float, float, float]:
    value = a**b
    slope = b * a ** (b - 1.0) if b != 0.0 else 0.0
    return value, slope, value * math.log(a) if a > 0.0 else 0.0


def _combined(one: Derivatives, a: float, other: Derivatives, b: float) -> Derivatives:
    """a one + b other."""
    made = {source: {i: a * d for i, d in slopes.items()} for source, slopes in one.items()}
    for source, slopes in other.items():
        mine = made.setdefault(source, {})
        for i, d in slopes.items():
            mine[i] = mine.get(i, 0.0) + b * d
    return made


def _covariance(one: Number, other: Number) -> float:
    total = 0.0
    for source, slopes in one._derivatives.items():
        theirs = other._derivatives.get(source)
        if theirs:
            block = source.cov[np.ix_(list(slopes), list(theirs))]
            total += float(np.array(list(slopes.values())) @ block @ np.array(list(theirs.values())))
    return total


def _is_gvar(x: Any) -> bool:
    return any(base.__module__.startswith("gvar.") for base in type(x).__mro__)


def _mean_of(x: Any) -> float:
    return x.mean if isinstance(x, Number) else float(x)


def flat(x: Any) -> list[Any]:
    """The numbers of a result: a number, an array of them, or a dict of both."""
    if isinstance(x, dict):
        return [number for part in x.values() for number in flat(part)]
    return list(np.asarray(x, dtype=object).ravel()) if not isinstance(x, Number) else [x]


def _each(x: Any, of: Callable[[Any], float]) -> Any:
    if isinstance(x, dict):
        return {name: _each(part, of) for name, part in x.items()}
    if isinstance(x, Number):
        return of(x)
    array = np.asarray(x, dtype=object)
    return np.array([of(number) for number in array.ravel()]).reshape(array.shape)


def mean(x: Any) -> Any:
    """Means of a number, an array of them or a dict, in its shape."""
    return _each(x, _mean_of)


def sdev(x: Any) -> Any:
    """Standard deviations, likewise; 0 of plain numbers."""
    return _each(x, lambda number: number.sdev if isinstance(number, Number) else 0.0)


def evalcov(x: Any) -> np.ndarray:
    """Covariance matrix ``(k, k)`` of all k numbers of an array or a dict, flat."""
    numbers = [n if isinstance(n, Number) else Number(float(n)) for n in flat(x)]
    return np.array([[_covariance(a, b) for b in numbers] for a in numbers])
