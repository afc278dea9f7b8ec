"""Histograms of observables, filled in the same pass as the estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ._estimate import read_only
from ._function import as_floats
from .errors import SettingError, ShapeError


class Traits(NamedTuple):
    """What kind of axis it is."""

    circular: bool = False
    discrete: bool = False


class Axis:
    """The bins of a histogram: a sequence of pairs (low, high)."""

    __slots__ = ("edges", "name")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, edges: np.ndarray, name: str) -> None:
        #: edges of the bins, ``(bins + 1,)``
        self.edges = edges
        #: name of the observable
        self.name = name

    @property
    def traits(self) -> Traits:
        """Neither circular nor discrete."""
        return Traits()

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, index: int) -> tuple[float, float]:
        bins = len(self)
        if not -bins <= index < bins:
            raise IndexError(f"bin {index} of {bins}")
        index %= bins
        return float(self.edges[index]), float(self.edges[index + 1])

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Axis) and np.array_equal(self.edges, other.edges)

    def __repr__(self) -> str:
        return f"Axis({self.edges!r}, {self.name!r})"


class Histogram:
    """The integral over each bin of an observable (not divided by the bin's width).

    It follows the protocol ``PlottableHistogram`` of the package uhi, so that mplhep and others can
    draw it. Bins hold the weights f/q of the first output.
    """

    __slots__ = ("_errors", "_values", "edges", "name", "overflow", "underflow")

    def __init__(
        self,
        name: str,
        edges: Any,
        values: Any,
        errors: Any,
        underflow: tuple[float, float] = (0.0, 0.0),
        overflow: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        #: name of the observable
        self.name = name
        #: edges of the bins, ``(bins + 1,)``
        self.edges = read_only(edges)
        self._values = read_only(values)
        self._errors = read_only(errors)
        #: integral below the range, and its error
        self.underflow = underflow
        #: integral above the range or where the observable is NaN, and its error
        self.overflow = overflow

    @property
    def kind(self) -> str:
        """The protocol's name for sums of weights, "COUNT"."""
        return "COUNT"

    @property
    def axes(self) -> tuple[Axis]:
        """The one axis."""
        return (Axis(self.edges, self.name),)

    def values(self) -> np.ndarray:
        """Integral over each bin, ``(bins,)``."""
        return self._values

    def errors(self) -> np.ndarray:
        """One-sigma errors of the values, ``(bins,)``."""
        return self._errors

    def variances(self) -> np.ndarray:
        """Squares of the errors, ``(bins,)``."""
        return read_only(self._errors**2)

    def counts(self) -> np.ndarray:
        """Effective number of entries, value^2 / variance, ``(bins,)``; 0 for empty bins."""
        variances = self._errors**2
        some = variances > 0.0
        return read_only(np.divide(self._values**2, variances, out=np.zeros(len(some)), where=some))

    def density(self) -> np.ndarray:
        """Values divided by the widths of the bins, ``(bins,)``: the differential distribution."""
        return read_only(self._values / np.diff(self.edges))

    def __repr__(self) -> str:
        low, high = self.edges[0], self.edges[-1]
        return f"<Histogram {self.name}: {len(self._values)} bins of [{low:g}, {high:g})>"


class Binning:
    """An observable with its bins, as the library is told of it."""

    def __init__(self, name: str, given: Any, dim: int) -> None:
        try:
            function, edges = given
        except (TypeError, ValueError):
            raise SettingError(
                f"observable {name!r} must be a pair (function, edges of its bins)"
            ) from None
        if not callable(function):
            raise TypeError(f"observable {name!r} must be callable, not {type(function).__name__}")
        if np.ndim(edges) == 0:
            raise SettingError(f"the edges of observable {name!r} are {edges!r}; they are an array")
        edges = np.asarray(edges, dtype=np.float64)
        rising = edges.ndim == 1 and len(edges) > 1 and bool((np.diff(edges) > 0.0).all())
        if not (rising and np.isfinite(edges).all()):
            raise SettingError(
                f"the edges of observable {name!r} must be two finite, rising numbers or more"
            )
        self.name, self.function, self.edges, self.dim = name, function, edges, dim

    def place(self, x: np.ndarray) -> np.ndarray:
        """x ``(n, d)`` -> number of the bin, ``(n, 1)``: -1 below all, NaN above."""
        what = f"observable {self.name!r}"
        values = as_floats(self.function(x), what)
        n = len(x)
        if values.shape != (n,) and not (n == 1 and values.shape == ()):
            raise ShapeError(
                f"{what} returned an array of shape {values.shape} for {n} points; it must return ({n},)"
            )
        bins = np.searchsorted(self.edges, values, side="right") - 1.0
        return bins.reshape(n, 1)

    def task(self) -> dict[str, Any]:
        """As the library takes it. Its name there holds the edges: a checkpoint knows them by it."""
        name = f"{self.name} {self.edges.tolist()}"
        return {"name": name, "bins": len(self.edges) - 1, "place": self.place}


Observable = tuple[Callable[[np.ndarray], Any], Any]


def binnings(observables: Mapping[str, Observable] | None, dim: int) -> list[Binning]:
    """Observables from what users write: name -> (function, edges)."""
    if observables is None:
        return []
    if not isinstance(observables, Mapping):
        raise TypeError("observables must be a dict: name -> (function, edges)")
    return [Binning(str(name), given, dim) for name, given in observables.items()]


def named(report: dict[str, Any] | None, observables: list[Binning]) -> None:
    """Gives the histograms of a report the names and edges that users know."""
    if report is None:
        return
    for binned, known in zip(report["histograms"], observables):
        binned.update(name=known.name, edges=known.edges.tolist())
        del binned["low"], binned["high"]


def histogram(binned: dict[str, Any]) -> Histogram:
    """A histogram of a report."""
    return Histogram(
        binned["name"],
        binned["edges"],
        binned["values"],
        binned["errors"],
        tuple(binned["underflow"]),
        tuple(binned["overflow"]),
    )
