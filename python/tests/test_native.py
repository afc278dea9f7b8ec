"""C functions as integrands: Numba, ctypes, cffi, capsules; bits, threads, errors, lifetimes."""

import ctypes
import gc
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

import thalweg

C_SOURCE = r"""
#include <math.h>
#include <stddef.h>
#include <stdatomic.h>

int gauss(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)
{
    const double width = user_data ? *(const double *)user_data : 10.0;
    for (size_t i = 0; i < n; i++) {
        double s = 0.0;
        for (size_t j = 0; j < dim; j++) {
            const double t = x[i * dim + j] - 0.5;
            s += t * t;
        }
        for (size_t k = 0; k < outputs; k++)
            values[i * outputs + k] = (double)(k + 1) * exp(-width * s);
    }
    return 0;
}

int fails(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)
{
    for (size_t i = 0; i < n; i++) {
        const int code = user_data ? *(const int *)user_data : 0;
        if (code != 0 && x[i * dim] > 0.9) return code;
        values[i] = 1.0;
    }
    return user_data ? 0 : -7;
}

double product(int n, double *x)
{
    double p = 1.0;
    for (int i = 0; i < n; i++) p *= x[i];
    return p;
}

double scaled(int n, double *x, void *user_data)
{
    return *(double *)user_data * product(n, x);
}

double nan_there(int n, const double *x) { return n > 0 && x[0] > 0.5 ? NAN : 1.0; }

int slow(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)
{
    (void)outputs; (void)user_data;
    for (size_t i = 0; i < n; i++) {
        double s = x[i * dim];
        for (int k = 0; k < 20000; k++) s = sin(s) + 1.0;
        values[i] = s;
    }
    return 0;
}

/* how many calls run at once, at most */
static atomic_int inside, most;
int counted(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)
{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    int seen = atomic_load(&most);
    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) {}
    const int code = slow(n, dim, x, outputs, values, user_data);
    atomic_fetch_sub(&inside, 1);
    return code;
}
int most_at_once(void) { return atomic_load(&most); }
"""

SIZE, DOUBLES, DATA = ctypes.c_size_t, ctypes.POINTER(ctypes.c_double), ctypes.c_void_p
BATCH = ctypes.CFUNCTYPE(ctypes.c_int, SIZE, SIZE, DOUBLES, SIZE, DOUBLES, DATA)
SCALAR = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, DOUBLES)
SCALAR_WITH = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, DOUBLES, DATA)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("c")
    (folder / "f.c").write_text(C_SOURCE)
    command = [compiler, "-O2", "-shared", "-fPIC", "f.c", "-o", "f.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "f.so"


@pytest.fixture(scope="module")
def library(path):
    return ctypes.CDLL(str(path))


def gauss(x):
    return np.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))


def agree(a, b):
    """To rounding: what is drawn is the same, and each value differs in its last bits."""
    np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
    np.testing.assert_allclose(a.error, b.error, rtol=1e-6)
    assert a.calls == b.calls


@pytest.mark.parametrize("method", ["plain", "vegas", "flow"])
def test_a_batch_function_on_any_number_of_threads_as_numpy(library, method):
    f = thalweg.native(library.gauss, 3)
    how = dict(method=method, max_calls=30_000, rel_error=None, seed=3)
    runs = [thalweg.integrate(f, 3, threads=t, **how) for t in (1, 2, 5)]
    assert runs[0].same_as(runs[1]) and runs[0].same_as(runs[2])
    numpy = thalweg.integrate(gauss, 3, **how)
    if method == "flow":
        # Training carries the last bits on.
        assert abs(runs[0].value - numpy.value) < 1e-3 * numpy.error + 1e-6 * numpy.value
    else:
        agree(runs[0], numpy)


