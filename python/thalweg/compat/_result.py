"""Results of several iterations: vegas's RAvg, RAvgArray and RAvgDict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._native import parenthesis
from ._average import Average, average
from ._number import Number, Source, evalcov, flat, mean

Layout = tuple[tuple[str, ...] | None, tuple[tuple[int, ...], ...]]


def shaped(numbers: list[Any], layout: Layout) -> Any:
    """Numbers in the shape of the integrand's values."""
    names, shapes = layout
    parts: list[Any] = []
    for shape in shapes:
        size = math.prod(shape)
        here, numbers = numbers[:size], numbers[size:]
        if shape:
            array = np.empty(size, dtype=object)
            array[:] = here
            parts.append(array.reshape(shape))
        else:
            parts.append(here[0])
    return parts[0] if names is None else dict(zip(names, parts))


class History:
    """The iterations behind a result."""

    def __init__(self, layout: Layout, weighted: bool) -> None:
        self.layout = layout
        self.weighted = weighted
        self.means: list[np.ndarray] = []
        self.sources: list[Source] = []

    def add(self, means: np.ndarray, cov: np.ndarray, calls: int) -> None:
        """Takes in an iteration."""
        self.means.append(means)
        self.sources.append(Source(cov, calls))

    def iteration(self, i: int) -> Any:
        """What iteration i found."""
        return shaped(self.sources[i].numbers(self.means[i]), self.layout)

    def average(self, n: int | None = None) -> Average:
        """The average of the first n iterations, or of all."""
        covs = [source.cov for source in self.sources[:n]]
        return average(self.means[:n], covs, self.weighted)

    def result(self) -> Any:
        """The average of all iterations."""
        names, shapes = self.layout
        if names is not None:
            return RAvgDict._of(self)
        return RAvgArray._of(self) if shapes[0] else RAvg._of(self)


class _Running:
    """What results of all shapes have in common."""

    _history: History
    _average: Average

    def _numbers(self) -> list[Number]:
        self._average = self._history.average()
        return Source(self._average.cov, self.sum_neval).numbers(self._average.mean)

    @property
    def chi2(self) -> float:
        """chi squared of the iterations around the average, of all outputs."""
        return self._average.chi2

    @property
    def dof(self) -> int:
        """Degrees of freedom of ``chi2``."""
        return self._average.dof

    @property
    def Q(self) -> float:
        """Probability of a larger ``chi2`` for iterations that agree; doubt it below 0.05."""
        return self._average.q

    @property
    def covariance(self) -> np.ndarray:
        """Covariance ``(k, k)`` of all outputs, flat."""
        return self._average.cov.copy()

    @property
    def weighted(self) -> bool:
        """Whether iterations are weighted by their inverse (co)variances."""
        return self._history.weighted

    @property
    def itn_results(self) -> list[Any]:
        """What each iteration found, in the shape of the integrand's values."""
        return [self._history.iteration(i) for i in range(self.nitn)]

    @property
    def nitn(self) -> int:
        """Number of iterations."""
        return len(self._history.means)

    @property
    def sum_neval(self) -> int:
        """Calls of the integrand in all iterations."""
        return sum(source.calls for source in self._history.sources)

    @property
    def avg_neval(self) -> float:
        """Calls per iteration."""
        return self.sum_neval / self.nitn

    def converged(self, rtol: float, atol: float) -> bool:
        """Whether all errors are below ``atol + rtol * abs(mean)``."""
        errors = np.sqrt(np.diag(self._average.cov))
        return bool((errors < atol + rtol * np.abs(self._average.mean)).all())

    def summary(self, extended: bool = False, weighted: bool | None = None) -> str:
        """A table of the iterations and the averages up to each, for the first output.

        chi2 is that of all outputs; ``extended`` adds a list of them.
        """
        history = self._history
        if weighted is not None and weighted != history.weighted:
            return ravg(self, weighted=weighted).summary(extended)
        title = "wgt average" if history.weighted else "average"
        head = f"itn   {'integral':<16}{title:<16}chi2/dof        Q"
        lines = [head, "-" * len(head)]
        for i, (means, source) in enumerate(zip(history.means, history.sources)):
            found = history.average(i + 1)
            itn = parenthesis(means[0], math.sqrt(source.cov[0, 0]))
            avg = parenthesis(found.mean[0], math.sqrt(found.cov[0, 0]))
            ratio = found.chi2 / found.dof if found.dof else 0.0
            lines.append(f"{i + 1:3}   {itn:<16}{avg:<16}{ratio:8.2f}{found.q:9.2f}")
        if extended and len(history.means[0]) > 1:
            lines += ["", f"{'output':<16}value", "-" * 32]
            numbers = flat(self)
            lines += [f"{name:<16}{number}" for name, number in zip(self._names(), numbers)]
        return "\n".join(lines) + "\n"

    def _names(self) -> list[str]:
        names, shapes = self._history.layout
        return [
            " ".join([name, *map(str, index)]).strip()
            for name, shape in zip(names or ("",), shapes)
            for index in np.ndindex(shape)
        ]

    def extend(self, other: Any) -> None:
        """Takes in the iterations of another result of the same shape after one's own."""
        if other._history.layout != self._history.layout:
            raise ValueError("results of different shapes cannot be joined")
        self._history.means = self._history.means + other._history.means
        self._history.sources = self._history.sources + other._history.sources
        self._fill()

    def _fill(self) -> None:
        raise NotImplementedError

    def __reduce__(self) -> Any:
        return _restore, (self._history,)


