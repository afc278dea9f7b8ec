"""Differential distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._histogram import Histogram
from ._sheet import BLUE, figure_of, plain, sheet


def histogram(
    binned: Histogram,
    *,
    density: bool = True,
    color: str = BLUE,
    label: str | None = None,
    ax: Any = None,
) -> Any:
    """A :class:`Histogram` of a result with its errors; of two axes, a map in colours without them.

    ``density``: whether values are divided by the widths or areas of the bins.
    """
    if not isinstance(binned, Histogram):
        raise TypeError(f"histogram draws a thalweg.Histogram, not {type(binned).__name__}")
    if len(binned.axes) == 2:
        return _plane(binned, density, ax)
    width = np.diff(binned.edges) if density else 1.0
    values, errors = binned.values() / width, binned.errors() / width
    ax = sheet(ax, 1, 1, (6.4, 4.0))[0, 0]
    ax.stairs(values, binned.edges, color=color, linewidth=1.4, label=label)
    centres = 0.5 * (binned.edges[1:] + binned.edges[:-1])
    ax.errorbar(centres, values, errors, fmt="none", ecolor=color, elinewidth=1)
    plain(ax)
    ax.set_xlim(binned.edges[0], binned.edges[-1])
    ax.set_xlabel(binned.name)
    ax.set_ylabel(f"dI / d({binned.name})" if density else "integral over the bin")
    if label:
        ax.legend(fontsize="small", frameon=False)
    return figure_of(ax)


def _plane(binned: Histogram, density: bool, ax: Any) -> Any:
    x, y = binned.axes
    values = binned.density() if density else binned.values()
    ax = sheet(ax, 1, 1, (5.6, 4.4))[0, 0]
    drawn = ax.pcolormesh(x.edges, y.edges, values.T, cmap="viridis", rasterized=True)
    plain(ax)
    ax.set_xlabel(x.name)
    ax.set_ylabel(y.name)
    label = f"d2I / d({x.name}) d({y.name})" if density else "integral over the bin"
    ax.figure.colorbar(drawn, ax=ax, label=label)
    return figure_of(ax)