def test_several_outputs_and_calls_from_python(library):
    f = thalweg.native(library.gauss, 2, outputs=3)
    x = np.random.default_rng(1).random((7, 2))
    np.testing.assert_allclose(f(x), gauss(x)[:, None] * [1, 2, 3], rtol=1e-14)
    np.testing.assert_allclose(f(x[:, ::-1]), f(np.ascontiguousarray(x[:, ::-1])), rtol=0)
    assert f(np.empty((0, 2))).shape == (0, 3)
    r = thalweg.integrate(f, 2, max_calls=5000, method="plain", covariance=True)
    np.testing.assert_allclose(r.value, r.value[0] * np.arange(1, 4), rtol=1e-12)
    assert thalweg.native(library.gauss, 2)(x).shape == (7,)


def test_scalar_functions(library):
    x = np.random.default_rng(1).random((9, 3))
    f = thalweg.native(library.product, 3, signature="scalar")
    np.testing.assert_allclose(f(x), x.prod(axis=1), rtol=1e-15)
    r = thalweg.integrate(f, 3, max_calls=20_000, method="vegas")
    assert abs(r.pull(0.125)) < 5
    two = thalweg.native(library.scaled, 3, signature="scalar", user_data=np.array([2.0]))
    np.testing.assert_allclose(two(x), 2 * x.prod(axis=1), rtol=1e-15)


@pytest.mark.parametrize(
    "data",
    [
        np.array([3.0]),
        ctypes.c_double(3.0),
        (ctypes.c_double * 1)(3.0),
        ctypes.pointer(ctypes.c_double(3.0)),
    ],
)
def test_user_data_of_any_kind_is_kept_alive(library, data):
    x = np.random.default_rng(2).random((5, 2))
    f = thalweg.native(library.gauss, 2, user_data=data)
    del data
    gc.collect()
    np.testing.assert_allclose(f(x), gauss(x) ** 0.3, rtol=1e-14)


def test_user_data_as_an_address(library):
    number = np.array([3.0])
    f = thalweg.native(library.gauss, 1, user_data=number.ctypes.data)
    np.testing.assert_allclose(f([[0.0]]), np.exp(-0.75), rtol=1e-14)
    address = ctypes.cast(library.gauss, DATA).value
    np.testing.assert_array_equal(thalweg.native(address, 1, user_data=number)([[0.0]]), f([[0.0]]))


@pytest.mark.parametrize("threads", [1, 4])
def test_another_number_than_0_is_an_error(library, threads):
    code = np.array([42], dtype=np.int32)
    f = thalweg.native(library.fails, 2, user_data=code)
    with pytest.raises(thalweg.NativeError, match="returned 42") as caught:
        thalweg.integrate(f, 2, method="plain", threads=threads)
    assert caught.value.code == 42 and isinstance(caught.value, thalweg.IntegrandError)
    with pytest.raises(thalweg.NativeError) as caught:
        thalweg.native(library.fails, 2)(np.zeros((1, 2)))
    assert caught.value.code == -7
    # What failed once is asked afresh.
    code[0] = 0
    assert thalweg.integrate(f, 2, method="plain", max_calls=5000).value == 1.0


def test_nan_is_found(library):
    f = thalweg.native(library.nan_there, 2, signature="scalar")
    with pytest.raises(thalweg.NonFiniteError, match="nan|NaN"):
        thalweg.integrate(f, 2, method="plain")


def test_events_call_it_as_well(library):
    f = thalweg.native(library.gauss, 2)
    s = thalweg.train(f, 2, max_calls=5000, method="vegas")
    x, w = s.weighted(f, 1000, seed=1)
    x2, w2 = s.weighted(gauss, 1000, seed=1)
    np.testing.assert_array_equal(x, x2)
    np.testing.assert_allclose(w, w2, rtol=1e-13)
    a, b = s.unweighted(f, 200, seed=1), s.unweighted(gauss, 200, seed=1)
    np.testing.assert_array_equal(a.x, b.x)
    with pytest.raises(thalweg.NativeError):
        s.weighted(thalweg.native(library.fails, 2), 10, seed=1)


