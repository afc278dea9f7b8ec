"""The distribution of weights, and its tail."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._native import weight_statistics
from .._result import Result
from .._sampler import Sampler
from ..errors import SettingError
from ._sheet import BLUE, GREY, ORANGE, RED, figure_of, log_ticks, plain, sheet
from ._source import sampler_of

#: bars of the picture
BARS = 60
#: decades below the mean that are shown; smaller weights matter to nobody
LOWEST = -6.0


def weights(
    source: Any, f: Any = None, n: int = 50_000, *, seed: Any = 2, label: str = "", ax: Any = None
) -> Any:
    """How weights w = f/q are distributed, in units of their mean, on logarithmic axes.

    Equal weights stand in one bar at 1; a weight at 100 counts as much as a hundred usual ones. The
    orange line is the number of points with larger weights, whose slope in the tail is -1/k; k-hat
    is the shape of a Pareto law fitted to it: errors are unreliable above 0.5.

    Parameters
    ----------
    source
        A :class:`Result` or a :class:`Sampler`, from which ``n`` fresh points of ``seed`` are drawn
        and ``f`` called there; or weights ``(n,)``, zeros included.
    label
        What the title begins with.
    ax
        One axes.
    """
    if isinstance(source, (Result, Sampler)):
        if f is None:
            raise TypeError("weights of a sampler need f")
        _, w = sampler_of(source, "weights").weighted(f, n, seed)
    else:
        w = np.ascontiguousarray(source, dtype=np.float64)
    if w.ndim != 1 or not np.isfinite(w).all() or not w.any():
        raise SettingError("weights must be finite numbers (n,), not all of them zero")
    stats = weight_statistics(np.ascontiguousarray(w / np.abs(w).max()))
    size = np.abs(w[w != 0.0]) / np.abs(w).mean()
    ax = sheet(ax, 1, 1, (6.4, 4.2))[0, 0]
    _bars(ax, size, w[w != 0.0] < 0.0)
    above = np.sort(size)[::-1]
    rank = np.arange(1, len(above) + 1)
    ax.plot(above, rank, color=ORANGE, linewidth=1.6, drawstyle="steps-pre", label="points above")
    ax.plot(above[0], 1, "o", color=RED, markersize=6, clip_on=False, label=f"largest: {above[0]:.3g}")
    plain(ax)
    ax.set(xscale="log", yscale="log", xlabel="|w| / mean |w|", ylabel="points per bar; points above")
    # Room for the legend above all.
    ax.set_ylim(0.7, 12.0 * len(above))
    log_ticks(ax.xaxis)
    ax.axvline(1.0, color=GREY, linewidth=0.8, linestyle=":")
    ax.legend(fontsize="small", frameon=False, loc="upper center", ncols=4)
    ax.set_title(_words(stats, len(w), len(size), label), fontsize="medium")
    return figure_of(ax)


def _bars(ax: Any, size: np.ndarray, negative: np.ndarray) -> None:
    log = np.log10(size)
    low, high = max(LOWEST, log.min()), log.max()
    margin = max(0.03 * (high - low), 0.005)
    edges = 10.0 ** np.linspace(low - margin, high + margin, BARS + 1)
    counts, _ = np.histogram(size, edges)
    ax.stairs(counts, edges, fill=True, color=BLUE, alpha=0.45, label="weights")
    if negative.any():
        counts, _ = np.histogram(size[negative], edges)
        ax.stairs(counts, edges, color=RED, linestyle="--", label="negative ones")
    ax.set_xlim(edges[0], edges[-1])


def _words(stats: dict[str, float | None], n: int, some: int, label: str) -> str:
    khat = stats["khat"]
    shape = "none: too few differ" if khat is None else f"{khat:.2f}"
    zeros = f", {n - some:,} zeros" if n > some else ""
    words = (
        f"{n:,} weights{zeros}: k-hat {shape}, largest {100.0 * (stats['max_share'] or 0.0):.2g} % of "
        f"the sum, ESS {100.0 * (stats['ess_fraction'] or 0.0):.1f} %"
    )
    return f"{label}\n{words}" if label else words
