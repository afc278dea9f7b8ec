"""Pictures: what they show and what they leave alone."""

import subprocess
import sys

import numpy as np
import pytest

import thalweg

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.figure import Figure  # noqa: E402

from thalweg import plot  # noqa: E402
from thalweg.plot._convergence import history  # noqa: E402


def f(x):
    return np.exp(-20.0 * ((x - 0.5) ** 2).sum(axis=1))


X = (lambda x: x[:, 0], np.linspace(0, 1, 11))


@pytest.fixture(scope="module")
def vegas():
    return thalweg.integrate(
        f,
        3,
        method="vegas",
        rel_error=3e-3,
        observables={"x": X, "plane": {"x": X, "y": (lambda x: x[:, 1], [0, 0.5, 1])}},
    )


@pytest.fixture(scope="module")
def flow():
    def ring(x):
        return np.exp(-(((np.hypot(*(x - 0.5).T) - 0.3) / 0.08) ** 2))

    return thalweg.integrate(ring, 2, method="flow", max_calls=20_000, rel_error=1e-4)


def drawn(figure):
    """The picture as an array, which shows that all of it can be drawn."""
    assert isinstance(figure, Figure)
    data = figure._repr_png_() if hasattr(figure, "_repr_png_") else b"\x89PNG"
    assert data[:4] == b"\x89PNG"
    return figure


def test_all_pictures_are_drawn_without_settings_or_pyplot(vegas, flow):
    before = dict(matplotlib.rcParams)
    drawn(plot.convergence(vegas, exact=0.06))
    drawn(plot.convergence(flow))
    drawn(plot.training(vegas))
    drawn(plot.training(flow))
    drawn(plot.weights(vegas, f, 2000))
    drawn(plot.weights(flow.sampler, f, 2000, label="flow"))
    drawn(plot.corner(flow, f, 2000))
    drawn(plot.corner(vegas, f, 2000, dims=[2, 0], labels=["a", "b"]))
    drawn(plot.corner(vegas, f, 2000, dims=[1]))
    drawn(plot.grid(vegas))
    drawn(plot.grid(vegas.sampler.map, pairs=[(0, 2)], lines=9))
    drawn(plot.warp(flow, fine=20))
    drawn(plot.warp(thalweg.Flow(2), fine=20))
    drawn(plot.histogram(vegas.histograms["x"], label="x"))
    drawn(plot.histogram(vegas.histograms["plane"]))
    drawn(plot.histogram(vegas.histograms["plane"], density=False))
    assert dict(matplotlib.rcParams) == before


def test_pictures_on_given_axes(vegas, flow):
    figure = Figure()
    assert plot.training(vegas, ax=figure.subplots()) is figure
    figure = Figure()
    assert plot.weights(vegas, f, 2000, ax=figure.subplots()) is figure
    figure = Figure()
    assert plot.convergence(vegas, axes=figure.subplots(2)) is figure
    figure = Figure()
    assert plot.grid(vegas, axes=figure.subplots(1, 3)) is figure
    figure = Figure()
    assert plot.warp(flow, fine=20, axes=figure.subplots(1, 2)) is figure
    figure = Figure()
    assert plot.corner(flow, f, 2000, axes=figure.subplots(2, 2)) is figure
    with pytest.raises(thalweg.SettingError, match="2 x 1 axes"):
        plot.convergence(vegas, axes=Figure().subplots(3))


@pytest.mark.parametrize("placement", ["random", "sobol", "strata"])
def test_the_history_ends_with_the_result(placement):
    for scale in (1.0, 1e150, 1e-150):
        method = "vegas" if placement == "strata" else "plain"
        r = thalweg.integrate(
            lambda x: scale * f(x),
            2,
            method=method,
            placement=placement,
            max_calls=30_000,
            rel_error=None,
        )
        _, estimate = history(r)
        assert estimate.value[-1] == pytest.approx(r.value, rel=1e-9)
        assert estimate.error[-1] == pytest.approx(r.error, rel=1e-9)


def test_previews_and_estimate_are_marked(vegas):
    top, bottom = plot.convergence(vegas, exact=vegas.value).axes
    labels = top.get_legend_handles_labels()[1]
    assert {"previews (not used)", "estimate", "exact"} == set(labels)
    assert bottom.get_xlabel() == "calls of f" and top.get_ylabel() == "value"


def test_the_weights_are_counted():
    w = np.r_[np.zeros(5), -1.0, np.ones(94)]
    (ax,) = plot.weights(w).axes
    assert "100 weights, 5 zeros" in ax.get_title() and "ESS 95.0 %" in ax.get_title()
    # A Pareto law of shape 0.8.
    heavy = (1.0 - np.random.default_rng(1).random(20_000)) ** -0.8
    (ax,) = plot.weights(heavy).axes
    khat = float(ax.get_title().split("k-hat ")[1].split(",")[0])
    assert abs(khat - 0.8) < 0.2


def test_misuse(vegas, flow):
    with pytest.raises(TypeError, match="need f"):
        plot.weights(vegas)
    for bad in ([], [0.0, 0.0], [np.nan], [[1.0]]):
        with pytest.raises(thalweg.SettingError, match="weights must be"):
            plot.weights(bad)
    for function in (plot.convergence, plot.training, plot.grid, plot.warp, plot.histogram):
        with pytest.raises(TypeError, match="not int"):
            function(3)
    with pytest.raises(thalweg.SettingError, match="no VEGAS grid"):
        plot.grid(flow)
    with pytest.raises(thalweg.SettingError, match="3 dimensions"):
        plot.warp(vegas)
    with pytest.raises(thalweg.SettingError, match="pair"):
        plot.grid(vegas, pairs=[(0, 3)])
    with pytest.raises(thalweg.SettingError, match="dims"):
        plot.corner(vegas, f, dims=[3])
    with pytest.raises(thalweg.SettingError, match="labels"):
        plot.corner(vegas, f, labels=["x"])
    with pytest.raises(thalweg.SettingError, match="nothing was adapted"):
        plot.training(thalweg.integrate(f, 2, method="plain"))
    with pytest.raises(thalweg.SettingError, match="does not know"):
        plot.training(vegas.sampler)


def test_without_matplotlib_the_package_works_and_says_what_is_missing():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import thalweg\n"
        "try: import thalweg.plot\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install matplotlib" in done.stdout


def test_pyplot_is_not_loaded():
    program = "import sys, thalweg, thalweg.plot\nprint('matplotlib.pyplot' in sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    program = "import sys, thalweg\nprint('matplotlib' in sys.modules, 'pandas' in sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
