"""thalweg.compat.vegas: its settings, shapes, averages, maps and errors."""

import io
import math
import pickle

import numpy as np
import pytest

import thalweg
import thalweg.compat.vegas as vegas
from thalweg.compat._average import average
from thalweg.compat._number import Number, Source


def product(x):
    return 4.0 * x[0] * x[1]


@vegas.lbatchintegrand
def narrow(x):
    return np.exp(-200.0 * ((x - 0.4) ** 2).sum(axis=1))


NARROW = (math.pi / 200.0) ** 1.0


# ---- averages and numbers


def test_weighted_and_plain_averages_of_one_output():
    means = [np.array([1.0]), np.array([2.0])]
    covs = [np.array([[0.1]]), np.array([[0.3]])]
    w = average(means, covs, True)
    assert w.mean == pytest.approx([1.25]) and w.cov[0, 0] == pytest.approx(0.075)
    assert w.chi2 == pytest.approx(0.25**2 / 0.1 + 0.75**2 / 0.3) and w.dof == 1
    u = average(means, covs, False)
    assert u.mean == pytest.approx([1.5]) and u.cov[0, 0] == pytest.approx(0.1)
    assert u.chi2 == pytest.approx(2 * 0.25 / 0.2) and u.dof == 1


def test_an_iteration_that_saw_nothing_has_no_say():
    means = [np.array([0.0, 1.0]), np.array([2.0, 1.2]), np.array([2.2, 1.1])]
    covs = [np.diag([0.0, 0.1]), np.diag([0.1, 0.1]), np.diag([0.1, 0.1])]
    found = average(means, covs, True)
    assert found.mean == pytest.approx([2.1, 1.1]) and found.dof == 3
    nothing = average([np.zeros(1)] * 3, [np.zeros((1, 1))] * 3, True)
    assert nothing.mean == [0.0] and nothing.cov == [[0.0]] and nothing.q == 1.0


def test_averages_are_those_of_vegas():
    original = pytest.importorskip("vegas")
    gvar = pytest.importorskip("gvar")
    rng = np.random.default_rng(3)
    means, covs = [], []
    for _ in range(6):
        a = rng.normal(size=(12, 3)) * [1.0, 10.0, 0.1]
        covs.append(a.T @ a / 12)
        means.append(rng.multivariate_normal([1.0, 2.0, 0.3], covs[-1]))
    for k, weighted in [(3, True), (3, False), (1, True), (1, False)]:
        parts = [(m[:k], c[:k, :k]) for m, c in zip(means, covs)]
        made = [gvar.gvar(m, c) if k > 1 else gvar.gvar(m[0], c[0, 0] ** 0.5) for m, c in parts]
        theirs = original.ravg(made, weighted=weighted)
        ours = average(*zip(*parts), weighted)
        assert ours.mean == pytest.approx(np.atleast_1d(gvar.mean(theirs)), rel=1e-8)
        cov = np.atleast_2d(gvar.evalcov(theirs))
        assert np.allclose(ours.cov, cov, rtol=1e-6, atol=0.0)
        assert ours.chi2 == pytest.approx(theirs.chi2, rel=1e-6) and ours.dof == theirs.dof
        assert ours.q == pytest.approx(theirs.Q, rel=1e-5)


