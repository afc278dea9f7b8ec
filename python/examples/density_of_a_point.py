# %% [markdown]
# # The density of a point
#
# A flow is trained on samples alone and then asked how likely a point is. Two moons with normal noise have a
# density that is known, so that every answer can be compared with the right one.
#
# `python density_of_a_point.py --out density_of_a_point.png` writes the picture.

# %%
import argparse

import numpy as np
from matplotlib.figure import Figure

import thalweg

NOISE, HALF = 0.1, np.pi * (np.arange(200) + 0.5) / 200


def moon(angle, upper):
    x, y = np.cos(angle), np.sin(angle)
    return np.where(upper, [x, y], [1 - x, 0.5 - y]).T


def draw(n, rng):
    points = moon(np.pi * rng.random(n), rng.random(n) < 0.5)
    return points + NOISE * rng.normal(size=(n, 2))


def log_density(x):
    """The mean of normal densities around the points of both half circles."""
    centres = np.concatenate([moon(HALF, True), moon(HALF, False)])
    square = ((x[:, None] - centres) ** 2).sum(axis=2) / NOISE**2
    least = square.min(axis=1, keepdims=True)
    total = np.exp(-0.5 * (square - least)).mean(axis=1) / (2 * np.pi * NOISE**2)
    return np.log(total) - 0.5 * least[:, 0]


# %% [markdown]
# 20,000 samples, and 5000 others to judge by.

# %%
rng = np.random.default_rng(1)
samples, test = draw(20_000, rng), draw(5000, rng)
flow = thalweg.Flow(2, family="spline_maf", depth=3)
sampler = thalweg.Sampler.of_samples(samples, flow=flow, epochs=30)
print(sampler.proposal)
log_p, log_q = log_density(test), sampler.log_density(test)
print(
    f"mean log density of {len(test)} test points: exact {log_p.mean():.3f}, trained {log_q.mean():.3f}"
)

# %% [markdown]
# The bulk are the 95 % of the test points that are most likely.

# %%
bulk = log_p > np.quantile(log_p, 0.05)
off = np.abs(log_q - log_p)[bulk].mean()
print(
    f"mean |log q - log p|: {off:.3f} nats in the bulk, {np.abs(log_q - log_p)[~bulk].mean():.3f} outside"
)
assert off < 0.2

# %% [markdown]
# Outliers: a point is flagged where the trained density is below what 1 % of the samples have. Strangers are
# uniform in the box, without those that lie where samples might as well.

# %%
floor = np.quantile(sampler.log_density(samples), 0.01)
box = rng.uniform([-1.6, -1.1], [2.6, 1.6], size=(2000, 2))
strangers = box[log_density(box) < np.quantile(log_p, 0.001)]
found, false = (sampler.log_density(x) < floor for x in (strangers, test))
print(
    f"flagged: {100 * found.mean():.1f} % of {len(strangers)} strangers,"
    f" {100 * false.mean():.1f} % of the test points"
)
assert found.mean() > 0.97 and false.mean() < 0.02

# %% [markdown]
# The exact density beside the trained one, on the same levels.

# %%
x, y = np.linspace(-1.6, 2.6, 150), np.linspace(-1.1, 1.6, 100)
grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
figure = Figure(figsize=(8.4, 3.4), layout="constrained")
both = figure.subplots(1, 2, sharex=True, sharey=True)
for axes, name, f in zip(both, ("exact log p", "trained log q"), (log_density, sampler.log_density)):
    values = f(grid).reshape(len(y), len(x))
    shades = axes.contourf(x, y, values, levels=np.arange(-9, 0.1, 0.5), cmap="viridis", extend="both")
    axes.set(title=name, xlabel="$x_0$", aspect="equal")
both[0].set_ylabel("$x_1$")
both[1].contour(x, y, values, levels=[floor], colors="white", linestyles="--")
both[1].scatter(*strangers[found][:60].T, s=12, marker="x", color="#E69F00", label="flagged strangers")
if not found.all():
    both[1].scatter(
        *strangers[~found].T, s=22, marker="o", color="#D55E00", label="strangers not flagged"
    )
figure.colorbar(shades, ax=both, label="nats", shrink=0.9)
figure.legend(*both[1].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)

# %%
parser = argparse.ArgumentParser()
parser.add_argument("--out", help="file of the picture")
out = parser.parse_known_args()[0].out
if out:
    figure.savefig(out, dpi=90)
figure  # noqa: B018
