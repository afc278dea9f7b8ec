"""The result of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._estimate import Estimate, read_only
from ._layout import Layout, objects
from ._report import Report
from ._show import line, summary, table

if TYPE_CHECKING:
    from ._sampler import Sampler


class Result(Report):
    """What a run found, and what speaks for or against it. It cannot be changed.

    ``value`` and ``error`` are floats for a function with one value per point, arrays of the
    shape of its values for others, and dicts for a function that returns a dict. Comparisons
    (``<``, ``==`` ...) compare ``value`` with numbers, arrays or other results: element by element
    for several outputs, as NumPy does.
    """

    __slots__ = ("_layout", "_sampler")
    _layout: Layout
    _sampler: Sampler | None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, report: dict[str, Any], layout: Any = None, sampler: Any = None) -> None:
        object.__setattr__(self, "_report", report)
        object.__setattr__(self, "_layout", Layout(*(layout or (None, ((),)))))
        object.__setattr__(self, "_sampler", sampler)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    # ---- values

    def _numbers(self, of: str) -> Any:
        """A number of each output in the shape of the outputs."""
        flat = [output["estimate"][of] for output in self._report["outputs"]]
        return self._layout.shaped(flat, lambda part, shape: read_only(part).reshape(shape))

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
        layout, estimates = self._layout, list(self.estimates)
        if layout.names is not None and not isinstance(exact, Mapping):
            raise TypeError("exact must be a dict, as the values are")
        wanted = layout.flat(exact)
        return layout.shaped(
            [e.pull(x) for e, x in zip(estimates, wanted)],
            lambda part, shape: np.array(part).reshape(shape),
        )

    def keys(self) -> tuple[str, ...]:
        """Names of the outputs of a function that returns a dict."""
        return self._layout.names or ()

    def __getitem__(self, key: Any) -> Any:
        """One of several outputs: an :class:`Estimate`, or an array of them."""
        found = self._layout.shaped(list(self.estimates), objects)
        if isinstance(found, Estimate):
            raise TypeError("the result has one output; it cannot be indexed")
        return found[key]

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
        return self._layout.flat_names()

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
        shaped = self._layout.shaped(made, objects)
        return gvar.BufferDict(shaped) if isinstance(shaped, dict) else shaped

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
            return mine.keys() == theirs.keys() and all(np.array_equal(mine[k], theirs[k]) for k in mine)
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
