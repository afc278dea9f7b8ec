"""Event files for other programs: Les Houches files and tables read, HepMC3 written.

``python -m thalweg.events events.lhe events.hepmc`` converts a file of ``thalweg sample``, an LHE file
(``.lhe``, ``.lhe.gz``) or a table (``.npy`` with its ``.npy.json``), to HepMC3's text format. Writing
needs the package ``pyhepmc``; reading needs NumPy alone.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Event", "Run", "read", "to_hepmc3"]


@dataclass
class Run:
    """What is told about all events; cross sections in pb."""

    #: PDG numbers and energies in GeV of the beams
    beams: list[tuple[int, float]]
    #: IDWTUP of the Les Houches accord
    strategy: int
    #: of each subprocess: number, cross section, error, largest weight
    processes: list[tuple[int, float, float, float]]
    #: names of the weights that events carry beside their own
    variations: list[str] = field(default_factory=list)
    #: how the events came about, as thalweg says
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def cross_section(self) -> tuple[float, float]:
        """Sum over the subprocesses, and its error."""
        parts = np.array([process[1:3] for process in self.processes])
        own = self.summary.get("error")
        error = float(np.hypot.reduce(parts[:, 1])) if own is None else float(own)
        return float(parts[:, 0].sum()), error


@dataclass
class Event:
    """One scattering; arrays have a row for each of its particles."""

    process: int
    weight: float
    scale: float
    #: electromagnetic and strong, -1 where unknown
    couplings: tuple[float, float]
    id: np.ndarray
    #: -1 incoming, 1 outgoing, 2 intermediate
    status: np.ndarray
    #: ``(n, 2)``, counted from 1
    mothers: np.ndarray
    colors: np.ndarray
    #: ``(n, 4)``: E, px, py, pz in GeV
    momentum: np.ndarray
    mass: np.ndarray
    #: the weights of :attr:`Run.variations`
    variations: np.ndarray


def read(path: str | os.PathLike[str]) -> tuple[Run, Iterator[Event]]:
    """The run and the events, one by one, of a ``.lhe``, ``.lhe.gz`` or ``.npy`` file."""
    path = Path(path)
    if path.suffix == ".npy":
        return _read_npy(path)
    lines = _lines(path)
    return _head(lines, path), _events(lines, path)


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        for line in file:
            yield line.strip()


def _between(line: str) -> tuple[str, str]:
    """The attribute ``id`` and the text of a tag on one line."""
    tag, _, rest = line.partition(">")
    name = tag.split("id=", 1)[1].strip()
    return unescape(name[1:-1]), unescape(rest.rpartition("</")[0])


def _head(lines: Iterator[str], path: Path) -> Run:
    variations: list[str] = []
    told: list[str] | None = None
    summary: dict[str, Any] = {}
    for line in lines:
        if line == "<thalweg>":
            told = []
        elif line == "</thalweg>" and told is not None:
            summary, told = json.loads("\n".join(told)), None
        elif told is not None:
            told.append(line)
        elif line.startswith("<weight ") and "id=" in line:
            variations.append(_between(line)[0])
        elif line.startswith("<init>"):
            break
    else:
        raise ValueError(f"{path} has no <init> block: it is no Les Houches event file")
    first = next(lines).split()
    beams = [(int(first[0]), float(first[2])), (int(first[1]), float(first[3]))]
    processes = []
    for _ in range(int(first[9])):
        sigma, error, largest, number = next(lines).split()[:4]
        processes.append((int(number), float(sigma), float(error), float(largest)))
    return Run(beams, int(first[8]), processes, variations, summary)


def _events(lines: Iterator[str], path: Path) -> Iterator[Event]:
    for line in lines:
        if line.startswith("</LesHouchesEvents>"):
            return
        if not line.startswith("<event"):
            continue
        first = next(lines).split()
        rows = np.array([next(lines).split()[:13] for _ in range(int(first[0]))], dtype=float)
        whole = rows[:, :6].astype(int)
        variations = []
        for line in lines:
            if line.startswith("<wgt "):
                variations.append(float(_between(line)[1]))
            elif line.startswith("</event>"):
                break
        yield Event(
            int(first[1]),
            float(first[2]),
            float(first[3]),
            (float(first[4]), float(first[5])),
            whole[:, 0],
            whole[:, 1],
            whole[:, 2:4],
            whole[:, 4:6],
            rows[:, [9, 6, 7, 8]],
            rows[:, 10],
            np.array(variations),
        )
    raise ValueError(f"{path} ends before </LesHouchesEvents>: it is not whole")


def _read_npy(path: Path) -> tuple[Run, Iterator[Event]]:
    told = json.loads(Path(f"{path}.json").read_text())
    beams = [(beam["id"], beam["energy"]) for beam in told["beams"]]
    processes = [
        (p["number"], p["cross_section"], p["error"], p["max_weight"]) for p in told["processes"]
    ]
    names = [variation["id"] for variation in told["variations"]]
    run = Run(beams, told["strategy"], processes, names, told["summary"])
    rows = np.load(path, mmap_mode="r")

    def events() -> Iterator[Event]:
        for row in rows:
            yield Event(
                process=int(row["process"]),
                weight=float(row["weight"]),
                scale=float(row["scale"]),
                couplings=(float(row["couplings"][0]), float(row["couplings"][1])),
                id=np.array(row["id"]),
                status=np.array(row["status"]),
                mothers=np.array(row["mothers"]),
                colors=np.array(row["colors"]),
                momentum=np.array(row["momentum"]),
                mass=np.array(row["mass"]),
                variations=np.array(row["variations"]) if run.variations else np.empty(0),
            )

    return run, events()


def to_hepmc3(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Writes the events of a file to HepMC3's text format; how many they were.

    Incoming particles get HepMC's status 4, outgoing ones 1, intermediate ones 2; the first weight is
    the event's own, the others those of the variations. Each event has the cross section in pb.
    The target is complete or not there.
    """
    import pyhepmc

    run, events = read(source)
    info = pyhepmc.GenRunInfo()
    info.weight_names = ["nominal", *run.variations]
    info.tools = [("thalweg", str(run.summary.get("version", "")), "events")]
    part = f"{os.fspath(target)}.part"
    count = 0
    try:
        with pyhepmc.open(part, "w", format="hepmc3") as out:
            for event in events:
                out.write(_hepmc3(pyhepmc, event, count, run, info))
                count += 1
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)
    return count


