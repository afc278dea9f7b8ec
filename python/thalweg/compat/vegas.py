"""vegas's interface on thalweg's engine: ``import thalweg.compat.vegas as vegas``.

>>> import math
>>> import thalweg.compat.vegas as vegas
>>> def f(x):
...     return math.exp(-10.0 * ((x[0] - 0.5) ** 2 + (x[1] - 0.5) ** 2))
>>> integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
>>> training = integ(f, nitn=5, neval=1000)
>>> result = integ(f, nitn=10, neval=1000)
>>> abs(result.mean - 0.29864) < 5 * result.sdev
True

What is covered, what is not, and where numbers differ: ``docs/python/vegas.md``. The interface is that
of G. P. Lepage's package vegas; the code is thalweg's own.
"""

from __future__ import annotations

from typing import Any

from ._integrator import Integrator, reporter
from ._map import AdaptiveMap
from ._number import Number, evalcov, mean, sdev
from ._result import RAvg, RAvgArray, RAvgDict, ravg
from ._space import LBatchIntegrand, RBatchIntegrand, lbatchintegrand, rbatchintegrand

batchintegrand = lbatchintegrand
vecintegrand = lbatchintegrand
BatchIntegrand = LBatchIntegrand
VecIntegrand = LBatchIntegrand

__all__ = [
    "AdaptiveMap",
    "BatchIntegrand",
    "Integrator",
    "LBatchIntegrand",
    "Number",
    "RAvg",
    "RAvgArray",
    "RAvgDict",
    "RBatchIntegrand",
    "VecIntegrand",
    "batchintegrand",
    "evalcov",
    "lbatchintegrand",
    "mean",
    "ravg",
    "rbatchintegrand",
    "reporter",
    "sdev",
    "vecintegrand",
]

_MISSING = {
    "MPIintegrand": "runs in one process",
    "PDFAnalyzer": "has no distributions of gvar",
    "PDFEV": "has no distributions of gvar",
    "PDFEVArray": "has no distributions of gvar",
    "PDFEVDict": "has no distributions of gvar",
    "PDFIntegrator": "has no distributions of gvar",
    "restratify": "divides axes evenly, or as nstrat says",
}


def __getattr__(name: str) -> Any:
    if name in _MISSING:
        raise AttributeError(f"{name} is not covered: thalweg.compat.vegas {_MISSING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
