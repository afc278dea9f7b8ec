"""The same seed gives the same bits in Python and in Rust.

The program ``thalweg`` is built from the same library; where it is not to be found (the variable
THALWEG_PROGRAM, or a build of this repository) these tests are skipped.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import thalweg

ROOT = Path(__file__).parents[2]


def program():
    folders = [ROOT / "target" / kind for kind in ("release", "debug")]
    if "CARGO_TARGET_DIR" in os.environ:
        folders.insert(0, Path(os.environ["CARGO_TARGET_DIR"]) / "release")
    given = [Path(p) for p in [os.environ.get("THALWEG_PROGRAM")] if p]
    found = [p for p in [*given, *(f / "thalweg" for f in folders)] if p.exists()]
    if not found:
        pytest.skip("the program thalweg has not been built")
    return found[0]


def f(x):
    """Only what is rounded alike everywhere: no library functions."""
    part = x[:, 0] * x[:, 1] * x[:, 2]
    return part * part * part + 0.25 * (x[:, 2] - x[:, 0]) + (x[:, 1] < 0.25)


EXPRESSION = "(x0*x1*x2)*(x0*x1*x2)*(x0*x1*x2) + 0.25*(x2 - x0) + (x1 < 0.25)"
RANGES = [(0.0, 2.0), (-1.0, 1.5), (0.0, 1.0)]


def hexed(value):
    """A float as its bits; anything else as it is."""
    if isinstance(value, float):
        return value.hex()
    return value


@pytest.mark.parametrize("batch", [100, 10_000])
@pytest.mark.parametrize("method", ["plain", "vegas", "flow", "auto"])
def test_python_has_the_bits_of_the_program(method, batch):
    arguments = ["integrate", "--expr", EXPRESSION, "--dim", "3", "--json", "--seed", "7"]
    for low, high in RANGES:
        arguments.append(f"--range={low},{high}")
    arguments += ["--method", method, "--max-calls", "40000", "--cost-class", "cheap"]
    arguments += ["--rel-error", "1e-9"]
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=300)
    assert done.stdout, done.stderr
    theirs = json.loads(done.stdout)
    r = thalweg.integrate(
        f,
        RANGES,
        seed=7,
        method=method,
        max_calls=40_000,
        rel_error=1e-9,
        cost_class="cheap",
        batch=batch,
    )
    mine = r.to_dict()
    pairs = {
        "value": r.value,
        "error": r.error,
        "error_dof": mine["estimate"]["dof"],
        "status": r.status,
        "stop": r.stop_reason,
        "chi2": r.chi2,
        "dof": r.dof,
        "p_value": r.p_value,
        "blind_volume": r.blind_volume,
        "placement": r.placement,
    }
    for name, value in pairs.items():
        assert hexed(value) == hexed(theirs[name]), name
    for part in ("calls", "weights", "exploration"):
        shared = mine[part].keys() & theirs[part].keys()
        assert len(shared) >= 3
        for name in shared:
            assert hexed(mine[part][name]) == hexed(theirs[part][name]), (part, name)


def test_threads_and_batches_change_no_bit():
    def g(x):
        return np.exp(-30.0 * ((x - 0.4) ** 2).sum(axis=1))

    for method in ("plain", "vegas", "flow"):
        runs = [
            thalweg.integrate(g, 2, method=method, max_calls=20_000, threads=t, batch=b)
            for t, b in ((1, 10), (2, 10_000), (3, 10**9))
        ]
        assert runs[0].same_as(runs[1]) and runs[0].same_as(runs[2]), method


def test_seeds():
    def g(x):
        return x[:, 0]

    def run(seed):
        return thalweg.integrate(g, 2, seed=seed, method="plain", max_calls=2000)

    assert run(3).same_as(run(np.int64(3)))
    assert not run(3).same_as(run(4))
    a, b = np.random.default_rng(5), np.random.default_rng(5)
    assert run(a).same_as(run(b))
    # A generator goes on.
    assert not run(a).same_as(run(np.random.default_rng(5)))
    assert run(2**64 - 1).seed == 2**64 - 1