def test_errors_of_functions_are_those_of_gvar():
    gvar = pytest.importorskip("gvar")
    cov = np.array([[0.04, 0.03, 0.0], [0.03, 0.09, 0.01], [0.0, 0.01, 0.01]])
    ours = Source(cov).numbers([1.5, 2.5, 0.7])
    theirs = list(gvar.gvar([1.5, 2.5, 0.7], cov))
    for f in [
        lambda a, b, c: a / b,
        lambda a, b, c: c - (b / a) ** 2,
        lambda a, b, c: 2.0 / a + b * 3 - 1 + (-c),
        lambda a, b, c: a**b + 2.0**c + b**2,
        lambda a, b, c: np.sqrt(a) * np.exp(c) + np.log(b) - np.sin(a) * np.cos(b),
        lambda a, b, c: (np.array([1.0, 2.0]) * a / b)[1] + np.float64(2.0) * c,
    ]:
        x, y = f(*ours), f(*theirs)
        assert x.mean == pytest.approx(y.mean) and x.sdev == pytest.approx(y.sdev)
        converted = x.to_gvar()
        assert converted.sdev == pytest.approx(y.sdev)
    # Conversion keeps correlations, also of numbers converted one by one.
    pair = ours[0].to_gvar() / ours[1].to_gvar()
    assert pair.sdev == pytest.approx((theirs[0] / theirs[1]).sdev)
    extra = gvar.gvar(2.0, 0.1)
    for mixed in [ours[0] * extra, ours[0] / extra, ours[0] - extra, ours[0] + extra, ours[0] ** extra]:
        assert isinstance(mixed, gvar.GVar) and mixed.sdev > 0.0
    with pytest.raises(TypeError):
        extra * ours[0]


def test_numbers_print_like_those_of_gvar():
    gvar = pytest.importorskip("gvar")
    for mean, sdev in [(1.0015, 0.0012), (-3.2, 1.96), (123.4, 12.0), (0.05, 0.0021), (3.5e-3, 9.96e-5)]:
        (number,) = Source(np.array([[sdev**2]])).numbers([mean])
        assert str(number) == str(gvar.gvar(mean, sdev))
    (number,) = Source(np.array([[0.0012**2]])).numbers([1.0015])
    assert (
        f"{number}" == "1.0015(12)" and f"{number:.2f}" == "1.00" and f"{number:>12}" == "  1.0015(12)"
    )


# ---- results


def test_results_have_the_shape_of_the_values():
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    one = integ(product, nitn=3, neval=500)
    assert isinstance(one, vegas.RAvg) and isinstance(one, Number)
    assert one.covariance.shape == (1, 1) and one.var == pytest.approx(one.covariance[0, 0])
    table = integ(lambda x: [[product(x), x[0]], [x[1], 0.0]], nitn=3, neval=500)
    assert isinstance(table, vegas.RAvgArray) and table.shape == (2, 2) and table.dof == 6
    assert abs(vegas.Number(-1.0)).mean == 1.0
    assert table.covariance.shape == (4, 4)
    assert vegas.mean(table).shape == (2, 2) and vegas.sdev(table)[1, 1] == 0.0
    assert np.allclose(vegas.evalcov(table), table.covariance)
    assert (table[0, 0] - table[0, 0]).sdev == 0.0
    assert type(table / table[0, 0]) is np.ndarray and type(table[0]) is np.ndarray
    assert str(table).startswith("[[")
    named = integ(lambda x: {"a": x[0], "b": [x[1], 2.0]}, nitn=3, neval=500)
    assert isinstance(named, vegas.RAvgDict) and named["b"].shape == (2,)
    assert named.itn_results[0]["a"].sdev > 0.0
    assert "b 1" in named.summary(extended=True)
    for result in (one, table, named):
        copy = pickle.loads(pickle.dumps(result))
        assert repr(copy) == repr(result) and copy.summary() == result.summary()
        assert np.array_equal(vegas.evalcov(copy), vegas.evalcov(result))
        assert result.nitn == 3 and result.avg_neval == result.sum_neval / 3


def test_to_gvar():
    gvar = pytest.importorskip("gvar")
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    r = integ(lambda x: [product(x), x[0] * product(x)], nitn=3, neval=500)
    assert np.allclose(gvar.evalcov(r.to_gvar()), r.covariance)
    assert (r.to_gvar()[1] / r.to_gvar()[0]).sdev == pytest.approx((r[1] / r[0]).sdev)
    named = integ(lambda x: {"a": x[0], "b": [x[1], 2.0]}, nitn=3).to_gvar()
    assert isinstance(named, gvar.BufferDict)


