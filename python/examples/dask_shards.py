# %% [markdown]
# # Shards on a Dask cluster
#
# A sampler is trained once. Workers that share nothing evaluate parts of one estimate, and the parts are
# merged to the very bits of the estimate in one piece. The cluster here is two processes of this machine;
# one of many machines is used in the same way. It needs `dask` and `distributed`.

# %%
import numpy as np
from dask.distributed import Client, LocalCluster

import thalweg

SHARDS = 8
POINTS = 200_000


def f(x):
    return np.exp(-50.0 * ((x - 0.5) ** 2).sum(axis=1))


# %% [markdown]
# **What a worker does.** It gets the sampler, a number and the points in all, and returns a part: all of
# them are pickled. One thread for each, because the cluster has a worker for each core. Histograms are in
# the parts, too; here is one of two axes.

# %%
PLANE = {"x": (lambda x: x[:, 0], np.linspace(0, 1, 11)), "y": (lambda x: x[:, 1], np.linspace(0, 1, 6))}


def part(i, of, sampler):
    return sampler.integrate_shard(
        f, POINTS, shard=(i, of), seed=2, threads=1, observables={"plane": PLANE}
    )


# %% [markdown]
# **Train, share out, merge.** The guard is for the workers, which import this file if they are
# spawned. Parts are merged as they come; any order gives the same bits.


# %%
def main():
    sampler = thalweg.train(f, [(0, 1)] * 4, method="vegas", max_calls=20_000, seed=1)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        sent = client.scatter(sampler, broadcast=True)
        futures = client.map(part, range(1, SHARDS + 1), of=SHARDS, sampler=sent)
        first, *others = client.gather(futures)
    merged = first.merge(*others)
    result = merged.result
    print(f"{SHARDS} shards of {merged.points} points: {result.estimates[0]}")

    whole = part(1, 1, sampler).result
    print(f"in one piece:                  {whole.estimates[0]}")
    print("value:", result.value.hex(), whole.value.hex())
    print("error:", result.error.hex(), whole.error.hex())
    plane, other = result.histograms["plane"], whole.histograms["plane"]
    same = np.array_equal(plane.values(), other.values()) and np.array_equal(
        plane.errors(), other.errors()
    )
    print(f"{plane}: the same bits: {same}")
    assert (result.value, result.error) == (whole.value, whole.error)
    assert same


# %% [markdown]
# **A worker that fails** loses its shard, not the estimate: `merged.missing` names the shards that are not
# there, and `merged.result` is that of the points that are.

# %%
if __name__ == "__main__":
    main()
