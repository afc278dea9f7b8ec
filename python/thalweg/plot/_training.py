"""How a flow or a grid got better."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._result import Result
from .._sampler import Sampler
from ..errors import SettingError
from ._sheet import BLUE, GREEN, ORANGE, figure_of, log_ticks, plain, sheet


def training(source: Any, *, ax: Any = None) -> Any:
    """The spread of the weights, sigma/|mean|, at the fresh points of each step of adapting or training.

    The points of a step are drawn before anything is learnt from them, so nothing is seen of
    overfitting that is not there. The number of calls for a given error goes with the square of the
    spread. Where the target was tempered, the exponent beta of |f| is written beside the point.

    ``source`` is a :class:`Result`, or a :class:`Sampler` that :func:`thalweg.train` has just made.
    """
    result = source.training if isinstance(source, Sampler) else source
    if result is None:
        raise SettingError("the sampler does not know how it was trained; it came from a file or a run")
    if not isinstance(result, Result):
        raise TypeError(f"training draws a thalweg.Result or a Sampler, not {type(source).__name__}")
    rows, calls = [], 0
    for step in result.iterations:
        calls += step.calls
        rows.append((step.phase, calls, step.rel_std, step.beta))
    if not any(phase in ("adapt", "train") for phase, *_ in rows):
        raise SettingError("nothing was adapted or trained in this run")
    ax = sheet(ax, 1, 1, (6.4, 4.0))[0, 0]
    for phase, marker, colour, label in (
        ("explore", "s", GREEN, "uniform points"),
        ("adapt", "o", BLUE, "adapting the grid"),
        ("train", "D", ORANGE, "training the flow"),
    ):
        steps = [(c, s) for p, c, s, _ in rows if p == phase and np.isfinite(s) and s > 0.0]
        if phase == "explore":
            steps = steps[:1]
        if steps:
            ax.plot(*zip(*steps), f"-{marker}", color=colour, markersize=5, linewidth=1.2, label=label)
    for phase, at, spread, beta in rows:
        if phase == "train" and beta is not None and beta < 1.0 and spread > 0.0:
            ax.annotate(
                rf"$\beta$ = {beta:.2g}", (at, spread),
                xytext=(4, 6), textcoords="offset points", fontsize="small",
            )  # fmt: skip
    plain(ax)
    if result.rel_std > 0.0 and result.calls_by_phase["estimate"]:
        ax.axhline(
            result.rel_std, color="black", linewidth=1, linestyle="--",
            label=f"frozen: {result.rel_std:.3g}",
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="calls of f")
    ax.set_ylabel("spread of the weights, sigma/|mean|")
    log_ticks(ax.xaxis)
    log_ticks(ax.yaxis)
    ax.legend(fontsize="small", frameon=False)
    return figure_of(ax)
