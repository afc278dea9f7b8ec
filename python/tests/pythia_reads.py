"""Showers the events of an LHE file with Pythia 8 and prints, as JSON, what they are.

A program of its own: Pythia's licence is the GPL, and it must not be in one process with the tests.
"""

import json
import sys

import pythia8mc as pythia8


def main(path: str, events: int) -> None:
    pythia = pythia8.Pythia("", False)
    for line in ["Beams:frameType = 4", f"Beams:LHEF = {path}", "Print:quiet = on"]:
        pythia.readString(line)
    assert pythia.init()
    rows, failed = [], 0
    while len(rows) + failed < events:
        if not pythia.next():
            if pythia.infoPython().atEndOfFile():
                break
            failed += 1
            continue
        muon = next(p for p in pythia.process if p.id() == 13)
        charged = sum(p.isFinal() and p.isCharged() for p in pythia.event)
        rows.append((muon.pz() / muon.pAbs(), pythia.infoPython().weight(), int(charged)))
    info = pythia.infoPython()
    sigma = 1e9 * info.sigmaGen()
    print(json.dumps({"rows": rows, "failed": failed, "sigma": sigma, "error": 1e9 * info.sigmaErr()}))


main(sys.argv[1], int(sys.argv[2]))
