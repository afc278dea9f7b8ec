"""Whatever is done wrong ends in a clear exception, or in the right answer."""

import copy
import pickle
import threading

import numpy as np
import pytest

import thalweg
from thalweg import errors


def ones(x):
    return np.ones(len(x))


def quick(f, bounds=2, **settings):
    return thalweg.integrate(f, bounds, **{"max_calls": 4000, "method": "plain", **settings})


class Unhashable:
    def __float__(self):
        raise RuntimeError("no number")


WRONG_VALUES = {
    "one number": (lambda x: 1.0, errors.ShapeError, "one number for 3 points"),
    "nothing": (lambda x: None, errors.ShapeError, "None"),
    "of one point": (lambda x: x[0] * x[1], errors.ShapeError, "scalar"),
    "transposed": (lambda x: np.ones((2, len(x))), errors.ShapeError, "shape"),
    "one too few": (lambda x: np.ones(len(x) - 1), errors.ShapeError, "shape"),
    "empty": (lambda x: np.ones((len(x), 0)), errors.ShapeError, "no values"),
    "complex": (lambda x: x[:, 0] * 1j, errors.ShapeError, "complex"),
    "text": (lambda x: np.array(["a"] * len(x)), errors.ShapeError, "real numbers"),
    "objects": (lambda x: np.array([Unhashable()] * len(x)), RuntimeError, "no number"),
    "dates": (lambda x: np.array(["2020-01-01"] * len(x), "M8[D]"), errors.ShapeError, "real"),
    "an empty dict": (lambda x: {}, errors.ShapeError, "empty dict"),
    "a dict of a wrong shape": (lambda x: {"a": 1.0}, errors.ShapeError, "'a'"),
    "ragged lists": (lambda x: [[1.0], [1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
    "NaN": (lambda x: np.full(len(x), np.nan), errors.NonFiniteError, "at the point"),
    "infinity": (lambda x: 1.0 / np.zeros(len(x)), errors.NonFiniteError, "at the point"),
}


@pytest.mark.parametrize("name", WRONG_VALUES)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_wrong_values(name):
    f, error, text = WRONG_VALUES[name]
    with pytest.raises(error, match=text):
        quick(f)


GOOD_VALUES = {
    "float32": lambda x: np.ones(len(x), np.float32),
    "integers": lambda x: np.ones(len(x), np.int8),
    "truths": lambda x: x[:, 0] < 2,
    "a list": lambda x: [1.0] * len(x),
    "a tuple": lambda x: (1,) * len(x),
    "not contiguous": lambda x: np.ones((len(x), 4))[:, 1],
    "reversed": lambda x: np.ones(len(x))[::-1],
    "Fortran order": lambda x: np.asfortranarray(np.ones((len(x), 3))),
    "big-endian": lambda x: np.ones(len(x), ">f8"),
    "read-only": lambda x: np.broadcast_to(1.0, len(x)),
    "objects": lambda x: np.array([1] * len(x), dtype=object),
    "squeezed": lambda x: np.squeeze(np.ones((len(x), 1))),
}


@pytest.mark.parametrize("name", GOOD_VALUES)
def test_good_values(name):
    r = quick(GOOD_VALUES[name])
    np.testing.assert_array_equal(r.value, np.ones_like(r.value))
    assert np.all(r.error == 0.0)


WRONG_BOUNDS = {
    "reversed": ([(1, 0), (0, 1)], ValueError, r"range 0 is \[1.0, 0.0\]"),
    "empty range": ([(0, 1), (2, 2)], ValueError, "range 1"),
    "NaN": ([(0, np.nan)], ValueError, "range 0"),
    "no axes": ([], ValueError, "shape"),
    "no dimension": (0, ValueError, "at least 1"),
    "triples": ([(0, 1, 2)], ValueError, "shape"),
    "ragged": ([(0, 1), (0,)], ValueError, "pairs"),
    "text": ("01", TypeError, "bounds"),
    "None": (None, TypeError, "bounds"),
    "truth": (True, TypeError, "bounds"),
    "a float": (2.5, ValueError, "shape"),
    "a tiny volume": ([(0, 1e-200)] * 3, ValueError, "widths"),
}


@pytest.mark.parametrize("name", WRONG_BOUNDS)
def test_wrong_bounds(name):
    bounds, error, text = WRONG_BOUNDS[name]
    with pytest.raises(error, match=text):
        thalweg.integrate(ones, bounds)


WRONG_SETTINGS = {
    "negative error": (dict(rel_error=-1e-3), ValueError, "rel_error is -0.001"),
    "error of text": (dict(rel_error="1e-3"), TypeError, "rel_error"),
    "error twice": (dict(rel_error=1e-3, rtol=1e-3), TypeError, "the same"),
    "no calls": (dict(max_calls=0), ValueError, "max_calls"),
    "too few calls": (dict(max_calls=100), ValueError, "at least"),
    "half a call": (dict(max_calls=1000.5), TypeError, "whole number"),
    "no time": (dict(max_seconds=0), ValueError, "max_seconds"),
    "a misspelt method": (dict(method="vega"), ValueError, "did you mean 'vegas'"),
    "a method that is none": (dict(method=3), TypeError, "method"),
    "a misspelt setting": (dict(max_call=100), TypeError, "did you mean 'max_calls'"),
    "a misspelt setting of the flow": (dict(flow={"bin": 3}), ValueError, "did you mean 'bins'"),
    "flow of no dict": (dict(flow=3), TypeError, "dict"),
    "alpha out of range": (dict(vegas={"alpha": 2.0}), ValueError, "alpha is 2"),
    "bins of text": (dict(flow={"bins": "many"}), (TypeError, ValueError), "bins|str|int"),
    "strata without VEGAS": (dict(method="flow", placement="strata"), ValueError, "strata"),
    "a seed of text": (dict(seed="1"), TypeError, "seed"),
    "a negative seed": (dict(seed=-1), ValueError, "seed is -1"),
    "a huge seed": (dict(seed=2**64), ValueError, "seed"),
    "half a seed": (dict(seed=0.5), TypeError, "seed"),
    "too many threads": (dict(threads=10_000), ValueError, "threads"),
    "a share above 1": (dict(non_finite=1.5), ValueError, "max_share"),
    "a callback that is none": (dict(callback=3), TypeError, "callback"),
    "no batch": (dict(batch=0), ValueError, "batch"),
    "a sampler that is none": (dict(sampler=3), TypeError, "Sampler"),
    "a folder that is missing": (dict(checkpoint="/nowhere/at/all", resume=True), None, ""),
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_wrong_settings(name):
    settings, error, text = WRONG_SETTINGS[name]
    if error is None:
        # The run is worth more than its checkpoint.
        r = thalweg.integrate(ones, 2, max_calls=4000, **settings)
        assert r.value == 1.0
        assert any("could not be kept" in w for w in r.warnings)
        return
    with pytest.raises(error, match=text):
        thalweg.integrate(ones, 2, **settings)


def test_what_cannot_be_called():
    with pytest.raises(TypeError, match="callable"):
        thalweg.integrate(3.0, 2)


def test_shapes_must_stay_the_same():
    calls = []

    def f(x):
        calls.append(len(x))
        return np.ones(len(x)) if len(calls) < 3 else np.ones((len(x), 2))

    with pytest.raises(errors.ShapeError, match="before"):
        quick(f)


def test_names_must_stay_the_same():
    calls = []

    def f(x):
        calls.append(1)
        return {"a" if len(calls) < 3 else "b": np.ones(len(x))}

    with pytest.raises(errors.ShapeError, match="before"):
        quick(f)


def test_points_cannot_be_written_to_and_may_be_kept():
    kept = []

    def f(x):
        assert not x.flags.writeable
        with pytest.raises(ValueError):
            x[0, 0] = 0.5
        kept.append((x, x.copy()))
        return x[:, 0]

    quick(f)
    quick(ones)
    assert len(kept) > 2
    for view, copied in kept:
        np.testing.assert_array_equal(view, copied)
    # Points are handed over without a copy.
    assert not kept[-1][0].flags.owndata


def test_exceptions_come_back_with_type_and_traceback():
    class Own(Exception):
        pass

    def deep(x):
        raise Own("seen", 3)

    calls = []

    def f(x):
        calls.append(1)
        return deep(x) if len(calls) > 2 else np.ones(len(x))

    with pytest.raises(Own) as caught:
        quick(f)
    assert caught.value.args == ("seen", 3)
    assert [entry.name for entry in caught.traceback][-2:] == ["f", "deep"]
    # The next run knows nothing of it.
    assert quick(ones).value == 1.0


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit, StopIteration, MemoryError])
def test_unusual_exceptions_come_back(error):
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) > 2:
            raise error
        return np.ones(len(x))

    with pytest.raises(error):
        quick(f)


def test_callbacks_may_fail_or_stop():
    def fail(progress):
        raise LookupError(progress.phase)

    with pytest.raises(LookupError, match="explore"):
        quick(ones, callback=fail)

    def stop(progress):
        raise StopIteration

    for end in (stop, lambda progress: True):
        r = quick(lambda x: x[:, 0], callback=end)
        assert r.status == "interrupted" and r.calls < 4000
    assert quick(ones, callback=lambda progress: False).status != "interrupted"


def test_integrals_within_integrals():
    def inner(y):
        return thalweg.integrate(lambda x: x[:, 0] + y, 1, method="plain", max_calls=500).value

    r = quick(lambda x: [inner(y) for y in x[:2, 0]] + [1.0] * max(len(x) - 2, 0), bounds=1)
    assert np.isfinite(r.value)
    s = quick(ones).sampler
    # Draws inside of a function that is being called.
    r = quick(lambda x: np.full(len(x), s.draw(10_000, seed=1)[1].mean()))
    assert r.value == pytest.approx(1.0)
    _x, w = s.weighted(lambda x: np.full(len(x), len(s.draw(5, seed=1)[0])), 100)
    assert (w == 5.0).all()


def test_threads_of_python():
    found = [None] * 8

    def work(i):
        found[i] = quick(lambda x: (x**i).sum(axis=1), bounds=[(0, 1)] * 2, seed=i + 1)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
        assert not t.is_alive()
    for i, r in enumerate(found):
        again = quick(lambda x: (x**i).sum(axis=1), bounds=[(0, 1)] * 2, seed=i + 1)
        assert r.same_as(again)


def test_results_are_frozen_pickled_and_copied():
    r = quick(lambda x: {"a": x[:, 0], "b": x}, covariance=True)
    for name in ("value", "status", "new"):
        with pytest.raises(AttributeError):
            setattr(r, name, 1)
    with pytest.raises(AttributeError):
        del r.status
    with pytest.raises(ValueError):
        r.value["b"][0] = 1.0
    with pytest.raises(TypeError):
        r.weights["khat"] = 0.0
    for other in (pickle.loads(pickle.dumps(r)), copy.copy(r), copy.deepcopy(r)):
        assert other.same_as(r) and other == r and repr(other) == repr(r)
        np.testing.assert_array_equal(other.covariance, r.covariance)
    with pytest.raises(KeyError):
        r["c"]
    with pytest.raises(TypeError):
        float(r)
    one = quick(ones)
    with pytest.raises(TypeError):
        one[0]
    with pytest.raises(TypeError):
        hash(one)


def test_errors_are_pickled():
    e = errors.Interrupted("stop", quick(ones))
    other = pickle.loads(pickle.dumps(e))
    assert isinstance(other, KeyboardInterrupt) and other.result.same_as(e.result)
    assert not isinstance(other, Exception)


def test_samplers_take_points_of_any_kind():
    s = thalweg.train(lambda x: x[:, 0], [(0, 2), (-1, 1)], method="vegas", max_calls=4000)
    x, _ = s.draw(100, seed=3)
    want = s.log_density(x)
    np.testing.assert_array_equal(s.log_density(x.tolist()), want)
    np.testing.assert_array_equal(s.log_density(np.asfortranarray(x)), want)
    np.testing.assert_array_equal(s.log_density(np.repeat(x, 2, axis=0)[::2]), want)
    assert s.log_density(x[0]) == want[0]
    assert s.log_density([[5.0, 0.0]])[0] == -np.inf
    assert len(s.log_density(np.empty((0, 2)))) == 0 and s.draw(0)[0].shape == (0, 2)
    for wrong in (x[:, :1], np.ones(3), np.ones((2, 2, 2)), "x", [[1j, 1j]]):
        with pytest.raises((errors.ShapeError, TypeError)):
            s.log_density(wrong)
    for wrong in (-1, 2**50):
        with pytest.raises(ValueError):
            s.draw(wrong)
    for wrong in ("3", None, 1.5, True):
        with pytest.raises(TypeError):
            s.draw(wrong)
    with pytest.raises(errors.NoSignalError):
        s.unweighted(lambda x: np.zeros(len(x)), 3)
    with pytest.raises(ZeroDivisionError):
        s.unweighted(lambda x: np.ones(len(x)) if len(x) < 9 else 1 / 0, 3)
    with pytest.raises(ValueError, match="max_weight"):
        s.unweighted(lambda x: x[:, 0], 3, max_weight="largest")
    for partial in (0, -0.5, 1.5, float("nan")):
        with pytest.raises(errors.SettingError, match="partial"):
            s.unweighted(lambda x: x[:, 0], 3, partial=partial)
    with pytest.raises(errors.SettingError, match="first"):
        s.unweighted(lambda x: x[:, 0], 3, first=-1)
    with pytest.raises(errors.ShapeError):
        s.unweighted(lambda x: x, 3)
    with pytest.raises(TypeError):
        thalweg.Sampler()


def test_files_that_are_none(tmp_path):
    path = tmp_path / "model.tlw"
    with pytest.raises(FileNotFoundError):
        thalweg.Sampler.load(path)
    path.write_bytes(b"no model")
    with pytest.raises(errors.ModelError):
        thalweg.Sampler.load(path)
    with pytest.raises(errors.ModelError):
        thalweg.Sampler.from_bytes(b"")
    s = quick(ones).sampler
    with pytest.raises(OSError):
        s.save(tmp_path / "none" / "model.tlw")
    whole = s.to_bytes()
    for end in range(0, len(whole), 7):
        with pytest.raises(errors.ModelError):
            thalweg.Sampler.from_bytes(whole[:end])


def test_maps_refuse_points_outside_of_the_cube():
    flow, grid = thalweg.Flow(2), thalweg.VegasGrid(2, bins=10)
    for m in (flow, grid):
        for wrong in ([[0.5, 1.5]], [[-0.1, 0.5]], [[np.nan, 0.5]]):
            with pytest.raises(ValueError, match="unit cube"):
                m.forward(wrong)
        with pytest.raises(errors.ShapeError):
            m.forward([0.5, 0.5])
        with pytest.raises(errors.ShapeError):
            m.inverse([[0.5]])
    for wrong in ([[0.0, 0.7, 0.3, 1.0]], [[0.1, 1.0]], [[0.0]]):
        with pytest.raises(ValueError):
            thalweg.VegasGrid(wrong)
    with pytest.raises(ValueError):
        thalweg.Flow(2, parameters=[1.0])
    with pytest.raises(ValueError):
        thalweg.Flow(2, hidden=[0])
    with pytest.raises(errors.ShapeError):
        grid.refined([[0.5, 0.5]], [1.0, 2.0])
