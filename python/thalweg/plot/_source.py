"""What pictures are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._maps import Map
from .._result import Result
from .._sampler import Sampler


def sampler_of(source: Any, what: str) -> Sampler:
    """The sampler of a result, or the sampler itself."""
    sampler = source.sampler if isinstance(source, Result) else source
    if not isinstance(sampler, Sampler):
        raise TypeError(f"{what} draws a thalweg.Result or a Sampler, not {type(source).__name__}")
    return sampler


def map_of(source: Any, what: str) -> tuple[Map, np.ndarray]:
    """A map and the box it is on: of a map itself the unit cube."""
    if isinstance(source, Map):
        return source, np.tile([0.0, 1.0], (source.dim, 1))
    sampler = sampler_of(source, what)
    return sampler.map, sampler.bounds
