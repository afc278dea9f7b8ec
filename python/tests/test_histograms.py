"""Histograms of observables, filled while integrating."""

import itertools

import numpy as np
import pytest

import thalweg


def f(x):
    return 4.0 * x[:, 0] * x[:, 1]


EDGES = [0.0, 0.1, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("method", "placement"), [
    ("plain", "random"), ("plain", "sobol"), ("vegas", "strata"), ("flow", "auto"),
])  # fmt: skip
def test_bins_hold_the_integral_over_them(method, placement):
    r = thalweg.integrate(
        f, 2, method=method, placement=placement, rel_error=3e-3, seed=3,
        observables={"x": (lambda x: x[:, 0], EDGES), "sum": (lambda x: x.sum(axis=1), [0.5, 1, 1.5])},
    )  # fmt: skip
    h = r.histograms["x"]
    np.testing.assert_array_equal(h.edges, EDGES)
    exact = np.diff(np.square(EDGES))
    assert np.all(np.abs(h.values() - exact) < 5 * h.errors() + 1e-12)
    assert np.all(h.errors() < 0.1 * exact)
    assert h.underflow == h.overflow == (0.0, 0.0)
    np.testing.assert_allclose(h.density() * np.diff(EDGES), h.values())
    # Below 1/2 the sum has the integral 4 s^4 / 24; above it the bins and the overflow share the rest.
    s = r.histograms["sum"]
    value, error = s.underflow
    assert abs(value - 0.5**4 / 6) < 5 * error
    total = value + s.values().sum() + s.overflow[0]
    assert total == pytest.approx(1.0, abs=0.02)


def test_edges_belong_to_the_bin_above_and_nan_to_the_overflow():
    def place(x):
        return np.where(x[:, 0] < 0.25, np.nan, np.where(x[:, 0] < 0.5, 1.0, 2.0))

    r = thalweg.integrate(
        f, 2, method="plain", rel_error=1e-2, observables={"o": (place, [0.0, 1.0, 2.0])}
    )
    h = r.histograms["o"]
    assert h.values()[0] == 0.0
    assert abs(h.values()[1] - (0.25 - 0.0625)) < 5 * h.errors()[1]
    assert abs(h.overflow[0] - (0.75 + 0.0625)) < 5 * h.overflow[1]


def test_observables_change_no_bit_of_the_estimate():
    plain = thalweg.integrate(f, 2, method="vegas", seed=5)
    seen = thalweg.integrate(f, 2, method="vegas", seed=5, observables={"x": (lambda x: x[:, 0], EDGES)})
    assert (plain.value, plain.error, plain.calls) == (seen.value, seen.error, seen.calls)
    again = thalweg.integrate(
        f, 2, method="vegas", seed=5, batch=100, threads=1,
        observables={"x": (lambda x: x[:, 0], EDGES)},
    )  # fmt: skip
    np.testing.assert_array_equal(again.histograms["x"].values(), seen.histograms["x"].values())


@pytest.mark.parametrize("placement", ["random", "sobol", "strata"])
def test_observables_are_called_with_batches_and_no_bit_depends_on_them(placement):
    lengths = []

    def place(x):
        lengths.append(len(x))
        return x[:, 0]

    def run(batch):
        lengths.clear()
        how = dict(method="vegas", seed=5, rel_error=None, max_calls=100_000, placement=placement)
        r = thalweg.integrate(f, 2, batch=batch, observables={"x": (place, EDGES)}, **how)
        return r, max(lengths), r.calls_by_phase["estimate"] - sum(lengths)

    (few, small, missed), (many, large, also) = run(100), run(20_000)
    # Independent points come in parts of a sixteenth of the run.
    assert small <= 1024 and 4000 < large < 22_000 and missed == also == 0
    np.testing.assert_array_equal(few.histograms["x"].values(), many.histograms["x"].values())
    np.testing.assert_array_equal(few.histograms["x"].errors(), many.histograms["x"].errors())


def test_the_histogram_protocol():
    typing = pytest.importorskip("uhi.typing.plottable")
    from uhi.numpy_plottable import ensure_plottable_histogram

    r = thalweg.integrate(f, 2, method="plain", observables={"x": (lambda x: x[:, 0], EDGES)})
    h = r.histograms["x"]
    assert isinstance(h, typing.PlottableHistogram)
    assert isinstance(h.axes[0], typing.PlottableAxisGeneric)
    assert isinstance(h.axes[0].traits, typing.PlottableTraits)
    assert ensure_plottable_histogram(h) is h
    assert h.kind == "COUNT"
    axis = h.axes[0]
    assert len(axis) == 4 and list(axis) == list(itertools.pairwise(EDGES)) and axis[-1] == (0.75, 1.0)
    assert axis == r.histograms["x"].axes[0] and axis != 3
    np.testing.assert_allclose(h.variances(), h.errors() ** 2)
    np.testing.assert_allclose(h.counts(), (h.values() / h.errors()) ** 2)
    assert not h.values().flags.writeable


PLANE = {"x": (lambda x: x[:, 0], EDGES), "y": (lambda x: x[:, 1], [0.25, 0.5, 0.75])}


