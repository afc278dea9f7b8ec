# %% [markdown]
# # My integrand is slow
#
# Where a call takes a millisecond or more, calls are all that counts. The function below stands for a
# simulation: it sleeps 0.05 ms per point.

# %%
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import thalweg


def model(x):
    time.sleep(5e-5 * len(x))
    return np.exp(-8.0 * (x[:, 0] - x[:, 1] ** 2) ** 2 - 2.0 * (x[:, 2] - 0.5) ** 2)


# %% [markdown]
# **Say that it is dear.** `auto` measures the cost of a call by itself; with `cost_class` the choice,
# and so every bit of the result, does not depend on the clock.

# %%
start = time.perf_counter()
r = thalweg.integrate(model, 3, rel_error=1e-3, cost_class="dear", seed=1)
print(r)
print(f"{time.perf_counter() - start:.1f} s in all")

# %% [markdown]
# **Call it at many points at once.** The function is called by one thread with batches of up to
# `batch` points, so it can share them out: to threads if it waits for something or leaves Python (as
# here), to a pool of processes if it computes in Python, to a GPU, or to machines elsewhere.

# %%
pool = ThreadPoolExecutor(8)


def shared(x):
    return np.concatenate(list(pool.map(model, np.array_split(x, 8))))


start = time.perf_counter()
same = thalweg.integrate(shared, 3, rel_error=1e-3, cost_class="dear", seed=1)
print(f"{time.perf_counter() - start:.1f} s with 8 threads; the same bits: {same.same_as(r)}")
assert same.same_as(r)

# %% [markdown]
# **Set a limit of time.** The status then is "budget": the result is good, its error larger than
# wanted.

# %%
r = thalweg.integrate(
    model, 3, rel_error=1e-5, max_seconds=0.5, method="vegas", cost_class="dear", seed=1
)
print(r.status, r.stop_reason, r.estimates[0])

# %% [markdown]
# **Watch it, and stop it.** A callback sees each step; returning True ends the run with what there is.
# Ctrl-C does so too: the exception `thalweg.Interrupted` has the result.


# %%
def watch(progress):
    print(f"  {progress.phase:8s} {progress.calls:6d} calls  error {progress.rel_error:.1e}")
    return progress.phase == "estimate" and progress.rel_error < 2e-3


r = thalweg.integrate(model, 3, rel_error=2e-4, callback=watch, method="vegas", seed=1)
print(r.status, r.estimates[0])

# %% [markdown]
# **Keep it.** With `checkpoint` the state is in a file; a run that was killed goes on from there, to
# the very bits of one without any interruption, and no call is made twice.

# %%
calls = 0


def counted(x):
    global calls
    calls += len(x)
    if calls > 3000:
        raise RuntimeError("the machine goes down")
    return model(x)


with tempfile.TemporaryDirectory() as folder:
    kept = {"checkpoint": Path(folder) / "run", "checkpoint_every": 0.05}
    settings = {"rel_error": 1e-3, "method": "vegas", "seed": 1, "batch": 500}
    try:
        thalweg.integrate(counted, 3, **settings, **kept)
    except RuntimeError as error:
        print(f"after {calls} calls: {error}")
    calls = -(10**9)  # the machine is up again
    before = calls
    resumed = thalweg.integrate(counted, 3, **settings, **kept, resume=True)
    print(f"{calls - before} calls after the restart, {resumed.calls} in all: {resumed.estimates[0]}")
whole = thalweg.integrate(model, 3, **settings)
assert resumed.value == whole.value and resumed.error == whole.error

# %% [markdown]
# **Do not throw the proposal away.** The next integral of that kind needs no training.


# %%
def first(x):
    return x[:, 0] * model(x)


r = thalweg.integrate(first, sampler=whole.sampler, rel_error=None, max_calls=8000)
print(f"with the sampler of another function: {r.calls} calls, {r.estimates[0]}")
pool.shutdown()
