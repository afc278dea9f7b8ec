"""Processes: forked ones, and pools that are sent samplers and results."""

import multiprocessing
import os
import sys

import numpy as np
import pytest

import thalweg


def work(seed):
    r = thalweg.integrate(lambda x: x[:, 0], 2, seed=seed, max_calls=4000, method="vegas")
    x, w = r.sampler.draw(5000, seed=1)
    return r, float((x[:, 0] * w).mean())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_processes_work_as_their_parent():
    here = [work(seed) for seed in (1, 2)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.map_async(work, [1, 2]).get(timeout=60)
    for (a, mean_a), (b, mean_b) in zip(here, there):
        assert a.same_as(b) and mean_a == mean_b


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_inside_of_a_function():
    """The child does what it wants and leaves by itself."""
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) == 4:
            child = os.fork()
            if child == 0:
                ok = work(1)[0].is_good
                os._exit(0 if ok else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0
        return x[:, 0]

    assert thalweg.integrate(f, 2, max_calls=4000, method="plain").value == pytest.approx(0.5, abs=0.1)
    assert len(calls) > 4


def test_spawned_processes_are_sent_samplers():
    sampler = work(1)[0].sampler
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        x, w = pool.apply_async(sampler.draw, (100,), {"seed": 5}).get(timeout=120)
    np.testing.assert_array_equal(x, sampler.draw(100, seed=5)[0])
    np.testing.assert_array_equal(w, sampler.draw(100, seed=5)[1])


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
