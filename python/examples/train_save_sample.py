# %% [markdown]
# # Train, save, sample
#
# A flow is trained once, kept in a file, and used in another program, by other people, or from the
# command line.

# %%
import tempfile
from pathlib import Path

import numpy as np

import thalweg
import thalweg.plot


def ring(x):
    """A thin ring: no product of one-dimensional densities looks like it."""
    radius = np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5)
    return np.exp(-(((radius - 0.3) / 0.04) ** 2))


sampler = thalweg.train(ring, 2, method="flow", max_calls=30_000, seed=1)
print(sampler)
print(sampler.training.summary())

# %% [markdown]
# The points of each step are fresh: the spread of their weights tells how good the flow was *before*
# it learnt from them.

# %%
thalweg.plot.training(sampler)

# %%
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "ring.tlw"
sampler.with_metadata({"what": "a ring of radius 0.3"}).save(path)
print(f"{path.stat().st_size / 1024:.0f} kB")

# %% [markdown]
# A file may come from a stranger: it holds numbers, and no code of it is run.

# %%
again = thalweg.Sampler.load(path)
print(again.metadata, again.bounds.tolist())
x, weight = again.draw(100_000, seed=7)  # weight = 1/density
w = ring(x) * weight
exact = 2 * np.pi * 0.3 * 0.04 * np.sqrt(np.pi)  # up to what lies outside of the square, below 1e-6
error = w.std() / np.sqrt(len(w))
print(f"integral {w.mean():.5f} +- {error:.5f}, about {exact:.5f}")
assert abs(w.mean() - exact) < 5 * error + 1e-5

# %% [markdown]
# Points of one seed are always the same, and any part of them can be drawn by itself: workers draw
# disjoint parts and need no communication.

# %%
part, _ = again.draw(1000, seed=7, first=50_000)
assert np.array_equal(part, x[50_000:51_000])

# %% [markdown]
# Unweighted events follow the function itself. Trials are accepted with the probability w / max, where
# "max" is a quantile of the weights; the few above it keep a weight, so that nothing is biased.

# %%
events = again.unweighted(ring, 5000, seed=3)
radius = np.hypot(*(events.x - 0.5).T)
print(f"{len(events.x)} events from {events.trials} trials, efficiency {events.efficiency:.2f}")
print(f"radius {radius.mean():.4f} +- {radius.std() / np.sqrt(len(radius)):.4f}")

# %% [markdown]
# Another function of a similar shape starts from what is there.


# %%
def shifted(x):
    radius = np.hypot(x[:, 0] - 0.48, x[:, 1] - 0.52)
    return np.exp(-(((radius - 0.31) / 0.04) ** 2))


warm = thalweg.train(shifted, start=again, method="flow", max_calls=12_000, seed=2)
for name, s in (("the old flow", again), ("after 12,000 calls", warm)):
    _, w = s.weighted(shifted, 20_000, seed=4)
    print(f"{name:20s} spread of the weights {w.std() / w.mean():.3f}")

# %% [markdown]
# What the flow does to the square, and its samples beside the function.

# %%
thalweg.plot.warp(again)

# %%
folder.cleanup()
thalweg.plot.corner(again, ring)
