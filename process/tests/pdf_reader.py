"""Values of parton densities by another reader, NeoPDF: `python pdf_reader.py FOLDER`.

Writes into FOLDER, for some of the grids that the package pythia8mc brings with it, a copy, an `.info` file
with a made-up table of the strong coupling, and `points.txt` with lines `parton x Q^2 xf` and
`alpha_s 0 Q^2 value`. Needs `pip install neopdf-hep pythia8mc numpy`; the folder of the grids is taken from
THALWEG_PDFDATA if that is set. NeoPDF is under the GPL and no part of this project: it runs here, in a
process of its own, for a test only.
"""

import math
import os
import random
import shutil
import sys
from pathlib import Path

SETS = ["NNPDF31_lo_as_0118", "NNPDF31_nnlo_as_0118_luxqed", "GKG18_DPDF_FitA_LO", "SU21proton"]
POINTS = 300


def knots(dat: Path):
    """x, Q of each subgrid, and the partons."""
    blocks = dat.read_text().split("---")[1:]
    blocks = [b.strip("\n").split("\n") for b in blocks if b.strip()]
    x = [float(v) for v in blocks[0][0].split()]
    return x, [[float(v) for v in b[1].split()] for b in blocks], [int(v) for v in blocks[0][2].split()]


def info(x, q, partons):
    """The text of an `.info` file."""
    # Without breaks: NeoPDF 0.4 drops one of two equal knots and takes slopes across the break.
    knots = [v for k, qs in enumerate(q) for v in qs[k > 0 :]]
    values = [0.118 / (1 + 0.072 * math.log(v * v / 8315.0)) for v in knots]
    return f"""SetDesc: "made for a test"
SetIndex: 1
Authors: nobody
Reference: none
Format: lhagrid1
DataVersion: 1
NumMembers: 1
Particle: 2212
Flavors: {partons}
OrderQCD: 0
FlavorScheme: variable
NumFlavors: 5
ErrorType: replicas
XMin: {x[0]!r}
XMax: {x[-1]!r}
QMin: {q[0][0]!r}
QMax: {q[-1][-1]!r}
MZ: 91.1876
MUp: 0
MDown: 0
MStrange: 0
MCharm: 1.3
MBottom: 4.2
MTop: 173.0
AlphaS_MZ: 0.118
AlphaS_OrderQCD: 0
AlphaS_Type: ipol
AlphaS_Qs: {knots}
AlphaS_Vals: {values}
"""


def points(pdf, x, q, partons):
    """Lines for random points, thresholds among them."""
    draw = random.Random(1)
    low, high = math.log(q[0][0]), math.log(q[-1][-1])
    for i in range(POINTS):
        # Large x, small x and the first subgrid get their share.
        at_x = draw.uniform(x[0], 1) if i % 2 else math.exp(draw.uniform(math.log(x[0]), 0))
        top = math.log(q[0][-1]) + 0.5 if i % 3 == 0 else high
        q2 = math.exp(2 * draw.uniform(low, min(top, high)))
        for parton in partons:
            yield parton, at_x, q2, pdf.xfxQ2(parton, at_x, q2)
        yield "alpha_s", 0.0, q2, pdf.alphasQ2(q2)


def main():
    folder = Path(sys.argv[1])
    data = Path(os.environ.get("THALWEG_PDFDATA", Path(sys.prefix) / "share/Pythia8/pdfdata"))
    os.environ["NEOPDF_DATA_PATH"] = str(folder)
    from neopdf.pdf import PDF

    for name in SETS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        dat = folder / name / f"{name}_0000.dat"
        found = [f for f in (data / f"{name}_0000.dat", data / f"{name}.dat") if f.exists()]
        if name == "SU21proton":
            # The last mark is missing there.
            dat.write_text(found[0].read_text() + "---\n")
        else:
            shutil.copy(found[0], dat)
        x, q, partons = knots(dat)
        (folder / name / f"{name}.info").write_text(info(x, q, partons))
        lines = points(PDF.mkPDF(name), x, q, partons)
        text = "".join(f"{parton} {x!r} {q2!r} {float(value)!r}\n" for parton, x, q2, value in lines)
        (folder / name / "points.txt").write_text(text)


main()
