"""Pythia 8 pulls e+ e- -> mu+ mu- from a sampler while it showers, without a file between.

Pythia asks an object of class LHAup for its events (Beams:frameType = 5). Here it draws them in blocks
from a trained sampler and computes the momenta with NumPy. Three ways, by the strategy of the Les
Houches accord (IDWTUP):

    1   weighted events, which Pythia accepts or rejects itself
    3   unit weights, which the maximum "max" guarantees; the cross section is told beforehand
    4   overweights are kept with their weight, in pb, whose mean is the cross section; -4 where f has
        both signs

Under 3 Pythia sets all weights to 1: events kept with more would be lost without a word.

    pip install --only-binary :all: pythia8mc
    python docs/pythia_live.py [EVENTS]
"""

import sys

import numpy as np
import pythia8mc as pythia8
import thalweg

SQRT_S = 91.188
ALPHA, MZ, WZ, SIN2 = 1 / 127.95, 91.188, 2.4952, 0.2312
PB = 0.3893793721e9  # pb GeV^2
EXACT = 2012.88390898  # pb
BOX = [(-1.0, 1.0), (-np.pi, np.pi)]


def amplitude2(coupling):
    s = SQRT_S**2
    return abs(1 + coupling * s / (s - MZ**2 + 1j * MZ * WZ)) ** 2


LEFT, RIGHT = (-0.5 + SIN2, SIN2) / np.sqrt(SIN2 * (1 - SIN2))
NORM = PB * ALPHA**2 / (16 * SQRT_S**2)
EQUAL = NORM * (amplitude2(LEFT**2) + amplitude2(RIGHT**2))
OPPOSITE = NORM * 2 * amplitude2(LEFT * RIGHT)


def cross_section(x):
    """d sigma / d cos d phi in pb at points (n, 2)."""
    return EQUAL * (1 + x[:, 0]) ** 2 + OPPOSITE * (1 - x[:, 0]) ** 2


def signed(x):
    """The same, negative where the muon goes backward beyond cos = -0.5."""
    return np.where(x[:, 0] < -0.5, -1, 1) * cross_section(x)


def momenta(x):
    """(px, py, pz, E) of the mu- at points (n, 2), as (n, 4)."""
    cos, phi = x.T
    sin = np.sqrt((1 - cos) * (1 + cos))
    unit = np.stack(
        [sin * np.cos(phi), sin * np.sin(phi), cos, np.ones_like(cos)], axis=1
    )
    return SQRT_S / 2 * unit


class Live(pythia8.LHAup):
    """Events of a sampler, in blocks."""

    def __init__(self, sampler, f, strategy, max_weight="max", block=5000):
        super().__init__()
        self.sampler, self.f, self.strategy = sampler, f, strategy
        self.max_weight, self.block = max_weight, block
        self.position, self.waiting, self.given = 0, iter(()), 0
        trial = sampler.weighted(f, 20_000, seed=17)[1]
        self.sigma, self.error = trial.mean(), trial.std() / np.sqrt(len(trial))
        self.absolute = abs(trial).mean()
        # Strategy 1: Pythia's own maximum, with room for what the trial has not seen.
        self.largest = 1.1 * abs(trial).max()

    def setInit(self):
        self.setBeamA(11, SQRT_S / 2)
        self.setBeamB(-11, SQRT_S / 2)
        self.setStrategy(self.strategy)
        self.addProcess(1, self.sigma, self.error, self.largest)
        return True

    def draw(self):
        """One block: points with the weights that the strategy wants."""
        self.position += 1
        if abs(self.strategy) == 1:
            x, w = self.sampler.weighted(self.f, self.block, seed=self.position)
        else:
            made = self.sampler.unweighted(
                self.f, self.block, seed=self.position, max_weight=self.max_weight
            )
            x, w = made.x, made.weights
            if abs(self.strategy) == 4:
                # Their mean is the cross section: of |w| it is int |f|.
                w = w * self.absolute / abs(w).mean()
        return zip(momenta(x), w)

    def setEvent(self, idProcess=0):
        found = next(self.waiting, None)
        if found is None:
            self.waiting = iter(self.draw())
            found = next(self.waiting)
        (px, py, pz, e), weight = found
        self.given += 1
        self.setProcess(1, weight, SQRT_S, ALPHA, -1.0)
        half = SQRT_S / 2
        self.addParticle(11, -1, 0, 0, 0, 0, 0.0, 0.0, half, half, 0.0)
        self.addParticle(-11, -1, 0, 0, 0, 0, 0.0, 0.0, -half, half, 0.0)
        self.addParticle(13, 1, 1, 2, 0, 0, px, py, pz, e, 0.0)
        self.addParticle(-13, 1, 1, 2, 0, 0, -px, -py, -pz, e, 0.0)
        return True


def shower(source, events):
    """Showers so many events; the cross section in pb with its error, the events' weights and cosines."""
    pythia = pythia8.Pythia("", False)
    for line in [
        "Beams:frameType = 5",
        "Print:quiet = on",
        "Random:setSeed = on",
        "Random:seed = 4",
    ]:
        pythia.readString(line)
    pythia.setLHAupPtr(source)
    assert pythia.init()
    weights, cosines = [], []
    for _ in range(events):
        if not pythia.next():
            continue
        weights.append(pythia.infoPython().weight())
        # Muons of the hard process: the shower changes their direction.
        muon = pythia.process[5]
        assert muon.id() == 13
        cosines.append(muon.pz() / muon.pAbs())
    sigma = 1e9 * pythia.infoPython().sigmaGen()
    if source.strategy in (1, 3):
        error = 1e9 * pythia.infoPython().sigmaErr()
    else:
        error = sigma * np.std(weights) / abs(np.mean(weights)) / np.sqrt(len(weights))
    return sigma, error, np.array(weights), np.array(cosines)


def main(events=5000):
    sampler = thalweg.train(
        cross_section, BOX, method="vegas", max_calls=20_000, seed=1
    )
    backward = EQUAL * 0.125 / 3 + OPPOSITE * (8 - 1.5**3) / 3  # cos from -1 to -0.5
    exact_signed = EXACT - 2 * 2 * np.pi * backward
    ways = [
        (1, cross_section, "max", EXACT),
        (3, cross_section, "max", EXACT),
        (4, cross_section, "quantile:0.9", EXACT),
        (-4, signed, "quantile:0.9", exact_signed),
    ]
    found = []
    for strategy, f, max_weight, exact in ways:
        source = Live(sampler, f, strategy, max_weight)
        sigma, error, weights, cosines = shower(source, events)
        # Beside the events' own error there is that of what the sampler has said.
        error = np.hypot(error, source.error)
        asymmetry = np.dot(weights, np.sign(cosines)) / sum(weights)
        print(f"strategy {strategy:2d}: {sigma:8.2f} pb, exact {exact:8.2f} pb", end="")
        print(
            f", {(sigma - exact) / error:5.2f} errors; forward - backward {asymmetry:7.4f}"
        )
        found.append((source, sigma, error, weights, cosines))
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
