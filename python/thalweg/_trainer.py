"""Training a flow in a loop of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _native
from ._bounds import ranges_of, seed_of
from ._function import Function
from ._maps import Flow, Map
from ._sampler import Sampler
from ._settings import default_settings, merge, whole
from .errors import NonFiniteError, SettingError, ShapeError


class Trainer:
    """Trains a flow step by step, as many as one likes, each on fresh points.

    >>> import thalweg
    >>> f = lambda x: (2 * x).prod(axis=1)
    >>> trainer = thalweg.Trainer(thalweg.Flow(2), f, batch=256, learning_rate=3e-3)
    >>> losses = [trainer.step() for _ in range(50)]
    >>> losses[-1] < losses[0]
    True
    >>> r = thalweg.integrate(f, sampler=trainer.sampler, max_calls=20_000)
    >>> bool(abs(r.pull(1.0)) < 5)
    True

    :func:`thalweg.train` keeps all points and trains on them again and again, first towards a
    flattened ``f``: it needs far fewer calls, and misses fewer peaks.

    Parameters
    ----------
    flow
        The :class:`Flow` to begin with. It is copied.
    f
        As for :func:`thalweg.integrate`, with one output; its absolute value is what is learned.
    bounds
        As for :func:`thalweg.integrate`; None for the unit cube.
    batch
        Points of a step.
    learning_rate
        Of Adam; it may be changed between steps.
    seed
        Chooses the points: an int or a ``numpy.random.Generator``.
    args
        Further arguments of ``f``.
    **settings
        ``loss`` ("kl", "reverse_kl", "variance" or "exponential"), ``control_variate`` and ``adam``, as
        ``default_settings()["train"]`` has them.
    """

    def __init__(
        self,
        flow: Flow,
        f: Any,
        bounds: Any = None,
        *,
        batch: int = 512,
        learning_rate: float = 1e-3,
        seed: Any = 1,
        args: tuple[Any, ...] = (),
        **settings: Any,
    ) -> None:
        if not isinstance(flow, Flow):
            raise TypeError(f"flow must be a Flow, not {type(flow).__name__}")
        ranges = ranges_of(flow.dim if bounds is None else bounds)
        if len(ranges) != flow.dim:
            raise ShapeError(f"the flow has {flow.dim} coordinates and the bounds have {len(ranges)}")
        config = default_settings()["train"]
        merge(config, settings, "train")
        config["minibatch"] = whole("batch", batch)
        config["adam"]["learning_rate"] = _rate(learning_rate)
        self._native = _native.Trainer(flow._native, ranges, config, seed_of(seed))
        self._function = Function(f, ranges, args)
        if self._function.outputs != 1:
            raise ShapeError(f"f has {self._function.outputs} outputs; a flow is trained on one")
        self._ranges, self._batch, self._steps = ranges, config["minibatch"], 0

    def step(self) -> float:
        """Draws ``batch`` points from the flow, calls f there, and makes one step; returns the loss.

        The loss is the divergence of |f| from the flow by these points, 0 for a perfect flow where it is
        "kl". NaN, and no step, where f was 0 at all of them.
        """
        x, log_density = self._native.draw()
        return self._learn(x, self._function(x), log_density)

    def step_on(self, x: Any, values: Any, log_density: Any) -> float:
        """One step on points of one's own: ``batch`` points ``x`` ``(n, d)``, f there ``(n,)``, and the
        log of the density that they were drawn from ``(n,)``, as ``sampler.log_density`` gives it."""
        n, dim = self._batch, len(self._ranges)
        x = _floats(x, (n, dim), "x")
        low, high = np.array(self._ranges).T
        if not ((x >= low) & (x <= high)).all():
            raise SettingError("x must lie within the bounds")
        values = _floats(values, (n,), "values")
        log_density = _floats(log_density, (n,), "log_density")
        if not np.isfinite(log_density).all():
            raise SettingError("log_density must be finite")
        return self._learn(x, values, log_density)

    def _learn(self, x: np.ndarray, values: np.ndarray, log_density: np.ndarray) -> float:
        values = values.reshape(len(x))
        if not np.isfinite(values).all():
            i = int(np.argmin(np.isfinite(values)))
            raise NonFiniteError(f"the integrand is {values[i]} at {x[i].tolist()}")
        with np.errstate(divide="ignore"):
            log_f = np.log(np.abs(values))
        loss = self._native.step(np.ascontiguousarray(x), log_f, log_density)
        self._steps += 1
        return loss

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self._native.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._native.set_learning_rate(_rate(rate))

    @property
    def batch(self) -> int:
        """Points of a step."""
        return self._batch

    @property
    def steps(self) -> int:
        """Steps so far."""
        return self._steps

    @property
    def flow(self) -> Flow:
        """A copy of the flow as it is now."""
        return Map._of(self._native.flow)  # type: ignore[return-value]

    @property
    def sampler(self) -> Sampler:
        """A sampler of the flow as it is now, for :func:`thalweg.integrate` and for events."""
        made: Sampler = self.flow.sampler(self._ranges)
        return made

    def __repr__(self) -> str:
        return f"<Trainer after {self._steps} steps of {self._batch} points>"


def _rate(rate: Any) -> float:
    if isinstance(rate, (bool, str, bytes)):
        raise TypeError(f"learning_rate must be a number, not {rate!r}")
    return float(rate)


def _floats(values: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ShapeError(f"{name} has the shape {np.shape(values)}; it must be {shape}")
    return array
