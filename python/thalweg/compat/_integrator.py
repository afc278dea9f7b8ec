"""vegas's Integrator: iterations of VEGAS+, and their average."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _native
from .._bounds import seed_of
from ._map import AdaptiveMap
from ._options import Options, pass_config
from ._result import History
from ._space import Space, function_of


class Integrator(Options):
    """Integrates functions over a box, iteration by iteration.

    Parameters
    ----------
    map
        ``[(low, high), ...]``; a dict of such pairs or arrays of them, for integrands of dicts; an
        :class:`AdaptiveMap`; or another integrator, which is copied with all it has learnt.
    **settings
        As :meth:`set` takes them. ``seed`` (thalweg's own) names all points; without one NumPy's global
        generator gives it, so that ``numpy.random.seed`` makes a program repeat itself.
    """

    def __init__(self, map: Any, **settings: Any) -> None:
        super().__init__()
        if isinstance(map, Integrator):
            self.__setstate__(map.__getstate__())
            self.set(settings)
            return
        grid = map if isinstance(map, AdaptiveMap) else None
        self._space = Space(map.region() if grid is not None else map)
        self.set(settings)
        if self.seed is None:
            self._settings["seed"] = int(np.random.randint(0, 2**62, dtype=np.int64))
        self._settings["seed"] = seed_of(self.seed)
        self._native = _native.VegasPlus(self._space.ranges, self.seed)
        self._map = AdaptiveMap(grid if grid is not None else _nodes(map, self._space))
        #: the grid that the engine has; that of the map may have been changed since
        self._known: Any = None
        self.last_neval = 0
        self.neval_hcube_range = (0, 0)

    # ---- state

    @property
    def map(self) -> AdaptiveMap:
        """The adaptive map; what is done to it counts from the next iteration on."""
        return self._map

    @property
    def dim(self) -> int:
        """Number of axes."""
        return self._space.dim

    @property
    def nstrat(self) -> np.ndarray:
        """Strata along each axis at the last iteration ``(d,)``."""
        return np.array(self._native.cells(), dtype=int)

    @property
    def nhcube(self) -> int:
        """Number of hypercubes at the last iteration."""
        return int(np.prod(self.nstrat)) if len(self.nstrat) else 0

    def _plan(self, outputs: int, adapt: bool) -> Any:
        if self._map._grid is not self._known:
            self._known = self._map._grid
            self._native.set_edges(np.ascontiguousarray(self._known.edges.ravel()))
        config = pass_config(self._settings, self.dim)
        config.update(outputs=outputs, adapt=adapt and config["adapt"])
        iteration = self._native.plan(config)
        self.last_neval, self.neval_hcube_range = iteration.calls()
        return iteration

    def _learn(self) -> None:
        """Takes the grid over from the engine."""
        edges = self._native.edges()
        if not np.array_equal(edges, self._known.edges):
            self._map._grid = type(self._known)(edges)
        self._known = self._map._grid

    # ---- integrals

    def __call__(self, fcn: Any, save: Any = None, saveall: Any = None, **settings: Any) -> Any:
        """Integrates ``fcn``, a function of one point or a batch integrand.

        Settings given here hold from now on, as in vegas. After each iteration ``save`` (a path or a
        file) is written with the result so far, and ``saveall`` with result and integrator, as pickles.
        """
        self.set(settings)
        function = function_of(fcn, self._space)
        history = History(function.layout(), weighted=self.adapt)
        result = None
        for itn in range(self.nitn):
            if self.analyzer is not None:
                self.analyzer.begin(itn, self)
            history.add(*self._iterate(function))
            result = history.result()
            if self.analyzer is not None:
                self.analyzer.end(history.iteration(itn), result)
            _dump(result, save)
            _dump((result, self), saveall)
            if result.converged(self.rtol, self.atol):
                break
        return result

    def _iterate(self, function: Any) -> tuple[np.ndarray, np.ndarray, int]:
        iteration = self._plan(function.outputs, adapt=True)
        while (drawn := iteration.draw(self.min_neval_batch)) is not None:
            values = function(drawn.points())
            iteration.take(drawn, np.ascontiguousarray(values).ravel())
        means, cov, calls = self._native.finish(iteration)
        self._learn()
        if not self.correlate_integrals:
            cov = np.diag(np.diag(cov))
        return means, cov, calls

    def random_batch(self, yield_hcube: bool = False, yield_y: bool = False) -> Iterator[Any]:
        """The points of an iteration in batches: ``x, wgt`` or ``x, y, wgt, hcube``.

        x ``(n, d)``, points y ``(n, d)`` of the unit cube, weights ``(n,)`` and hypercubes ``(n,)``. The
        sum of ``wgt * f(x)`` over all batches is the integral.
        """
        iteration = self._plan(1, adapt=False)
        while (drawn := iteration.draw(self.min_neval_batch)) is not None:
            batch = [drawn.points().copy()]
            if yield_y:
                batch.append(drawn.latent())
            batch.append(drawn.weights())
            if yield_hcube:
                batch.append(drawn.cells().astype(np.intp))
            yield tuple(batch)

    def random(self, yield_hcube: bool = False, yield_y: bool = False) -> Iterator[Any]:
        """The same point by point."""
        for batch in self.random_batch(yield_hcube, yield_y):
            yield from zip(*batch)

    def sample(self, nbatch: int | None = None, mode: str = "rbatch") -> tuple[np.ndarray, Any]:
        """Weights and points of at least ``nbatch`` points, whole iterations: ``wgt, x``.

        The sum of ``wgt * f(x)`` is the integral; ``mode`` says where the batch index of x is.
        """
        if mode not in ("lbatch", "rbatch"):
            raise ValueError(f"mode is {mode!r}; it must be 'lbatch' or 'rbatch'")
        found: list[tuple[Any, Any]] = []
        n = iterations = 0
        while n < (nbatch or 1):
            found += self.random_batch()
            iterations += 1
            n = sum(len(wgt) for _, wgt in found)
        x = np.concatenate([x for x, _ in found])
        wgt = np.concatenate([wgt for _, wgt in found]) / iterations
        points = self._space.points(x)
        if mode == "lbatch":
            return wgt, points
        if isinstance(points, dict):
            return wgt, {name: np.moveaxis(part, 0, -1) for name, part in points.items()}
        return wgt, np.moveaxis(points, 0, -1)

    # ---- shown and kept

    def settings(self, ngrid: int = 0) -> str:
        """The settings as text, with ``ngrid`` nodes of the map's axes."""
        low, high = self.neval_hcube_range
        lines = [
            "Integrator Settings:",
            f"    {self.neval} (approx) integrand evaluations in each of {self.nitn} iterations",
            f"    number of: strata/axis = {self.nstrat}",
            f"               increments/axis = {self.map.ninc}",
            f"               h-cubes = {self.nhcube}",
            f"               evaluations/batch >= {self.min_neval_batch:.2g}",
            f"               {low} <= evaluations/h-cube <= {high} in the last iteration",
            f"    adapt = {self.adapt}  correlate_integrals = {self.correlate_integrals}",
            f"    accuracy: relative = {self.rtol}  absolute = {self.atol}",
            f"    damping: alpha = {self.alpha}  beta = {self.beta}",
            "",
            "    axis    integration limits",
            "    --------------------------",
        ]
        for label, (low_end, high_end) in zip(self._space.labels(), self._space.ranges):
            lines.append(f"    {label:>4}    {f'({low_end}, {high_end})':>18}")
        return "\n".join(lines) + "\n" + (f"\n{self.map.settings(ngrid)}" if ngrid else "")

    def __getstate__(self) -> Any:
        state = {name: value for name, value in self.__dict__.items() if name != "_native"}
        state["_settings"] = dict(self._settings)
        # Both are the same object or not, which says whether the map was changed.
        state["_known"] = self._map._grid if self._known is self._map._grid else None
        state["_engine"] = self._native.state()
        return state

    def __setstate__(self, state: Any) -> None:
        state = dict(state)
        edges, cells, spreads, seed, passes = state.pop("_engine")
        self.__dict__.update(state)
        self._map = AdaptiveMap(self._map)
        self._native = _native.VegasPlus.restore(
            self._space.ranges, edges, (cells, spreads), (seed, passes)
        )
        if state["_known"] is not None:
            self._map._grid = self._known = type(self._map._grid)(self._native.edges())


def _nodes(bounds: Any, space: Space) -> Any:
    """Nodes of a first map: those that were given, or the ends of the ranges."""
    if space.names is None and len(space.shapes[0]) == 1:
        try:
            nodes = [np.asarray(axis, dtype=np.float64).ravel() for axis in bounds]
        except TypeError:
            return space.ranges
        if len(nodes) == space.dim and all(len(axis) >= 2 for axis in nodes):
            return nodes
    return space.ranges


def _dump(what: Any, where: Any) -> None:
    if where is None:
        return
    if hasattr(where, "write"):
        pickle.dump(what, where)
        return
    with open(where, "wb") as file:
        pickle.dump(what, file)


class reporter:
    """An analyzer that prints each iteration, with ``ngrid`` nodes of the map's axes."""

    def __init__(self, ngrid: int = 0) -> None:
        self.ngrid = ngrid

    def begin(self, itn: int, integrator: Integrator) -> None:
        """Called before an iteration."""
        self.integrator = integrator
        self.itn = itn
        if itn == 0:
            print(integrator.settings())

    def end(self, itn_result: Any, result: Any) -> None:
        """Called after an iteration, with its result and the average so far."""
        print(f"    itn {self.itn + 1}: {itn_result}")
        print(f"    all itn's: {result}")
        ratio = result.chi2 / result.dof if result.dof else 0.0
        print(f"    neval = {self.integrator.last_neval}  chi2/dof = {ratio:.2f}  Q = {result.Q:.2f}")
        if self.ngrid:
            print(self.integrator.map.settings(self.ngrid))
