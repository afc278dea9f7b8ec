"""Runs docs/pythia_live.py and prints, as JSON, what Pythia has seen and what it was to see.

A program of its own: Pythia's licence is the GPL, and it must not be in one process with the tests.
"""

import contextlib
import json
import sys


def main(folder: str, events: int) -> None:
    sys.path.insert(0, folder)
    import pythia_live

    with contextlib.redirect_stdout(sys.stderr):
        found = pythia_live.main(events)
    told = {}
    for source, sigma, error, weights, cosines in found:
        x, wanted = source.sampler.weighted(source.f, 0, seed=1)
        if abs(source.strategy) > 1:
            # The first block, of which Pythia has got the first events.
            assert events <= source.block
            made = source.sampler.unweighted(
                source.f, source.block, seed=1, max_weight=source.max_weight
            )
            x, wanted = made.x[:events], made.weights[:events]
        told[source.strategy] = {
            "sigma": sigma,
            "error": error,
            "given": source.given,
            "weights": weights.tolist(),
            "cosines": cosines.tolist(),
            "wanted": wanted.tolist(),
            "drawn": x[:, 0].tolist(),
        }
    print(json.dumps(told))


main(sys.argv[1], int(sys.argv[2]))
