"""A Python function in several processes.

Every call splits its points into as many runs of rows as there are workers and puts the values
together in the same order, so that a result has the bits that it has without. Points and values go
through pipes as bytes.

How workers start. "fork" copies this process: any function will do, a lambda or one of a notebook. But
only the thread that forks is copied, and a lock that another one held stays locked forever. "spawn" starts
a fresh interpreter: nothing is inherited, but the function must be picklable, and a script needs
``if __name__ == "__main__":``. Without a wish it is "fork" on Linux where no other Python thread runs and
no library with threads of its own that do not outlive a fork (PyTorch, JAX) is loaded, and "spawn"
otherwise. Threads of thalweg and of NumPy do no harm: the first are not used after a fork, the second
start anew.

How they end. Workers ignore Ctrl-C, which goes to every process of a terminal: this process ends them, and
should it be killed, they end as their pipes do. Every worker has one request at a time and reads it whole
before it answers, so nobody waits in a circle.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from .errors import IntegrandError, SettingError, WorkerError

_UNSAFE_AFTER_FORK = ("torch", "jax", "tensorflow")


class _Remote(Exception):
    """The traceback of an exception in a worker."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Workers:
    """``function``, x ``(n, d)`` -> ``(n, outputs)``, in several processes."""

    def __init__(self, function: Any, processes: int, start_method: str | None = None) -> None:
        self.function = function
        self.pointer = None
        self._dim, self._outputs = function.dim, function.outputs
        method = start_method or _method()
        if method not in multiprocessing.get_all_start_methods():
            known = multiprocessing.get_all_start_methods()
            raise SettingError(f"start_method is {start_method!r}; here it must be one of {known}")
        context: Any = multiprocessing.get_context(method)
        sent = function if method == "fork" else _pickled(function)
        self._ends: list[Connection] = []
        self._processes: list[Any] = []
        try:
            for _ in range(processes):
                self._start(context, method, sent)
        except BaseException:
            self.close()
            raise

    def _start(self, context: Any, method: str, sent: Any) -> None:
        mine, theirs = context.Pipe()
        # What is forked has this end, and those of its elders, too: a pipe ends only with all its copies.
        inherited = [*self._ends, mine] if method == "fork" else []
        process = context.Process(target=_work, args=(theirs, sent, inherited), daemon=True)
        self._ends.append(mine)
        try:
            with warnings.catch_warnings(), _no_interrupts():
                warnings.filterwarnings("ignore", "This process", DeprecationWarning)
                process.start()
        finally:
            theirs.close()
        self._processes.append(process)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The values of ``function``."""
        n, many = len(x), len(self._ends)
        ends = [n * (i + 1) // many for i in range(many)]
        parts = [slice(a, b) for a, b in zip([0, *ends], ends)]
        busy = [i for i in range(many) if parts[i].start < parts[i].stop]
        for i in busy:
            try:
                self._ends[i].send_bytes(x[parts[i]].data.cast("B"))
            except OSError:
                raise self._lost(i) from None
        values = np.empty((n, self._outputs))
        for i in busy:
            self._receive(i, values[parts[i]])
        return values

    def _receive(self, i: int, values: np.ndarray) -> None:
        try:
            # A worker that was killed cannot end its pipe where a process that it has forked lives on.
            ready = wait([self._ends[i], self._processes[i].sentinel])
            if self._ends[i] not in ready and not self._ends[i].poll():
                raise EOFError
            answer = self._ends[i].recv_bytes()
        except (EOFError, OSError):
            raise self._lost(i) from None
        if answer[:1] == b"v":
            values[:] = np.frombuffer(answer, np.float64, offset=8).reshape(values.shape)
            return
        error, text = pickle.loads(answer[1:])
        raise (error or IntegrandError("the integrand failed in a worker process")) from _Remote(text)

    def _lost(self, i: int) -> WorkerError:
        process = self._processes[i]
        process.join(5.0)
        code = process.exitcode
        how = f"with exit code {code}"
        if code is None:
            how = "its pipe, though not itself"
        elif code < 0:
            names = {s.value: f" ({s.name})" for s in signal.Signals}
            how = f"by signal {-code}{names.get(-code, '')}"
        hint = ""
        if code == 1 and process._start_method == "spawn":
            hint = (
                "; what it said is above. Scripts whose workers are spawned must run what they do under "
                "if __name__ == '__main__':"
            )
        return WorkerError(f"worker process {process.pid} ended {how}{hint}")

    def close(self) -> None:
        """Ends all workers."""
        for process in self._processes:
            process.terminate()
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.join(2.0)
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()
        self._ends, self._processes = [], []


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Ctrl-C waits: a worker that starts does not ignore it yet, but has inherited that it waits."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _method() -> str:
    threads = threading.active_count() > 1
    unsafe = any(name in sys.modules for name in _UNSAFE_AFTER_FORK)
    return "fork" if sys.platform == "linux" and not threads and not unsafe else "spawn"


def _pickled(function: Any) -> bytes:
    try:
        return pickle.dumps(function)
    except Exception as error:
        raise TypeError(
            f"the integrand cannot be sent to processes that are spawned ({error}); define it with def at "
            "the top level of a module, or pass start_method='fork'"
        ) from error


def _work(end: Connection, sent: Any, inherited: list[Connection]) -> None:
    """What a worker does: values for points, until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in inherited:
        other.close()
    function: Any = None
    while True:
        try:
            request = end.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            if function is None:
                function = pickle.loads(sent) if isinstance(sent, bytes) else sent
            x = np.frombuffer(request).reshape(-1, function.dim)
            # 8 bytes in front, so that the numbers are aligned.
            answer = b"v" + bytes(7) + np.ascontiguousarray(function(x)).tobytes()
        except BaseException as error:
            answer = b"e" + _packed(error)
        try:
            end.send_bytes(answer)
        except OSError:
            return


def _packed(error: BaseException) -> bytes:
    """An exception and its traceback; without the exception where it cannot be pickled."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        packed = pickle.dumps((error, text))
        pickle.loads(packed)
    except Exception:
        return pickle.dumps((None, text))
    return packed
