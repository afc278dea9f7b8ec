"""How long runs take on more ranks than there are here: a model with measured numbers, and a simulation.

    python docs/scaling.py measure PROGRAM >docs/scaling.json   # thalweg built with --features mpi; minutes
    python docs/scaling.py simulate docs/scaling.json           # the tables of scaling.md
    python docs/scaling.py plot docs/scaling.json docs/scaling.svg

An estimate goes in waves: every rank draws WAVE chunks of CHUNK points, then all exchange the sums of all
chunks, and each folds all of them. With n ranks, t seconds a point, f seconds a chunk that every rank
spends on it, b bytes a chunk, latency a and bandwidth B of the network, a wave takes

    max over ranks (WAVE CHUNK t (1 + jitter)) + n WAVE (f + b / B) + 2 a ceil(log2 n)

and there are N / (n WAVE CHUNK) of them. A step of training of P parameters divides PARTS parts of a
minibatch, and takes

    ceil(PARTS / n) / PARTS T (1 + jitter) + s + 4 P min(n, PARTS) / B + a ceil(log2 n)

where T is the time of a step on one rank, and s what every rank spends by itself, exchanges by shared
memory among it. The jitter is the spread of the times of runs side by side, f comes from what eight ranks
take more than two, and s from what two ranks take more than half the time of one of two runs side by side.
Shards share nothing: N t / n, the slowest of n, and the merging of n files.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAVE, CHUNK, PARTS, MINIBATCH, REUSE = 128, 1024, 8, 512, 8
# Points that the stages of the training below have, what was seen before them included.
STAGES = (2048, 4096, 6144, 10240, 18432, 26624, 30720)
# Not measured here: a message between nodes of a cluster, and bytes a second (100 Gbit/s).
LATENCY, BANDWIDTH = 2e-6, 1.25e10
RANKS = [2**k for k in range(11)]
RANKS_HERE, TURNS = (1, 2, 4, 8), 11
# Mean of the larger of two |normal|.
SLOWEST_OF_TWO = 2 / math.sqrt(math.pi)
LAUNCH = ["mpirun", "--allow-run-as-root"]
# Where there are more processes than hardware threads.
CROWDED = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]


def start(command, ranks=0):
    """A run by so many ranks, by none of mpirun for 0."""
    crowded = CROWDED if ranks > os.cpu_count() else []
    launch = [*LAUNCH, *crowded, "-n", str(ranks)] if ranks else []
    return subprocess.Popen(
        launch + command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def seconds(run, phase):
    out, _ = run.communicate()
    # 3: the result is called unreliable, which does not matter for its time.
    if run.returncode not in (0, 3):
        sys.exit(f"{run.args}: status {run.returncode}")
    return json.loads(out)["seconds"][phase]


def turns(commands, phase):
    """Median seconds of two runs side by side, and of one shared by RANKS_HERE ranks, which take turns."""
    side, shared = [], {n: [] for n in RANKS_HERE}
    for _ in range(TURNS):
        side += [seconds(run, phase) for run in [start(command) for command in commands]]
        for n, times in shared.items():
            times.append(seconds(start(commands[0], n), phase))
    medians = {n: statistics.median(times) for n, times in shared.items()}
    return statistics.median(side), medians, side


def measure(program):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        common = ["--threads", "1", "--json"]
        camel = [program, "train", "camel", "--dim", "8", "--reuse", str(REUSE), *common]
        seconds(start([*camel, "--max-calls", "3e4", "--save", "camel.tlw"]), "train")
        points, calls = 6_000_000, 40_000
        estimate = [program, "integrate", "--model", "camel.tlw", "--max-calls", str(points), *common]
        one, shared, times = turns([estimate] * 2, "estimate")
        trains = [[*camel, "--max-calls", str(calls), "--save", f"{i}.tlw"] for i in range(2)]
        train, trained, _ = turns(trains, "train")
        steps = REUSE * sum(STAGES) / MINIBATCH
        return {
            "points": points,
            "steps": steps,
            "parameters": os.path.getsize("camel.tlw") // 8,
            "estimate": one,
            "estimate_shared": shared,
            "train": train,
            "train_shared": trained,
            "chunk_bytes": 300,
            "jitter": statistics.stdev(times) / statistics.mean(times),
            "merge": merging(program, estimate, common),
        }


def derived(m):
    """What the model needs, from what was measured."""
    shared, trained = m["estimate_shared"], m["train_shared"]
    two = 1 + m["jitter"] * SLOWEST_OF_TWO
    # Two hardware threads fold what eight ranks have to, and two.
    fold = 2 * (shared["8"] - shared["2"]) / (6 * m["points"] / CHUNK)
    return {
        **m,
        "point": m["estimate"] / m["points"],
        "fold": max(fold, 0.0),
        "step": m["train"] / m["steps"],
        "serial": max(trained["2"] - m["train"] / 2 * two, 0.0) / m["steps"],
    }


def merging(program, estimate, common):
    """Seconds that a part more takes to merge."""
    model = estimate[2:4]
    parts = [f"{i}.part" for i in range(1, 65)]
    for i, part in enumerate(parts, 1):
        points = ["--points", "65536", "--shard", f"{i}/64", "--part", part]
        command = [program, "integrate", *model, *points, *common[:2]]
        subprocess.run(command, check=True, capture_output=True)
    began = time.perf_counter()
    subprocess.run([program, "merge", *parts], check=True, capture_output=True)
    return (time.perf_counter() - began) / len(parts)


def slowest(ranks, jitter, rng):
    """The largest of so many factors 1 + jitter |normal|: from its distribution, not one by one."""
    normal = statistics.NormalDist()
    one = rng.random() ** (1 / ranks)
    return 1 + jitter * normal.inv_cdf(min((1 + one) / 2, 1 - 1e-16))


def estimating(m, ranks, points, rng):
    waves = max(1, round(points / (ranks * WAVE * CHUNK)))
    exchange = ranks * WAVE * (m["fold"] + m["chunk_bytes"] / BANDWIDTH)
    exchange += 2 * LATENCY * math.ceil(math.log2(ranks))
    drawn = 2000
    draws = sum(slowest(ranks, m["jitter"], rng) for _ in range(drawn)) / drawn
    return waves * (WAVE * CHUNK * m["point"] * draws + exchange)


def step(m, ranks, rng):
    """Seconds of a step of training."""
    if ranks == 1:
        return m["step"] * slowest(1, m["jitter"], rng)
    share = math.ceil(PARTS / ranks) / PARTS
    busy = share * m["step"] * slowest(min(ranks, PARTS), m["jitter"], rng)
    exchange = min(ranks, PARTS) * 4 * m["parameters"] / BANDWIDTH
    exchange += LATENCY * math.ceil(math.log2(ranks))
    return busy + m["serial"] + exchange


def sharded(m, ranks, points, rng):
    slow = statistics.mean(slowest(ranks, m["jitter"], rng) for _ in range(2000))
    return points * m["point"] / ranks * slow + ranks * m["merge"]


def simulate(m):
    rng = random.Random(1)
    points = 1e12
    one = sharded(m, 1, points, rng)
    head = [
        "ranks",
        "shared estimate",
        "of the ideal",
        "shards, merged",
        "of the ideal",
        "step of training",
        "speed",
    ]
    print("|", " | ".join(head), "|")
    print("|---" * len(head) + "|")
    first = statistics.mean(step(m, 1, rng) for _ in range(200))
    for n in RANKS:
        shared, shards = estimating(m, n, points, rng), sharded(m, n, points, rng)
        trained = statistics.mean(step(m, n, rng) for _ in range(200))
        parts = [
            f"{n}",
            span(shared),
            f"{one / n / shared:.0%}",
            span(shards),
            f"{one / n / shards:.0%}",
        ]
        print("|", " | ".join([*parts, f"{1e3 * trained:.2f} ms", f"{first / trained:.1f}"]), "|")


def span(time):
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if time >= unit:
            return f"{time / unit:.1f} {name}"
    return f"{time:.1f} s"


def plot(m, file):
    import matplotlib.pyplot as plt

    rng = random.Random(1)
    points = 1e12
    one = sharded(m, 1, points, rng)
    first = statistics.mean(step(m, 1, rng) for _ in range(200))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    left.plot(RANKS, RANKS, color="0.6", lw=1, ls=":", label="ideal")
    shards = [one / sharded(m, n, points, rng) for n in RANKS]
    shared = [one / estimating(m, n, points, rng) for n in RANKS]
    trained = [first / statistics.mean(step(m, n, rng) for _ in range(200)) for n in RANKS]
    left.plot(RANKS, shards, color="#009E73", marker="s", ms=4, label="shards, merged")
    left.plot(RANKS, shared, color="#0072B2", marker="o", ms=4, label="one estimate, shared")
    left.plot(RANKS, trained, color="#D55E00", marker="^", ms=4, label="one training, shared")
    left.set(
        xscale="log",
        yscale="log",
        xlabel="ranks",
        ylabel="times the speed of one",
        title="model, $10^{12}$ points",
    )
    left.legend(frameon=False)
    # Two processes side by side are the most that there is.
    for key, colour, marker in (("estimate", "#0072B2", "o"), ("train", "#D55E00", "^")):
        speeds = {int(n): m[key] / s for n, s in m[f"{key}_shared"].items()}
        right.plot(list(speeds), list(speeds.values()), color=colour, marker=marker, ms=5, label=key)
    right.axhline(2, color="0.6", lw=1, ls=":", label="two runs side by side")
    right.set(
        xlabel="ranks",
        ylabel="times the speed of one of two runs",
        ylim=(0, 2.2),
        title="measured, two hardware threads",
    )
    right.set_xticks([1, 2, 4, 8])
    right.legend(frameon=False)
    figure.savefig(file)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "measure":
        print(json.dumps(measure(os.path.abspath(rest[0])), indent=1))
    elif what == "simulate":
        simulate(derived(json.loads(Path(rest[0]).read_text())))
    else:
        plot(derived(json.loads(Path(rest[0]).read_text())), rest[1])
