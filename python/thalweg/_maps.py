"""Maps of the unit cube as NumPy functions: flows and VEGAS grids.

z is the latent, uniform point, x the point of the unit cube; ``forward`` is always z -> x, and
log_jac is log|dx/dz| in both directions, so that the density of x is exp(-log_jac).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _native
from ._bounds import ranges_of, seed_of
from ._settings import default_settings, family_of, merge, whole
from .errors import SettingError, ShapeError


def _points(x: Any, dim: int, name: str) -> np.ndarray:
    """Points ``(n, d)`` of the closed unit cube, contiguous."""
    try:
        points = np.ascontiguousarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name} must be an array (n, {dim}): {error}") from None
    if points.ndim != 2 or points.shape[1] != dim:
        raise ShapeError(f"{name} has the shape {np.shape(x)}; it must be (n, {dim})")
    if not ((points >= 0.0) & (points <= 1.0)).all():
        raise SettingError(f"{name} must lie in the unit cube")
    tiny = np.finfo(np.float64).eps / 2.0
    return np.clip(points, tiny, 1.0 - tiny)


class Map:
    """An invertible map of the unit cube."""

    _native: _native.Map

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("a map comes from sampler.map; make a Flow or a VegasGrid")

    @staticmethod
    def _of(native: Any) -> Map:
        kinds: dict[str, type[Map]] = {"flow": Flow, "grid": VegasGrid}
        self: Map = object.__new__(kinds.get(native.kind, Map))
        self._native = native
        return self

    @property
    def dim(self) -> int:
        """Number of coordinates d."""
        return self._native.dim

    def forward(self, z: Any) -> tuple[np.ndarray, np.ndarray]:
        """z ``(n, d)`` -> x ``(n, d)`` and log|dx/dz| ``(n,)``."""
        return self._native.forward(_points(z, self.dim, "z"))

    def inverse(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """x ``(n, d)`` -> z ``(n, d)`` and the same log|dx/dz| ``(n,)``, not its negative."""
        return self._native.inverse(_points(x, self.dim, "x"))

    def log_jac(self, z: Any) -> np.ndarray:
        """log|dx/dz| ``(n,)`` at latent points z ``(n, d)``."""
        return self.forward(z)[1]

    def log_density(self, x: Any) -> np.ndarray:
        """log q ``(n,)`` at points x ``(n, d)`` of the unit cube."""
        return -self.inverse(x)[1]

    def sampler(self, bounds: Any = None) -> Any:
        """A :class:`Sampler` of the map on the box ``bounds`` (the unit cube).

        With it the map can be saved, and warm up :func:`train`.
        """
        from ._sampler import Sampler

        ranges = ranges_of(self.dim if bounds is None else bounds)
        return Sampler._of(self._native.sampler(ranges))

    def __reduce__(self) -> Any:
        return _from_sampler, (self.sampler(),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._native.proposal}>"


def _from_sampler(sampler: Any) -> Map:
    made: Map = sampler.map
    return made


class Flow(Map):
    """A normalizing flow: couplings of rational-quadratic splines by default.

    Parameters
    ----------
    dim
        Number of coordinates.
    seed
        Chooses hidden weights, random masks and random orders. A new flow is the identity.
    parameters
        All parameters ``(p,)``, such as those of another flow of the same architecture.
    family
        One of the families of the literature: ``"triangular"``, ``"affine"``, ``"planar"``, ``"nice"``,
        ``"real_nvp"``, ``"multi_scale"``, ``"glow"``, ``"maf"``, ``"iaf"``, ``"spline_coupling"``,
        ``"spline_maf"``, ``"spline_iaf"``, ``"recurrent_maf"``.
    depth
        Number of its steps.
    **config
        Architecture, as ``default_settings()["flow"]`` has it: ``bins``, ``hidden``, ``masks``, ..., and
        ``periodic``, a list of coordinates that are angles, and ``context``, the number of coordinates at
        the end that pass unchanged and that all conditioners see; of a family ``hidden``, ``activation``,
        ``precision`` and ``layers``.
    """

    def __init__(
        self,
        dim: int,
        seed: Any = 1,
        *,
        parameters: Any = None,
        family: str | None = None,
        depth: int = 6,
        **config: Any,
    ) -> None:
        if family is None:
            # Left out of the settings where there are none.
            couplings = default_settings()["flow"] | {"context": 0, "periodic": []}
            architecture = {"couplings": couplings}
            merge(architecture["couplings"], config, "flow")
        else:
            architecture = {"stack": family_of(family, depth)}
            merge(architecture["stack"], config, "flow")
        if parameters is not None:
            parameters = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
        dim, seed = whole("dim", dim), seed_of(seed)
        self._native = _native.Map.flow(dim, architecture, seed, parameters)

    @property
    def parameters(self) -> np.ndarray:
        """A copy of all parameters ``(p,)``."""
        return self._native.parameters()

    @property
    def config(self) -> dict[str, Any]:
        """The architecture."""
        (config,) = self._native.config()[0].values()
        return config

    def with_parameters(self, parameters: Any) -> Flow:
        """A flow of the same architecture with these parameters ``(p,)``."""
        config, seed = self._native.config()
        parameters = np.ascontiguousarray(parameters, dtype=np.float64).ravel()
        made = object.__new__(Flow)
        made._native = _native.Map.flow(self.dim, config, seed, parameters)
        return made


class VegasGrid(Map):
    """The importance grid of VEGAS: a piecewise-linear map per axis.

    Parameters
    ----------
    edges
        ``(d, bins + 1)``, each row rising from 0 to 1; or the dimension d for a uniform grid.
    bins
        Bins per axis of a uniform grid.
    """

    def __init__(self, edges: Any, *, bins: int = 1000) -> None:
        if np.ndim(edges) == 0:
            dim = whole("dim", edges)
            edges = np.tile(np.linspace(0.0, 1.0, whole("bins", bins) + 1), (dim, 1))
        edges = np.ascontiguousarray(edges, dtype=np.float64)
        if edges.ndim != 2:
            raise ShapeError(f"edges have the shape {edges.shape}; they must be (d, bins + 1)")
        self._native = _native.Map.grid(edges.shape[0], edges.ravel())

    @property
    def edges(self) -> np.ndarray:
        """The edges ``(d, bins + 1)``."""
        return self._native.edges()

    @property
    def bins(self) -> int:
        """Bins per axis."""
        return self.edges.shape[1] - 1

    def refined(self, z: Any, weights: Any, alpha: float = 1.0, *, shares: Any = None) -> VegasGrid:
        """The grid after one refinement.

        ``weights`` ``(n,)`` are f(x) |dx/dz| at latent points ``z`` ``(n, d)``; each stands for
        ``shares`` ``(n,)`` points of uniform density (1 each). ``alpha`` between 0 and 1 is how far
        the edges move to where they should be.
        """
        z = _points(z, self.dim, "z")
        weights = _numbers(weights, len(z), "weights")
        shares = _numbers(1.0 if shares is None else shares, len(z), "shares")
        if not (np.isfinite(weights).all() and np.isfinite(shares).all()):
            raise SettingError("weights and shares must be finite")
        if not 0.0 <= alpha <= 1.0:
            raise SettingError(f"alpha is {alpha}; it must be 0 to 1")
        return Map._of(self._native.refined(z, weights, shares, float(alpha)))  # type: ignore[return-value]

    def resampled(self, bins: int) -> VegasGrid:
        """The grid with another number of bins."""
        return Map._of(self._native.resampled(whole("bins", bins)))  # type: ignore[return-value]


def _numbers(values: Any, n: int, name: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (n,)):
        raise ShapeError(f"{name} has the shape {array.shape}; it must be ({n},)")
    return np.ascontiguousarray(np.broadcast_to(array, (n,)))
