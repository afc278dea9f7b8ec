"""Monte Carlo integration and importance sampling with normalizing flows and VEGAS.

>>> import numpy as np, thalweg
>>> def f(x):                        # x: (n, 2) -> (n,)
...     return np.exp(-(x**2).sum(axis=1))
>>> r = thalweg.integrate(f, [(-np.inf, np.inf)] * 2, rel_error=1e-3, seed=1)
>>> bool(abs(r.pull(np.pi)) < 5)
True

:func:`integrate` gives a :class:`Result`, whose ``sampler`` draws weighted or unweighted points;
:func:`train` makes a :class:`Sampler` without an estimate, and :class:`Integrator` keeps settings
and sampler for several calls. :func:`integrate_log` takes ln f and gives a :class:`LogResult`.
:func:`compare` runs several methods, and :mod:`thalweg.plot` draws
results (it needs Matplotlib).
"""

from ._c_function import NativeFunction, native
from ._compare import Table, compare
from ._dlpack import DlpackFunction, dlpack
from ._estimate import Estimate, Iteration
from ._function import scalar
from ._histogram import Histogram
from ._integrate import Integrator, integrate, integrate_log, train
from ._log_result import LogResult
from ._maps import Flow, Map, VegasGrid
from ._native import __version__
from ._partial import Partial
from ._progress import Progress
from ._result import Result
from ._sampler import Efficiencies, Fit, Sampler, Unweighted
from ._settings import default_settings
from ._trainer import Trainer
from .errors import (
    CheckpointError,
    Error,
    IntegrandError,
    Interrupted,
    ModelError,
    NativeError,
    NonFiniteError,
    NoSignalError,
    PartialError,
    SettingError,
    ShapeError,
    WorkerError,
)

__all__ = [
    "CheckpointError",
    "DlpackFunction",
    "Efficiencies",
    "Error",
    "Estimate",
    "Fit",
    "Flow",
    "Histogram",
    "IntegrandError",
    "Integrator",
    "Interrupted",
    "Iteration",
    "LogResult",
    "Map",
    "ModelError",
    "NativeError",
    "NativeFunction",
    "NoSignalError",
    "NonFiniteError",
    "Partial",
    "PartialError",
    "Progress",
    "Result",
    "Sampler",
    "SettingError",
    "ShapeError",
    "Table",
    "Trainer",
    "Unweighted",
    "VegasGrid",
    "WorkerError",
    "__version__",
    "compare",
    "default_settings",
    "dlpack",
    "integrate",
    "integrate_log",
    "native",
    "scalar",
    "train",
]
