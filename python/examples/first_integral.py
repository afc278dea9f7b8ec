# %% [markdown]
# # First integral
#
# A function of many points at once, a box, and how exact the answer shall be.

# %%
import numpy as np

import thalweg


def f(x):  # x: (n, 4) -> (n,)
    return np.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))


r = thalweg.integrate(f, [(0, 1)] * 4, rel_error=1e-4, seed=1)
print(r)

# %% [markdown]
# The first line is value and error: the digits in brackets are the error of the last digits. The
# status says whether to trust it; `converged` means that the error asked for was reached and that
# nothing speaks against it. Here the exact value is known.

# %%
from math import erf, pi, sqrt  # noqa: E402

exact = (sqrt(pi / 10.0) * erf(sqrt(10.0) / 2.0)) ** 4
print(f"value {r.value:.8f}, error {r.error:.1e}, exact {exact:.8f}")
print(f"status {r.status}, {r.calls} calls, {r.pull(exact):+.1f} errors from the exact value")
assert abs(r.pull(exact)) < 5

# %% [markdown]
# Infinite ranges need no change of variables.

# %%
r = thalweg.integrate(
    lambda x: np.exp(-(x**2).sum(axis=1)), [(-np.inf, np.inf)] * 3, rel_error=1e-3, seed=1
)
print(f"pi^(3/2) = {pi**1.5:.5f}, found {r.estimates[0]}")
assert abs(r.pull(pi**1.5)) < 5

# %% [markdown]
# Several integrals share their points. A dict names them, and the covariance makes the error of a
# ratio small: mean and variance of the first coordinate under f.


# %%
def moments(x):
    p = f(x)
    return {"norm": p, "first": x[:, 0] * p, "second": x[:, 0] ** 2 * p}


m = thalweg.integrate(moments, 4, rel_error=1e-4, covariance=True, seed=1)
for name in m:
    print(f"{name:7s} {m[name]}")
mean = m.value["first"] / m.value["norm"]
slope = np.array([-mean, 1.0, 0.0]) / m.value["norm"]
print(f"mean of x0 = {mean:.6f} +- {np.sqrt(slope @ m.covariance @ slope):.6f}")

# %% [markdown]
# A function of one point gets a decorator. It is slow, as all loops in Python are.


# %%
@thalweg.scalar
def g(x):
    return x[0] * x[1] if x[0] + x[1] < 1.0 else 0.0


r = thalweg.integrate(g, 2, rel_error=1e-2, seed=1)
print(f"1/24 = {1 / 24:.5f}, found {r.estimates[0]}")
assert abs(r.pull(1 / 24)) < 5

# %% [markdown]
# How it came about: grey points are previews while the proposal was learnt, blue is the estimate.

# %%
import thalweg.plot  # noqa: E402

r = thalweg.integrate(f, 4, method="vegas", rel_error=3e-4, seed=1)
thalweg.plot.convergence(r, exact=exact)
