# %% [markdown]
# # Replace vegas
#
# The integral that vegas's users know by heart has a narrow peak in four dimensions. In their
# program it reads
#
# ```python
# integ = vegas.Integrator([[-1, 1], [0, 1], [0, 1], [0, 1]])
# integ(f, nitn=10, neval=2000)                  # adapts; the result is thrown away
# result = integ(f, nitn=10, neval=10000)
# print(result.summary())
# ```
#
# where one thinks up `nitn` and `neval`, and looks at the table of iterations for the place where
# adapting has come to an end.
#
# There are two ways to replace it. The first changes one line: `thalweg.compat.vegas` has vegas's
# interface, and the program stays as it is.

# %%
import numpy as np

import thalweg
import thalweg.compat.vegas as vegas

BOX = [(-1, 1), (0, 1), (0, 1), (0, 1)]


@vegas.lbatchintegrand
def f(x):
    return 1013.2118364296088 * np.exp(-100.0 * ((x - [0.0, 0.5, 0.5, 0.5]) ** 2).sum(axis=1))


# 1013.2... = (100/pi)^2, so that the integral over the whole space is 1.
integ = vegas.Integrator(BOX, seed=1)
integ(f, nitn=10, neval=2000)
result = integ(f, nitn=10, neval=10_000)
print(result.summary())
print(f"{result}, Q = {result.Q:.2f}")
assert abs(result.mean - 1.0) < 5 * result.sdev

# %% [markdown]
# The second is thalweg's own interface. Here one says how exact the answer shall be, and a function of
# points `(n, d)` needs no decorator (nor does one do harm).

# %%
r = thalweg.integrate(f, BOX, rel_error=1e-3, method="vegas", seed=1)
print(r)
assert abs(r.pull(1.0)) < 5

# %% [markdown]
# | vegas | here |
# |---|---|
# | `result.mean`, `result.sdev` | `r.value`, `r.error` |
# | `result.chi2`, `.dof`, `.Q` | `r.chi2`, `r.dof`, `r.p_value` |
# | `result.sum_neval` | `r.calls` (all of them), `r.calls_by_phase` |
# | `result.itn_results` | `r.iterations` |
# | `integ.map` | `r.sampler.map`, a `VegasGrid` |
#
# Iterations are not averaged: while the grid adapts they are previews, and the estimate comes from
# fresh points on the frozen grid. An error that is read off the same points as the weights of an
# average is too small where the integrand has a tail.

# %%
for step in r.iterations:
    print(f"{step.phase:8s} {step.calls:6d} calls  {step.value:.4f} +- {step.error:.4f}")

# %% [markdown]
# A fixed number of calls, as with `neval`, is `max_calls` with no error to reach.

# %%
r = thalweg.integrate(f, BOX, rel_error=None, max_calls=50_000, method="vegas", seed=1)
print(r.status, r.calls, r.estimates[0])
assert r.calls <= 50_000 and abs(r.pull(1.0)) < 5

# %% [markdown]
# Adapting once and integrating often (`adapt=False` in vegas): the sampler is a thing of its own. It
# can be kept in a file, too.

# %%
sampler = thalweg.train(f, BOX, method="vegas", max_calls=30_000, seed=1)
for seed in range(3):
    r = thalweg.integrate(f, sampler=sampler, rel_error=None, max_calls=20_000, seed=seed)
    print(r.estimates[0], f"{r.pull(1.0):+.1f} errors from 1")
    assert abs(r.pull(1.0)) < 5

# %% [markdown]
# `random_batch()`, the points with their weights, is `draw`.

# %%
x, weight = sampler.draw(50_000, seed=5)
print(f"mean of x0^2: {(weight * f(x) * x[:, 0] ** 2).sum() / (weight * f(x)).sum():.6f} (0.005)")

# %% [markdown]
# What vegas cannot do: let the method be chosen. Two peaks on a diagonal are hard for any product of
# one-dimensional grids, and the report says why something else was taken.


# %%
def camel(x):
    return sum(np.exp(-50.0 * ((x - c) ** 2).sum(axis=1)) for c in (1 / 3, 2 / 3))


for method in ("vegas", "auto"):
    r = thalweg.integrate(camel, 4, rel_error=2e-3, method=method, seed=1, cost_class="cheap")
    print(f"{method:5s} {r.calls:7d} calls  {r.estimates[0]}")
print(r.why)

# %%
import thalweg.plot  # noqa: E402

thalweg.plot.grid(sampler, pairs=[(0, 1)])
