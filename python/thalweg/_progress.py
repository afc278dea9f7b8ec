"""What is seen of a run while it goes on: a bar in terminals and notebooks, or a callback."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._native import parenthesis


@dataclass(frozen=True)
class Progress:
    """A run at some moment."""

    #: "explore", "adapt", "train" or "estimate"
    phase: str
    #: calls of the integrand so far
    calls: int
    #: the budget
    max_calls: int
    #: the integral by the last step; a preview unless the phase is "estimate"
    value: float
    #: its one-sigma error
    error: float
    #: spread of the weights, sigma/|mean|
    rel_std: float
    #: exponent of \\|f\\| that is trained on, for steps of training
    beta: float | None
    #: calls of the last step
    step_calls: int
    #: seconds so far
    seconds: float
    #: seconds to go, about, or None where nothing can be said
    seconds_left: float | None

    @property
    def rel_error(self) -> float:
        """error / \\|value\\|."""
        return self.error / abs(self.value) if self.value else float("inf")


Watcher = Callable[[Progress], Any]


def in_notebook() -> bool:
    """Whether output goes to a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    # Colab and others have classes of their own, made from Jupyter's.
    return any(base.__name__ == "ZMQInteractiveShell" for base in type(shell).__mro__)


class Watch:
    """Joins the user's callback, the bar and the clock."""

    def __init__(
        self,
        callback: Watcher | None,
        progress: bool | Watcher | None,
        stop: dict[str, Any],
    ) -> None:
        for name, value in (("callback", callback), ("progress", progress)):
            if value is not None and not isinstance(value, bool) and not callable(value):
                raise TypeError(f"{name} must be callable, not {type(value).__name__}")
        self.callback = callback
        self.stop = stop
        self.start = time.perf_counter()
        self.last: dict[str, Any] | None = None
        self.calls = 0
        self.bar: Bar | None = None
        self.show: Watcher | None = None
        if progress is True or (progress is None and (in_notebook() or _is_terminal())):
            # A run without an explicit wish shows itself only once it has taken a while.
            self.bar = Bar(patience=0.0 if progress else 1.0)
            self.show = self.bar.show
        elif callable(progress) and not isinstance(progress, bool):
            self.show = progress

    @property
    def wanted(self) -> bool:
        """Whether anybody looks."""
        return self.callback is not None or self.show is not None

    def step(self, seen: dict[str, Any]) -> bool:
        """Called after each step; true stops the run."""
        self.last = seen
        self.calls = max(self.calls, seen["calls"])
        now = self._progress(seen)
        if self.show is not None:
            self.show(now)
        if self.callback is None:
            return False
        try:
            return self.callback(now) is True
        except StopIteration:
            return True

    def tick(self, calls: int) -> None:
        """Called some times a second with the calls so far."""
        self.calls = max(self.calls, calls)
        if self.show is not None and self.last is not None:
            self.show(self._progress(self.last))

    def close(self) -> None:
        """Removes the bar."""
        if self.bar is not None:
            self.bar.close()

    def _progress(self, seen: dict[str, Any]) -> Progress:
        seconds = time.perf_counter() - self.start
        left = self._seconds_left(seen, seconds)
        values = {**seen, "calls": self.calls, "seconds": seconds, "seconds_left": left}
        return Progress(**values)

    def _seconds_left(self, seen: dict[str, Any], seconds: float) -> float | None:
        """The first of the limits, at the rate so far; errors fall like the root of the calls."""
        if self.calls == 0:
            return None
        ends = [seen["max_calls"] - self.calls]
        aims = [self.stop["abs_error"] or 0.0, (self.stop["rel_error"] or 0.0) * abs(seen["value"])]
        aim = max(aims)
        if aim > 0.0 and seen["phase"] == "estimate" and seen["step_calls"]:
            ratio = (seen["error"] / aim) ** 2
            ends.append(int(seen["step_calls"] * max(ratio - 1.0, 0.0)) if ratio < 1e12 else ends[0])
        elif aim > 0.0:
            ends.append(int(min((seen["rel_std"] * abs(seen["value"]) / aim) ** 2, ends[0])))
        left = max(min(ends), 0) * seconds / self.calls
        limit = self.stop["max_seconds"]
        return left if limit is None else min(left, max(limit - seconds, 0.0))


def _is_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


class Bar:
    """One line that is written over, in a terminal or a notebook."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.width = 0
        self.last = 0.0
        self.handle: Any = None
        self.notebook = in_notebook()

    def show(self, now: Progress) -> None:
        """Draws, at most ten times a second."""
        if now.seconds < self.patience or now.seconds - self.last < 0.1:
            return
        self.last = now.seconds
        text = line(now)
        if self.notebook:
            self._display(text)
            return
        padding = " " * max(self.width - len(text), 0)
        self.width = len(text)
        self._write(f"\r{text}{padding}")

    def close(self) -> None:
        """Leaves nothing behind."""
        if self.notebook and self.handle is not None:
            self._display("")
        elif self.width:
            self._write("\r" + " " * self.width + "\r")
        self.width = 0

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            pass

    def _display(self, text: str) -> None:
        display = sys.modules.get("IPython.display", None)
        if display is None:
            return
        # As text, too, for consoles on a kernel. An output cannot be taken away, but made empty.
        framed = f"<pre style='margin: 0'>{html.escape(text)}</pre>" if text else ""
        shown = {"text/plain": text, "text/html": framed}
        if self.handle is None:
            self.handle = display.display(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)


def line(now: Progress) -> str:
    """A run in one line."""
    share = min(now.calls / now.max_calls, 1.0) if now.max_calls else 0.0
    value = parenthesis(now.value, now.error)
    parts = [f"{now.phase:<8}", f"{count(now.calls)} calls ({100.0 * share:.0f} %)", value]
    if now.value:
        parts.append(f"rel. error {now.rel_error:.1e}")
    parts.append(f"{now.seconds:.0f} s")
    if now.seconds_left is not None:
        parts.append(f"{now.seconds_left:.0f} s left")
    return "  ".join(parts)


def count(n: int) -> str:
    """A number of calls in a few characters."""
    for unit, name in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if n >= unit:
            return f"{n / unit:.3g} {name}"
    return str(n)
