# %% [markdown]
# # Filling in
#
# A flow is trained on complete points. Of a new point only some coordinates are known; the likeliest values
# of the others are where the density is largest. A mixture of normal distributions has conditional modes
# that are known, so that every fill can be compared with the right one.
#
# `python filling_in.py --out filling_in.png` writes the picture.

# %%
import argparse

import numpy as np
from matplotlib.figure import Figure

import thalweg

DIM, KNOWN = 6, 4
HIDDEN = DIM - KNOWN

rng = np.random.default_rng(1)
means = 1.5 * rng.normal(size=(4, DIM))
roots = 0.45 * rng.normal(size=(4, DIM, DIM)) + 0.3 * np.eye(DIM)
covariances = roots @ roots.transpose(0, 2, 1) + 0.05 * np.eye(DIM)
precisions = np.linalg.inv(covariances)
log_norms = -0.5 * np.linalg.slogdet(2 * np.pi * covariances)[1] - np.log(4)


def draw(n, rng):
    which = rng.integers(4, size=n)
    noise = np.linalg.cholesky(covariances)[which] @ rng.normal(size=(n, DIM, 1))
    return means[which] + noise[..., 0]


def component_logs(x):
    off = x[:, None] - means
    return log_norms - 0.5 * np.einsum("nki,kij,nkj->nk", off, precisions, off)


def log_density(x):
    return np.logaddexp.reduce(component_logs(x), axis=1)


# %% [markdown]
# 20,000 complete samples.

# %%
samples, test = draw(20_000, rng), draw(50, rng)
flow = thalweg.Flow(DIM, family="spline_maf", depth=3)
sampler = thalweg.Sampler.of_samples(samples, flow=flow, epochs=25)
print(sampler.proposal)
others = draw(5000, rng)
print(
    f"mean log density of {len(others)} other points: exact {log_density(others).mean():.3f},"
    f" trained {sampler.log_density(others).mean():.3f}"
)


# %% [markdown]
# The climb works with any density that takes many points at once. All test points start from the hidden
# coordinates of several samples; gradients are central differences; a step that does not rise is halved.


# %%
def fill(log_f, x, starts, steps=40, h=1e-3):
    """The likeliest hidden coordinates `[n, HIDDEN]` beside the known ones of `x`, by climbs from `starts`
    `[n, several, HIDDEN]`."""
    n, several, _ = starts.shape
    points = np.repeat(x, several, axis=0)
    points[:, KNOWN:] = starts.reshape(-1, HIDDEN)
    height, size = log_f(points), np.full(len(points), 0.2)
    shifts = h * np.eye(DIM)[KNOWN:]
    for _ in range(steps):
        around = points[:, None, None] + np.stack([shifts, -shifts])
        up, down = log_f(around.reshape(-1, DIM)).reshape(-1, 2, HIDDEN).transpose(1, 0, 2)
        slope = (up - down) / np.maximum(np.linalg.norm(up - down, axis=1), 1e-300)[:, None]
        trial = points.copy()
        trial[:, KNOWN:] += size[:, None] * slope
        reached = log_f(trial)
        better = reached > height
        points[better], height[better] = trial[better], reached[better]
        size *= np.where(better, 1.3, 0.5)
    best = height.reshape(n, several).argmax(axis=1)
    return points[:, KNOWN:].reshape(n, several, HIDDEN)[np.arange(n), best]


# %% [markdown]
# The starts are the hidden coordinates of the eight samples whose known coordinates are closest.

# %%
distances = ((test[:, None, :KNOWN] - samples[None, :, :KNOWN]) ** 2).sum(axis=2)
near = samples[np.argsort(distances, axis=1)[:, :8], KNOWN:]
filled = fill(sampler.log_density, test, near)

# %% [markdown]
# The exact modes: where the gradient of the mixture vanishes, the hidden coordinates are the mean of the
# conditional means m, weighted by the precisions P times the responsibilities r of the components. Repeating
# that never lowers the density. It starts from each m, and the highest end counts.

# %%
P, rest = precisions[:, KNOWN:, KNOWN:], precisions[:, KNOWN:, :KNOWN]
shift = np.einsum("kij,nkj->nki", np.linalg.solve(P, rest), test[:, None, :KNOWN] - means[:, :KNOWN])
m = means[:, KNOWN:] - shift
ends = []
for k in range(4):
    full = np.hstack([test[:, :KNOWN], m[:, k]])
    for _ in range(300):
        logs = component_logs(full)
        r = np.exp(logs - logs.max(axis=1, keepdims=True))
        matrix, vector = np.einsum("nk,kij->nij", r, P), np.einsum("nk,kij,nkj->ni", r, P, m)
        full[:, KNOWN:] = np.linalg.solve(matrix, vector[..., None])[..., 0]
    ends.append(full)
ends = np.stack(ends)
highest = np.array([log_density(full) for full in ends]).argmax(axis=0)
exact = ends[highest, np.arange(len(test)), KNOWN:]
naive = np.broadcast_to(samples[:, KNOWN:].mean(axis=0), filled.shape)

# %%
print(f"{len(test)} points, {HIDDEN} of {DIM} coordinates filled in; medians")
print("                        distance from the exact mode   exact log density below it")
top = log_density(np.hstack([test[:, :KNOWN], exact]))
off = {}
for name, x in (("flow's mode", filled), ("closest sample", near[:, 0]), ("mean of all samples", naive)):
    off[name] = np.median(np.linalg.norm(x - exact, axis=1))
    below = np.median(top - log_density(np.hstack([test[:, :KNOWN], x])))
    print(f"  {name:20}{off[name]:30.3f}{below:29.2f}")
assert off["flow's mode"] < 0.5 * off["mean of all samples"]

# %%
figure = Figure(figsize=(8.4, 4.4), layout="constrained")
for k, axes in enumerate(figure.subplots(1, HIDDEN)):
    diagonal = [exact[:, k].min() - 0.3, exact[:, k].max() + 0.3]
    axes.plot(diagonal, diagonal, color="0.6", linewidth=1, zorder=0, label="exact")
    axes.scatter(
        exact[:, k], naive[:, k], s=16, marker="x", color="#D55E00", label="mean of all samples"
    )
    axes.scatter(exact[:, k], filled[:, k], s=20, color="#0072B2", label="filled by the flow")
    axes.set(title=f"$x_{KNOWN + k}$", xlabel="exact conditional mode", aspect="equal")
figure.axes[0].set_ylabel("filled in")
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)

# %%
parser = argparse.ArgumentParser()
parser.add_argument("--out", help="file of the picture")
out = parser.parse_known_args()[0].out
if out:
    figure.savefig(out, dpi=90)
figure  # noqa: B018
