"""Samplers made from samples alone."""

import pickle

import numpy as np
import pytest

import thalweg


@pytest.fixture(scope="module")
def samples():
    """Normal, correlated, away from zero."""
    u = np.random.default_rng(1).normal(size=(4000, 2))
    return u @ np.array([[1.0, 0.8], [0.0, 0.6]]) + [3.0, -1.0]


def log_density(x):
    u = x[:, 0] - 3.0
    v = (x[:, 1] + 1.0 - 0.8 * u) / 0.6
    return -0.5 * (u**2 + v**2) - np.log(2 * np.pi * 0.6)


def made(samples, **how):
    flow = thalweg.Flow(2, family="spline_maf", depth=2)
    return thalweg.Sampler.of_samples(samples, flow=flow, epochs=8, **how)


def test_it_is_the_density_of_the_samples(samples):
    sampler = made(samples)
    # Half of the numbers of one seed tell the others' density: within a tenth of the entropy, 2.33.
    fresh = np.random.default_rng(2).normal(size=(4000, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]]) + [
        3,
        -1,
    ]
    missing = (log_density(fresh) - sampler.log_density(fresh)).mean()
    assert -0.02 < missing < 0.2
    fit = sampler.fit
    assert 0 < fit.best_step <= fit.steps
    assert abs(fit.holdout + 2.33) < 0.3 and abs(fit.log_likelihood + 2.33) < 0.3
    x, weights = sampler.draw(4000, seed=3)
    np.testing.assert_allclose(x.mean(axis=0), [3.0, -1.0], atol=0.15)
    np.testing.assert_allclose(np.cov(x.T), [[1.0, 0.8], [0.8, 1.0]], atol=0.2)
    np.testing.assert_allclose(-np.log(weights), sampler.log_density(x), atol=1e-9)
    assert sampler.bounds.tolist() == [[-np.inf, np.inf]] * 2


def test_same_seed_same_bits_and_files(samples):
    one, other = made(samples[:500], seed=5), made(samples[:500], seed=5)
    assert one.to_bytes() == other.to_bytes() != made(samples[:500], seed=6).to_bytes()
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.draw(10, seed=1)[0], one.draw(10, seed=1)[0])
    assert again.fit is None


def test_bounds():
    x = np.random.default_rng(3).beta(2, 5, size=(2000, 1))
    sampler = thalweg.Sampler.of_samples(x, [(0, 1)])
    drawn, _ = sampler.draw(1000, seed=1)
    assert drawn.min() > 0.0 and drawn.max() < 1.0
    assert drawn.mean() == pytest.approx(2 / 7, abs=0.04)


def test_misuse(samples):
    def of(x, *bounds, **how):
        return thalweg.Sampler.of_samples(x, *bounds, **how)

    for bad in (samples[0], 3.0, np.zeros((5, 0))):
        with pytest.raises(thalweg.ShapeError, match=r"\(n, d\)"):
            of(bad)
    with pytest.raises(TypeError, match="numbers"):
        of("samples")
    with pytest.raises(thalweg.SettingError, match="finite"):
        of(np.where(samples > 4, np.nan, samples))
    with pytest.raises(thalweg.ShapeError, match="bounds have 1"):
        of(samples, [(0, 1)])
    with pytest.raises(thalweg.SettingError, match="domain"):
        of(samples, [(0, 1), (0, 1)])
    with pytest.raises(thalweg.ShapeError, match="flow has 3"):
        of(samples, flow=thalweg.Flow(3))
    with pytest.raises(TypeError, match="flow must be a Flow"):
        of(samples, flow="maf")
    with pytest.raises(thalweg.SettingError, match="epoch"):
        of(samples, epoch=3)
    with pytest.raises(thalweg.SettingError, match="epochs"):
        of(samples, epochs=-1.0)
    with pytest.raises(thalweg.SettingError):
        of(np.zeros((0, 2)))
