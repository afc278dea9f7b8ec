"""Runs that several processes share: the bits of one."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

import thalweg


class Pipes:
    """What of a communicator is needed, over pipes: rank 0 collects and hands out."""

    def __init__(self, rank: int, ends: list[Connection]) -> None:
        self.rank = rank
        self.ends = ends

    def Get_rank(self) -> int:
        return self.rank

    def Get_size(self) -> int:
        return len(self.ends) + 1 if self.rank == 0 else 2

    def allgather(self, mine: Any) -> list[Any]:
        if self.rank == 0:
            everything = [mine] + [end.recv() for end in self.ends]
            for end in self.ends:
                end.send(everything)
            return everything
        self.ends[0].send(mine)
        received: list[Any] = self.ends[0].recv()
        return received


def humps(x: np.ndarray) -> np.ndarray:
    return np.exp(-((x - 0.3) ** 2).sum(1) / 0.02) + np.exp(-((x - 0.7) ** 2).sum(1) / 0.02)


def failing(x: np.ndarray) -> np.ndarray:
    if multiprocessing.parent_process() is not None and len(x) > 16:
        raise ValueError("as it must")
    return humps(x)


SETTINGS: dict[str, Any] = {"max_calls": 12_000, "seed": 3, "progress": False, "threads": 1}


def shared(f: Any, comm: Pipes, method: str) -> tuple[Any, ...]:
    result = thalweg.integrate(f, 3, method=method, comm=comm, cost_class="cheap", **SETTINGS)
    return bits(result)


def bits(result: thalweg.Result) -> tuple[Any, ...]:
    assert result.sampler is not None
    return result.value, result.error, result.sampler.to_bytes()


def work(f: Any, end: Connection, method: str) -> None:
    try:
        found: Any = shared(f, Pipes(1, [end]), method)
    except Exception as error:
        found = repr(error)
    end.send(found)


def both(f: Any, method: str) -> tuple[Any, Any]:
    here, there = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(f, there, method))
    process.start()
    try:
        mine: Any = shared(f, Pipes(0, [here]), method)
    except Exception as error:
        mine = repr(error)
    other = here.recv()
    process.join()
    return mine, other


@pytest.mark.parametrize("method", ["vegas", "flow", "auto"])
def test_two_processes_have_the_bits_of_one(method: str) -> None:
    alone = thalweg.integrate(humps, 3, method=method, cost_class="cheap", **SETTINGS)
    mine, other = both(humps, method)
    assert mine == other == bits(alone)


def test_an_exception_on_one_rank_ends_both() -> None:
    mine, other = both(failing, "vegas")
    assert "rank 1" in mine and "as it must" in mine
    assert "ValueError" in other
