"""Pythia 8 pulls events from a sampler while it showers: docs/pythia_live.py.

pip install --only-binary :all: pythia8mc
pytest python/tests/test_pythia_live.py
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
EVENTS = 3000
#: sigma in pb and the forward-backward asymmetry at the pole by the formula
SIGMA, ASYMMETRY = 2012.88390898, 0.0166750
STRATEGIES = [1, 3, 4, -4]


def sign(strategy, cos):
    """The sign of f: below 0 beyond cos = -0.5 under -4."""
    return np.where((strategy < 0) & (cos < -0.5), -1, 1)


def integral(strategy, g):
    """Of g(cos) with the cross section, in pb, by the midpoint rule."""
    cos = (np.arange(200_000) + 0.5) / 100_000 - 1
    shape = SIGMA * 3 / 8 * (1 + cos**2 + 8 / 3 * ASYMMETRY * cos)
    return (shape * sign(strategy, cos) * g(cos)).mean() * 2


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    if find_spec("pythia8mc") is None:
        pytest.skip("pythia8mc is not there")
    command = [sys.executable, HERE / "pythia_pulls.py", HERE.parents[1] / "docs", str(EVENTS)]
    # In a folder without files that Python might take for modules.
    folder = tmp_path_factory.mktemp("live")
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    for of in made.values():
        for name in ("weights", "cosines", "wanted", "drawn"):
            of[name] = np.array(of[name])
    return made


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_all_events_that_were_asked_for_are_there(told, strategy):
    of = told[str(strategy)]
    assert len(of["weights"]) == len(of["cosines"]) == EVENTS
    if strategy == 1:
        # Pythia rejects some.
        assert of["given"] > EVENTS
        assert (of["weights"] == 1).all()
        return
    assert of["given"] == EVENTS
    assert np.allclose(of["cosines"], of["drawn"], atol=1e-9)
    ratios = of["weights"] / of["wanted"]
    assert np.allclose(ratios, ratios[0], rtol=1e-12)
    if strategy == 3:
        assert (of["weights"] == 1).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_cross_section_and_angles_are_those_of_the_formula(told, strategy):
    of = told[str(strategy)]
    exact = integral(strategy, np.ones_like)
    # Events of both signs tell less.
    assert of["error"] < (0.06 if strategy < 0 else 0.01) * exact
    assert abs(of["sigma"] - exact) < 4 * of["error"]
    weights, total = of["weights"], of["weights"].sum()
    for g in (np.sign, np.square):
        values = g(of["cosines"])
        mean = (weights * values).sum() / total
        error = np.sqrt((weights**2 * (values - mean) ** 2).sum()) / abs(total)
        wanted = integral(strategy, g) / exact
        assert abs(mean - wanted) < 4 * error, (g, mean, wanted, error)


def test_weights_reach_pythia_with_their_signs(told):
    of = told["-4"]
    assert np.array_equal(np.sign(of["weights"]), sign(-4, of["cosines"]))
    sizes = abs(of["weights"])
    share = (1 - integral(-4, np.ones_like) / SIGMA) / 2
    excess = sizes * ((of["weights"] < 0) - share)
    assert abs(excess.sum()) < 4 * np.sqrt((excess**2).sum())


def test_overweights_reach_pythia(told):
    for strategy in (4, -4):
        sizes = abs(told[str(strategy)]["weights"])
        over = sizes > 1.001 * sizes.min()
        # Of the weight a tenth lies above the maximum: the policy is quantile:0.9.
        assert 0.08 < sizes[over].sum() / sizes.sum() < 0.12
