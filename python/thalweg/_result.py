"""The result of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ._estimate import Estimate, Iteration, read_only
from ._histogram import Histogram, histogram
from ._show import line, summary, table

if TYPE_CHECKING:
    from ._sampler import Sampler


def _frozen(value: Any) -> Any:
    """The same as something that cannot be changed."""
    if isinstance(value, dict):
        return MappingProxyType({k: _frozen(v) for k, v in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return value


class Result:
    """What a run found, and what speaks for or against it. It cannot be changed.

    ``value`` and ``error`` are floats for a function with one value per point, arrays of the
    shape of its values for others, and dicts for a function that returns a dict. Comparisons
    (``<``, ``==`` ...) compare ``value`` with numbers, arrays or other results: element by element
    for several outputs, as NumPy does.
    """

    __slots__ = ("_layout", "_report", "_sampler")
    _layout: tuple[tuple[str, ...] | None, tuple[tuple[int, ...], ...]]
    _report: dict[str, Any]
    _sampler: Sampler | None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, report: dict[str, Any], layout: Any = None, sampler: Any = None) -> None:
        object.__setattr__(self, "_report", report)
        object.__setattr__(self, "_layout", layout or (None, ((),)))
        object.__setattr__(self, "_sampler", sampler)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    # ---- values

    def _numbers(self, of: str) -> Any:
        """A number of each output in the shape of the outputs."""
        flat = [output["estimate"][of] for output in self._report["outputs"]]
        names, shapes = self._layout
        parts = []
        start = 0
        for shape in shapes:
            size = math.prod(shape)
            part = flat[start : start + size]
            parts.append(read_only(part).reshape(shape) if shape else part[0])
            start += size
        return dict(zip(names, parts)) if names is not None else parts[0]

    @property
    def value(self) -> Any:
        """The integral: a float, an array, or a dict of them."""
        return self._numbers("value")

    @property
    def error(self) -> Any:
        """The one-sigma error, in the shape of ``value``."""
        return self._numbers("error")

    @property
    def rel_error(self) -> Any:
        """error / |value|, in the shape of ``value``."""
        value, error = self.value, self.error
        with np.errstate(all="ignore"):
            if isinstance(value, dict):
                return {k: _divide(error[k], value[k]) for k in value}
            return _divide(error, value)

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Value, error and degrees of freedom of every output, flat."""
        all_ = (output["estimate"] for output in self._report["outputs"])
        return tuple(Estimate(e["value"], e["error"], e["dof"]) for e in all_)

    def pull(self, exact: Any) -> Any:
        """(value - exact) / error as a standard normal number, in the shape of ``value``.

        The degrees of freedom of the error are taken into account. ``exact`` is a number, an array,
        or a dict of them.
        """
        names, shapes = self._layout
        estimates = list(self.estimates)
        if names is not None:
            if not isinstance(exact, Mapping):
                raise TypeError("exact must be a dict, as the values are")
            return {
                name: _pulls(self._part(estimates, i), exact[name], shapes[i])
                for i, name in enumerate(names)
            }
        return _pulls(estimates, exact, shapes[0])

    def _part(self, flat: list[Any], index: int) -> list[Any]:
        sizes = [math.prod(shape) for shape in self._layout[1]]
        start = sum(sizes[:index])
        return flat[start : start + sizes[index]]

    def keys(self) -> tuple[str, ...]:
        """Names of the outputs of a function that returns a dict."""
        return self._layout[0] or ()

    def __getitem__(self, key: Any) -> Any:
        """One of several outputs: an :class:`Estimate`, or an array of them."""
        names, shapes = self._layout
        estimates = list(self.estimates)
        if names is not None:
            index = names.index(key) if key in names else None
            if index is None:
                raise KeyError(key)
            part, shape = self._part(estimates, index), shapes[index]
            return part[0] if not shape else _objects(part, shape)
        if not shapes[0]:
            raise TypeError("the result has one output; it cannot be indexed")
        return _objects(estimates, shapes[0])[key]

    def __len__(self) -> int:
        names, shapes = self._layout
        if names is not None:
            return len(names)
        if not shapes[0]:
            raise TypeError("the result has one output and no length")
        return shapes[0][0]

    def __iter__(self) -> Iterator[Any]:
        names, _ = self._layout
        return iter(names) if names is not None else (self[i] for i in range(len(self)))

    @property
    def covariance(self) -> np.ndarray | None:
        """Covariance of the values of all outputs, flat, ``(k, k)``; with ``covariance=True``."""
        flat = self._report["covariance"]
        k = len(self._report["outputs"])
        return None if flat is None else read_only(flat).reshape(k, k)

    @property
    def correlation(self) -> np.ndarray | None:
        """Correlation of the values of all outputs, ``(k, k)``; with ``covariance=True``."""
        c = self.covariance
        if c is None:
            return None
        with np.errstate(all="ignore"):
            sigma = np.sqrt(np.diag(c))
            return read_only(c / np.outer(sigma, sigma))

    def __float__(self) -> float:
        value = self.value
        if isinstance(value, float):
            return value
        raise TypeError("a result with several outputs is no single number")

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        value = self.value
        if isinstance(value, dict):
            raise TypeError("a result with names is no array; take result.value[name]")
        return np.array(value, dtype=dtype)

    # ---- trust

    @property
    def status(self) -> str:
        """"converged", "budget", "unreliable", "no_signal" or "interrupted"."""
        return self._report["status"]

    @property
    def is_good(self) -> bool:
        """Whether the result may be used as it stands: converged, or the budget spent."""
        return self.status in ("converged", "budget")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the status is "unreliable"."""
        return tuple(self._report["reasons"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """Things worth knowing."""
        return tuple(self._report["warnings"])

    @property
    def stop_reason(self) -> str:
        """What ended the run: "rel_error", "abs_error", "calls", "seconds" or "interrupted"."""
        return self._report["stop"]

    def _consistency(self, name: str) -> Any:
        found = self._report["consistency"]
        return None if found is None else found[name]

    @property
    def chi2(self) -> float | None:
        """Chi squared of the equal batches of the first output, where there are any."""
        return self._consistency("chi2")

    @property
    def dof(self) -> int | None:
        """Degrees of freedom of ``chi2``."""
        return self._consistency("dof")

    @property
    def p_value(self) -> float | None:
        """Probability of a larger ``chi2`` if all batches have the same mean."""
        return self._consistency("p_value")

    @property
    def khat(self) -> float | None:
        """Pareto shape of the weights' tail: errors are unreliable above 0.5."""
        return self._report["weights"]["khat"]

    @property
    def rel_std(self) -> float:
        """Spread of the weights, sigma/|mean|: the error of one call."""
        return self._report["weights"]["rel_std"]

    @property
    def ess_fraction(self) -> float:
        """Effective sample size of the estimate's points, divided by their number."""
        return self._report["weights"]["ess_fraction"]

    @property
    def ess(self) -> float:
        """Effective sample size of the estimate's points."""
        return self.ess_fraction * self._report["estimate"]["calls"]

    @property
    def max_share(self) -> float:
        """Share of the largest weight in the sum of all."""
        return self._report["weights"]["max_share"]

    @property
    def unweighting_efficiency(self) -> float:
        """Mean of |w| divided by its maximum."""
        return self._report["weights"]["unweighting_efficiency"]

    @property
    def cancellation(self) -> float:
        """|sum w| / sum |w|: 1 without changes of sign."""
        return self._report["weights"]["cancellation"]

    @property
    def blind_volume(self) -> float:
        """Features of a smaller share of the volume may have been missed (97 %)."""
        return self._report["blind_volume"]

    @property
    def non_finite(self) -> int:
        """Points where the integrand was not finite and counted as zero."""
        return self._report["non_finite"]

    @property
    def weights(self) -> Mapping[str, Any]:
        """All that is known of the weights f/q of the first output."""
        return _frozen(self._report["weights"])

    @property
    def exploration(self) -> Mapping[str, Any] | None:
        """What uniform points beside the estimate found."""
        return _frozen(self._report["exploration"])

    # ---- the run

    @property
    def calls(self) -> int:
        """Calls of the integrand, everything included but a few that find its shape."""
        return sum(self._report["calls"].values())

    @property
    def calls_by_phase(self) -> Mapping[str, int]:
        """Calls of "explore", "adapt", "train" and "estimate"."""
        return _frozen(self._report["calls"])

    @property
    def seconds(self) -> float:
        """Duration of the run."""
        return sum(self._report["seconds"].values())

    @property
    def seconds_by_phase(self) -> Mapping[str, float]:
        """Seconds of "explore", "adapt", "train" and "estimate"."""
        return _frozen(self._report["seconds"])

    @property
    def iterations(self) -> tuple[Iteration, ...]:
        """The steps of the run."""
        return tuple(Iteration(**step) for step in self._report["iterations"])

    @property
    def method(self) -> str:
        """The method used: "plain", "vegas" or "flow"."""
        chosen = self._report["chosen"]
        return self._report["method"] if chosen is None else chosen["method"]

    @property
    def why(self) -> str | None:
        """Why the method "auto" took it."""
        chosen = self._report["chosen"]
        return None if chosen is None else chosen["why"]

    @property
    def proposal(self) -> str:
        """What was sampled, in one line."""
        return self._report["proposal"]

    @property
    def placement(self) -> str:
        """How the points of the estimate were placed."""
        return self._report["placement"]

    @property
    def histograms(self) -> Mapping[str, Histogram]:
        """Histograms of the ``observables`` of :func:`integrate`, by name."""
        return MappingProxyType({b["name"]: histogram(b) for b in self._report["histograms"]})

    @property
    def seed(self) -> int:
        """The seed."""
        return self._report["seed"]

    @property
    def sampler(self) -> Sampler | None:
        """The frozen proposal that the estimate was drawn from."""
        return self._sampler

    # ---- shown and kept

    def summary(self) -> str:
        """The result and its diagnostics in some lines of text."""
        return summary(self, self._report["text"])

    def names(self) -> list[str]:
        """A name for every output, flat; empty for a single one."""
        names, shapes = self._layout
        flat = []
        for name, shape in zip(names or ("",), shapes):
            for index in np.ndindex(shape):
                flat.append(f"{name}[{', '.join(map(str, index))}]" if index else name)
        return flat

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain dicts, lists and numbers."""
        return {k: _thawed(v) for k, v in self._report.items() if k != "text"}

    def to_gvar(self) -> Any:
        """The value(s) as ``gvar.GVar``, correlated where the covariance is known.

        One for one output, an array for an array, a ``gvar.BufferDict`` for a dict. With
        ``covariance=True`` they are correlated as the outputs are, otherwise they are independent,
        and so are those of two calls. Needs the package gvar, which is imported here.
        """
        import gvar

        flat = self.estimates
        c = self.covariance
        means = [e.value for e in flat]
        if c is None or len(flat) == 1:
            made = [gvar.gvar(e.value, e.error) for e in flat]
        else:
            made = list(gvar.gvar(means, c))
        names, shapes = self._layout
        shaped = []
        for i, shape in enumerate(shapes):
            part = self._part(made, i)
            shaped.append(_objects(part, shape) if shape else part[0])
        return gvar.BufferDict(dict(zip(names, shaped))) if names is not None else shaped[0]

    def __repr__(self) -> str:
        return line(self)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return table(self)

    def same_as(self, other: Result) -> bool:
        """Whether both have the same bits in all but times and the number of threads."""
        return isinstance(other, Result) and _timeless(self) == _timeless(other)

    def __reduce__(self) -> Any:
        return type(self), (self._report, self._layout, self._sampler)

    def __copy__(self) -> Result:
        return self

    def __deepcopy__(self, memo: Any) -> Result:
        return self

    def __eq__(self, other: object) -> Any:
        mine, theirs = self.value, _value_of(other)
        if isinstance(mine, dict) or isinstance(theirs, dict):
            if not (isinstance(mine, dict) and isinstance(theirs, dict)):
                return False
            return mine.keys() == theirs.keys() and all(
                np.array_equal(mine[k], theirs[k]) for k in mine
            )
        if not isinstance(theirs, (int, float, np.ndarray, np.generic, list, tuple)):
            return NotImplemented
        return mine == (np.asarray(theirs) if isinstance(theirs, (list, tuple)) else theirs)

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else np.logical_not(equal)

    def __lt__(self, other: Any) -> Any:
        return self.value < _value_of(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= _value_of(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > _value_of(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= _value_of(other)


def _value_of(other: Any) -> Any:
    return other.value if isinstance(other, (Result, Estimate)) else other


def _divide(error: Any, value: Any) -> Any:
    ratio = np.asarray(error) / np.abs(value)
    return float(ratio) if ratio.ndim == 0 else ratio


def _pulls(estimates: list[Estimate], exact: Any, shape: tuple[int, ...]) -> Any:
    wanted = np.broadcast_to(np.asarray(exact, dtype=np.float64), shape).ravel()
    pulls = [e.pull(x) for e, x in zip(estimates, wanted)]
    return np.array(pulls).reshape(shape) if shape else pulls[0]


def _objects(items: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    # Item by item: NumPy would take tuples for rows.
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)


def _thawed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _thawed(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_thawed(v) for v in value]
    return value


def _timeless(result: Result) -> Any:
    skipped = ("text", "seconds", "threads")
    return {k: _bits(v) for k, v in result._report.items() if k not in skipped}


def _bits(value: Any) -> Any:
    """Numbers as their bits, so that NaN equals itself and 0.0 is not -0.0."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {k: _bits(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bits(v) for v in value]
    return value
