"""Maps of the unit cube: where a VEGAS grid has its lines, and how a flow bends a mesh."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from .._maps import Map, VegasGrid
from ..errors import SettingError
from ._sheet import BLUE, ORANGE, few_ticks, figure_of, sheet
from ._source import map_of


def _scaled(x: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """From the unit interval to finite bounds; infinite ones are left on the unit interval."""
    low, high = bounds
    return low + (high - low) * x if np.isfinite(bounds).all() else x


def _name(axis: int, bounds: np.ndarray) -> str:
    """Of an axis; u is what an infinite range is mapped from."""
    return rf"${'x' if np.isfinite(bounds).all() else 'u'}_{{{axis}}}$"


def grid(source: Any, *, pairs: Any = None, lines: int = 40, axes: Any = None) -> Any:
    """The lines of a VEGAS grid, projected on pairs of axes.

    Equal numbers of points fall between neighbouring lines of an axis, so lines are dense where
    \\|f\\| is large. Axes with infinite ranges are shown on the unit interval, as u.

    Parameters
    ----------
    source
        A :class:`Result` or :class:`Sampler` of the method "vegas", or a :class:`VegasGrid`.
    pairs
        Pairs of axes to show; all pairs of the first four at most unless given.
    lines
        Lines per axis, of the grid's bins + 1.
    axes
        As many axes as there are pairs.
    """
    map_, bounds = map_of(source, "grid")
    if not isinstance(map_, VegasGrid):
        raise SettingError(f"the map is no VEGAS grid: {map_!r}")
    if map_.dim < 2:
        raise SettingError("a grid of one axis has no projections")
    pairs = list(combinations(range(min(map_.dim, 4)), 2)) if pairs is None else list(pairs)
    for pair in pairs:
        if len(pair) != 2 or any(not 0 <= d < map_.dim for d in pair):
            raise SettingError(f"the pair {pair} is none of axes 0 to {map_.dim - 1}")
    columns = min(len(pairs), 3)
    rows = -(-len(pairs) // columns)
    if axes is None:
        cells = sheet(None, rows, columns, (3.2 * columns + 0.4, 3.2 * rows + 0.3)).ravel()
        for empty in cells[len(pairs) :]:
            empty.set_axis_off()
    else:
        cells = sheet(axes, 1, len(pairs), (0.0, 0.0)).ravel()
    at = np.linspace(0, map_.bins, min(lines, map_.bins + 1)).round().astype(int)
    for ax, (i, j) in zip(cells, pairs):
        x, y = (_scaled(map_.edges[d, at], bounds[d]) for d in (i, j))
        ax.vlines(x, y[0], y[-1], color=BLUE, linewidth=0.6)
        ax.hlines(y, x[0], x[-1], color=BLUE, linewidth=0.6)
        ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        ax.set(xlabel=_name(i, bounds[i]), ylabel=_name(j, bounds[j]))
        few_ticks(ax)
    return figure_of(cells)


def warp(source: Any, *, mesh: int = 20, fine: int = 160, axes: Any = None) -> Any:
    """How a map of two dimensions bends the square: a mesh of latent points, and the log density.

    On the left the image of ``mesh`` x ``mesh`` equal squares, each of which holds the same
    probability; on the right log q on ``fine`` x ``fine`` points, with respect to the coordinates
    shown.

    Parameters
    ----------
    source
        A :class:`Result`, a :class:`Sampler` or a :class:`Map` of two dimensions.
    axes
        Two axes.
    """
    map_, bounds = map_of(source, "warp")
    if map_.dim != 2:
        raise SettingError(f"the map has {map_.dim} dimensions; a warp is drawn of two")
    left, right = sheet(axes, 1, 2, (8.6, 4.0)).ravel()
    _mesh(left, map_, bounds, mesh)
    centres = (np.arange(fine) + 0.5) / fine
    x = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    log_density = map_.log_density(x).reshape(fine, fine)
    for axis in bounds:
        log_density -= np.log(np.diff(_scaled(np.array([0.0, 1.0]), axis)))
    edges = np.linspace(0.0, 1.0, fine + 1)
    across, up = (_scaled(edges, axis) for axis in bounds)
    # Colours for all but the emptiest places.
    top = log_density.max()
    image = right.pcolormesh(
        across, up, log_density, cmap="cividis", vmin=max(log_density.min(), top - 14.0), vmax=top,
        rasterized=True,
    )  # fmt: skip
    figure = figure_of([left])
    figure.colorbar(image, ax=right, label="log q")
    for ax in (left, right):
        ax.set(xlabel=_name(0, bounds[0]), ylabel=_name(1, bounds[1]))
        few_ticks(ax)
    left.set_title("image of equal squares", fontsize="medium")
    right.set_title("log density", fontsize="medium")
    return figure


def _mesh(ax: Any, map_: Map, bounds: np.ndarray, mesh: int) -> None:
    along = np.linspace(0.0, 1.0, 2001)
    for level in np.linspace(0.0, 1.0, mesh + 1):
        across = np.full_like(along, level)
        for z, colour in (((across, along), BLUE), ((along, across), ORANGE)):
            x, _ = map_.forward(np.stack(z, axis=1))
            ax.plot(
                _scaled(x[:, 0], bounds[0]), _scaled(x[:, 1], bounds[1]), color=colour, linewidth=0.7
            )
    ends = [_scaled(np.array([0.0, 1.0]), axis) for axis in bounds]
    ax.set(xlim=ends[0], ylim=ends[1])
