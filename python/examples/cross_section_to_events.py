# %% [markdown]
# # From a cross section to events
#
# Muon pairs from quark and antiquark through a photon or a Z, q qbar -> mu+ mu-, at tree level. The
# parton densities are toys, x f(x) ~ x^-0.2 (1 - x)^4, so the cross section is one of a toy, too; all the
# rest is as it would be: cuts, histograms with errors while integrating, unweighted events with
# momenta.

# %%
import tempfile
from pathlib import Path

import numpy as np

import thalweg
import thalweg.plot

ALPHA, MZ, WZ, SW2 = 1 / 132.507, 91.188, 2.4414, 0.2222
S = 13_000.0**2  # GeV^2
PB = 3.893793721e8  # pb GeV^2
CHARGE, GV, GA = 2 / 3, 0.5 - 4 / 3 * SW2, 0.5  # of the u quark
LV, LA = -0.5 + 2 * SW2, -0.5  # of the muon


def partonic(m2, c):
    """d sigma / d cos(theta) of q qbar -> mu+ mu-, in 1/GeV^2, averaged over 3 colours."""
    chi = m2 / (m2 - MZ**2 + 1j * MZ * WZ) / (4 * SW2 * (1 - SW2))
    even = (
        CHARGE**2 - 2 * CHARGE * chi.real * GV * LV + abs(chi) ** 2 * (GV**2 + GA**2) * (LV**2 + LA**2)
    )
    odd = -4 * CHARGE * chi.real * GA * LA + 8 * abs(chi) ** 2 * GV * GA * LV * LA
    return np.pi * ALPHA**2 / (2 * m2) / 3 * (even * (1 + c**2) + odd * c)


def density(x):
    return x**-1.2 * (1 - x) ** 4


# %% [markdown]
# Four variables: mass and rapidity of the pair, and the direction of the muon in its rest frame. The
# momenta, (E, px, py, pz), are what cuts and observables are made of.

# %%
MASS = (60.0, 120.0)
TOP = np.log(np.sqrt(S) / MASS[0])
BOX = [MASS, (-TOP, TOP), (-1, 1), (-np.pi, np.pi)]


def momenta(x):
    """The muons of points (n, 4), as (n, 2, 4)."""
    m, y, c, phi = x.T
    s = np.sqrt(1 - c**2)
    half = 0.5 * m
    p = np.stack([half, half * s * np.cos(phi), half * s * np.sin(phi), half * c], axis=-1)
    both = np.stack([p, p * [1, -1, -1, -1]], axis=1)
    energy, along = both[..., 0].copy(), both[..., 3].copy()
    ch, sh = np.cosh(y)[:, None], np.sinh(y)[:, None]
    both[..., 0], both[..., 3] = ch * energy + sh * along, ch * along + sh * energy
    return both


def passes(p):
    pt = np.hypot(p[..., 1], p[..., 2])
    eta = np.arcsinh(p[..., 3] / np.maximum(pt, 1e-300))
    return ((pt > 25.0) & (np.abs(eta) < 2.4)).all(axis=1)


def cross_section(x):
    m, y, c, _ = x.T
    x1, x2 = (m / np.sqrt(S) * np.exp(sign * y) for sign in (1, -1))
    inside = (x1 < 1) & (x2 < 1)
    x1, x2 = np.where(inside, x1, 0.5), np.where(inside, x2, 0.5)
    # dx1 dx2 = 2 m / S dm dy, and dcos dphi / (2 pi)
    weight = density(x1) * density(x2) * partonic(m**2, c) * 2 * m / S / (2 * np.pi)
    return PB * np.where(inside & passes(momenta(x)), weight, 0.0)


r = thalweg.integrate(
    cross_section,
    BOX,
    rel_error=1e-3,
    method="vegas",
    seed=1,
    observables={
        "mass": (lambda x: x[:, 0], np.linspace(*MASS, 31)),
        "pt": (lambda x: np.hypot(*momenta(x)[:, 0, 1:3].T), [25, 30, 35, 40, 42, 44, 46, 48, 50, 60]),
    },
)
print(r)

# %% [markdown]
# The histograms were filled in the same pass. They follow the protocol of the package uhi, so mplhep
# and others draw them as well.

# %%
mass = r.histograms["mass"]
peak = np.argmax(mass.density())
low, high = mass.axes[0][peak]
print(f"peak at {low:.0f} to {high:.0f} GeV: {mass.density()[peak]:.1f} pb/GeV")
print(f"all bins {mass.values().sum():.2f} pb, integral {r.value:.2f} pb")
thalweg.plot.histogram(r.histograms["pt"])

# %% [markdown]
# Unweighted events: every event stands for the same share of the cross section.

# %%
events = r.sampler.unweighted(cross_section, 10_000, seed=2)
print(f"{len(events.x)} events, {events.trials} trials, efficiency {events.efficiency:.3f}")
print(
    f"{100 * events.overweight_fraction:.2f} % have a weight above 1, at most {events.weights.max():.2f}"
)
p = momenta(events.x)
assert passes(p).all()
pair = p.sum(axis=1)
invariant = np.sqrt(pair[:, 0] ** 2 - (pair[:, 1:] ** 2).sum(axis=1))

# %% [markdown]
# Their masses have to follow the histogram.

# %%
found, _ = np.histogram(invariant, mass.edges, weights=events.weights)
wanted = mass.values() / mass.values().sum() * events.weights.sum()
chi2 = ((found - wanted) ** 2 / (wanted + (wanted * mass.errors() / mass.values()) ** 2)).sum()
print(f"chi2 of the masses: {chi2:.1f} for {len(wanted) - 1} degrees of freedom")
assert chi2 < 75

# %% [markdown]
# The events as arrays, with what turns counts into picobarn.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "events.npz"
    np.savez(path, momenta=p, weight=events.weights, xsec_pb=r.value, xsec_error_pb=r.error)
    kept = np.load(path)
    print({name: kept[name].shape for name in kept.files})
    print(f"one event stands for {1000 * kept['xsec_pb'] / kept['weight'].sum():.3f} fb")

# %%
thalweg.plot.histogram(mass)
