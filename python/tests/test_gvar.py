"""Results as numbers of gvar, with the real package, where it is installed."""

import numpy as np
import pytest

import thalweg

gvar = pytest.importorskip("gvar")

HOW = dict(rel_error=1e-3, seed=1, cost_class="cheap")


def bump(x):
    return np.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))


def moments(x):
    """Outputs of which one is twice another one and one is constant."""
    p = bump(x)
    return {"norm": p, "mean": p[:, None] * x, "twice": 2.0 * p, "one": np.ones(len(x))}


def test_one_number():
    r = thalweg.integrate(bump, 3, **HOW)
    g = r.to_gvar()
    assert isinstance(g, gvar.GVar)
    assert (g.mean, g.sdev) == (r.value, pytest.approx(r.error, rel=1e-14))
    assert str(g) == str(r.estimates[0])
    one = r.estimates[0].to_gvar()
    assert (one.mean, one.sdev) == (g.mean, g.sdev)


def test_arrays_keep_their_shape():
    def f(x):
        return np.stack([x, x**2], axis=1)

    r = thalweg.integrate(f, 3, covariance=True, **HOW)
    g = r.to_gvar()
    assert g.shape == r.value.shape == (2, 3)
    np.testing.assert_array_equal(gvar.mean(g), r.value)
    np.testing.assert_allclose(gvar.evalcov(g.ravel()), r.covariance, rtol=1e-12)


def test_outputs_of_a_dict_are_correlated_as_they_are():
    r = thalweg.integrate(moments, 3, covariance=True, method="vegas", **HOW)
    g = r.to_gvar()
    assert isinstance(g, gvar.BufferDict) and list(g) == ["norm", "mean", "twice", "one"]
    np.testing.assert_allclose(gvar.evalcov(g.flat[:]), r.covariance, rtol=1e-12, atol=1e-25)
    # What cancels, cancels: the ratio is far better known than its parts.
    ratio = g["twice"] / g["norm"]
    assert ratio.mean == pytest.approx(2.0, rel=1e-12)
    assert ratio.sdev < 1e-5 * np.hypot(r.rel_error["norm"], r.rel_error["twice"])
    for mean in g["mean"] / g["norm"]:
        assert abs(mean.mean - 0.5) < 5 * mean.sdev


def test_errors_of_a_ratio_are_those_of_many_runs():
    """<x^2> over many seeds scatters as gvar says; without the covariance it would be far off."""

    def f(x):
        p = bump(x)
        return np.stack([p, p * x[:, 0] ** 2], axis=1)

    ratios, independent = [], []
    for seed in range(200):
        how = dict(max_calls=4000, rel_error=None, method="plain", placement="random", seed=seed)
        r = thalweg.integrate(f, 3, covariance=True, **how)
        norm, second = r.to_gvar()
        ratios.append(second / norm)
        independent.append(r[1].to_gvar() / r[0].to_gvar())
    scatter = np.std([x.mean for x in ratios], ddof=1)
    # 200 seeds know a spread to 5 %.
    assert np.mean([x.sdev for x in ratios]) == pytest.approx(scatter, rel=0.2)
    assert np.mean([x.sdev for x in independent]) > 1.4 * scatter


def test_without_the_covariance_they_are_independent():
    r = thalweg.integrate(moments, 3, **HOW)
    g = r.to_gvar()
    correlation = gvar.evalcorr([g["norm"], g["twice"]])
    assert correlation[0, 1] == 0.0
    np.testing.assert_allclose(gvar.sdev(g["mean"]), r.error["mean"], rtol=1e-14)


def test_gvar_is_imported_by_nobody_else():
    import subprocess
    import sys

    program = (
        "import sys, thalweg, thalweg.compat.vegas\n"
        "r = thalweg.integrate(lambda x: x[:, 0], 2, max_calls=2000)\n"
        "assert not any(name.split('.')[0] in ('gvar', 'vegas') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
