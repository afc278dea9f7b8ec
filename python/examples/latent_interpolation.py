# %% [markdown]
# # Latent interpolation
#
# A flow is invertible: each point has one latent point. A straight line between two latent points, mapped
# back, is a path that keeps to where samples are and hastens through the gaps, unlike a straight line between
# the points themselves.
#
# `python latent_interpolation.py --out latent_interpolation.png` writes the picture.

# %%
import argparse
from statistics import NormalDist

import numpy as np
from matplotlib.figure import Figure

import thalweg

NOISE = 0.1


def moon(angle, upper):
    x, y = np.cos(angle), np.sin(angle)
    return np.where(upper, [x, y], [1 - x, 0.5 - y]).T


def draw(n, rng):
    points = moon(np.pi * rng.random(n), rng.random(n) < 0.5)
    return points + NOISE * rng.normal(size=(n, 2))


HALF = np.pi * (np.arange(200) + 0.5) / 200
CENTRES = np.concatenate([moon(HALF, True), moon(HALF, False)])


def log_density(x):
    """The mean of normal densities around the points of both half circles."""
    square = ((x[:, None] - CENTRES) ** 2).sum(axis=2) / NOISE**2
    least = square.min(axis=1, keepdims=True)
    total = np.exp(-0.5 * (square - least)).mean(axis=1) / (2 * np.pi * NOISE**2)
    return np.log(total) - 0.5 * least[:, 0]


# %% [markdown]
# The flow, trained on samples.

# %%
rng = np.random.default_rng(1)
samples = draw(20_000, rng)
flow = thalweg.Flow(2, family="spline_maf", depth=3)
sampler = thalweg.Sampler.of_samples(samples, flow=flow, epochs=30)
print(sampler.proposal)

# %% [markdown]
# `Sampler.inverse` gives latent points of the unit cube, uniform where x are draws. Normal quantiles of
# their coordinates make the base a normal distribution, where no point of a straight line is less likely
# than the less likely of its ends. (As the base is in one piece, a flow cannot leave the gap between the
# moons quite empty: a path has to cross it somewhere, and does so in few steps.)

# %%
quantile, share = np.vectorize(NormalDist().inv_cdf), np.vectorize(NormalDist().cdf)


def latent_path(a, b, n=101):
    z, _ = sampler.inverse([a, b])
    start, end = quantile(z)
    t = np.linspace(0, 1, n)[:, None]
    x, _ = sampler.forward(share((1 - t) * start + t * end))
    return x


def straight(a, b, n=101):
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) * a + t * b


def by_length(path):
    """The mean of the log density over the length of a path: long steps count for more."""
    middle = log_density(0.5 * (path[1:] + path[:-1]))
    return np.average(middle, weights=np.linalg.norm(np.diff(path, axis=0), axis=1))


# %% [markdown]
# From tip to tip of the upper moon, and on to the lower one. The exact density says how likely the paths are.

# %%
tips = [("upper moon", *moon(np.array([0.95, 0.05]) * np.pi, True))]
tips.append(
    ("upper to lower", moon(np.array([0.8 * np.pi]), True)[0], moon(np.array([0.8 * np.pi]), False)[0])
)
for name, a, b in tips:
    path, line = latent_path(a, b), straight(a, b)
    assert np.allclose(path[[0, -1]], [a, b], atol=1e-6)
    print(
        f"{name}: mean log density of the steps of the latent path {log_density(path).mean():.2f},"
        f" of the straight line {log_density(line).mean():.2f}"
    )

# %% [markdown]
# The same for pairs of samples; and over the length of the paths, where hastening does not help.

# %%
pairs = draw(400, rng).reshape(200, 2, 2)
paths, lines = ([f(a, b) for a, b in pairs] for f in (latent_path, straight))
for name, mean in (("step by step", lambda x: log_density(x).mean()), ("by length", by_length)):
    latent, direct = (np.array([mean(x) for x in each]) for each in (paths, lines))
    print(
        f"{len(pairs)} pairs of samples, {name}: latent {latent.mean():.2f}, straight {direct.mean():.2f};"
        f" latent is the likelier in {100 * (latent > direct).mean():.0f} %"
    )
    if name == "step by step":
        assert latent.mean() > direct.mean() + 0.5

# %%
figure = Figure(figsize=(9, 3.9), layout="constrained")
for axes, (name, a, b) in zip(figure.subplots(1, 2, sharey=True), tips):
    axes.scatter(*samples[:3000].T, s=2, color="0.75", label="samples", rasterized=True)
    path = latent_path(a, b, 41)
    axes.plot(
        *path.T, "o-", color="#0072B2", linewidth=1.5, markersize=4, label="latent path, equal steps"
    )
    axes.plot(*straight(a, b).T, color="#D55E00", linewidth=2, linestyle="--", label="straight line")
    axes.scatter(*np.array([a, b]).T, s=45, color="black", zorder=3, label="ends")
    axes.set(title=name, xlabel="$x_0$", aspect="equal")
figure.axes[0].set_ylabel("$x_1$")
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)

# %%
parser = argparse.ArgumentParser()
parser.add_argument("--out", help="file of the picture")
out = parser.parse_known_args()[0].out
if out:
    figure.savefig(out, dpi=80)
figure  # noqa: B018
