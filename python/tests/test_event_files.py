"""Event files in the programs that they are for: pylhe, HepMC3, Pythia 8.

Each test needs a package that is not needed otherwise, and the example that writes events:

    cargo build --release --example events
    pip install pylhe pyhepmc
    pip install --only-binary :all: pythia8mc
    pytest python/tests/test_event_files.py

``THALWEG_EVENTS`` names the program if it is not in ``target/release/examples``.
"""

import gzip
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from thalweg.events import read, to_hepmc3

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: sigma in pb and A_FB by the formula
EXACT = {91.188: (2012.88390898, 0.0166750), 200.0: (2.9995352293, 0.5556475)}


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """Writes a file of events with the example."""
    default = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/events"
    program = Path(os.environ.get("THALWEG_EVENTS", default))
    if not program.exists():
        pytest.skip("the example is not built: cargo build --release --example events")
    folder = tmp_path_factory.mktemp("events")

    def write(name, n=10_000, energy=91.188, policy="max"):
        path = folder / name
        if not path.exists():
            command = [program, path, str(n), str(energy), policy]
            subprocess.run(command, check=True, capture_output=True)
        return path

    return write


def run_python(folder, *arguments):
    """What a program prints. In a folder without files that Python might take for modules."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["events.lhe", "packed.lhe.gz"])
def test_pylhe_reads_all_events(write, name):
    pylhe = pytest.importorskip("pylhe")
    path = write(name, 10_000)
    file = pylhe.LHEFile.fromfile(str(path))
    events = list(file.events)
    assert len(events) == 10_000
    init = file.init
    info = init.initInfo
    assert (info.beamA, info.beamB, info.weightingStrategy) == (11, -11, 3)
    assert info.energyA == info.energyB == 91.188 / 2
    (process,) = init.procInfo
    assert abs(process.xSection - EXACT[91.188][0]) < 5 * process.error
    total = np.zeros(4)
    for event in events:
        assert [int(p.id) for p in event.particles] == [11, -11, 13, -13]
        assert event.eventinfo.weight == 1.0
        for p in event.particles:
            total += p.status * np.array([p.e, p.px, p.py, p.pz])
    assert abs(total).max() < 1e-6


@pytest.mark.parametrize("policy", ["max", "quantile:0.9", "weighted"])
def test_the_reader_of_the_package_finds_the_cross_section(write, policy):
    path = write(f"own-{policy.replace(':', '-')}.lhe", 10_000, 200.0, policy)
    run, events = read(path)
    weights = np.array([event.weight for event in events])
    assert len(weights) == 10_000 and run.summary["events"] == 10_000
    sigma, error = run.cross_section
    assert abs(sigma - EXACT[200.0][0]) < 5 * error
    assert run.strategy == (3 if policy == "max" else 4)
    if policy != "max":
        assert abs(weights.mean() / sigma - 1) < 1e-9


def test_arrays_and_les_houches_files_hold_the_same(write):
    (one, events), (two, rows) = read(write("same.lhe", 500)), read(write("same.npy", 500))
    assert one == two
    events, rows = list(events), list(rows)
    assert len(events) == len(rows) == 500
    for a, b in zip(events, rows):
        assert (a.process, a.weight, a.scale, a.couplings) == (b.process, b.weight, b.scale, b.couplings)
        for name in ("id", "status", "mothers", "colors", "momentum", "mass", "variations"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name


def test_a_file_that_is_cut_is_not_taken_for_whole(write, tmp_path):
    cut = tmp_path / "cut.lhe"
    text = write("whole.lhe", 100).read_text()
    cut.write_text(text[: text.rindex("<event>")])
    with pytest.raises(ValueError, match="not whole"):
        list(read(cut)[1])
    cut.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="no <init>"):
        read(cut)


@pytest.mark.parametrize("name", ["hep.lhe.gz", "hep.npy"])
def test_hepmc3_has_all_of_it(write, tmp_path, name):
    pyhepmc = pytest.importorskip("pyhepmc")
    source, target = write(name, 200, 91.188, "quantile:0.9"), tmp_path / "out.hepmc"
    assert to_hepmc3(source, target) == 200
    _, events = read(source)
    with pyhepmc.open(target) as file:
        made = list(file)
    assert len(made) == 200
    for a, b in zip(events, made):
        assert [p.pid for p in b.particles] == a.id.tolist()
        assert [p.status for p in b.particles] == [4, 4, 1, 1]
        momenta = [[p.momentum.e, p.momentum.px, p.momentum.py, p.momentum.pz] for p in b.particles]
        assert np.allclose(momenta, a.momentum, atol=1e-9)
        assert len(b.vertices) == 1
        assert np.isclose(b.weights[0], a.weight) and b.cross_section.xsec() > 0


@pytest.mark.parametrize(
    ("energy", "policy"), [(91.188, "max"), (200.0, "max"), (200.0, "quantile:0.9")]
)
def test_pythia_showers_ten_thousand_events(write, tmp_path, energy, policy):
    if find_spec("pythia8mc") is None:
        pytest.skip("pythia8mc is not there")
    path = write(f"pythia-{energy}-{policy.replace(':', '-')}.lhe", 10_000, energy, policy)
    made = json.loads(run_python(tmp_path, HERE / "pythia_reads.py", path, 10_000))
    cos, weights, charged = np.array(made["rows"]).T
    assert made["failed"] == 0 and len(cos) == 10_000
    assert charged.min() >= 2
    run, _ = read(path)
    sigma, asymmetry = EXACT[energy]
    error = np.hypot(run.cross_section[1], sigma * weights.std() / weights.mean() / 100)
    assert abs(made["sigma"] - sigma) < 4 * error
    total = weights.sum()
    for values, exact in [(np.sign(cos), asymmetry), (cos**2, 0.4)]:
        mean = (weights * values).sum() / total
        error = np.sqrt((weights**2 * (values - mean) ** 2).sum()) / total
        assert abs(mean - exact) < 4 * error, (mean, exact, error)


def test_pythia_reads_compressed_files_once_they_are_unpacked(write, tmp_path):
    if find_spec("pythia8mc") is None:
        pytest.skip("pythia8mc is not there")
    plain = tmp_path / "plain.lhe"
    plain.write_bytes(gzip.decompress(write("small.lhe.gz", 100).read_bytes()))
    made = json.loads(run_python(tmp_path, HERE / "pythia_reads.py", plain, 1000))
    assert len(made["rows"]) == 100