@pytest.mark.parametrize(("method", "placement"), [
    ("plain", "random"), ("plain", "sobol"), ("vegas", "strata"), ("flow", "auto"),
])  # fmt: skip
def test_two_axes(method, placement):
    r = thalweg.integrate(
        f, 2, method=method, placement=placement, rel_error=3e-3, seed=3,
        observables={"plane": PLANE, "x": PLANE["x"]},
    )  # fmt: skip
    h = r.histograms["plane"]
    exact = np.outer(np.diff(np.square([-1e-9, *EDGES, 2.0])), [1 / 16, 3 / 16, 5 / 16, 7 / 16])
    # There is nothing beyond x = 1.
    exact[-1] = exact[0] = 0.0
    assert h.values().shape == h.errors().shape == (4, 2)
    assert h.values(flow=True).shape == h.variances(flow=True).shape == (6, 4)
    assert np.all(np.abs(h.values(flow=True) - exact) < 5 * h.errors(flow=True) + 1e-12)
    np.testing.assert_array_equal(h.values(), h.values(flow=True)[1:-1, 1:-1])
    # What one axis says is the sum over the other.
    np.testing.assert_allclose(h.values(flow=True).sum(axis=1)[1:-1], r.histograms["x"].values())
    np.testing.assert_allclose(h.density()[1, 0] * 0.4 * 0.25, h.values()[1, 0])
    with pytest.raises(thalweg.SettingError, match="two axes"):
        h.underflow
    assert [axis.name for axis in h.axes] == ["x", "y"]
    assert h.edges[1].tolist() == [0.25, 0.5, 0.75]
    assert repr(h) == "<Histogram plane: 4 x 2 bins of [0, 1) x [0.25, 0.75)>"


def test_the_protocol_in_two_dimensions():
    typing = pytest.importorskip("uhi.typing.plottable")
    from uhi.numpy_plottable import ensure_plottable_histogram

    r = thalweg.integrate(f, 2, method="plain", observables={"plane": PLANE})
    h = r.histograms["plane"]
    assert isinstance(h, typing.PlottableHistogram) and h.kind == "COUNT"
    assert ensure_plottable_histogram(h) is h
    assert [len(axis) for axis in h.axes] == list(h.values().shape) == list(h.counts().shape)
    np.testing.assert_allclose(h.variances(), h.errors() ** 2)
    assert not h.values().flags.writeable


def test_an_empty_bin_has_no_entries():
    h = thalweg.Histogram("x", [0, 1, 2], [0.0, 3.0], [0.0, 0.5])
    assert h.counts().tolist() == [0.0, 36.0]
    assert "2 bins" in repr(h)
    with pytest.raises(thalweg.ShapeError, match="3 values for 2 bins"):
        thalweg.Histogram("x", [0, 1, 2], [0.0, 3.0, 1.0], [0.0, 0.5, 1.0])
    with pytest.raises(thalweg.SettingError, match="one axis or two"):
        thalweg.Histogram("x", h.axes * 3, np.ones(8), np.ones(8))


def test_misuse():
    def run(observables):
        thalweg.integrate(f, 2, method="plain", observables=observables)

    with pytest.raises(TypeError, match="must be a dict"):
        run([1])
    with pytest.raises(thalweg.SettingError, match="pair"):
        run({"x": f})
    with pytest.raises(TypeError, match="callable"):
        run({"x": (1, EDGES)})
    for edges in ([1.0], [1.0, 0.0], [0.0, np.inf], [[0, 1], [2, 3]], 7):
        with pytest.raises(thalweg.SettingError, match="edges"):
            run({"x": (f, edges)})
    with pytest.raises(thalweg.ShapeError, match="observable 'x'.*it must return"):
        run({"x": (lambda x: x, EDGES)})
    with pytest.raises(thalweg.SettingError, match="needs two"):
        run({"xy": {"x": (f, EDGES)}})
    with pytest.raises(thalweg.SettingError, match="edges"):
        run({"xy": {"x": (lambda x: x[:, 0], EDGES), "y": (f, [1.0])}})
    many = np.linspace(0, 1, 4001)
    with pytest.raises(thalweg.SettingError, match="at most 10000000"):
        run({"xy": {"x": (lambda x: x[:, 0], many), "y": (lambda x: x[:, 1], many)}})

    def fails(x):
        raise KeyError("my own")

    with pytest.raises(KeyError, match="my own"):
        run({"x": (fails, EDGES)})


def test_a_checkpoint_knows_the_edges(tmp_path):
    path = tmp_path / "kept"
    settings = dict(method="vegas", checkpoint=path, checkpoint_every=1e-3)
    seen = {"x": (lambda x: x[:, 0], EDGES)}
    first = thalweg.integrate(f, 2, **settings, observables=seen)
    again = thalweg.integrate(f, 2, **settings, observables=seen, resume=True)
    np.testing.assert_array_equal(first.histograms["x"].values(), again.histograms["x"].values())
    with pytest.raises(thalweg.CheckpointError):
        thalweg.integrate(f, 2, **settings, observables={"x": PLANE}, resume=True)
    other = {"x": (lambda x: x[:, 0], [0.0, 0.2, 0.5, 0.75, 1.0])}
    with pytest.raises(thalweg.CheckpointError):
        thalweg.integrate(f, 2, **settings, observables=other, resume=True)
