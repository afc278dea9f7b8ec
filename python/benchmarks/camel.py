"""The camel in 8 dimensions to a relative error of 1e-3: thalweg beside vegas, MadNIS and MadSpace.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 taskset -c 0 python benchmarks/camel.py [name ...]

Every program gets the same function of a batch of NumPy arrays, which counts its calls, and one core;
peers that are not installed are left out. Calls are all there were, adaptation and training included.
The seconds are those of the run alone, imports left out: on the clock and of the CPU.

How the peers are run. None of them stops at an error by itself, so each is asked for more until its error
is small enough, and pays for what that took:
vegas: 10 iterations for adapting, 10 for the result, as its tutorial does; it is told beforehand (--neval)
about how many calls of an iteration suffice, so that it pays for no failed tries.
MadNIS, MadSpace: default flow and settings; training up to so many calls (--training), then independent
points until the error suffices.
A run that takes more than LIMIT seconds ends, with its error so far.
"""

import argparse
import importlib.util
import math
import os
import statistics
import time

import numpy as np

DIM, WIDTH, TARGET = 8, 0.2, 1e-3
EXACT = (0.5 * (math.erf(1 / (3 * WIDTH)) + math.erf(2 / (3 * WIDTH)))) ** DIM
NORM = 0.5 * (WIDTH * math.sqrt(math.pi)) ** -DIM
#: seconds
LIMIT = 300
#: points of a call while a peer estimates
BATCH = 50_000


class Camel:
    """Two Gaussians on the diagonal; counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += len(x)
        a, b = x - 1 / 3, x - 2 / 3
        a, b = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
        return NORM * (np.exp(-a / WIDTH**2) + np.exp(-b / WIDTH**2))


def thalweg(f, seed, options):
    import thalweg

    r = thalweg.integrate(f, DIM, rel_error=TARGET, seed=seed, threads=1, progress=False)
    return r.value, r.error


def vegas(f, seed, options):
    import gvar
    import vegas

    gvar.ranseed(seed)
    batch = vegas.lbatchintegrand(lambda x: f(x))
    integrator = vegas.Integrator(DIM * [[0, 1]])
    integrator(batch, nitn=10, neval=options.neval)
    r = integrator(batch, nitn=10, neval=options.neval)
    return r.mean, r.sdev


def estimate(draw, start):
    """Weights of independent points until their mean is known well enough."""
    n, total, squares = 0, 0.0, 0.0
    while True:
        w = draw()
        n, total, squares = n + len(w), total + w.sum(), squares + (w * w).sum()
        mean = total / n
        error = math.sqrt((squares / n - mean**2) / n)
        if error < TARGET * abs(mean) or time.perf_counter() - start > LIMIT:
            return mean, error


def madnis(f, seed, options):
    import torch
    from madnis.integrator import Integrator

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    start = time.perf_counter()

    def g(x):
        y = f(x.detach().to(torch.float64).numpy())
        return torch.from_numpy(y).to(x.dtype)

    integrator = Integrator(g, dims=DIM)
    while f.calls < options.training and time.perf_counter() - start < LIMIT:
        integrator.train_step()

    def draw():
        with torch.no_grad():
            return integrator.sample(BATCH).weights.double().numpy()

    return estimate(draw, start)


def context_of(ms):
    """With AVX-512 where there is any, which is not its default. With four lanes (AVX2) version 0.2.1 gave
    nothing but NaN after some steps of training, so the next best is its scalar code."""
    ms.set_simd_vector_size(8)
    try:
        return ms.Context(1)
    except RuntimeError:
        ms.set_simd_vector_size(1)
        return ms.Context(1)


def madspace(f, seed, options):
    import madspace as ms

    start = time.perf_counter()

    class Density(ms.FunctionGenerator):
        """x -> q(x)"""

        def __init__(self, flow):
            self._flow = flow
            latent = ms.NamedTypes(["latent"], [ms.batch_float_array(DIM)])
            super().__init__("density", latent, ms.NamedTypes(["probability"], [ms.batch_float]))

        def build_function_impl(self, builder, args):
            values = args.values() if hasattr(args, "values") else list(args)
            found = self._flow.build_inverse(builder, [values[0]], [])
            return ms.NamedValues(["probability"], [found.values()[-1]])

    context = context_of(ms)
    flow = ms.Flow(DIM)
    flow.initialize_globals(context, seed)
    forward = ms.FunctionRuntime(flow.forward_function(), context)
    density = Density(flow)
    loss = ms.MadnisLoss([density], None)
    adam = ms.AdamOptimizer(loss.function(), context, 1e-3)
    random = np.random.default_rng(seed)

    def sample(n):
        x, jacobian = forward(random.random((n, DIM)))
        return np.asarray(x), np.asarray(jacobian)

    while f.calls < options.training and time.perf_counter() - start < LIMIT:
        x, jacobian = sample(1024)
        adam.step([f(x), 1 / jacobian, x])

    def draw():
        x, jacobian = sample(BATCH)
        return f(x) * jacobian

    return estimate(draw, start)


RUNS = {"thalweg": thalweg, "vegas": vegas, "madnis": madnis, "madspace": madspace}


def measure(name, seed, options):
    f = Camel()
    wall, cpu = time.perf_counter(), time.process_time()
    value, error = RUNS[name](f, seed, options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return f.calls, wall, cpu, error / abs(value), (value - EXACT) / error


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(RUNS))
    parser.add_argument("--seeds", type=int, default=1, help="runs of each program")
    parser.add_argument("--neval", type=int, default=250_000, help="calls of an iteration of vegas")
    parser.add_argument("--training", type=int, default=300_000, help="calls of training of the flows")
    options = parser.parse_args()
    names = [n for n in options.names if importlib.util.find_spec(n) is not None]
    print(
        f"camel, {DIM} dimensions, relative error {TARGET:g}, exact {EXACT:.10f}, {os.cpu_count()} CPUs"
    )
    print("name        calls    seconds   CPU s  rel. error   pull")
    found = {name: [] for name in names}
    for name in names:
        # Imports, and what is made once.
        importlib.import_module(name)
    for seed in range(1, options.seeds + 1):
        for name in names:
            row = measure(name, seed, options)
            found[name].append(row)
            calls, wall, cpu, error, pull = row
            print(f"{name:9} {calls:9d} {wall:9.2f} {cpu:8.2f}   {error:9.2e} {pull:+6.2f}", flush=True)
    if options.seeds > 1:
        print("medians")
        for name, rows in found.items():
            calls, wall, cpu, error, _ = (statistics.median(c) for c in zip(*rows))
            print(f"{name:9} {calls:9.0f} {wall:9.2f} {cpu:8.2f}   {error:9.2e}")


if __name__ == "__main__":
    main()
