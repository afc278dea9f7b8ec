"""A frozen proposal to draw from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _native
from ._bounds import ranges_of, seed_of
from ._estimate import Estimate
from ._function import Function
from ._histogram import Observable, binnings, kept
from ._maps import Flow, Map, _points
from ._partial import Partial
from ._settings import merge, settings_of
from .errors import SettingError, ShapeError

if TYPE_CHECKING:
    from ._result import Result

Path = str | os.PathLike[str]


class Efficiencies(NamedTuple):
    """The unweighting efficiency, mean over w_max, by three published definitions of w_max."""

    #: the largest weight
    by_max: float
    #: the median of the largest weights of replicas, each a tenth of the sample
    by_bootstrap_median: float
    #: the weight above which 0.1 % of the total lies
    by_quantile: float


class Unweighted(NamedTuple):
    """Unweighted events and how they came about."""

    #: points ``(n, d)``
    x: np.ndarray
    #: ``(n,)``: 1, above 1 for overweights, negative where f < 0
    weights: np.ndarray
    #: what weights were compared with: ``partial`` times the maximum of the policy
    max_weight: float
    #: trial draws up to the last event
    trials: int
    #: calls of f, those that fixed the maximum included
    calls: int
    #: events divided by trials
    efficiency: float
    #: share of the events with a weight above 1
    overweight_fraction: float
    #: the integral by the draws that fixed the maximum
    value: float
    #: its one-sigma error
    error: float
    #: the policy for the maximum
    policy: str
    #: share of the maximum above which all events were kept
    partial: float
    #: of the draws that fixed the maximum
    efficiencies: Efficiencies
    #: share of the weight of all trials above ``max_weight``: as much as the overweights carry
    overweight_share: float
    #: the largest weight of the trials over ``max_weight``
    overweight_reach: float
    #: share f of negative weights in the sum of ``|w|`` over the trials
    negative_fraction: float
    #: (1 - 2f)^2: as many positive events would tell as much
    negative_efficiency: float
    #: the integral by all draws
    pooled: Estimate
    #: the integral of ``|f|`` by all draws: times ``weights / abs(weights).mean()`` it makes weights whose
    #: mean is the integral
    absolute: Estimate
    #: the numbers ``(n,)`` of the draws that the events come from
    numbers: np.ndarray


class Fit(NamedTuple):
    """What a training from samples came to."""

    #: steps of the optimiser
    steps: int
    #: the step whose parameters were kept
    best_step: int
    #: mean of the log density over the samples trained on, in nats
    log_likelihood: float
    #: the same over those held out; NaN if none were
    holdout: float


class Sampler:
    """A frozen proposal: draws independent points and knows their density.

    It comes from a :class:`Result`, from :func:`train`, from samples, or from a file, and can be saved,
    pickled and copied to other threads and processes.
    """

    _native: _native.Sampler
    _training: Result | None = None
    _fit: Fit | None = None
    #: where draws without a seed go on
    _position: int = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("a sampler comes from thalweg.train, result.sampler, Sampler.load or of_samples")

    @classmethod
    def _of(cls, native: Any) -> Sampler:
        self = object.__new__(cls)
        self._native = native
        return self

    @property
    def dim(self) -> int:
        """Number of coordinates d."""
        return self._native.dim

    @property
    def bounds(self) -> np.ndarray:
        """The domain, ``(d, 2)``."""
        return np.array(self._native.ranges)

    @property
    def proposal(self) -> str:
        """What it is, in one line."""
        return self._native.proposal

    @property
    def map(self) -> Map:
        """The map of the unit cube that it draws through: a :class:`Flow`, a :class:`VegasGrid`, or
        another :class:`Map`."""
        return Map._of(self._native.map)

    @property
    def value(self) -> float | None:
        """The integral found by the run that made it."""
        found = self._native.estimate
        return None if found is None else found["value"]

    @property
    def error(self) -> float | None:
        """The one-sigma error of ``value``."""
        found = self._native.estimate
        return None if found is None else found["error"]

    @property
    def training(self) -> Result | None:
        """The check at the end of :func:`train`; not kept in files."""
        return self._training

    @property
    def metadata(self) -> dict[str, str]:
        """Notes that are saved with it; a copy, see :meth:`with_metadata`."""
        return self._native.metadata

    def with_metadata(self, notes: Mapping[str, str]) -> Sampler:
        """The same sampler with these notes."""
        pairs = [(str(k), str(v)) for k, v in notes.items()]
        return Sampler._of(self._native.with_metadata(pairs))

    def draw(
        self, n: int, seed: Any = None, *, first: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws n independent points: ``x`` ``(n, d)`` and weights ``(n,)``.

        The weight of a point is 1/q(x), so that the mean of f(x) times the weight is the integral
        of f. Without a seed every call goes on where the last one ended; with one (an int, or a
        ``numpy.random.Generator``) the points ``first`` to ``first + n`` of that seed are drawn.
        """
        n, seed, first = self._which(n, seed, first)
        x, log_q = self._native.draw(n, seed, first)
        with np.errstate(over="ignore"):
            return x, np.exp(-log_q)

    def _which(self, n: Any, seed: Any, first: int | None) -> tuple[int, int, int]:
        if isinstance(n, float) and n.is_integer():
            n = int(n)
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
            raise TypeError(f"n must be a whole number, not {type(n).__name__}")
        if not 0 <= n < 2**48:
            raise SettingError(f"n is {n}; it must be at least 0")
        if seed is None:
            if first is not None:
                raise TypeError("first needs a seed")
            first, seed = self._position, 1
            self._position += int(n)
        first = 0 if first is None else int(first)
        if not 0 <= first < 2**62:
            raise SettingError(f"first is {first}; it must be at least 0")
        return int(n), seed_of(seed), first

    def log_density(self, x: Any) -> np.ndarray:
        """log q at points ``x`` ``(n, d)``, with respect to dx; -inf outside of the domain.

        ``x`` may be one point ``(d,)``, too: the result is then a float.
        """
        points = self._points(x)
        density = self._native.log_density(points)
        return density if np.ndim(x) == 2 else density[0]

    def forward(self, z: Any) -> tuple[np.ndarray, np.ndarray]:
        """Latent points z ``(n, d)`` of the unit cube -> points x ``(n, d)`` and log|dx/dz| ``(n,)``.

        Uniform z make draws, whose log density is -log|dx/dz|.
        """
        x, log_q = self._native.forward(_points(z, self.dim, "z"))
        return x, -log_q

    def inverse(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Points x ``(n, d)`` -> latent z ``(n, d)`` of the unit cube and the same log|dx/dz| ``(n,)``.

        >>> import numpy as np, thalweg
        >>> samples = np.random.default_rng(1).normal(size=(2000, 2))
        >>> sampler = thalweg.Sampler.of_samples(samples, epochs=5)
        >>> z, log_jac = sampler.inverse([[0.5, -1.0]])
        >>> np.allclose(sampler.forward(z)[0], [[0.5, -1.0]])
        True
        """
        points = self._points(x)
        if not all(((low <= c) & (c <= high)).all() for c, (low, high) in zip(points.T, self.bounds)):
            raise SettingError("x must lie in the domain")
        z, log_q = self._native.inverse(points)
        return z, -log_q

    def _points(self, x: Any) -> np.ndarray:
        try:
            points = np.ascontiguousarray(x, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"x must be an array (n, {self.dim}): {error}") from None
        if points.ndim == 1 and np.ndim(x) == 1:
            points = points.reshape(1, -1)
        if points.ndim != 2 or points.shape[1] != self.dim:
            raise ShapeError(f"x has the shape {np.shape(x)}; it must be (n, {self.dim})")
        return points

    def _function(self, f: Any, args: tuple[Any, ...]) -> Function:
        function = Function(f, [(low, high) for low, high in self.bounds.tolist()], args)
        if function.outputs != 1:
            raise ShapeError(f"f has {function.outputs} outputs; events need one")
        return function

    def weighted(
        self,
        f: Any,
        n: int,
        seed: Any = None,
        *,
        first: int | None = None,
        args: tuple[Any, ...] = (),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws n points ``(n, d)`` with their weights f(x)/q(x) ``(n,)``, whose mean is the integral."""
        function = self._function(f, args)
        return self._native.weighted(function, *self._which(n, seed, first))

    def unweighted(
        self,
        f: Any,
        n: int,
        seed: Any = 1,
        *,
        max_weight: str | float = 0.999,
        partial: float = 1.0,
        trials: int = 20_000,
        max_trials_per_event: int = 100_000,
        first: int | None = None,
        args: tuple[Any, ...] = (),
    ) -> Unweighted:
        """Draws n unweighted events, distributed like |f|.

        Parameters
        ----------
        f
            As for :func:`thalweg.integrate`, with one output.
        max_weight
            What weights are compared with: "max", "quantile:p", "overweight:eps" or "bootstrap:m" as
            for ``thalweg sample``; a number is the p of the quantile.
            Events above it keep a weight above 1, so that sums stay unbiased. With "max" there are none:
            it is the largest weight of all draws, those of the events included.
        partial
            With r below 1, weights are compared with r times the maximum: more events are kept, with
            weights from 1 to 1/r.
        trials
            Draws that fix this maximum.
        max_trials_per_event
            :class:`NoSignalError` after so many.
        first
            Number of the first draw: parts of a sample begin far from each other.
        """
        if not isinstance(max_weight, str):
            max_weight = f"quantile:{max_weight!r}"
        function = self._function(f, args)
        n, seed, _ = self._which(n, seed, first)
        (x, weights), told = self._native.unweighted(
            function,
            (n, seed, int(first or 0)),
            (max_weight, float(partial)),
            (int(trials), int(max_trials_per_event)),
        )
        value, error = told.pop("integral")
        efficiencies = Efficiencies(**told.pop("efficiencies"))
        pooled, absolute = Estimate(*told.pop("pooled")), Estimate(*told.pop("absolute"))
        return Unweighted(
            x,
            weights,
            value=value,
            error=error,
            efficiencies=efficiencies,
            pooled=pooled,
            absolute=absolute,
            **told,
        )

    def integrate_shard(
        self,
        f: Any,
        n: int,
        *,
        shard: tuple[int, int] = (1, 1),
        seed: Any = 1,
        max_seconds: float | None = None,
        args: tuple[Any, ...] = (),
        observables: Mapping[str, Observable] | None = None,
        **settings: Any,
    ) -> Partial:
        """Evaluates a part of an estimate of n independent points.

        Parameters
        ----------
        f
            As for :func:`thalweg.integrate`.
        n
            Points of the whole estimate, from 128 on. With a defended flow they come 33 at a time, and
            what is left over is not drawn.
        shard
            (i, k): part i of k, from 1 on.
        seed
            Same seed, same points; the same for all parts.
        max_seconds
            After which the part ends with fewer points.
        observables
            As for :func:`thalweg.integrate`, the same for all parts; at most 65536 bins together, those
            below and above included.
        **settings
            ``threads``, ``non_finite`` and ``defence`` as for :func:`thalweg.integrate`.

        Returns
        -------
        Partial
            To be merged with the others, here or by ``thalweg merge``.
        """
        ranges = [(low, high) for low, high in self.bounds.tolist()]
        function = Function(f, ranges, args)
        n, seed, _ = self._which(n, seed, None)
        i, of = shard
        plain = settings_of(ranges, {**settings, "seed": seed, "max_seconds": max_seconds})
        notes = [("layout", json.dumps(function.layout()))]
        binned = binnings(observables, function.dim)
        if binned:
            notes.append(("observables", kept(binned)))
        tasks = [observable.task() for observable in binned]
        native = self._native.integrate_shard(
            (function, function.outputs), (n, int(i), int(of)), plain, (notes, tasks)
        )
        return Partial._of(native)

    def save(self, path: Path) -> None:
        """Writes a file that :meth:`load` and the command line read."""
        self._native.save(os.fspath(path))

    @classmethod
    def of_samples(
        cls,
        samples: Any,
        bounds: Any = None,
        *,
        flow: Flow | None = None,
        seed: Any = 1,
        **settings: Any,
    ) -> Sampler:
        """A sampler whose flow is trained by maximum likelihood on samples of a density.

        Its draws are like the samples, and its ``log_density`` estimates theirs.

        >>> import numpy as np, thalweg
        >>> u = np.random.default_rng(1).normal(size=(2000, 2))
        >>> samples = u @ [[1.0, 0.8], [0.0, 0.6]]
        >>> flow = thalweg.Flow(2, family="spline_maf", depth=2)
        >>> sampler = thalweg.Sampler.of_samples(samples, flow=flow, epochs=5)
        >>> bool(sampler.fit.holdout > -3.5)
        True
        >>> x, _ = sampler.draw(100)
        >>> x.shape
        (100, 2)

        Parameters
        ----------
        samples
            Array ``(n, d)``.
        bounds
            Where they can be, as for :func:`thalweg.integrate`; None for anywhere. Coordinates without
            any bound are reached by the quantiles of a normal distribution that has the mean and the
            standard deviation of the samples.
        flow
            A :class:`Flow` of ``d`` coordinates, whose architecture is taken and whose parameters are
            not; None for ``Flow(d)``.
        seed
            Chooses masks and first weights, minibatches and what is held out.
        **settings
            ``epochs``, times that each sample is used (60); ``minibatch`` (512); ``holdout``, the share
            that is held out (0.05): the parameters that make it most likely are kept; ``average``, decay
            of their running average (0.998); ``decay``, of the weights (0.1); ``adam``, a dict.

        Returns
        -------
        Sampler
            Its ``fit`` says how it went.
        """
        try:
            x = np.ascontiguousarray(samples, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"samples must be an array of numbers: {error}") from None
        if x.ndim != 2 or x.shape[1] == 0:
            raise ShapeError(f"samples have the shape {x.shape}; they must be (n, d)")
        n, dim = x.shape
        if not np.isfinite(x).all():
            raise SettingError("samples must be finite")
        ranges = [(-np.inf, np.inf)] * dim if bounds is None else ranges_of(bounds)
        if len(ranges) != dim:
            raise ShapeError(f"samples have {dim} coordinates and the bounds have {len(ranges)}")
        flow = Flow(dim) if flow is None else flow
        if not isinstance(flow, Flow):
            raise TypeError(f"flow must be a Flow, not {type(flow).__name__}")
        if flow.dim != dim:
            raise ShapeError(f"the flow has {flow.dim} coordinates and the samples have {dim}")
        config = _native.default_fit()
        merge(config, settings, "fit")
        normal = [
            (axis, float(x[:, axis].mean()), float(x[:, axis].std()) or 1.0)
            for axis, (low, high) in enumerate(ranges)
            if n > 0 and low == -np.inf and high == np.inf
        ]
        native, report = _native.Sampler.of_samples(
            x, (ranges, normal), flow._native, config, seed_of(seed)
        )
        made = cls._of(native)
        made._fit = Fit(**report)
        return made

    @property
    def fit(self) -> Fit | None:
        """How :meth:`of_samples` went; not kept in files."""
        return self._fit

    @classmethod
    def load(cls, path: Path) -> Sampler:
        """Reads a file; it may come from a stranger, no code in it is run."""
        return cls._of(_native.Sampler.load(os.fspath(path)))

    def to_bytes(self) -> bytes:
        """The bytes of a file."""
        return self._native.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Sampler:
        """The opposite of :meth:`to_bytes`."""
        return cls._of(_native.Sampler.from_bytes(bytes(data)))

    def __reduce__(self) -> Any:
        return Sampler.from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<Sampler {self.dim} dimensions: {self.proposal}>"
