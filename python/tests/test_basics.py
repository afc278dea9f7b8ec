"""What users do."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

import thalweg
from thalweg._progress import Bar, line


def gauss(x):
    return np.exp(-(x**2).sum(axis=1))


PLANE = [(-np.inf, np.inf)] * 2


def test_an_integral_with_infinite_bounds():
    r = thalweg.integrate(gauss, PLANE, rel_error=1e-3, seed=1)
    assert r.status == "converged" and r.is_good and r.stop_reason == "rel_error"
    assert abs(r.pull(np.pi)) < 5
    assert 0 < r.rel_error <= 1e-3
    assert r.error == pytest.approx(r.rel_error * r.value)
    assert r.calls == sum(r.calls_by_phase.values()) > 0
    assert r.iterations[0].phase == "explore"
    assert "relative error" in r.summary() and "converged" in repr(r)
    assert "<table>" in r._repr_html_()
    assert 0 < r.blind_volume < 1 and r.ess > 100 and r.reasons == ()
    assert float(r) == r.value and np.asarray(r) == r.value
    assert r > 3 and r < 3.3 and r == r.value and r != 3 and r >= r and r <= 4
    assert r.to_dict()["estimate"]["value"] == r.value


@pytest.mark.parametrize("method", ["plain", "vegas", "flow", "auto"])
def test_methods(method):
    r = thalweg.integrate(gauss, [(-4, 4)] * 2, method=method, rtol=1e-2, seed=2)
    assert abs(r.pull(np.pi)) < 5
    assert r.method in ("plain", "vegas", "flow")
    assert (r.why is None) == (method != "auto")


def test_several_outputs():
    def moments(x):
        return np.stack([np.ones(len(x)), x[:, 0], x[:, 0] ** 2], axis=1)

    r = thalweg.integrate(moments, 2, rel_error=None, max_calls=20_000, covariance=True, method="plain")
    assert r.value.shape == r.error.shape == (3,) and len(r) == 3
    assert np.all(np.abs(r.pull([1, 1 / 2, 1 / 3])) < 5)
    assert r.covariance.shape == (3, 3)
    np.testing.assert_allclose(np.diag(r.covariance), r.error**2, rtol=1e-6, atol=1e-20)
    assert r.correlation[1, 2] > 0.9
    np.testing.assert_array_equal(r > [2, 0, 0], [False, True, True])
    np.testing.assert_array_equal(r == r.value, [True] * 3)
    np.testing.assert_array_equal(r != r.value, [False] * 3)
    assert r[1].value == r.value[1] and r[-1].error == r.error[2]
    assert [e.value for e in r] == r.value.tolist()
    matrix = thalweg.integrate(
        lambda x: x[:, :, None] * x[:, None, :], 2, method="plain", max_calls=5000
    )
    assert matrix.value.shape == (2, 2) and matrix.value[0, 1] == matrix.value[1, 0]
    assert np.all(np.abs(matrix.pull([[1 / 3, 1 / 4], [1 / 4, 1 / 3]])) < 5)


def test_named_outputs():
    r = thalweg.integrate(
        lambda x: {"volume": np.ones(len(x)), "mean": x}, [(0, 2)] * 2, method="plain", max_calls=5000
    )
    assert r.keys() == ("volume", "mean") == tuple(r)
    assert r.value["volume"] == 4.0 and r["volume"].value == 4.0
    assert r.value["mean"].shape == (2,) and r["mean"][0].value == r.value["mean"][0]
    pulls = r.pull({"volume": 4.0, "mean": [4.0, 4.0]})
    assert pulls["volume"] == 0.0 and np.all(np.abs(pulls["mean"]) < 5)
    assert "mean[1]" in r.summary() and "volume=" in repr(r)


def test_functions_of_one_point():
    @thalweg.scalar
    def f(x):
        """Product."""
        return x[0] * x[1]

    assert f([2.0, 3.0]) == 6.0 and f.__doc__ == "Product."
    r = thalweg.integrate(f, 2, max_calls=3000, method="plain")
    batch = thalweg.integrate(lambda x: x[:, 0] * x[:, 1], 2, max_calls=3000, method="plain")
    assert r.same_as(batch)
    named = thalweg.scalar(lambda x: {"a": x[0]})
    assert thalweg.integrate(named, 1, max_calls=3000, method="plain").keys() == ("a",)


def test_bounds_of_all_kinds():
    class Bounds:
        lb, ub = [0, 0], [1, 2]

    def volume(bounds):
        return thalweg.integrate(lambda x: np.ones(len(x)), bounds, max_calls=1000, method="plain").value

    assert volume(3) == 1.0 and volume(np.int64(2)) == 1.0
    assert volume((0, 2)) == 2.0 and volume([(0, 2)]) == 2.0
    assert volume([[0, 1], [0, 2], [1, 4]]) == 6.0
    assert volume(np.array([[0, 1], [0, 2]], dtype=np.float32)) == 2.0
    assert volume(Bounds()) == 2.0 and volume({"x": (0, 2), "y": (0, 3)}) == 6.0


def test_targets_and_budgets():
    def run(**settings):
        return thalweg.integrate(gauss, [(-4, 4)] * 2, method="vegas", **settings)

    r = run(abs_error=0.01)
    assert r.error <= 0.01 and r.stop_reason == "abs_error"
    r = run(rel_error=None, max_calls=1e4)
    assert r.status == "budget" and 9000 < r.calls <= 10_000
    r = run(rtol=0, atol=0, max_calls=5000)
    assert r.stop_reason == "calls"
    r = run(rel_error=1e-9, max_seconds=0.3)
    assert r.stop_reason == "seconds"
    assert run(args=(), rel_error=0.1).is_good


def test_arguments_of_the_function():
    r = thalweg.integrate(lambda x, a, b: a * x[:, 0] + b, 1, args=(2, 3), max_calls=2000)
    assert abs(r.value - 4.0) < 0.1


def test_values_that_are_not_finite_may_count_as_zero():
    def f(x):
        return np.where(x[:, 0] < 0.01, np.nan, 1.0)

    r = thalweg.integrate(f, 1, non_finite=0.05, max_calls=20_000, rel_error=None, method="plain")
    assert r.non_finite > 0 and r.value == pytest.approx(0.99, abs=0.01)


def test_samplers():
    r = thalweg.integrate(gauss, [(-4, 4)] * 2, method="vegas", max_calls=20_000)
    s = r.sampler
    x, w = s.draw(20_000)
    assert x.shape == (20_000, 2) and w.shape == (20_000,)
    assert (np.abs(x) < 4).all()
    np.testing.assert_allclose(s.log_density(x), -np.log(w), rtol=1e-9)
    terms = gauss(x) * w
    assert abs(terms.mean() - np.pi) < 5 * terms.std() / np.sqrt(len(x))
    # Without a seed draws go on; with one they are the same.
    more, _ = s.draw(10)
    np.testing.assert_array_equal(s.draw(10, seed=1, first=20_000)[0], more)
    np.testing.assert_array_equal(s.draw(30, seed=4)[0][20:], s.draw(10, seed=4, first=20)[0])
    y, v = s.weighted(gauss, 100, seed=4)
    np.testing.assert_array_equal(y, s.draw(100, seed=4)[0])
    np.testing.assert_allclose(v, gauss(y) * s.draw(100, seed=4)[1])
    u = s.unweighted(gauss, 2000, seed=1)
    assert u.x.shape == (2000, 2) and u.weights.min() == 1.0 and 0 < u.efficiency <= 1
    # Distributed like f: both coordinates have the variance 1/2.
    assert abs((u.x**2).mean() - 0.5) < 5 * 0.5 * np.sqrt(2 / 4000)
    assert s.value == r.value and s.error == r.error and s.dim == 2
    np.testing.assert_array_equal(s.bounds, [[-4, 4]] * 2)


def test_what_is_told_of_unweighted_events():
    def signed(x):
        return x[:, 0] - 0.25

    s = thalweg.train(signed, 1, method="vegas", max_calls=5_000)
    plain = s.unweighted(signed, 3000, seed=2, max_weight=0.9, trials=5000)
    u = s.unweighted(signed, 3000, seed=2, max_weight=0.9, trials=5000, partial=0.5)
    assert (u.policy, u.partial, plain.partial) == ("quantile:0.9", 0.5, 1.0)
    assert u.max_weight == 0.5 * plain.max_weight and u.efficiency > plain.efficiency
    # The weights of the draws that the events come from say the rest.
    _, w = s.weighted(signed, u.trials, seed=2)
    np.testing.assert_array_equal(s.draw(u.trials, seed=2)[0][u.numbers], u.x)
    ratios = abs(w) / u.max_weight
    np.testing.assert_allclose(abs(u.weights), np.maximum(1, ratios[u.numbers]), rtol=1e-12)
    assert np.isclose(u.overweight_fraction, (abs(u.weights) > 1).mean())
    assert np.isclose(u.overweight_share, ratios[ratios > 1].sum() / ratios.sum())
    assert np.isclose(u.overweight_reach, ratios.max())
    assert np.isclose(u.negative_fraction, ratios[w < 0].sum() / ratios.sum())
    assert np.isclose(u.negative_efficiency, (1 - 2 * u.negative_fraction) ** 2)
    # int f = 1/4, int |f| = 10/32
    assert abs(u.pooled.pull(0.25)) < 5 and abs(u.absolute.pull(0.3125)) < 5
    assert u.pooled.error < u.error and abs(u.value - 0.25) < 5 * u.error
    e = u.efficiencies
    assert isinstance(e, thalweg.Efficiencies) and e == plain.efficiencies
    assert 0 < e.by_max <= e.by_quantile <= 1 and e.by_max <= e.by_bootstrap_median
    # Other draws have other events.
    far = s.unweighted(signed, 3000, seed=2, first=1_000_000)
    assert far.numbers.min() >= 1_000_000


def test_samplers_are_saved_and_pickled(tmp_path):
    s = thalweg.train(gauss, [(-4, 4)] * 2, method="flow", max_calls=12_000)
    assert s.training.status in ("budget", "converged", "unreliable")
    s = s.with_metadata({"of": "a test"})
    s.save(tmp_path / "model.tlw")
    for other in (
        thalweg.Sampler.load(tmp_path / "model.tlw"),
        thalweg.Sampler.from_bytes(s.to_bytes()),
        pickle.loads(pickle.dumps(s)),
    ):
        np.testing.assert_array_equal(other.draw(50, seed=2)[0], s.draw(50, seed=2)[0])
        assert other.metadata == {"of": "a test"} and other.proposal == s.proposal


def test_warm_starts_and_frozen_proposals():
    integrator = thalweg.Integrator([(-4, 4)] * 2, method="vegas", max_calls=20_000)
    with pytest.raises(ValueError, match="no sampler"):
        integrator.estimate(gauss)
    integrator.train(gauss)
    r = integrator.estimate(gauss, rel_error=1e-2)
    assert r.calls_by_phase["train"] == 0 and abs(r.pull(np.pi)) < 5
    assert integrator.result is r and r.method == "vegas"
    assert abs(integrator(gauss, rel_error=1e-2).pull(np.pi)) < 5
    other = thalweg.integrate(gauss, sampler=integrator.sampler, rel_error=1e-2)
    assert abs(other.pull(np.pi)) < 5
    with pytest.raises(ValueError, match="bounds"):
        thalweg.integrate(gauss, 2, sampler=integrator.sampler)
    with pytest.raises(TypeError, match="did you mean"):
        thalweg.Integrator(2, max_call=3)


def test_checkpoints(tmp_path):
    path = tmp_path / "run.checkpoint"
    settings = dict(method="vegas", max_calls=60_000, rel_error=None)
    whole = thalweg.integrate(gauss, [(-4, 4)] * 2, **settings)
    calls = 0

    def cut(x):
        nonlocal calls
        calls += len(x)
        if calls > 30_000:
            raise KeyboardInterrupt
        return gauss(x)

    kept = dict(checkpoint=path, checkpoint_every=0.01, **settings)
    with pytest.raises(thalweg.Interrupted):
        thalweg.integrate(cut, [(-4, 4)] * 2, **kept)
    again = thalweg.integrate(gauss, [(-4, 4)] * 2, resume=True, **kept)
    assert again.same_as(whole)
    with pytest.raises(thalweg.CheckpointError):
        thalweg.integrate(gauss, [(-3, 3)] * 2, resume=True, **kept)


@pytest.mark.parametrize("kind", ["flow", "grid"])
def test_maps(kind):
    rng = np.random.default_rng(1)
    if kind == "flow":
        m = thalweg.Flow(3, hidden=[8], precision="f64")
        np.testing.assert_allclose(m.forward([[0.2, 0.5, 0.9]])[0], [[0.2, 0.5, 0.9]], atol=1e-6)
        m = m.with_parameters(m.parameters + 0.3 * rng.normal(size=m.parameters.shape))
        assert m.config["hidden"] == [8]
    else:
        m = thalweg.VegasGrid(3, bins=20)
        z = rng.random((4000, 3))
        m = m.refined(z, np.exp(-20 * ((z - 0.3) ** 2).sum(axis=1)))
        assert m.bins == 20 and m.edges.shape == (3, 21) and m.resampled(40).bins == 40
    z = rng.random((3000, 3))
    x, log_jac = m.forward(z)
    back, same = m.inverse(x)
    np.testing.assert_allclose(back, z, atol=1e-9)
    np.testing.assert_allclose(same, log_jac, atol=1e-6)
    np.testing.assert_array_equal(m.log_jac(z), log_jac)
    assert log_jac.std() > 0.1
    # The Jacobian by finite differences, at a few points.
    h = 1e-6
    for i in range(5):
        steps = [(m.forward([z[i] + h * e])[0] - m.forward([z[i] - h * e])[0])[0] for e in np.eye(3)]
        log_det = np.log(abs(np.linalg.det(np.array(steps) / (2 * h))))
        assert log_det == pytest.approx(log_jac[i], abs=1e-3)
    other = pickle.loads(pickle.dumps(m))
    assert type(other) is type(m)
    np.testing.assert_array_equal(other.forward(z)[0], x)
    # A map can be drawn from and warms a run up.
    s = m.sampler([(0, 2)] * 3)
    assert s.draw(5, seed=1)[0].shape == (5, 3) and type(s.map) is type(m)
    r = thalweg.integrate(lambda x: x.sum(axis=1), sampler=s, max_calls=50_000, rel_error=1e-2)
    assert abs(r.pull(24.0)) < 5


def test_callbacks_see_every_step():
    seen = []
    how = dict(method="flow", max_calls=20_000, rel_error=None)
    r = thalweg.integrate(gauss, [(-4, 4)] * 2, callback=seen.append, **how)
    assert len(seen) == len(r.iterations)
    assert [p.phase for p in seen] == [i.phase for i in r.iterations]
    assert [p.value for p in seen] == [i.value for i in r.iterations]
    assert all(p.max_calls == 20_000 and p.seconds >= 0 for p in seen)
    assert {p.phase for p in seen} == {"explore", "train", "estimate"}
    silent = thalweg.integrate(gauss, [(-4, 4)] * 2, method="flow", max_calls=20_000, rel_error=None)
    assert r.same_as(silent)


def test_progress(monkeypatch):
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    settings = dict(method="vegas", rel_error=1e-9, max_seconds=1.0)
    thalweg.integrate(gauss, [(-4, 4)] * 2, progress=True, **settings)
    shown = err.getvalue()
    assert "calls" in shown and "rel. error" in shown and "s left" in shown
    # The line is gone in the end.
    assert shown.endswith("\r") and shown.split("\r")[-2].strip() == ""
    err.seek(0)
    err.truncate()
    thalweg.integrate(gauss, [(-4, 4)] * 2, **settings)
    assert err.getvalue() == ""
    seen = []
    thalweg.integrate(gauss, [(-4, 4)] * 2, progress=seen.append, **settings)
    assert len(seen) > 3 and "calls" in line(seen[-1])


def test_the_bar_of_a_notebook(monkeypatch):
    drawn = []

    class Handle:
        def update(self, what, raw):
            drawn.append(what)

    class Display:
        @staticmethod
        def display(what, raw, display_id):
            drawn.append(what)
            return Handle()

    bar = Bar(patience=0.0)
    bar.notebook = True
    monkeypatch.setitem(sys.modules, "IPython.display", Display)
    now = thalweg.Progress("estimate", 10, 100, 1.0, 0.1, 2.0, None, 10, 1.0, 3.0)
    bar.show(now)
    bar.close()
    assert "10 calls (10 %)" in drawn[0]["text/html"]
    assert drawn[-1] == {"text/plain": "", "text/html": ""}


def test_gvar_is_imported_late(monkeypatch):
    class Gvar:
        BufferDict = dict

        @staticmethod
        def gvar(*args):
            if len(args) == 2 and np.ndim(args[1]) == 2:
                return list(zip(args[0], np.sqrt(np.diag(args[1]))))
            return args

    r = thalweg.integrate(lambda x: x, 2, covariance=True, max_calls=2000, method="plain")
    monkeypatch.setitem(sys.modules, "gvar", Gvar)
    assert r.to_gvar()[0][0] == r.value[0]
    assert thalweg.Estimate(1.0, 0.1).to_gvar() == (1.0, 0.1)


def test_imports_bring_nothing_but_numpy():
    code = (
        "import sys, time, numpy; before = set(sys.modules); t = time.process_time();"
        "import thalweg; t = time.process_time() - t;"
        "more = {m.split('.')[0] for m in set(sys.modules) - before};"
        "print(t); print(*sorted(more - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = done.stdout.splitlines()
    print(f"import thalweg: {1e3 * float(seconds):.1f} ms of CPU beyond NumPy's")
    assert set(modules.split()) <= {"thalweg", "numpy"}


def rss():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def grown(runs):
    def f(x):
        return {"a": x[:, 0], "b": x}

    def one(seed):
        r = thalweg.integrate(f, 2, seed=seed, method="vegas", max_calls=3000)
        r.sampler.draw(1000)
        if seed % 5 == 0:
            with pytest.raises(ZeroDivisionError):
                thalweg.integrate(lambda x: x[:, 0] if len(x) < 9 else 1 / 0, 2, max_calls=3000)

    for seed in range(50):
        one(seed)
    before = rss()
    for seed in range(runs):
        one(seed)
    return rss() - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_is_flat():
    more = grown(150)
    print(f"{more / 1024:.0f} KiB more after 150 integrations")
    assert more < 16 << 20


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_is_flat_over_a_thousand_integrations():
    more = grown(1000)
    print(f"{more / 1024:.0f} KiB more after 1000 integrations")
    assert more < 16 << 20


@pytest.mark.parametrize("family", ["real_nvp", "maf", "spline_iaf", "recurrent_maf"])
def test_families_of_flows(family):
    flow = thalweg.Flow(3, family=family, depth=2, hidden=[8], precision="f64")
    rng = np.random.default_rng(1)
    flow = flow.with_parameters(0.2 * rng.standard_normal(flow.parameters.size))
    z = rng.random((100, 3))
    x, log_jac = flow.forward(z)
    again, back = flow.inverse(x)
    # The rounding of an x next to 1 comes back divided by dx/dz.
    rounding = np.exp(np.minimum(log_jac, 0))
    assert (np.abs(again - z).max(axis=1) * rounding).max() < 1e-13
    assert (np.abs(log_jac - back) * rounding).max() < 1e-11
    assert np.abs(log_jac).max() > 0.1


def test_a_family_that_there_is_not():
    with pytest.raises(ValueError, match="no family of flows"):
        thalweg.Flow(2, family="realnvp")