def test_calls_are_made_at_once(library):
    f = thalweg.native(library.counted, 1)
    thalweg.integrate(f, 1, max_calls=3000, method="plain", threads=4)
    assert library.most_at_once() > 1


def test_the_gil_is_free_meanwhile(library):
    """Another thread of Python goes on while C functions are called."""
    f = thalweg.native(library.slow, 1)
    done, steps = threading.Event(), []

    def count():
        while not done.is_set():
            steps.append(1)
            done.wait(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        f(np.full((1000, 1), 0.3))
    finally:
        done.set()
        thread.join()
    assert len(steps) > 3


def test_a_bar_sees_the_calls(library):
    seen = []
    f = thalweg.native(library.slow, 1)
    thalweg.integrate(f, 1, max_calls=3000, method="plain", progress=seen.append)
    assert seen and 0 < seen[-1].calls <= 3000


def test_ctrl_c(path):
    """In a process of its own, which is sent the signal while it is in C."""
    program = f"""
import ctypes, os, signal, threading, thalweg
f = thalweg.native(ctypes.CDLL({str(path)!r}).slow, 1)
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    thalweg.integrate(f, 1, max_calls=10**9, rel_error=None, method="plain", cost_class="dear")
except thalweg.Interrupted as e:
    print("interrupted", e.result is None or e.result.status)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("interrupted"), done.stdout + done.stderr


# ---- where functions come from


def test_numba():
    numba = pytest.importorskip("numba")
    types = numba.types
    doubles = types.CPointer(types.double)

    @numba.cfunc(types.int32(types.uintp, types.uintp, doubles, types.uintp, doubles, types.voidptr))
    def f(n, dim, x, outputs, values, user_data):
        points = numba.carray(x, (n, dim))
        out = numba.carray(values, (n, outputs))
        for i in range(n):
            s = 0.0
            for j in range(dim):
                s += (points[i, j] - 0.5) ** 2
            out[i, 0] = np.exp(-10.0 * s)
        return 0

    @numba.cfunc(types.double(types.intc, doubles))
    def g(n, x):
        return x[0] * x[1]

    @numba.njit
    def h(x):
        return x

    x = np.random.default_rng(1).random((50, 2))
    np.testing.assert_allclose(thalweg.native(f, 2)(x), gauss(x), rtol=1e-13)
    product = thalweg.native(g, 2, signature="scalar")
    np.testing.assert_allclose(product(x), x[:, 0] * x[:, 1], rtol=1e-15)
    how = dict(method="vegas", max_calls=20_000, rel_error=None)
    runs = [thalweg.integrate(thalweg.native(f, 2), 2, threads=t, **how) for t in (1, 2)]
    assert runs[0].same_as(runs[1])
    agree(runs[0], thalweg.integrate(gauss, 2, **how))
    with pytest.raises(TypeError, match="the function's type is"):
        thalweg.native(g, 2)
    with pytest.raises(TypeError, match="numba.cfunc gives them one"):
        thalweg.native(h, 2)


def test_cffi(path):
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    ffi.cdef(
        "int gauss(size_t, size_t, const double *, size_t, double *, void *);"
        "double product(int n, double *x); double scaled(int, double *, void *);"
    )
    library = ffi.dlopen(str(path))
    x = np.random.default_rng(1).random((5, 2))
    np.testing.assert_allclose(thalweg.native(library.gauss, 2)(x), gauss(x), rtol=1e-14)
    untyped = ffi.cast("void *", library.gauss)
    np.testing.assert_allclose(thalweg.native(untyped, 2)(x), gauss(x), rtol=1e-14)
    data = ffi.new("double *", 3.0)
    f = thalweg.native(library.scaled, 2, signature="scalar", user_data=data)
    np.testing.assert_allclose(f(x), 3 * x.prod(axis=1), rtol=1e-15)
    with pytest.raises(TypeError, match="the function's type is"):
        thalweg.native(library.product, 2)
    with pytest.raises(TypeError, match="no C function"):
        thalweg.native(data, 2)


def test_capsules_and_low_level_callables(library):
    scipy = pytest.importorskip("scipy")
    address = ctypes.cast(library.product, DATA).value
    new = ctypes.PYFUNCTYPE(ctypes.py_object, DATA, ctypes.c_char_p, DATA)
    new = new(("PyCapsule_New", ctypes.pythonapi))
    name = b"double (int, double *)"
    capsule = new(address, name, None)
    x = np.random.default_rng(1).random((5, 2))
    f = thalweg.native(capsule, 2, signature="scalar")
    np.testing.assert_allclose(f(x), x.prod(axis=1), rtol=1e-15)
    with pytest.raises(TypeError, match="the function's type is"):
        thalweg.native(capsule, 2)
    typed = SCALAR_WITH(("scaled", library))
    data = ctypes.c_double(4.0)
    low = scipy.LowLevelCallable(typed, ctypes.cast(ctypes.pointer(data), DATA))
    f = thalweg.native(low, 2, signature="scalar")
    np.testing.assert_allclose(f(x), 4 * x.prod(axis=1), rtol=1e-15)


def test_a_function_of_python_behind_a_pointer():
    """It takes the GIL by itself, from whatever thread."""

    @SCALAR
    def f(n, x):
        return x[0] * x[1]

    runs = [
        thalweg.integrate(thalweg.native(f, 2, signature="scalar"), 2, max_calls=3000, threads=t)
        for t in (1, 3)
    ]
    assert runs[0].value == runs[1].value and abs(runs[0].pull(0.25)) < 5


def test_it_is_kept_alive():
    def make():
        callback = SCALAR(lambda n, x: x[0])
        return thalweg.native(callback, 1, signature="scalar")

    f = make()
    gc.collect()
    np.testing.assert_allclose(f([[0.25]]), [0.25])


# ---- misuse


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda x: x, TypeError),
        (None, TypeError),
        ("f", TypeError),
        (0, ValueError),
        (-1, ValueError),
        (2**64, ValueError),
        (True, TypeError),
        (len, TypeError),
        (BATCH(), ValueError),
    ],
)
def test_what_is_no_function(f, error):
    with pytest.raises(error):
        thalweg.native(f, 2)


def test_wrong_types_and_numbers(library):
    typed = BATCH(("gauss", library))
    assert thalweg.native(typed, 2).dim == 2
    for f, how in [
        (typed, dict(signature="scalar")),
        (SCALAR(("product", library)), {}),
        (SCALAR(("product", library)), dict(signature="scalar", user_data=np.zeros(1))),
        (ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(("gauss", library)), {}),
        (library.gauss, dict(user_data="text")),
        (library.gauss, dict(user_data=True)),
    ]:
        with pytest.raises(TypeError):
            thalweg.native(f, 2, **how)
    for how in [
        dict(signature="vector"),
        dict(signature="scalar", outputs=2),
        dict(outputs=0),
        dict(user_data=-1),
        dict(user_data=np.zeros((4, 4))[:, 1]),
        dict(user_data=np.array([None])),
    ]:
        with pytest.raises(thalweg.SettingError):
            thalweg.native(library.gauss, 2, **how)
    for dim in (0, 2**31):
        with pytest.raises(thalweg.SettingError):
            thalweg.native(library.gauss, dim)
    f = thalweg.native(typed, 2)
    with pytest.raises(thalweg.ShapeError, match="2 coordinates and the bounds have 3"):
        thalweg.integrate(f, 3)
    with pytest.raises(TypeError, match="user_data"):
        thalweg.integrate(f, 2, args=(1,))
    with pytest.raises(thalweg.ShapeError):
        f(np.zeros(2))
    with pytest.raises(TypeError, match="cannot be pickled"):
        __import__("pickle").dumps(f)