def test_uncorrelated_outputs_on_request():
    def f(x):
        return [product(x), product(x)]

    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1, correlate_integrals=False)
    result = integ(f, nitn=3)
    assert result.covariance[0, 1] == 0.0 and (result[0] / result[1]).sdev > 0.0


# ---- settings


def test_settings_hold_until_they_are_changed():
    integ = vegas.Integrator([[0, 1], [0, 1]], nitn=3, seed=4)
    assert integ.nitn == 3 and integ.neval == 1000 and integ.dim == 2
    integ(product, neval=2e3)
    assert integ.neval == 2000
    old = integ.set(neval=500, beta=0.0)
    assert old == {"neval": 2000, "beta": 0.75}
    integ.alpha = 0.1
    assert integ.alpha == 0.1
    integ.set(old)
    text = integ.settings(ngrid=3)
    assert "2000 (approx)" in text and "grid[ 1]" in text and "(0.0, 1.0)" in text
    clone = vegas.Integrator(integ, nitn=7)
    assert (clone.nitn, integ.nitn) == (7, 3)
    assert np.array_equal(clone.map.grid, integ.map.grid)


def test_iterations_end_where_the_error_is_small_enough():
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=4)
    r = integ(narrow, nitn=30, neval=5000, rtol=2e-2)
    assert r.nitn < 30 and r.sdev < 2e-2 * r.mean and r.converged(2e-2, 0.0)
    assert integ(narrow, nitn=4, rtol=0.0, atol=1.0).nitn == 1


def test_the_same_seed_gives_the_same_numbers():
    def run(**settings):
        integ = vegas.Integrator([[0, 1], [0, 1]], **settings)
        return integ(narrow, nitn=4, neval=3000)

    assert run(seed=3).mean == run(seed=3, min_neval_batch=100, nproc=4).mean != run(seed=4).mean
    np.random.seed(5)
    one = run().mean
    np.random.seed(5)
    assert run().mean == one != run().mean


def test_strata_as_wanted():
    integ = vegas.Integrator([[0, 1]] * 3, seed=1, nstrat=[2, 5, 1], max_neval_hcube=20)
    integ(lambda x: x[0], nitn=1, neval=1000)
    assert list(integ.nstrat) == [2, 5, 1] and integ.nhcube == 10
    assert integ.neval_hcube_range[1] <= 20
    even = vegas.Integrator([[0, 1]] * 3, seed=1, uniform_nstrat=True)
    even(lambda x: x[0], nitn=1, neval=1500)
    assert len(set(even.nstrat)) == 1
    assert max(vegas.Integrator([[0, 1]], seed=1, maxinc_axis=20).map.ninc) <= 20


def test_analyzers_see_every_iteration(capsys):
    class Analyzer:
        def __init__(self):
            self.seen = []

        def begin(self, itn, integrator):
            self.seen.append(itn)

        def end(self, itn_result, result):
            self.seen.append((itn_result.mean, result.nitn))

    analyzer = Analyzer()
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    r = integ(product, nitn=2, analyzer=analyzer)
    means = [i.mean for i in r.itn_results]
    assert analyzer.seen == [0, (means[0], 1), 1, (means[1], 2)]
    integ(product, nitn=2, analyzer=vegas.reporter(ngrid=2))
    out = capsys.readouterr().out
    assert "itn 2" in out and "grid[ 1]" in out


# ---- maps and points


