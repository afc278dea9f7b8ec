"""Runs: :func:`integrate`, :func:`integrate_log`, :func:`train` and :class:`Integrator`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from . import _native
from ._bounds import Ranges, ranges_of
from ._function import Function
from ._histogram import Observable, binnings, named
from ._log_result import LogResult
from ._progress import Progress, Watch
from ._result import Result
from ._sampler import Sampler
from ._settings import UNSET, checkpoint_of, settings_of, whole
from .errors import Error, Interrupted, SettingError

Watcher = Callable[[Progress], Any]
Path = str | os.PathLike[str]


def integrate(
    f: Any,
    bounds: Any = None,
    *,
    rel_error: float | None = UNSET,
    abs_error: float | None = UNSET,
    rtol: float | None = UNSET,
    atol: float | None = UNSET,
    max_calls: int = 10_000_000,
    max_seconds: float | None = None,
    seed: Any = 1,
    method: str = "auto",
    args: tuple[Any, ...] = (),
    batch: int = 10_000,
    processes: int | None = None,
    start_method: str | None = None,
    sampler: Sampler | None = None,
    covariance: bool = False,
    observables: Mapping[str, Observable] | None = None,
    callback: Watcher | None = None,
    progress: bool | Watcher | None = None,
    checkpoint: Path | None = None,
    checkpoint_every: float = 30.0,
    resume: bool = False,
    comm: Any = None,
    **settings: Any,
) -> Result:
    """Integrates ``f`` over a box.

    Parameters
    ----------
    f
        Function of points ``x``, an array ``(n, d)`` that is not to be written to, with values
        ``(n,)``, or ``(n, ...)`` for several outputs, or a dict of such arrays. Functions of one
        point are decorated with :func:`thalweg.scalar`. It is called on this thread, one batch
        at a time, and first of all at a few points, which tell the shape of its values.
    bounds
        Pairs (low, high), one per axis, or an array ``(d, 2)``; one pair for one dimension; an int
        d for the unit cube. Ends may be infinite. Not needed with ``sampler``.
    rel_error, rtol
        One-sigma error divided by |value| (of the first output) to reach; 1e-3 unless
        ``abs_error`` is given. None or 0: none; without any target ``max_calls`` are spent.
    abs_error, atol
        One-sigma error to reach. Whatever is reached first ends the run.
    max_calls, max_seconds
        Budget, everything included.
    seed
        An int, or a ``numpy.random.Generator``, from which one is drawn. The same seed gives the same
        bits, here and in Rust, with two exceptions: ``max_seconds``, and method "auto" unless
        ``cost_class`` is given.
    method
        "auto", "plain", "vegas" or "flow".
    args
        Further arguments of ``f``.
    batch
        Points of a call of ``f``, about, where so many are to be had. No result depends on it.
    processes
        So many worker processes call ``f``, each with its part of a batch; None: it is called here. No
        result depends on it. For functions that hold the GIL and take more than some microseconds per
        point.
    start_method
        How they start, "fork", "spawn" or "forkserver". None: "fork" on Linux where no other thread
        of Python runs and neither PyTorch nor JAX is loaded, otherwise "spawn", which asks for a
        picklable function and, in scripts, for ``if __name__ == "__main__":``.
    sampler
        A frozen proposal to draw the estimate from: nothing is adapted.
    covariance
        Whether the covariance of several outputs is computed.
    observables
        Histograms to fill in the same pass as the estimate: name -> (function, edges), where the
        function takes points ``(n, d)``, in batches as ``f`` does, and returns ``(n,)``; the edges
        ``(bins + 1,)`` rise. A dict of two such pairs in place of one is a histogram of two axes, the
        first of which is the first. They are in the result's ``histograms``, for the first output of ``f``.
    callback
        Called with a :class:`Progress` after each step. Returning True, or raising
        ``StopIteration``, ends the run; the status is then "interrupted".
    progress
        True for a bar, False for none, or a function that is called some times a second with a
        :class:`Progress`. None: a bar in terminals and notebooks, after a second.
    checkpoint, checkpoint_every, resume
        File where the state of the run is kept every so many seconds; ``resume=True`` goes on from
        it, to the very same bits.
    comm
        Communicator of the processes that share the run, such as ``mpi4py.MPI.COMM_WORLD``: each calls
        this function with the same arguments and calls ``f`` at its part of the points, and all return
        the result of one process, to the bits. It needs ``Get_rank()``, ``Get_size()`` and
        ``allgather(object)``, the last from a thread of the run. Each process has one thread unless
        ``threads`` is given; rank 0 alone writes checkpoints. Give ``cost_class`` to method "auto".
    **settings
        ``threads`` (one per core), ``cost_class`` ("free", "cheap" or "dear"; measured by
        "auto"), ``non_finite`` ("fail", or the largest share of NaN and infinities that count as
        zero), ``placement`` ("auto", "random", "sobol" or "strata"), ``defence``,
        ``find_peaks``, ``flow_on_grid`` (bools), ``family`` and ``depth`` of a flow that is no
        spline coupling, as of :class:`Flow`, and the dicts ``vegas``, ``flow`` and ``train``:
        see :func:`thalweg.default_settings`.

    Raises
    ------
    thalweg.Interrupted
        After Ctrl-C; its ``result`` holds what there was.
    thalweg.Error
        See :mod:`thalweg.errors`. Exceptions of ``f`` come back as they are.
    """
    settings.update(
        rel_error=rel_error,
        abs_error=abs_error,
        rtol=rtol,
        atol=atol,
        max_calls=max_calls,
        max_seconds=max_seconds,
        seed=seed,
        method=method,
        covariance=covariance,
    )
    run = _Run(_ranges(bounds, sampler), settings, "integrate" if sampler is None else "estimate")
    kept = checkpoint_of(checkpoint, checkpoint_every, resume)
    called = (f, args, batch, _pool(processes, start_method))
    return run(called, sampler, (callback, progress), (kept, comm), observables)


def integrate_log(
    log_f: Any,
    bounds: Any,
    *,
    rel_error: float | None = UNSET,
    abs_error: float | None = UNSET,
    max_calls: int = 10_000_000,
    max_seconds: float | None = None,
    seed: Any = 1,
    method: str = "auto",
    args: tuple[Any, ...] = (),
    batch: int = 10_000,
    processes: int | None = None,
    start_method: str | None = None,
    observables: Mapping[str, Observable] | None = None,
    callback: Watcher | None = None,
    progress: bool | Watcher | None = None,
    checkpoint: Path | None = None,
    checkpoint_every: float = 30.0,
    resume: bool = False,
    **settings: Any,
) -> LogResult:
    """ln Z with its error, where Z is the integral of f and ``log_f`` is ln f: an evidence.

    Neither f nor Z need be numbers that a float can hold. ``log_f`` takes points ``(n, d)`` and returns
    ``(n,)``, minus infinity where f is 0. A level near its largest value is looked for first, with at
    most an eighth of ``max_calls``, and exp(log_f - level) is integrated.

    Parameters are those of :func:`integrate`. ``abs_error`` is an error of ln Z, which is the same as a
    relative one of Z; a callback sees values in units of e^level.

    >>> import numpy as np, thalweg
    >>> r = thalweg.integrate_log(lambda x: -5000.0 - (x**2).sum(axis=1), [(-np.inf, np.inf)] * 2)
    >>> bool(abs(r.log_z - (np.log(np.pi) - 5000.0)) < 5 * r.error)
    True

    Raises
    ------
    thalweg.NoSignalError
        Where ln f is minus infinity at all points that look for the level.
    thalweg.NonFiniteError
        Where it is NaN or plus infinity, unless ``non_finite`` says otherwise.
    thalweg.Interrupted, thalweg.Error
        As :func:`integrate`; the ``result`` of an interruption is a :class:`LogResult`.
    """
    settings.update(
        rel_error=rel_error,
        abs_error=abs_error,
        max_calls=max_calls,
        max_seconds=max_seconds,
        seed=seed,
        method=method,
    )
    run = _Run(_ranges(bounds, None), settings, "log")
    kept = checkpoint_of(checkpoint, checkpoint_every, resume)
    called = (log_f, args, batch, _pool(processes, start_method))
    found = run(called, None, (callback, progress), (kept, None), observables)
    assert isinstance(found, LogResult)
    return found


def train(
    f: Any,
    bounds: Any = None,
    *,
    start: Sampler | None = None,
    max_calls: int = 1_000_000,
    seed: Any = 1,
    method: str = "auto",
    args: tuple[Any, ...] = (),
    batch: int = 10_000,
    processes: int | None = None,
    start_method: str | None = None,
    callback: Watcher | None = None,
    progress: bool | Watcher | None = None,
    comm: Any = None,
    **settings: Any,
) -> Sampler:
    """Adapts a proposal to ``f`` and spends nothing on an estimate.

    Parameters as for :func:`integrate`; ``start`` is a sampler to go on from. The sampler's
    ``training`` is the :class:`Result` of a small check on fresh points.
    """
    settings.update(max_calls=max_calls, seed=seed, method=method)
    run = _Run(_ranges(bounds, start), settings, "train")
    called = (f, args, batch, _pool(processes, start_method))
    result = run(called, start, (callback, progress), (None, comm))
    assert result.sampler is not None
    return result.sampler


class Integrator:
    """Bounds, settings and the last sampler, for several calls.

    >>> import thalweg
    >>> integrator = thalweg.Integrator([(0, 1)] * 2, rel_error=1e-3)
    >>> r = integrator(lambda x: x[:, 0] * x[:, 1])
    >>> bool(abs(r.pull(0.25)) < 5)
    True

    Parameters
    ----------
    bounds
        As for :func:`integrate`.
    **settings
        Any other argument of :func:`integrate`; each call may replace them.
    """

    def __init__(self, bounds: Any, **settings: Any) -> None:
        self.ranges: Ranges = ranges_of(bounds)
        self.settings = settings
        #: the proposal of the last run
        self.sampler: Sampler | None = None
        #: the result of the last run
        self.result: Result | None = None
        settings_of(self.ranges, {k: v for k, v in settings.items() if k not in _NO_SETTINGS})

    def __call__(self, f: Any, **settings: Any) -> Result:
        """Adapts to ``f`` and integrates it."""
        return self._keep(integrate(f, self.ranges, **{**self.settings, **settings}))

    integrate = __call__

    def train(self, f: Any, **settings: Any) -> Sampler:
        """Adapts to ``f``, starting from the last sampler if there is one."""
        settings = {"start": self.sampler, **self.settings, **settings}
        self.sampler = train(f, self.ranges, **settings)
        return self.sampler

    def estimate(self, f: Any, **settings: Any) -> Result:
        """Integrates ``f`` with the last sampler as it is."""
        if self.sampler is None:
            raise SettingError("there is no sampler yet; train or integrate first")
        return self._keep(integrate(f, sampler=self.sampler, **{**self.settings, **settings}))

    def _keep(self, result: Result) -> Result:
        self.result = result
        self.sampler = result.sampler or self.sampler
        return result

    def __repr__(self) -> str:
        return f"<Integrator {len(self.ranges)} dimensions, {self.settings}>"


_NO_SETTINGS = (
    "args",
    "batch",
    "callback",
    "checkpoint",
    "checkpoint_every",
    "comm",
    "observables",
    "processes",
    "progress",
    "resume",
    "sampler",
    "start",
    "start_method",
)


def _pool(processes: Any, start_method: Any) -> tuple[int, str | None]:
    if start_method is not None and not isinstance(start_method, str):
        raise TypeError(f"start_method must be a string, not {type(start_method).__name__}")
    return (0 if processes is None else whole("processes", processes)), start_method


def _hear(comm: Any, fault: BaseException | None) -> None:
    """Ends here, too, what an exception has ended on another rank; who interrupts has a result."""
    mine = fault is not None and not isinstance(fault, KeyboardInterrupt)
    faults = comm.allgather(repr(fault) if mine else None)
    for rank, text in enumerate(faults):
        if fault is None and text is not None:
            raise Error(f"rank {rank}: {text}")


def _ranges(bounds: Any, sampler: Sampler | None) -> Ranges:
    if sampler is not None and not isinstance(sampler, Sampler):
        raise TypeError(f"sampler must be a thalweg.Sampler, not {type(sampler).__name__}")
    if bounds is not None:
        ranges = ranges_of(bounds)
        if sampler is not None and sampler.bounds.tolist() != [list(r) for r in ranges]:
            raise SettingError("the bounds are not those of the sampler; leave them out")
        return ranges
    if sampler is None:
        raise TypeError("bounds are missing")
    return [(low, high) for low, high in sampler.bounds.tolist()]


class _Run:
    """A run that is about to begin."""

    def __init__(self, ranges: Ranges, settings: dict[str, Any], goal: str) -> None:
        self.ranges = ranges
        self.settings = settings_of(ranges, settings)
        self.goal = goal

    def __call__(
        self,
        called: tuple[Any, tuple[Any, ...], int, tuple[int, str | None]],
        start: Sampler | None,
        watchers: tuple[Watcher | None, bool | Watcher | None],
        shared: tuple[dict[str, Any] | None, Any],
        observables: Mapping[str, Observable] | None = None,
    ) -> Any:
        f, args, batch, (processes, method) = called
        batch = whole("batch", batch)
        function = Function(f, self.ranges, tuple(args))
        binned = binnings(observables, function.dim)
        checkpoint, comm = shared
        watch = Watch(*watchers, self.settings["stop"])
        task = {
            "dim": function.dim,
            "outputs": function.outputs,
            "batch": batch,
            "at_once": max(processes, 1),
            "goal": self.goal,
            "integrand": function,
            "observables": [observable.task() for observable in binned],
            "observe": watch.step if watch.wanted else None,
            "tick": watch.tick if watch.show is not None else None,
            "checkpoint": checkpoint,
            "comm": comm,
        }
        native = None if start is None else start._native
        workers = None
        try:
            if processes > 0 and function.pointer is None:
                # Most runs need no processes, and importing what makes them takes a while.
                from ._processes import Workers

                task["integrand"] = workers = Workers(function, processes, method)
            report, found, fault = _native.run(task, self.settings, native)
        finally:
            if workers is not None:
                workers.close()
            watch.close()
        named(report, binned)
        result: Any = None
        if report is not None:
            sampler = Sampler._of(found)
            if self.goal == "log":
                result = LogResult(report, sampler)
            else:
                result = Result(report, function.layout(), sampler)
            if self.goal == "train":
                sampler._training = result
        if comm is not None:
            _hear(comm, fault)
        if fault is None:
            assert result is not None
            return result
        if isinstance(fault, KeyboardInterrupt):
            raise Interrupted("interrupted; see the exception's result", result) from fault
        raise fault
