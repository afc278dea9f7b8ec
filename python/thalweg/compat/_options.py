"""The settings of vegas's Integrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SettingError

#: settings that change results
_USED: dict[str, Any] = {
    "neval": 1000,
    "nitn": 10,
    "alpha": 0.5,
    "beta": 0.75,
    "adapt": True,
    "rtol": 0.0,
    "atol": 0.0,
    "neval_frac": 0.75,
    "maxinc_axis": 1000,
    "max_neval_hcube": 50_000,
    "uniform_nstrat": False,
    "nstrat": None,
    "correlate_integrals": True,
    "analyzer": None,
    "seed": None,
    "min_neval_batch": 100_000,
}
#: settings of memory and processes, which have no effect here
_IGNORED: dict[str, Any] = {
    "minimize_mem": False,
    "max_mem": 1e9,
    "max_nhcube": 1e9,
    "gpu_pad": False,
    "sync_ran": True,
    "mpi": False,
    "nproc": 1,
}
#: settings that are there, but only as they are
_FIXED: dict[str, Any] = {
    "adapt_to_errors": False,
    "uses_jac": False,
    "ran_array_generator": None,
}
_WHOLE = ("neval", "nitn", "maxinc_axis", "max_neval_hcube", "min_neval_batch")


class Options:
    """Settings as attributes, with :meth:`set`."""

    #: settings and what they are unless they are set
    defaults: Mapping[str, Any] = {**_USED, **_IGNORED, **_FIXED}
    _settings: dict[str, Any]

    def __init__(self) -> None:
        self._settings = dict(self.defaults)

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute of its own.
        settings = self.__dict__.get("_settings", {})
        if name in settings:
            return settings[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.defaults:
            self.set({name: value})
        else:
            object.__setattr__(self, name, value)

    def set(self, ka: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
        """Changes settings; returns what they were, as ``set`` takes it.

        neval
            Calls of an iteration, about.
        nitn
            Iterations, at most.
        alpha
            How far the map moves after an iteration: 1 (or more) all the way to where the points say it
            should be, 0 not at all.
        beta
            How strongly points gather in hypercubes where the integrand varies, 0 to 1.
        adapt
            False: map and hypercubes stay as they are, and averages are not weighted.
        rtol, atol
            Iterations end where all errors are below ``atol + rtol * abs(mean)``.
        neval_frac
            Part of the calls that is free to go where the integrand varies.
        maxinc_axis, max_neval_hcube
            Most increments of an axis, and most calls of a hypercube.
        nstrat, uniform_nstrat
            Strata along each axis, or whether all axes have the same number.
        correlate_integrals
            False: covariances of different outputs are not computed.
        analyzer
            An object with methods ``begin(itn, integrator)`` and ``end(itn_result, result)``.
        min_neval_batch
            Points of a call of a batch integrand, at least, as far as there are so many.
        seed
            (at the beginning) an int, or a ``numpy.random.Generator`` that gives one.

        ``nproc``, ``mpi``, ``sync_ran``, ``gpu_pad``, ``minimize_mem``, ``max_mem`` and ``max_nhcube`` are
        accepted and change nothing.
        """
        given = {**(ka or {}), **settings}
        old = {}
        for name, value in given.items():
            if name not in self.defaults:
                known = ", ".join(self.defaults)
                raise AttributeError(f"there is no setting {name!r}; there are {known}")
            if name in _FIXED and value is not _FIXED[name]:
                raise NotImplementedError(f"{name}={value!r} is not covered by thalweg.compat.vegas")
            if name == "seed" and "_native" in self.__dict__ and value is not self.seed:
                raise SettingError("the seed is set where an integrator is made")
            if name in _WHOLE:
                value = int(value)
            if name in ("nitn", "min_neval_batch") and value < 1:
                raise SettingError(f"{name} is {value}; it must be at least 1")
            old[name] = self._settings[name]
            self._settings[name] = value
        return old


def pass_config(settings: Mapping[str, Any], dim: int) -> dict[str, Any]:
    """The settings of an iteration as the engine has them."""
    nstrat = settings["nstrat"]
    if nstrat is not None:
        nstrat = [int(n) for n in ([nstrat] * dim if not hasattr(nstrat, "__len__") else nstrat)]
    return {
        "calls": settings["neval"],
        "adapt": bool(settings["adapt"]),
        "alpha": min(max(float(settings["alpha"]), 0.0), 1.0),
        "beta": float(settings["beta"]),
        "base": 1.0 - float(settings["neval_frac"]) if settings["beta"] > 0 else 1.0,
        "max_bins": settings["maxinc_axis"],
        "cells": nstrat,
        "even": bool(settings["uniform_nstrat"]),
        "max_per_cell": settings["max_neval_hcube"],
        "covariance": bool(settings["correlate_integrals"]),
    }