def test_maps_are_what_they_say():
    integ = vegas.Integrator([[-1, 1], [0, 2]], seed=1)

    @vegas.lbatchintegrand
    def f(x):
        return np.exp(-50 * (x**2).sum(axis=1))

    integ(f, nitn=8, neval=10_000)
    m = integ.map
    assert m.grid.shape == (2, m.ninc[0] + 1) and m.inc.min() > 0.0
    assert m.region() == [(-1.0, 1.0), (0.0, 2.0)] == [(g[0], g[-1]) for g in m.extract_grid()]
    y = np.random.default_rng(1).random((500, 2))
    x, back, jac = np.empty_like(y), np.empty_like(y), np.empty(500)
    m.map(y, x, jac)
    assert np.allclose(x, m(y)) and np.allclose(jac, m.jac(y))
    m.invmap(x, back, jac)
    assert np.allclose(back, y) and np.allclose(m(y[0]), x[0])
    assert np.mean(np.abs(x) < 0.2) > 0.6
    assert np.allclose(pickle.loads(pickle.dumps(m)).grid, m.grid)
    # A map begins another integrator.
    other = vegas.Integrator(m, seed=2)
    r = other(f, nitn=1, neval=10_000, adapt=False)
    assert np.allclose(other.map.grid, m.grid)
    assert abs(r.mean - math.pi / 100) < 4 * r.sdev < 0.02 * r.mean
    m.make_uniform(ninc=5)
    assert np.allclose(m.grid, [np.linspace(-1, 1, 6), np.linspace(0, 2, 6)])
    worse = integ(f, nitn=1, neval=10_000, adapt=False)
    assert worse.sdev > 2 * r.sdev


def test_maps_adapt_to_samples_and_to_training_data():
    x = np.random.default_rng(1).random((20_000, 2))
    start = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    plain = start(narrow, nitn=1, neval=5000, adapt=False)
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    integ.map.adapt_to_samples(x, narrow, nitn=5)
    r = integ(narrow, nitn=1, neval=5000, adapt=False)
    assert r.sdev < plain.sdev / 4 and abs(r.mean - NARROW) < 4 * r.sdev
    m = vegas.AdaptiveMap([[0, 1], [0, 1]], ninc=100)
    for _ in range(5):
        y = np.random.default_rng(2).random((5000, 2))
        m.add_training_data(y, (narrow(m(y)) * m.jac(y)) ** 2)
        m.adapt(alpha=1.5)
    y = np.random.default_rng(3).random((5000, 2))
    w = narrow(m(y)) * m.jac(y)
    assert w.std() / w.mean() < 0.5
    uneven = vegas.AdaptiveMap([[0, 0.1, 1], [-1, 1]])
    assert np.allclose(uneven.grid, [[0, 0.1, 1], [-1, 0, 1]])
    assert np.allclose(uneven.jac1d([[0.25, 0.9]]), [[0.2, 2.0]])


def test_show_grid_draws():
    class Plotter:
        def __init__(self):
            self.lines = []

        def plot(self, x, y, *args, **kwargs):
            self.lines.append((x, y))

        def figure(self):
            pass

        xlabel = ylabel = lambda self, text: None
        show = figure

    m = vegas.AdaptiveMap([[0, 1], [0, 2], [0, 3]], ninc=50)
    plotter = Plotter()
    m.show_grid(10, plotter=plotter)
    assert len(plotter.lines) == 3 * 22
    plotter = Plotter()
    m.show_grid(10, axes=[(2, None)], plotter=plotter, shrink=True)
    assert len(plotter.lines) == 9 and max(x[0] for x, _ in plotter.lines) < 3


def test_points_and_weights_make_the_integral():
    integ = vegas.Integrator([[-1, 1], [0, 1]], seed=1)
    integ(lambda x: x[0] ** 2, nitn=4, neval=2000)
    total = 0.0
    for x, y, wgt, hcube in integ.random_batch(yield_y=True, yield_hcube=True):
        assert x.flags.writeable and np.allclose(integ.map(y), x)
        assert hcube.max() < integ.nhcube
        total += wgt.sum()
    assert total == pytest.approx(2.0, abs=0.1)
    pairs = list(integ.random())
    assert len(pairs) == integ.last_neval and pairs[0][0].shape == (2,)
    wgt, x = integ.sample(nbatch=5000)
    assert x.shape == (2, len(wgt)) and len(wgt) >= 5000
    assert wgt @ x[0] ** 2 == pytest.approx(2 / 3, rel=0.02)
    assert integ.sample(mode="lbatch")[1].shape[1] == 2


