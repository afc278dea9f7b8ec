"""ln Z of functions given by their logarithm."""

import copy
import pickle

import numpy as np
import pytest

import thalweg

PLANE = [(-np.inf, np.inf)] * 2


def log_gauss(x):
    return -5000.0 - (x**2).sum(axis=1)


@pytest.mark.parametrize("seed", range(1, 9))
def test_logarithms_below_all_floats_are_right(seed):
    exact = np.log(np.pi) - 5000.0
    r = thalweg.integrate_log(log_gauss, PLANE, abs_error=1e-2, seed=seed)
    assert abs(r.pull(exact)) < 4 and abs(r.log_z - exact) < 4 * r.error
    assert r.is_good and r.error <= 1e-2 and r.restarts == 0
    assert r.log_z == pytest.approx(r.level + np.log(r.scaled.value), abs=1e-9)
    low, high = r.interval(2.0)
    assert low < r.log_z - 2 * r.error < r.log_z < high < r.log_z + 2 * r.error
    assert r.interval(1e6)[0] == -np.inf and r.bias == pytest.approx(-(r.error**2) / 2)


def test_results_are_shown_and_kept():
    seen = []
    r = thalweg.integrate_log(
        log_gauss,
        PLANE,
        max_calls=20_000,
        rel_error=None,
        observables={"x": (lambda x: x[:, 0], np.linspace(-1, 1, 3))},
        callback=lambda p: seen.append(p.calls),
    )
    assert seen and r.calls <= 20_000
    assert len(r.scaled.histograms) == 1 and r.sampler is not None
    assert repr(r).startswith("<LogResult -4998.8") and "ln Z = -4998.8" in str(r)
    for other in (pickle.loads(pickle.dumps(r)), copy.copy(r)):
        assert other.log_z == r.log_z and other.scaled.same_as(r.scaled)
    with pytest.raises(AttributeError):
        r.log_z = 0.0


def test_kept_runs_go_on_to_the_same_bits(tmp_path):
    settings = {"max_calls": 30_000, "rel_error": None, "cost_class": "cheap"}
    whole = thalweg.integrate_log(log_gauss, PLANE, **settings)

    class Mortal:
        left = 12_000

        def __call__(self, x):
            self.left -= len(x)
            if self.left < 0:
                raise RuntimeError("killed")
            return log_gauss(x)

    file = tmp_path / "run"
    kept = {"checkpoint": file, "checkpoint_every": 1e-3}
    with pytest.raises(RuntimeError, match="killed"):
        thalweg.integrate_log(Mortal(), PLANE, **settings, **kept)
    again = thalweg.integrate_log(log_gauss, PLANE, **settings, **kept, resume=True)
    assert again.log_z == whole.log_z and again.scaled.same_as(whole.scaled)


def test_what_has_no_logarithm_is_named():
    def values(value):
        return lambda x: np.where(x[:, 0] < 0.25, value, -1e4)

    for bad in (np.nan, np.inf):
        with pytest.raises(thalweg.NonFiniteError, match="nan|NaN|inf"):
            thalweg.integrate_log(values(bad), 1)
        r = thalweg.integrate_log(values(bad), 1, non_finite=0.5, max_calls=20_000)
        assert abs(r.pull(np.log(0.75) - 1e4)) < 4
    with pytest.raises(thalweg.NoSignalError, match="minus infinity"):
        thalweg.integrate_log(lambda x: np.full(len(x), -np.inf), 2, max_calls=20_000)
    with pytest.raises(thalweg.SettingError, match="outputs of ln f"):
        thalweg.integrate_log(lambda x: x, 2)
    with pytest.raises(thalweg.NonFiniteError):
        thalweg.integrate_log(lambda x: 1e9 * np.where(x[:, 0] < 0.2, np.inf, x[:, 0]), 1)


def test_an_interrupted_run_has_what_there_is():
    steps = []

    def stop(progress):
        steps.append(progress)
        return len(steps) == 4

    r = thalweg.integrate_log(
        lambda x: -5000.0 - 500.0 * ((x - 0.4) ** 2).sum(axis=1),
        3,
        method="vegas",
        max_calls=100_000,
        rel_error=None,
        callback=stop,
    )
    assert r.status == "interrupted" and abs(r.log_z + 5006) < 10
