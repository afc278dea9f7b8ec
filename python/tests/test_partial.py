"""Estimates in parts."""

import pickle

import numpy as np
import pytest

import thalweg


def f(x):
    return np.exp(-10 * ((x - 0.5) ** 2).sum(axis=1))


@pytest.fixture(scope="module")
def sampler():
    return thalweg.train(f, [(0, 1)] * 2, method="vegas", max_calls=10_000)


def report(part):
    found = dict(part._native.report())
    del found["seconds"], found["text"]
    return found


def test_parts_in_any_order_are_the_whole(sampler):
    parts = [sampler.integrate_shard(f, 20_000, shard=(i, 4), seed=3) for i in (4, 1, 3, 2)]
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]
    one = parts[0].merge(parts[1])
    assert one.missing == ["2/4", "3/4"]
    assert not one.complete
    merged = parts[2].merge(one, parts[3])
    whole = sampler.integrate_shard(f, 20_000, seed=3)
    assert merged.complete
    assert report(merged) == report(whole)
    assert abs(merged.result.value - 0.2984397) < 5 * merged.result.error
    assert "4/4" not in repr(whole)


def test_histograms_of_parts_are_those_of_the_whole(sampler, tmp_path):
    edges = [0.0, 0.3, 0.5, 1.0]
    x, y = (lambda x: x[:, 0], edges), (lambda x: x[:, 1], [0.2, 0.5])
    how = dict(seed=3, observables={"plane": {"x": x, "y": y}, "x": x})
    parts = [sampler.integrate_shard(f, 20_000, shard=(i, 3), **how) for i in (3, 1, 2)]
    parts[0].save(tmp_path / "part")
    merged = thalweg.Partial.load(tmp_path / "part").merge(parts[1], parts[2])
    whole = sampler.integrate_shard(f, 20_000, **how)
    assert report(merged) == report(whole)
    plane = merged.result.histograms["plane"]
    assert plane.values().shape == (3, 1)
    assert plane.axes[0].name == "x" and plane.axes[0].edges.tolist() == edges
    total = plane.values(flow=True).sum(axis=1)[1:-1]
    np.testing.assert_allclose(total, merged.result.histograms["x"].values())
    with pytest.raises(thalweg.PartialError, match="histograms"):
        merged.merge(sampler.integrate_shard(f, 20_000, shard=(1, 3), seed=3))
    wide = np.linspace(0, 1, 300)
    plane = {"x": (x[0], wide), "y": (y[0], wide)}
    with pytest.raises(thalweg.SettingError, match="at most 65536"):
        sampler.integrate_shard(f, 20_000, observables={"plane": plane})


def test_files_and_layouts(sampler, tmp_path):
    def g(x):
        return {"a": f(x), "b": np.stack([f(x), 2 * f(x)], axis=1)}

    part = sampler.integrate_shard(g, 5000, shard=(1, 2))
    part.save(tmp_path / "part")
    again = thalweg.Partial.load(tmp_path / "part")
    assert again.result.value["b"].shape == (2,)
    assert again.result.value["a"] == part.result.value["a"]
    assert again.points_there == part.points_there < again.points == 5000


def test_what_does_not_belong_together_is_refused(sampler):
    part = sampler.integrate_shard(f, 5000, shard=(1, 2))
    with pytest.raises(thalweg.PartialError, match="there already"):
        part.merge(part)
    with pytest.raises(thalweg.PartialError, match="seed 2"):
        part.merge(sampler.integrate_shard(f, 5000, shard=(2, 2), seed=2))
    with pytest.raises(thalweg.PartialError, match="another integrand"):
        part.merge(sampler.integrate_shard(lambda x: x[:, 0], 5000, shard=(2, 2)))
    with pytest.raises(thalweg.PartialError, match="not valid|not a valid"):
        thalweg.Partial.from_bytes(part.to_bytes()[:-1])
    with pytest.raises(thalweg.SettingError, match="shard"):
        sampler.integrate_shard(f, 5000, shard=(3, 2))
    with pytest.raises(TypeError):
        thalweg.Partial()


def test_what_is_not_finite_is_counted(sampler):
    def g(x):
        return np.where(x[:, 0] > 0.9, np.nan, np.where(x[:, 1] > 0.9, np.inf, f(x)))

    part = sampler.integrate_shard(g, 20_000, non_finite=0.5)
    assert min(part.not_finite) > 0
    assert sum(part.not_finite) == part.result.non_finite


def test_exceptions_come_back(sampler):
    def g(x):
        if len(x) > 20:
            raise KeyError("own")
        return f(x)

    with pytest.raises(KeyError, match="own"):
        sampler.integrate_shard(g, 5000)
