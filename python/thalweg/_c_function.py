"""C functions as integrands: :func:`native`."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np

from . import _native
from ._settings import whole
from .errors import SettingError, ShapeError

_DOUBLES = ctypes.POINTER(ctypes.c_double)
_SIZE = ctypes.sizeof(ctypes.c_size_t)

#: kinds of the arguments: "size" and "int" are integers of that width, "doubles" and "data" pointers
_BATCH = ("size", "size", "doubles", "size", "doubles", "data")
_SCALAR = ("int", "doubles")
_SCALAR_WITH = ("int", "doubles", "data")

_C = {
    "batch": (
        "int f(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)"
    ),
    "scalar": "double f(int dim, const double *x) or double f(int dim, const double *x, void *user_data)",
}


class NativeFunction:
    """A C function that is called without the GIL on all threads: what :func:`native` makes.

    It may be called from Python, too: x ``(n, d)`` -> ``(n,)``, or ``(n, outputs)`` for several.
    """

    def __init__(self, pointer: _native.Pointer, function: Any, dim: int, outputs: int) -> None:
        self._pointer = pointer
        #: the object that the address came from, kept alive
        self.function = function
        #: number of coordinates of a point
        self.dim = dim
        #: number of values of a point
        self.outputs = outputs

    def __call__(self, x: Any) -> np.ndarray:
        x = np.ascontiguousarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ShapeError(f"x has the shape {x.shape}; it must be (n, {self.dim})")
        values = self._pointer.values(x)
        return values[:, 0] if self.outputs == 1 else values

    def __reduce__(self) -> Any:
        raise TypeError("a C function is an address of this process and cannot be pickled")

    def __repr__(self) -> str:
        return f"<NativeFunction of {self.dim} coordinates, {self.outputs} outputs: {self.function!r}>"


def native(
    f: Any, dim: int, outputs: int = 1, signature: str = "batch", user_data: Any = None
) -> NativeFunction:
    """Makes an integrand of a C function, called without the GIL on all threads at once.

    Parameters
    ----------
    f
        A Numba ``@cfunc``, a ctypes or cffi function pointer, a ``scipy.LowLevelCallable``, a capsule
        of an address, or the address as an int. The object is kept alive.
    dim
        Number of coordinates of a point.
    outputs
        Number of values of a point.
    signature
        "batch" (0 is success, any other number ends the run with a :class:`NativeError`)::

            int f(size_t n, size_t dim, const double *x, size_t outputs, double *values,
                  void *user_data)

        with x ``[n * dim]`` and values ``[n * outputs]``, row by row; or "scalar", that of
        ``scipy.integrate.nquad``::

            double f(int dim, const double *x)
            double f(int dim, const double *x, void *user_data)
    user_data
        An address as an int, a NumPy array, or a ctypes or cffi object, handed to ``f`` as it is and
        kept alive. With signature "scalar" the second form is called where there is one, or where
        the type of ``f`` says so.

    The types are checked where the object tells them; a wrong signature that it does not tell is
    undefined behaviour, as in C. Functions that may not run on several threads need ``threads=1``.
    """
    dim, outputs = whole("dim", dim), whole("outputs", outputs)
    if signature not in _C:
        raise SettingError(f"signature is {signature!r}; it must be 'batch' or 'scalar'")
    if signature == "scalar" and outputs != 1:
        raise SettingError(f"a scalar C function has one output, not {outputs}")
    source, user_data = _low_level(f, user_data)
    address, found = _address(source)
    form = _form(signature, found, user_data)
    data = _data(user_data)
    pointer = _native.Pointer((address, data), (dim, outputs), form, (f, source, user_data))
    return NativeFunction(pointer, f, dim, outputs)


def _low_level(f: Any, user_data: Any) -> tuple[Any, Any]:
    """What a ``scipy.LowLevelCallable`` is made of."""
    if not (isinstance(f, tuple) and type(f).__name__ == "LowLevelCallable"):
        return f, user_data
    if user_data is None:
        user_data = f.user_data  # type: ignore[attr-defined]
    return f.function, user_data  # type: ignore[attr-defined]


#: kinds of the arguments and of the value, or None where nothing is told
_Types = tuple[tuple[str, ...], str] | None


def _address(f: Any) -> tuple[int, _Types]:
    if isinstance(f, bool):
        raise TypeError("a bool is no C function")
    if isinstance(f, int):
        if not 0 < f < 2 ** (8 * _SIZE):
            raise SettingError(f"{f} is no address of a function")
        return f, None
    if isinstance(f, ctypes._CFuncPtr):  # type: ignore[attr-defined]
        return ctypes.cast(f, ctypes.c_void_p).value or 0, _ctypes_types(f)
    name = type(f).__name__
    if name == "PyCapsule":
        return _capsule(f)
    if type(f).__module__ == "_cffi_backend":
        return _cffi(f)
    # Numba's functions have both, and so may others.
    found = getattr(f, "ctypes", None)
    if isinstance(found, ctypes._CFuncPtr) and isinstance(getattr(f, "address", None), int):  # type: ignore[attr-defined]
        return f.address, _ctypes_types(found)
    hint = ""
    if name in ("CPUDispatcher", "function"):
        hint = "; Python and @njit functions have no address, numba.cfunc gives them one"
    elif name == "builtin_function_or_method":
        hint = "; of a function of a cffi library take ffi.addressof(lib, name)"
    raise TypeError(
        f"{name} is no C function: it must be a Numba cfunc, a pointer of ctypes or cffi, a "
        f"scipy.LowLevelCallable, a capsule or an address{hint}"
    )


def _capsule(f: Any) -> tuple[int, _Types]:
    api = ctypes.pythonapi
    name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", api))(f)
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    address = get(("PyCapsule_GetPointer", api))(f, name)
    text = (name or b"").decode("ascii", "replace")
    if "(" not in text:
        return address, None
    value, _, arguments = text.rstrip(") ").partition("(")
    return address, (tuple(map(_c_kind, arguments.split(","))), _c_kind(value))


def _cffi(f: Any) -> tuple[int, _Types]:
    ffi = sys.modules["_cffi_backend"].FFI()
    kind = ffi.typeof(f)
    if kind.kind not in ("function", "pointer"):
        raise TypeError(f"{kind.cname} of cffi is no C function")
    address = int(ffi.cast("uintptr_t", f))
    if kind.kind == "pointer":
        if kind.item.kind != "void":
            raise TypeError(f"{kind.cname} of cffi is no C function")
        return address, None
    arguments = tuple(_c_kind(a.cname) for a in kind.args)
    return address, (arguments, _c_kind(kind.result.cname))


def _c_kind(text: str) -> str:
    """The kind of a type that is written as in C."""
    words = text.replace("*", " * ").replace("const", " ").split()
    if words == ["double"]:
        return "double"
    if words[-1:] == ["*"]:
        return {"double": "doubles", "void": "data"}.get(words[0], "data")
    size = {"int": 4, "int32_t": 4, "unsigned int": 4, "uint32_t": 4}
    size.update(dict.fromkeys(["size_t", "ssize_t", "intptr_t", "uintptr_t"], _SIZE))
    size.update(dict.fromkeys(["int64_t", "uint64_t", "long long", "unsigned long long"], 8))
    size.update(dict.fromkeys(["long", "unsigned long"], ctypes.sizeof(ctypes.c_long)))
    return _whole_kind(size.get(" ".join(words), 0), text.strip())


def _whole_kind(size: int, text: str) -> str:
    if size == _SIZE:
        return "size"
    return "int" if size == ctypes.sizeof(ctypes.c_int) else text


def _ctypes_types(f: Any) -> _Types:
    # Without declared arguments the value is no statement either: it is int by default.
    if f.argtypes is None:
        return None
    return tuple(map(_ctypes_kind, f.argtypes)), _ctypes_kind(f.restype)


def _ctypes_kind(kind: Any) -> str:
    if kind is ctypes.c_double:
        return "double"
    if kind is _DOUBLES:
        return "doubles"
    if kind in (ctypes.c_void_p, ctypes.c_char_p):
        return "data"
    if isinstance(kind, type) and issubclass(kind, ctypes._Pointer):
        return "data" if kind._type_ is not ctypes.c_float else "float *"
    code = getattr(kind, "_type_", None)
    if isinstance(kind, type) and isinstance(code, str) and code in "iIlLqQ":
        return _whole_kind(ctypes.sizeof(kind), kind.__name__)
    return getattr(kind, "__name__", str(kind))


def _form(signature: str, found: _Types, user_data: Any) -> str:
    """Which of the signatures it is, or an exception where the types are others."""
    allowed: list[tuple[str, ...]]
    if signature == "batch":
        allowed, value, form = [_BATCH], "int", "batch"
    else:
        allowed, value = [_SCALAR_WITH] if user_data is not None else [_SCALAR, _SCALAR_WITH], "double"
        form = "scalar" if user_data is None else "scalar with data"
    if found is None:
        return form
    arguments, result = found
    for wanted in allowed:
        if result == value and len(arguments) == len(wanted) and all(map(_fits, arguments, wanted)):
            return "scalar with data" if wanted == _SCALAR_WITH else form
    told = f"{result} ({', '.join(arguments)})"
    more = " with user_data" if signature == "scalar" and user_data is not None else ""
    raise TypeError(f"the function's type is {told}; signature {signature!r}{more} is {_C[signature]}")


def _fits(found: str, wanted: str) -> bool:
    if wanted == "data":
        return found in ("data", "doubles")
    # Pointers may be declared as void *.
    return found == wanted or (wanted == "doubles" and found == "data")


def _data(user_data: Any) -> int:
    """The address of what is handed to the function."""
    if user_data is None:
        return 0
    if isinstance(user_data, int) and not isinstance(user_data, bool):
        if not 0 <= user_data < 2 ** (8 * _SIZE):
            raise SettingError(f"user_data is {user_data}; that is no address")
        return user_data
    if isinstance(user_data, np.ndarray):
        if not user_data.flags.c_contiguous or user_data.dtype.hasobject:
            raise SettingError("user_data must be a contiguous array of numbers")
        return user_data.ctypes.data
    if isinstance(user_data, (ctypes.c_void_p, ctypes._Pointer)):
        return ctypes.cast(user_data, ctypes.c_void_p).value or 0
    if isinstance(user_data, (ctypes.Array, ctypes.Structure, ctypes.Union, ctypes._SimpleCData)):
        return ctypes.addressof(user_data)
    if type(user_data).__name__ == "PyCapsule":
        return _capsule(user_data)[0]
    if type(user_data).__module__ == "_cffi_backend":
        return int(sys.modules["_cffi_backend"].FFI().cast("uintptr_t", user_data))
    raise TypeError(
        "user_data must be an address, a NumPy array or an object of ctypes or cffi, not "
        f"{type(user_data).__name__}"
    )
