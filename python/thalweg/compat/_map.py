"""The importance grid in the user's coordinates: vegas's AdaptiveMap."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._maps import VegasGrid
from ..errors import SettingError, ShapeError

#: increments per axis of a map that data are fitted with, where it has fewer
_ENOUGH = 1000


class AdaptiveMap:
    """A map x(y) of the unit cube to a box, linear between nodes, axis by axis.

    Parameters
    ----------
    grid
        Nodes of each axis, rising; two of them are a range.
    ninc
        Increments per axis; as many as the finest axis has where it is not given. All axes of
        thalweg's grids have the same number.
    """

    def __init__(self, grid: Any, ninc: Any = None) -> None:
        if isinstance(grid, AdaptiveMap):
            grid = grid.grid
        axes = [np.asarray(axis, dtype=np.float64).ravel() for axis in grid]
        if not axes or any(len(axis) < 2 for axis in axes):
            raise ShapeError("each axis of a map needs two nodes or more")
        if not all(np.isfinite(axis).all() and (np.diff(axis) > 0).all() for axis in axes):
            raise SettingError("the nodes of each axis must be finite and rise")
        self._low = np.array([axis[0] for axis in axes])
        self._width = np.array([axis[-1] for axis in axes]) - self._low
        finest = max(len(axis) for axis in axes) - 1
        bins = finest if ninc is None else int(np.max(ninc))
        at = np.linspace(0.0, 1.0, bins + 1)
        edges = np.empty((len(axes), bins + 1))
        for i, axis in enumerate(axes):
            nodes = (axis - axis[0]) / (axis[-1] - axis[0])
            edges[i] = np.interp(at, np.linspace(0.0, 1.0, len(axis)), nodes)
        edges[:, 0], edges[:, -1] = 0.0, 1.0
        self._grid = VegasGrid(edges)
        self.clear()

    @property
    def dim(self) -> int:
        """Number of axes."""
        return len(self._low)

    @property
    def grid(self) -> np.ndarray:
        """The nodes ``(d, ninc + 1)``."""
        grid = self._low[:, None] + self._width[:, None] * self._grid.edges
        grid[:, -1] = self._low + self._width
        return grid

    @property
    def inc(self) -> np.ndarray:
        """The increments ``(d, ninc)``."""
        return np.diff(self.grid, axis=1)

    @property
    def ninc(self) -> np.ndarray:
        """Increments of each axis ``(d,)``."""
        return np.full(self.dim, self._grid.bins)

    def region(self, d: int = -1) -> Any:
        """``(low, high)`` of axis d, or a list of all."""
        ends = [(float(a), float(a + w)) for a, w in zip(self._low, self._width)]
        return ends if d < 0 else ends[d]

    def extract_grid(self) -> list[list[float]]:
        """The nodes as lists."""
        grid: list[list[float]] = self.grid.tolist()
        return grid

    # ---- the map

    def _unit(self, x: Any) -> np.ndarray:
        unit: np.ndarray = (np.asarray(x, dtype=np.float64) - self._low) / self._width
        return np.atleast_2d(unit)

    def __call__(self, y: Any) -> np.ndarray:
        """x at y ``(..., d)`` of the unit cube."""
        y = np.asarray(y, dtype=np.float64)
        x, _ = self._grid.forward(np.atleast_2d(y))
        moved: np.ndarray = self._low + self._width * x
        return moved.reshape(y.shape)

    def jac1d(self, y: Any) -> np.ndarray:
        """dx/dy of each axis at y ``(..., d)``."""
        y = np.asarray(y, dtype=np.float64)
        bins = self._grid.bins
        k = np.minimum((y * bins).astype(int), bins - 1)
        inc = self.inc
        rows: np.ndarray = inc[np.arange(self.dim), k] * bins
        return rows

    def jac(self, y: Any) -> np.ndarray:
        """|dx/dy| at y ``(..., d)``."""
        product: np.ndarray = np.prod(self.jac1d(y), axis=-1)
        return product

    def map(self, y: Any, x: np.ndarray, jac: np.ndarray, ny: int = -1) -> None:
        """Writes x ``(n, d)`` and |dx/dy| ``(n,)`` of the first ``ny`` points y ``(n, d)``."""
        n = len(y) if ny < 0 else ny
        x[:n] = self(y[:n])
        jac[:n] = self.jac(y[:n])

    def invmap(self, x: Any, y: np.ndarray, jac: np.ndarray, nx: int = -1) -> None:
        """Writes y ``(n, d)`` and |dx/dy| ``(n,)`` of the first ``nx`` points x ``(n, d)``."""
        n = len(x) if nx < 0 else nx
        y[:n], _ = self._grid.inverse(self._unit(x[:n]))
        jac[:n] = self.jac(y[:n])

    # ---- adapting

    def make_uniform(self, ninc: Any = None) -> None:
        """Makes all increments of an axis equal."""
        bins = self._grid.bins if ninc is None else int(np.max(ninc))
        self._grid = VegasGrid(self.dim, bins=bins)
        self.clear()

    def clear(self) -> None:
        """Forgets training data."""
        self._data: list[tuple[np.ndarray, np.ndarray]] = []

    def add_training_data(self, y: Any, f: Any, ny: int = -1) -> None:
        """Takes in ``f`` ``(n,)``, squares of weights, at uniform points y ``(n, d)``."""
        n = len(y) if ny < 0 else ny
        sizes = np.sqrt(np.abs(np.asarray(f, dtype=np.float64)[:n]))
        self._data.append((np.array(y, dtype=np.float64)[:n], sizes))

    def adapt(self, alpha: float = 0.0, ninc: Any = None) -> None:
        """Moves the nodes to where the training data say, and forgets the data.

        ``alpha`` is thalweg's: 1 goes all the way, and so does everything above.
        """
        grid = self._grid
        if self._data:
            y = np.concatenate([part for part, _ in self._data])
            f = np.concatenate([part for _, part in self._data])
            grid = grid.refined(y, f, min(max(alpha, 0.0), 1.0))
        self._grid = grid if ninc is None else grid.resampled(int(np.max(ninc)))
        self.clear()

    def adapt_to_samples(
        self, x: Any, f: Any, nitn: int = 5, alpha: float = 1.0, nproc: int = 1
    ) -> None:
        """Adapts to values ``f`` ``(n,)`` at points x ``(n, d)``, or to a batch function f(x).

        The points should cover the box evenly. ``nproc`` is accepted; nothing is slow here.
        """
        x = np.asarray(x, dtype=np.float64)
        values = np.asarray(f(x) if callable(f) else f, dtype=np.float64)
        if values.shape != (len(x),):
            raise ShapeError(f"f has the shape {values.shape}; it must be ({len(x)},)")
        unit = self._unit(x)
        grid = self._grid
        if grid.bins < _ENOUGH:
            grid = grid.resampled(max(grid.bins, min(_ENOUGH, max(16, len(x) // 20))))
        for _ in range(nitn):
            y, log_jac = grid.inverse(unit)
            jac = np.exp(log_jac)
            grid = grid.refined(y, values * jac, min(max(alpha, 0.0), 1.0), shares=1.0 / jac)
        self._grid = grid

    # ---- shown and kept

    def settings(self, ngrid: int = 5) -> str:
        """Some nodes of each axis as text."""
        if ngrid < 1:
            return ""
        at = np.linspace(0, self._grid.bins, ngrid + 2).round().astype(int)[1:-1]
        rows = (
            f"grid[{i:2}] = {np.array_str(axis[at], precision=3)}" for i, axis in enumerate(self.grid)
        )
        return "".join(f"    {row}\n" for row in rows)

    def show_grid(
        self, ngrid: int = 40, axes: Any = None, shrink: bool = False, plotter: Any = None
    ) -> Any:
        """Draws ``ngrid`` nodes of each axis, or of each pair in ``axes``, with matplotlib.

        A pair ``(i, None)`` draws one axis alone. With ``shrink`` the picture ends where the nodes shown
        do. ``plotter`` replaces ``matplotlib.pyplot``. Returns it.
        """
        if plotter is None:
            try:
                from matplotlib import pyplot
            except ImportError:
                raise ImportError("show_grid needs matplotlib") from None
            plotter = pyplot
        if axes is None:
            axes = [(0, None)] if self.dim == 1 else [(d, (d + 1) % self.dim) for d in range(self.dim)]
            axes = axes[:1] if self.dim == 2 else axes
        at = np.linspace(0, self._grid.bins, min(ngrid, self._grid.bins) + 1).round().astype(int)
        if shrink and len(at) > 4:
            at = at[1:-1]
        grid = self.grid
        for i, j in axes:
            plotter.figure()
            across = grid[i, at]
            up = grid[j, at] if j is not None else np.array([0.0, 1.0])
            for x in across:
                plotter.plot([x, x], [up[0], up[-1]], "k-", linewidth=0.5)
            for y in up if j is not None else ():
                plotter.plot([across[0], across[-1]], [y, y], "k-", linewidth=0.5)
            plotter.xlabel(f"x[{i}]")
            if j is not None:
                plotter.ylabel(f"x[{j}]")
        plotter.show()
        return plotter

    def __reduce__(self) -> Any:
        return AdaptiveMap, (self.grid,)
