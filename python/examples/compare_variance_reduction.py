# %% [markdown]
# # Compare variance reduction
#
# Uniform points, a VEGAS grid and a flow at the same integral: two narrow peaks on a diagonal.

# %%
import numpy as np

import thalweg
import thalweg.plot

DIM, WIDTH = 4, 0.1


def camel(x):
    norm = 2.0 * (WIDTH * np.sqrt(np.pi)) ** DIM
    return sum(np.exp(-((x - c) ** 2).sum(axis=1) / WIDTH**2) for c in (0.3, 0.7)) / norm


table = thalweg.compare(
    camel, DIM, ["plain", "vegas", "flow"], rel_error=3e-3, max_calls=2_000_000, seed=1, frame=False
)
print(table)

# %% [markdown]
# `calls` holds everything, adapting and training included. `spread` is sigma/|mean| of the weights of
# the estimate: the calls that a smaller error will need go with its square. So the gain of learning
# is seen best where the error is small:

# %%
spread = {row["method"]: row["spread"] for row in table}
for method in ("vegas", "flow"):
    print(
        f"{method}: {(spread['plain'] / spread[method]) ** 2:.3g} times fewer points than uniform ones"
    )

# %% [markdown]
# All methods have to agree; the exact value is 1 up to what lies outside of the cube.

# %%
for name, result in table.results.items():
    print(f"{name:6s} {result.estimates[0]}  {result.status}")
    assert abs(result.value - 1.0) < 5 * result.error + 1e-3

# %% [markdown]
# The spread is one number; the distribution of the weights says more. A long tail to the right means
# that few points carry the integral, and k-hat above 0.5 that the error cannot be trusted.

# %%
for name, result in table.results.items():
    figure = thalweg.plot.weights(result, camel, 20_000, label=name)
    print(figure.axes[0].get_title().replace("\n", ": "))

# %%
thalweg.plot.corner(table.results["flow"], camel, 20_000, dims=[0, 1])

# %%
thalweg.plot.grid(table.results["vegas"], pairs=[(0, 1)])
