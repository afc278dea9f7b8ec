"""Value and error of a run, call by call."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .._result import Result
from ..errors import SettingError
from ._sheet import BLUE, GREY, RED, figure_of, log_ticks, plain, sheet


class _Steps(NamedTuple):
    """Steps of a run, ``(n,)`` each."""

    calls: np.ndarray
    value: np.ndarray
    error: np.ndarray


#: calls, value, error
Row = tuple[float, float, float]


def _steps(rows: list[Row]) -> _Steps:
    return _Steps(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)


def history(result: Result) -> tuple[_Steps, _Steps]:
    """The previews, each by itself, and the estimate from its beginning up to each step."""
    previews: list[Row] = []
    estimate: list[Row] = []
    calls, unit = 0, max((abs(s.value) for s in result.iterations), default=1.0) or 1.0
    n, mean, m2 = 0, 0.0, 0.0
    for step in result.iterations:
        calls += step.calls
        if step.phase != "estimate":
            # Uniform points that come after the estimate change nothing.
            if not estimate:
                previews.append((calls, step.value, step.error))
            continue
        if result.placement != "random":
            # Steps of nets and strata are the estimate so far.
            estimate.append((calls, step.value, step.error))
            continue
        k, delta = step.calls, step.value / unit - mean
        m2 += (step.error / unit) ** 2 * k * max(k - 1, 0) + delta**2 * n * k / (n + k)
        n, mean = n + k, mean + delta * k / (n + k)
        error = math.sqrt(m2 / (n * (n - 1))) if n > 1 else 0.0
        estimate.append((calls, mean * unit, error * unit))
    return _steps(previews), _steps(estimate)


def convergence(result: Result, *, exact: float | None = None, axes: Any = None) -> Any:
    """Value and relative error of the first output by calls of all phases.

    Grey points are previews, each from one step that explored, adapted or trained; they do not
    enter the result. Blue is the estimate so far, with its error as a band.

    Parameters
    ----------
    exact
        The exact value, drawn as a line.
    axes
        Two axes, for value and error.
    """
    if not isinstance(result, Result):
        raise TypeError(f"convergence draws a thalweg.Result, not {type(result).__name__}")
    previews, estimate = history(result)
    if len(previews.calls) + len(estimate.calls) == 0:
        raise SettingError("the run has no steps to be drawn")
    top, bottom = sheet(axes, 2, 1, (6.4, 5.6), sharex=True).ravel()
    _values(top, previews, estimate, exact)
    _errors(bottom, previews, estimate)
    for ax in (top, bottom):
        plain(ax)
        ax.set_xscale("log")
        if len(previews.calls) and len(estimate.calls):
            start = previews.calls[-1]
            ax.axvline(start, color=GREY, linewidth=0.8, linestyle=":")
    bottom.set_xlabel("calls of f")
    for axis in (top.xaxis, bottom.xaxis, bottom.yaxis):
        log_ticks(axis)
    best = result.estimates[0]
    top.set_title(f"{best}   {result.method}, {result.status}", fontsize="medium")
    return figure_of(top)


def _values(ax: Any, previews: _Steps, estimate: _Steps, exact: float | None) -> None:
    low, high = _range(previews, estimate, exact)
    ax.set_ylim(low, high)
    ax.set_ylabel("value")
    inside = (previews.value >= low) & (previews.value <= high)
    shown = [column[inside] for column in previews]
    if len(previews.calls):
        ax.errorbar(*shown, fmt="o", color=GREY, markersize=4, linewidth=1, label="previews (not used)")
    # What lies outside is pointed at from the edge.
    for away, marker, at in ((previews.value > high, "^", high), (previews.value < low, "v", low)):
        if away.any():
            ax.plot(
                previews.calls[away], np.full(away.sum(), at), marker,
                color=GREY, clip_on=False, markersize=6,
            )  # fmt: skip
    if len(estimate.calls):
        calls, value, error = estimate
        ax.plot(calls, value, "-o", color=BLUE, markersize=3, linewidth=1.2, label="estimate")
        ax.fill_between(calls, value - error, value + error, color=BLUE, alpha=0.25, linewidth=0)
    if exact is not None:
        ax.axhline(exact, color=RED, linewidth=1.2, linestyle="--", label="exact")
    ax.legend(fontsize="small", frameon=False)


def _range(previews: _Steps, estimate: _Steps, exact: float | None) -> tuple[float, float]:
    """Values that show the estimate, and previews as far as they leave room for it."""
    of = estimate if len(estimate.calls) else previews
    middle = of.value[-1]
    reach = [float(np.max(np.abs(estimate.value - middle) + 1.5 * estimate.error, initial=0.0))]
    if len(previews.calls):
        usual = 1.2 * float(np.median(np.abs(previews.value - middle) + previews.error))
        reach.append(min(usual, 8.0 * reach[0]) if reach[0] > 0.0 else usual)
    if exact is not None:
        reach.append(1.2 * abs(exact - middle))
    half = max(reach) or abs(middle) * 1e-3 or 1.0
    return middle - half, middle + half


def _errors(ax: Any, previews: _Steps, estimate: _Steps) -> None:
    ax.set_yscale("log")
    ax.set_ylabel("error / |value|")
    for steps, style, colour in ((previews, "o", GREY), (estimate, "-o", BLUE)):
        some = (steps.value != 0.0) & (steps.error > 0.0)
        relative = steps.error[some] / np.abs(steps.value[some])
        ax.plot(
            steps.calls[some], relative, style,
            color=colour, markersize=4 if colour == GREY else 3, linewidth=1.2,
        )  # fmt: skip
