"""What the Python layer costs: calls of batches of 10,000 points, beside the same run of a C function.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 taskset -c 0 python benchmarks/layer.py

A C function is called by the library's own threads and needs nothing of Python: what a run with it takes
is the library and the function. The same run with the same function behind a Python function, called
with whole batches on the Python thread, takes the hand-over of points and values as well. The two are run in
turn; the share is the median of the differences of CPU time over the median of the whole.
Functions: none (returns its values as they are), 1 ms (of CPU time, per batch), and the camel in NumPy,
whose share is the layer's time of "none" over the camel's run, the function being another one in C.
"""

import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import thalweg

DIM, CALLS, REPEATS = 8, 1_000_000, 15
SOURCE = r"""
#include <stddef.h>
#include <time.h>
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}
/* user_data: seconds of CPU time per point, or NULL */
int f(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data)
{
    const double start = now(), each = user_data ? *(const double *)user_data : 0.0;
    for (size_t i = 0; i < n; i++) values[i] = 1.0 + 0.1 * x[i * dim];
    while (each > 0.0 && now() - start < each * n) {}
    return 0;
}
"""


def compiled():
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "f.c"
        source.write_text(SOURCE)
        command = ["cc", "-O2", "-shared", "-fPIC", source, "-o", source.with_suffix(".so")]
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(source.with_suffix(".so"))).f


def seconds(f):
    start = time.process_time()
    thalweg.integrate(
        f,
        DIM,
        method="plain",
        max_calls=CALLS,
        rel_error=None,
        threads=1,
        cost_class="cheap",
        placement="random",
        progress=False,
    )
    return time.process_time() - start


def camel(x):
    a, b = x - 1 / 3, x - 2 / 3
    a, b = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
    return np.exp(-25.0 * a) + np.exp(-25.0 * b)


def behind_python(c):
    return lambda x: c(x)


def main():
    function = compiled()
    batches = CALLS / 10_000
    print(f"{CALLS:,} points of {DIM} coordinates, about {batches:.0f} batches; medians of {REPEATS}")
    print("function     C [s]   Python [s]   per batch [us]   share of the run")
    layer = 0.0
    for name, each in [("none", 0.0), ("1 ms", 1e-7)]:
        c = thalweg.native(function, DIM, user_data=np.array([each]))
        behind = behind_python(c)
        seconds(c), seconds(behind)
        pairs = [(seconds(c), seconds(behind)) for _ in range(REPEATS)]
        whole = statistics.median(b for _, b in pairs)
        difference = statistics.median(b - a for a, b in pairs)
        layer = layer or difference
        print(
            f"{name:10} {statistics.median(a for a, _ in pairs):7.3f} {whole:12.3f} "
            f"{1e6 * difference / batches:16.1f} {100 * difference / whole:16.1f} %"
        )
    seconds(camel)
    whole = statistics.median(seconds(camel) for _ in range(REPEATS))
    print(
        f"{'camel':10} {'':7} {whole:12.3f} {1e6 * layer / batches:16.1f} {100 * layer / whole:16.1f} %"
    )


if __name__ == "__main__":
    sys.exit(main())
