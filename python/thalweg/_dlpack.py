"""Functions of other array libraries, reached through DLPack: :func:`dlpack`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .errors import ShapeError

#: devices of DLPack whose memory this process can read: kDLCPU and kDLCUDAHost
_READABLE = (1, 3)


class _Writable:
    """The memory of an array, without its being read-only, which many consumers do not know."""

    def __init__(self, x: np.ndarray) -> None:
        self.owner = x
        self.__array_interface__ = {
            **x.__array_interface__,
            "data": (x.__array_interface__["data"][0], False),
        }


class DlpackFunction:
    """A function of arrays of another library: what :func:`dlpack` makes."""

    def __init__(self, function: Callable[..., Any], module: str, copy: bool) -> None:
        self.function = function
        self.module = module
        self.copy = copy
        functools.update_wrapper(self, function)

    def __call__(self, x: Any, *args: Any) -> Any:
        """x ``(n, d)`` as a NumPy array -> values as NumPy arrays."""
        x = np.asarray(x)
        x = np.array(x, order="C") if self.copy else np.asarray(_Writable(x))
        from_dlpack = importlib.import_module(self.module).from_dlpack
        values = self.function(from_dlpack(x), *args)
        if isinstance(values, Mapping):
            return {name: _to_numpy(value, repr(name)) for name, value in values.items()}
        return _to_numpy(values, "the integrand")

    def __repr__(self) -> str:
        return f"<DlpackFunction with {self.module}: {self.function!r}>"


def dlpack(f: Callable[..., Any], module: Any, *, copy: bool | None = None) -> DlpackFunction:
    """Makes an integrand of a function of PyTorch, JAX or another library with DLPack.

    Parameters
    ----------
    f
        Function of an array ``(n, d)`` of float64 in memory of the CPU, whose values are an array
        ``(n,)`` or ``(n, ...)``, or a dict of such. They come back through ``__dlpack__`` without a copy;
        gradients are dropped, other types of floats are converted, and of other devices they are
        fetched.
    module
        "torch", "jax", or any module, or its name, that has ``from_dlpack``.
    copy
        Whether ``f`` gets a copy of the points. None: unless the library is JAX, whose arrays cannot be
        written to. With False nothing is copied, and ``f`` must not write to its points
        (``x -= 0.5``): they are the library's.

    >>> import thalweg
    >>> r = thalweg.integrate(thalweg.dlpack(lambda x: x[:, 0], "numpy"), 2, rel_error=1e-3)
    >>> bool(abs(r.pull(0.5)) < 5)
    True
    """
    if not callable(f):
        raise TypeError(f"the integrand must be callable, not {type(f).__name__}")
    name = module if isinstance(module, str) else getattr(module, "__name__", "")
    if name.partition(".")[0] == "jax":
        name = "jax.dlpack"
        copy = bool(copy)
    try:
        found = importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"the module {name!r} cannot be imported: {error}") from error
    except ValueError:
        raise TypeError("module must be a module or its name") from None
    if not hasattr(found, "from_dlpack"):
        raise TypeError(f"the module {name!r} has no from_dlpack")
    return DlpackFunction(f, name, copy is None or bool(copy))


def _to_numpy(values: Any, what: str) -> Any:
    """An array of NumPy in memory of the CPU."""
    if not hasattr(values, "__dlpack__") or isinstance(values, (np.ndarray, np.generic)):
        return values
    if getattr(values, "requires_grad", False):
        values = values.detach()
    # PyTorch keeps some views as a note only.
    for lazy in ("resolve_conj", "resolve_neg"):
        values = getattr(values, lazy, lambda v=values: v)()
    if str(getattr(values, "dtype", "")).endswith("bfloat16"):
        values = values.float() if hasattr(values, "float") else values.astype("float32")
    try:
        if values.__dlpack_device__()[0] not in _READABLE:
            values = _fetched(values)
        return np.from_dlpack(values)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        where = getattr(values, "device", "unknown")
        raise ShapeError(
            f"{what} returned a {type(values).__name__} of {getattr(values, 'dtype', '?')} on the device "
            f"{where}, which NumPy cannot read through DLPack: {error}"
        ) from error


def _fetched(values: Any) -> Any:
    """The same in memory of the CPU."""
    if hasattr(values, "cpu"):
        return values.cpu()
    if hasattr(values, "__array__"):
        return np.asarray(values)
    raise BufferError("it is not in memory of the CPU; move it there")
