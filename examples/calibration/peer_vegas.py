"""The Python package vegas (G. P. Lepage) in the zoo: what `calibration zoo --peer` talks to.

    pip install vegas==6.4.1
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 cargo run --release --example calibration -- \\
        zoo --methods none --peer "python3 examples/calibration/peer_vegas.py"

All numbers have eight bytes, little-endian. A run starts with dimension, seed and budget (integers)
and the box (dimension pairs of floats). Then this script writes a count and so many points and
reads as many values, again and again; the count 0 ends the run with five floats: value, error,
Q, calls, and calls before anything was adapted. The largest count means a refusal: a length and as
many bytes of text. Runs follow each other until the input ends.

Used as its manual says: ten iterations adapt and are forgotten, ten give the result, all defaults.
"""

import struct
import sys
import warnings

import gvar
import numpy
import vegas

ITERATIONS = 10
REFUSAL = 2**64 - 1


def read(count):
    """Eight-byte floats from the other side, which has gone if there are fewer."""
    data = sys.stdin.buffer.read(8 * count)
    if len(data) < 8 * count:
        sys.exit()
    return numpy.frombuffer(bytearray(data), dtype="<f8")


def write(*parts):
    for part in parts:
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def run(box, seed, budget):
    """Value, error, Q, calls, and calls of the first iteration."""
    calls = []

    @vegas.lbatchintegrand
    def ask(points):
        points = numpy.ascontiguousarray(points, dtype="<f8")
        calls.append(len(points))
        write(struct.pack("<Q", len(points)), points.tobytes())
        return read(len(points))

    gvar.ranseed(seed)
    integrator = vegas.Integrator([list(side) for side in box])
    neval = budget // (2 * ITERATIONS)
    integrator(ask, nitn=1, neval=neval)
    first = sum(calls)
    integrator(ask, nitn=ITERATIONS - 1, neval=neval)
    result = integrator(ask, nitn=ITERATIONS, neval=neval)
    return result.mean, result.sdev, result.Q, sum(calls), first


def main():
    warnings.simplefilter("ignore")
    numpy.seterr(all="ignore")
    while start := sys.stdin.buffer.read(24):
        dim, seed, budget = struct.unpack("<3Q", start)
        box = read(2 * dim).reshape(dim, 2)
        try:
            result = run(box, seed, budget)
        except (ArithmeticError, IndexError, MemoryError, ValueError) as error:
            text = f"{type(error).__name__}: {error}".encode()
            write(struct.pack("<2Q", REFUSAL, len(text)), text)
        else:
            write(struct.pack("<Q5d", 0, *result))


main()
