# %% [markdown]
# # A trained sampler as proposal in another program
#
# A sampler draws points and, given points, returns their density. That is all that importance
# sampling and a Metropolis-Hastings chain need of a proposal. Here: the evidence of a Bayesian model,
# and samples of its posterior.

# %%
import numpy as np

import thalweg
import thalweg.plot

rng = np.random.default_rng(4)
t = np.linspace(1.0, 3.0, 12)
NOISE, PRIOR = 0.3, 3.0
data = 1.0 - 0.8 * t + 0.5 * t**2 + NOISE * rng.normal(size=len(t))
design = np.stack([np.ones_like(t), t, t**2], axis=1)


def log_posterior(theta):
    """Likelihood times prior, not normalised by the evidence; theta: (n, 3) -> (n,)."""
    residuals = (data - theta @ design.T) / NOISE
    log_likelihood = -0.5 * (residuals**2).sum(axis=1) - len(t) * np.log(NOISE * np.sqrt(2 * np.pi))
    log_prior = -0.5 * ((theta / PRIOR) ** 2).sum(axis=1) - 3 * np.log(PRIOR * np.sqrt(2 * np.pi))
    return log_likelihood + log_prior


# %% [markdown]
# The model is linear, so that everything is known: the posterior is a normal distribution, and the
# evidence is the density of the data under a normal law. Its parameters are strongly correlated,
# which is what plain random walks are slow at.

# %%
precision = design.T @ design / NOISE**2 + np.eye(3) / PRIOR**2
covariance = np.linalg.inv(precision)
mean = covariance @ design.T @ data / NOISE**2
marginal = NOISE**2 * np.eye(len(t)) + PRIOR**2 * design @ design.T
_, log_det = np.linalg.slogdet(2 * np.pi * marginal)
exact = -0.5 * (data @ np.linalg.solve(marginal, data) + log_det)
correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
print(f"log evidence {exact:.4f}, correlation of the first two parameters {correlation:.3f}")

# %% [markdown]
# Training wants numbers of ordinary size, so the log of the posterior is shifted by what it is near
# its top: at the least squares fit, which says how large a box has to be, too: in a box that is mostly
# empty, points are wasted until the flow has found its way.

# %%
fit = np.linalg.lstsq(design, data, rcond=None)[0]
spread = NOISE * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
shift = log_posterior(fit[None])[0]


def posterior(theta):
    return np.exp(log_posterior(theta) - shift)


BOX = np.stack([fit - 6.0 * spread, fit + 6.0 * spread], axis=1)
small = {"hidden": [16, 16]}
sampler = thalweg.train(posterior, BOX, method="flow", flow=small, max_calls=30_000, seed=1)
print(sampler)

# %% [markdown]
# **Importance sampling.** From here on nothing but `draw` and `log_density` is used. The evidence is
# the mean of posterior / density.

# %%
theta, _ = sampler.draw(20_000, seed=5)
log_w = log_posterior(theta) - sampler.log_density(theta)
top = log_w.max()
w = np.exp(log_w - top)
evidence = np.log(w.mean()) + top
error = w.std() / w.mean() / np.sqrt(len(w))
ess = w.sum() ** 2 / (w**2).sum() / len(w)
print(f"log evidence {evidence:.4f} +- {error:.4f}, exact {exact:.4f}; ESS {100 * ess:.1f} %")
assert abs(evidence - exact) < 5 * error + 1e-3

# %% [markdown]
# The same from the library, which looks at the weights' tail as well.

# %%
r = thalweg.integrate(posterior, sampler=sampler, rel_error=3e-3, seed=6)
print(f"log evidence {np.log(r.value) + shift:.4f} +- {r.rel_error:.4f}, {r.status}, k-hat {r.khat:.2f}")

# %% [markdown]
# **An independence sampler.** A Metropolis-Hastings chain whose proposals do not depend on where it
# is: a step is taken with the probability min(1, w' / w). The better the flow, the more steps are
# taken, and the less the chain remembers.

# %%
proposals, _ = sampler.draw(20_000, seed=9)
log_w = log_posterior(proposals) - sampler.log_density(proposals)
chance = np.log(np.random.default_rng(1).random(len(proposals)))
chain = np.empty_like(proposals)
at, accepted = 0, 0
for i in range(len(proposals)):
    if chance[i] < log_w[i] - log_w[at]:
        at, accepted = i, accepted + 1
    chain[i] = proposals[at]
print(f"acceptance {accepted / len(chain):.3f}")


def autocorrelation_time(y, window=50):
    y = y - y.mean()
    rho = [(y[:-k] * y[k:]).mean() / y.var() for k in range(1, window)]
    stop = next((k for k, value in enumerate(rho) if value < 0.02), len(rho))
    return 1.0 + 2.0 * sum(rho[:stop])


print("parameter   chain            exact    autocorrelation time")
for k in range(3):
    tau = autocorrelation_time(chain[:, k])
    error = chain[:, k].std() * np.sqrt(tau / len(chain))
    print(f"theta {k}     {chain[:, k].mean():.4f} +- {error:.4f}  {mean[k]:.4f}   {tau:.2f}")
    assert abs(chain[:, k].mean() - mean[k]) < 5 * error
    assert abs(chain[:, k].std() / np.sqrt(covariance[k, k]) - 1) < 0.1

# %%
thalweg.plot.corner(sampler, posterior, 20_000)
