"""Parts of a result: numbers with errors, steps, histograms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._native import normal_score, parenthesis


class Estimate(NamedTuple):
    """One number with its error."""

    #: estimated value
    value: float
    #: its one-sigma error
    error: float
    #: degrees of freedom of the error; None for so many that it is taken as known
    dof: float | None = None

    def pull(self, exact: float) -> float:
        """(value - exact) / error as a standard normal number, few degrees of freedom included."""
        return normal_score(self.value, self.error, self.dof, float(exact))

    def to_gvar(self) -> Any:
        """The same as a ``gvar.GVar``; needs the package gvar."""
        import gvar

        return gvar.gvar(self.value, self.error)

    def __str__(self) -> str:
        return parenthesis(self.value, self.error)


class Iteration(NamedTuple):
    """One step of a run."""

    #: "explore", "adapt", "train" or "estimate"
    phase: str
    #: calls of this step
    calls: int
    #: mean of the weights; a preview unless the phase is "estimate"
    value: float
    #: its one-sigma error
    error: float
    #: spread of the weights, sigma/|mean|
    rel_std: float
    #: exponent of |f| trained on, for training steps
    beta: float | None


def read_only(values: Any) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
