"""What a sampler draws beside what it should draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import SettingError
from ._sheet import BLUE, IMAGE, RED, few_ticks, figure_of, sheet
from ._source import sampler_of


def corner(
    source: Any,
    f: Any,
    n: int = 50_000,
    *,
    dims: Sequence[int] | None = None,
    labels: Sequence[str] | None = None,
    bins: int = 40,
    seed: Any = 3,
    axes: Any = None,
) -> Any:
    """Marginals of the samples and of \\|f\\|, in one and two dimensions.

    On the diagonal: blue areas are the points as drawn, red lines the same points with weights
    \\|f\\|/q, that is, what should be drawn. Below the diagonal: \\|f\\|; above it: the points as drawn,
    in the same colours. A good sampler makes a symmetrical picture.

    Parameters
    ----------
    source
        A :class:`Result` or a :class:`Sampler`.
    f
        As for :func:`thalweg.integrate`, with one output.
    n, seed
        Fresh points.
    dims
        Axes to show; the first six at most unless given.
    labels
        Their names, x0, x1, ... by default.
    axes
        As many axes as there are pictures, ``(k, k)``.
    """
    sampler = sampler_of(source, "corner")
    dims = list(range(min(sampler.dim, 6)) if dims is None else dims)
    if not dims or any(not 0 <= d < sampler.dim for d in dims):
        raise SettingError(f"dims are {dims}; they must lie in 0 to {sampler.dim - 1}")
    labels = [f"$x_{{{d}}}$" for d in dims] if labels is None else list(labels)
    if len(labels) != len(dims):
        raise SettingError(f"there are {len(labels)} labels for {len(dims)} axes")
    x, w = sampler.weighted(f, n, seed)
    w = np.abs(w)
    if not w.any():
        raise SettingError("f is zero at all points")
    ranges = [_range(x[:, d], w, sampler.bounds[d]) for d in dims]
    k = len(dims)
    side = min(2.0 * k + 0.6, 11.0)
    axes = sheet(axes, k, k, (max(side, 4.0), max(side, 3.6)))
    for i, row in enumerate(axes):
        for j, ax in enumerate(row):
            if i == j:
                _one(ax, (x[:, dims[i]], w), ranges[i], bins)
            else:
                weights = w if i > j else np.ones(len(w))
                _two(ax, (x[:, dims[j]], x[:, dims[i]], weights), (ranges[j], ranges[i]), bins)
            few_ticks(ax, 3)
            _label(ax, (i, j, k), labels)
    if k > 1:
        axes[0, 0].legend(fontsize="x-small", frameon=False, loc="best")
        figure_of(axes).suptitle("below: |f|      above: drawn", fontsize="medium")
    else:
        axes[0, 0].legend(fontsize="small", frameon=False)
    return figure_of(axes)


def _range(x: np.ndarray, w: np.ndarray, bounds: np.ndarray) -> tuple[float, float]:
    """The bounds where they are finite, else what holds all but a thousandth of |f|."""
    order = np.argsort(x)
    part = np.cumsum(w[order])
    low, high = x[order][np.searchsorted(part, part[-1] * np.array([1e-3, 1.0 - 1e-3]))]
    margin = 0.1 * (high - low) or 1.0
    return (
        float(bounds[0] if np.isfinite(bounds[0]) else low - margin),
        float(bounds[1] if np.isfinite(bounds[1]) else high + margin),
    )


def _one(ax: Any, sample: tuple[np.ndarray, np.ndarray], span: Any, bins: int) -> None:
    x, w = sample
    for weights, total, fill in ((np.ones(len(w)), len(w), True), (w, w.sum(), False)):
        counts, edges = np.histogram(x, bins, span, weights=weights)
        height = counts / total / np.diff(edges)
        if fill:
            ax.stairs(height, edges, fill=True, color=BLUE, alpha=0.4, label="drawn")
        else:
            ax.stairs(height, edges, color=RED, linewidth=1.3, label="|f|")
    ax.set_xlim(span)
    ax.set_ylim(bottom=0.0)


def _two(ax: Any, sample: tuple[np.ndarray, ...], spans: Any, bins: int) -> None:
    x, y, w = sample
    counts, across, up = np.histogram2d(x, y, bins, spans, weights=w)
    # A few wild weights would leave everything else white.
    some = counts[counts > 0.0]
    most = np.quantile(some, 0.995) if len(some) else 1.0
    ax.pcolormesh(across, up, counts.T, cmap=IMAGE, vmin=0.0, vmax=most, rasterized=True)


def _label(ax: Any, place: tuple[int, int, int], labels: list[str]) -> None:
    i, j, k = place
    if i == k - 1:
        ax.set_xlabel(labels[j])
    else:
        ax.set_xticklabels([])
    if j == 0 and i > 0:
        ax.set_ylabel(labels[i])
    elif i == j:
        ax.set_yticks([])
        if i == 0:
            ax.set_ylabel("density")
    else:
        ax.set_yticklabels([])