def _restore(history: History) -> Any:
    return history.result()


class RAvg(_Running, Number):
    """The average of one integral; it is a :class:`Number`."""

    __slots__ = ("_average", "_history")

    @classmethod
    def _of(cls, history: History) -> RAvg:
        self = cls.__new__(cls)
        self._history = history
        self._fill()
        return self

    def _fill(self) -> None:
        (number,) = self._numbers()
        Number.__init__(self, number._mean, number._derivatives)


class RAvgArray(_Running, np.ndarray[Any, Any]):
    """Averages of an array of integrals: an array of :class:`Number`, correlated.

    Parts of it, and what is computed from it, are plain arrays.
    """

    @classmethod
    def _of(cls, history: History) -> RAvgArray:
        self = np.empty(history.layout[1][0], dtype=object).view(cls)
        self._history = history
        self._fill()
        return self

    def _fill(self) -> None:
        self.flat[:] = self._numbers()

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    def to_gvar(self) -> Any:
        """The same as an array of ``gvar.GVar``."""
        return _to_gvar(np.asarray(self))

    def __str__(self) -> str:
        return str(np.asarray(self))

    def __repr__(self) -> str:
        return repr(np.asarray(self)).replace("array(", "RAvgArray(", 1)


class RAvgDict(_Running, dict[str, Any]):
    """Averages of a dict of integrals: of :class:`Number` or arrays of them, correlated."""

    @classmethod
    def _of(cls, history: History) -> RAvgDict:
        self = cls()
        self._history = history
        self._fill()
        return self

    def _fill(self) -> None:
        self.update(shaped(self._numbers(), self._history.layout))

    def to_gvar(self) -> Any:
        """The same as a ``gvar.BufferDict``."""
        import gvar

        return gvar.BufferDict({name: _to_gvar(part) for name, part in self.items()})


def _to_gvar(x: Any) -> Any:
    if isinstance(x, Number):
        return x.to_gvar()
    made = np.empty(x.shape, dtype=object)
    made.flat[:] = [number.to_gvar() for number in x.flat]
    return made


def ravg(reslist: Any, weighted: bool | None = None, rescale: Any = None) -> Any:
    """Another average of the iterations of a result, or of a list of them.

    ``ravg(r.itn_results[5:], weighted=False)`` is the plain mean of all but the first five. ``rescale``
    is accepted and changes nothing, because weighted averages do not depend on it.
    """
    if isinstance(reslist, _Running):
        if weighted is None:
            weighted = reslist.weighted
        reslist = reslist.itn_results
    items = list(reslist)
    if not items:
        raise ValueError("an average needs at least one result")
    history = History(_layout_of(items[0]), True if weighted is None else weighted)
    for item in items:
        if _layout_of(item) != history.layout:
            raise ValueError("results of different shapes cannot be averaged")
        numbers = flat(item)
        calls = [s.calls for number in numbers[:1] for s in getattr(number, "_derivatives", {})]
        means = np.array([float(mean(number)) for number in numbers])
        history.add(means, evalcov(item), sum(calls))
    return history.result()


def _layout_of(item: Any) -> Layout:
    if isinstance(item, dict):
        return tuple(item), tuple(np.shape(part) for part in item.values())
    return None, (() if isinstance(item, Number) else np.shape(item),)
