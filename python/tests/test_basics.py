"""What a first user does."""

import numpy as np

import thalweg


def gauss(x):
    return np.exp(-(x**2).sum(axis=1))


def test_an_integral_with_infinite_bounds():
    r = thalweg.integrate(gauss, [(-np.inf, np.inf)] * 2, rel_error=1e-3, seed=1)
    assert r.status == "converged"
    assert abs(r.pull(np.pi)) < 5
    assert r.rel_error <= 1e-3
