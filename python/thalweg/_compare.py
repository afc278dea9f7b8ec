"""Several methods at one integral."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._integrate import integrate
from ._result import Result
from .errors import SettingError


class Table(list[dict[str, Any]]):
    """Rows as dicts, printed as a table: what :func:`compare` returns where pandas is missing."""

    #: the result of each method
    results: dict[str, Result]

    def __repr__(self) -> str:
        if not self:
            return "(no rows)"
        names = list(self[0])
        rows = [names, *([_shown(name, row[name]) for name in names] for row in self)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(names))]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths)) for row in rows]
        return "\n".join(lines)

    __str__ = __repr__


def _shown(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.8g}" if name == "value" else f"{value:.3g}"
    return "" if value is None else str(value)


def compare(
    f: Any,
    bounds: Any,
    methods: Iterable[str] = ("plain", "vegas", "flow"),
    *,
    exact: float | None = None,
    frame: bool | None = None,
    **settings: Any,
) -> Any:
    """Integrates ``f`` with each of ``methods`` and the same settings, one after the other.

    Parameters
    ----------
    f, bounds, **settings
        As for :func:`integrate`, ``rel_error`` and ``seed`` for example. ``f`` has one output.
    methods
        Of "plain", "vegas", "flow" and "auto".
    exact
        The exact value: a column ``pull``, the distance from it in errors, is added.
    frame
        Whether the table is a ``pandas.DataFrame`` (True) or a :class:`Table` (False); None: the
        former where pandas is installed.

    Returns
    -------
    A row per method: calls in all, value and error, status, seconds, spread of the weights
    (sigma/mean) and effective sample size per call of the estimate. Its ``results``, or
    ``attrs["results"]`` of a DataFrame, are the :class:`Result` by method.
    """
    methods = [methods] if isinstance(methods, str) else list(methods)
    if not methods:
        raise SettingError("there are no methods to be compared")
    table = Table()
    table.results = {}
    for method in methods:
        result = integrate(f, bounds, method=method, **settings)
        if not isinstance(result.value, float):
            raise SettingError("f has several outputs; a comparison needs one")
        row = {
            "method": method if method == result.method else f"{method} -> {result.method}",
            "calls": result.calls,
            "value": result.value,
            "error": result.error,
            "rel_error": result.rel_error,
            "status": result.status,
            "seconds": result.seconds,
            "spread": result.rel_std,
            "ess": result.ess_fraction,
        }
        if exact is not None:
            row["pull"] = result.pull(exact)
        table.append(row)
        table.results[method] = result
    return _framed(table) if frame is not False and _pandas(frame) else table


def _pandas(wanted: bool | None) -> bool:
    try:
        import pandas  # noqa: F401
    except ImportError:
        if wanted:
            raise ImportError("a DataFrame needs pandas: pip install pandas") from None
        return False
    return True


def _framed(table: Table) -> Any:
    import pandas

    framed = pandas.DataFrame(table).set_index("method")
    framed.attrs["results"] = table.results
    return framed
