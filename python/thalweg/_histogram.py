"""Histograms of observables, filled in the same pass as the estimate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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


Pair = tuple[float, float]


class Histogram:
    """The integral over each bin of an observable, or of two (not divided by the bin's width).

    It follows the protocol ``PlottableHistogram`` of the package uhi, so that mplhep, hist and others can
    draw it, in one dimension or two. Bins hold the weights f/q of the first output.

    ``axes`` is an array of edges or one :class:`Axis` or two; ``outside`` has the cells below and above,
    as :attr:`outside`; without it they are empty.
    """

    __slots__ = ("_cells", "axes", "name")

    def __init__(
        self, name: str, axes: Any, values: Any, errors: Any, outside: Sequence[Pair] | None = None
    ) -> None:
        #: name of the observable, or of the two together
        self.name = name
        #: the axes, one or two
        self.axes = _axes(name, axes)
        bins = tuple(len(axis) for axis in self.axes)
        within = np.zeros(tuple(n + 2 for n in bins), dtype=bool)
        within[(slice(1, -1),) * len(bins)] = True
        self._cells = np.zeros((2, *within.shape))
        for cells, part in zip(self._cells, (values, errors)):
            part = np.asarray(part, dtype=np.float64)
            if part.size != within.sum():
                raise ShapeError(f"histogram {name!r} has {part.size} values for {within.sum()} bins")
            cells[within] = part.reshape(-1)
        if outside is not None:
            self._cells[:, ~within] = np.asarray(outside, dtype=np.float64).T
        self._cells.flags.writeable = False

    @property
    def kind(self) -> str:
        """The protocol's name for sums of weights, "COUNT"."""
        return "COUNT"

    def _edges(self) -> tuple[np.ndarray, ...]:
        return tuple(axis.edges for axis in self.axes)

    @property
    def edges(self) -> Any:
        """Edges of the bins, ``(bins + 1,)``; of two axes a pair of them."""
        edges = self._edges()
        return edges[0] if len(edges) == 1 else edges

    def _of(self, cells: np.ndarray, flow: bool) -> np.ndarray:
        return cells if flow else cells[(slice(1, -1),) * cells.ndim]

    def values(self, flow: bool = False) -> np.ndarray:
        """Integral over each bin, ``(bins,)`` or ``(bins, bins)``.

        With ``flow`` each axis has one element more at both ends, for what is below the first edge, and
        for what is above the last or NaN.
        """
        return self._of(self._cells[0], flow)

    def errors(self, flow: bool = False) -> np.ndarray:
        """One-sigma errors of the values, in the same shape."""
        return self._of(self._cells[1], flow)

    def variances(self, flow: bool = False) -> np.ndarray:
        """Squares of the errors, in the same shape."""
        return read_only(self.errors(flow) ** 2)

    def counts(self, flow: bool = False) -> np.ndarray:
        """Effective number of entries, value^2 / variance, in the same shape; 0 for empty bins."""
        values, variances = self.values(flow), self.errors(flow) ** 2
        some = variances > 0.0
        return read_only(np.divide(values**2, variances, out=np.zeros(some.shape), where=some))

    def density(self) -> np.ndarray:
        """Values divided by the widths or areas of the bins: the differential distribution."""
        widths = [np.diff(edges) for edges in self._edges()]
        area = widths[0] if len(widths) == 1 else np.outer(*widths)
        return read_only(self.values() / area)

    def _end(self, slot: int) -> Pair:
        if len(self.axes) > 1:
            raise SettingError(
                f"histogram {self.name!r} has two axes; values(flow=True) has all that is outside"
            )
        value, error = self._cells[:, slot]
        return float(value), float(error)

    @property
    def underflow(self) -> Pair:
        """Integral below the range of the one axis, and its error."""
        return self._end(0)

    @property
    def overflow(self) -> Pair:
        """Integral above the range of the one axis or where the observable is NaN, and its error."""
        return self._end(-1)

    def __repr__(self) -> str:
        bins = " x ".join(str(len(axis)) for axis in self.axes)
        spans = " x ".join(f"[{edges[0]:g}, {edges[-1]:g})" for edges in self._edges())
        return f"<Histogram {self.name}: {bins} bins of {spans}>"


def _axes(name: str, axes: Any) -> tuple[Axis, ...]:
    """Axes from what users give."""
    if isinstance(axes, Axis):
        return (axes,)
    if len(axes) > 0 and all(isinstance(axis, Axis) for axis in axes):
        if len(axes) > 2:
            raise SettingError(f"histogram {name!r} has one axis or two, not {len(axes)}")
        return tuple(axes)
    return (Axis(read_only(axes), name),)


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


class Binnings:
    """The axes of one histogram, one or two."""

    def __init__(self, name: str, given: Any, dim: int) -> None:
        self.name = name
        if not isinstance(given, Mapping):
            self.axes = [Binning(name, given, dim)]
            return
        if len(given) != 2:
            raise SettingError(
                f"observable {name!r} is a dict of {len(given)}; a histogram of two axes needs two: "
                "name -> (function, edges)"
            )
        self.axes = [Binning(str(axis), one, dim) for axis, one in given.items()]

    def task(self) -> dict[str, Any]:
        """As the library takes it."""
        return {"name": self.name, "axes": [axis.task() for axis in self.axes]}


One = tuple[Callable[[np.ndarray], Any], Any]
Observable = One | Mapping[str, One]


def binnings(observables: Mapping[str, Observable] | None, dim: int) -> list[Binnings]:
    """Observables from what users write: name -> (function, edges), or name -> a dict of two such."""
    if observables is None:
        return []
    if not isinstance(observables, Mapping):
        raise TypeError("observables must be a dict: name -> (function, edges)")
    return [Binnings(str(name), given, dim) for name, given in observables.items()]


def named(report: dict[str, Any] | None, observables: list[Binnings]) -> None:
    """Gives the histograms of a report the names and edges that users know."""
    if report is not None:
        recalled(report, kept(observables))


def kept(observables: list[Binnings]) -> str:
    """Names and edges as a note of a part."""
    return json.dumps(
        [
            [known.name, [{"name": a.name, "edges": a.edges.tolist()} for a in known.axes]]
            for known in observables
        ]
    )


def recalled(report: dict[str, Any], note: str | None) -> dict[str, Any]:
    """The report with names and edges of such a note, if there is one."""
    for binned, (name, axes) in zip(report["histograms"], json.loads(note or "[]")):
        binned.update(name=name, axes=axes)
    return report


def histogram(binned: dict[str, Any]) -> Histogram:
    """A histogram of a report."""
    axes = [Axis(_edges(axis), axis["name"]) for axis in binned["axes"]]
    return Histogram(binned["name"], axes, binned["values"], binned["errors"], binned["outside"])


def _edges(axis: dict[str, Any]) -> np.ndarray:
    """Given ones, or those of equal bins, of a run that was not started here."""
    if "edges" in axis:
        return read_only(axis["edges"])
    share = np.arange(axis["bins"] + 1) / axis["bins"]
    return read_only(axis["low"] * (1.0 - share) + axis["high"] * share)
