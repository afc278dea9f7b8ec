"""How the outputs of a function are laid out: one number, an array, or a dict of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Layout(NamedTuple):
    """Names and shapes of outputs that the library counts through."""

    #: for a function that returns a dict
    names: tuple[str, ...] | None
    #: per name, or of all; () for one number
    shapes: tuple[Shape, ...]

    def _parts(self, flat: list[Any]) -> Iterator[tuple[list[Any], Shape]]:
        start = 0
        for shape in self.shapes:
            end = start + math.prod(shape)
            yield flat[start:end], shape
            start = end

    def shaped(self, flat: list[Any], array: Callable[[list[Any], Shape], Any]) -> Any:
        """One thing per output in the shape of the outputs; ``array`` makes arrays of several."""
        parts = [array(part, shape) if shape else part[0] for part, shape in self._parts(flat)]
        return parts[0] if self.names is None else dict(zip(self.names, parts))

    def flat(self, values: Any) -> list[float]:
        """The opposite for numbers, which are repeated where there are too few of them."""
        each = [values] if self.names is None else [values[name] for name in self.names]
        arrays = [
            np.broadcast_to(np.asarray(value, dtype=np.float64), shape)
            for value, shape in zip(each, self.shapes)
        ]
        return [x for array in arrays for x in array.ravel().tolist()]

    def flat_names(self) -> list[str]:
        """A name for every output; empty for a single one."""
        return [
            f"{name}[{', '.join(map(str, index))}]" if index else name
            for name, shape in zip(self.names or ("",), self.shapes)
            for index in np.ndindex(shape)
        ]


def objects(items: list[Any], shape: Shape) -> np.ndarray:
    """An array of objects."""
    # Item by item: NumPy would take tuples for rows.
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)