def _hepmc3(pyhepmc: Any, event: Event, number: int, run: Run, info: Any) -> Any:
    made = pyhepmc.GenEvent(pyhepmc.Units.GEV, pyhepmc.Units.MM)
    made.run_info, made.event_number = info, number
    status = {-1: 4, 1: 1, 2: 2, -2: 2}
    particles = []
    for row, (kind, state) in enumerate(zip(event.id, event.status)):
        e, px, py, pz = event.momentum[row]
        particle = pyhepmc.GenParticle((px, py, pz, e), int(kind), status.get(int(state), int(state)))
        particle.generated_mass = float(event.mass[row])
        particles.append(particle)
    vertices: dict[tuple[int, int], Any] = {}
    for particle, (first, last) in zip(particles, event.mothers):
        if first == 0:
            continue
        mothers = (int(first), max(int(first), int(last)))
        if mothers not in vertices:
            vertices[mothers] = pyhepmc.GenVertex()
            for mother in range(mothers[0] - 1, mothers[1]):
                vertices[mothers].add_particle_in(particles[mother])
        vertices[mothers].add_particle_out(particle)
    for vertex in vertices.values():
        made.add_vertex(vertex)
    made.weights = [event.weight, *event.variations]
    section = pyhepmc.GenCrossSection()
    section.set_cross_section(*run.cross_section)
    made.cross_section = section
    return made


def _main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m thalweg.events EVENTS.lhe|.lhe.gz|.npy OUT.hepmc\n")
        return 1
    count = to_hepmc3(*arguments)
    sys.stdout.write(f"{count} events in {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