def test_saving_writes_to_files_and_streams(tmp_path):
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    stream = io.BytesIO()
    r = integ(product, nitn=2, save=stream, saveall=tmp_path / "all.pkl")
    stream.seek(0)
    assert pickle.load(stream).nitn == 1 and pickle.load(stream).nitn == 2
    result, again = pickle.loads((tmp_path / "all.pkl").read_bytes())
    assert result.mean == r.mean
    # What was restored goes on as the original does.
    assert again(product, nitn=2).mean == integ(product, nitn=2).mean


# ---- mistakes


def test_mistakes_are_named():
    for bounds in ([], [[0, 1, "x"]], [[1, 0]], [[0, math.inf]], {"a": 3}):
        with pytest.raises(ValueError):
            vegas.Integrator(bounds)
    integ = vegas.Integrator([[0, 1], [0, 1]], seed=1)
    for wrong in ({"adapt_to_errors": True}, {"uses_jac": True}):
        with pytest.raises(NotImplementedError):
            integ.set(wrong)
    with pytest.raises(AttributeError, match="nevals"):
        integ(product, nevals=3)
    for wrong in ({"nitn": 0}, {"neval": 1}, {"beta": 2.0}, {"nstrat": [1]}, {"seed": 5}):
        with pytest.raises(ValueError):
            vegas.Integrator([[0, 1], [0, 1]], seed=1)(product, **wrong)
    with pytest.raises(thalweg.NonFiniteError):
        integ(lambda x: math.nan if x[0] > 0.5 else 1.0)
    with pytest.raises(ZeroDivisionError):
        integ(lambda x: 1 / 0)
    with pytest.raises(thalweg.ShapeError):
        integ(vegas.lbatchintegrand(lambda x: 1.0))
    with pytest.raises(TypeError):
        integ("f")
    with pytest.raises(AttributeError, match="gvar"):
        vegas.PDFIntegrator
    with pytest.raises(ValueError):
        vegas.ravg([])
    # None of that has done any harm.
    r = integ(product, nitn=5)
    assert abs(r.mean - 1.0) < 5 * r.sdev


# ---- statistics


@pytest.mark.slow
@pytest.mark.parametrize("adapt", [True, False])
def test_pulls_over_many_seeds(adapt):
    """150 seeds of three integrands: pulls of the average are standard normal.

    Their mean scatters by 0.08, their spread by 0.06. The weighted average is biased, so its mean may
    be a little off; the bounds say how much.
    """

    @vegas.lbatchintegrand
    def ridge(x):
        return np.exp(-100.0 * (x[:, 0] - x[:, 1]) ** 2)

    @vegas.lbatchintegrand
    def smooth(x):
        return 1.0 + x[:, 0] * x[:, 1]

    ends = math.sqrt(math.pi) * math.erf(10.0) / 10.0 + (math.exp(-100.0) - 1.0) / 100.0
    for f, exact in [(narrow, NARROW), (ridge, ends), (smooth, 1.25)]:
        pulls = []
        for seed in range(150):
            integ = vegas.Integrator([[0, 1], [0, 1]], seed=seed)
            integ(f, nitn=5, neval=2000)
            r = integ(f, nitn=10, neval=2000, adapt=adapt)
            pulls.append((r.mean - exact) / r.sdev)
        pulls = np.array(pulls)
        print(f"{f.__name__} adapt={adapt}: pulls {pulls.mean():+.3f} +- {pulls.std(ddof=1):.3f}")
        assert abs(pulls.mean()) < 0.35 and 0.8 < pulls.std(ddof=1) < 1.25
