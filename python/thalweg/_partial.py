"""Parts of an estimate, from machines that share nothing."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _native
from ._histogram import recalled
from ._result import Result

Path = str | os.PathLike[str]


class Partial:
    """A part of an estimate, several of them merged, or all.

    It comes from :meth:`Sampler.integrate_shard`, from a file, or from merging, and can be saved and
    pickled. Merged in any order, all parts are the estimate in one piece, to the last bit.
    """

    _native: _native.Partial

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("a part comes from sampler.integrate_shard or Partial.load")

    @classmethod
    def _of(cls, native: Any) -> Partial:
        self = object.__new__(cls)
        self._native = native
        return self

    @property
    def points(self) -> int:
        """Points of the whole estimate."""
        return self._native.points

    @property
    def points_there(self) -> int:
        """Points of it that are there."""
        return self._native.points_there

    @property
    def complete(self) -> bool:
        """Whether all points are there."""
        return self._native.complete

    @property
    def missing(self) -> list[str]:
        """Shards that are missing, such as ``"3/64"``, or ranges of points."""
        return self._native.missing

    @property
    def not_finite(self) -> tuple[int, int]:
        """Points that counted as zero because a value was NaN, and because it was infinite."""
        nan, infinite = self._native.not_finite
        return nan, infinite

    def merge(self, *others: Partial) -> Partial:
        """This part and the others together.

        :class:`PartialError` for one of another estimate, or with points that are there already.
        """
        return Partial._of(self._native.merged([other._native for other in others]))

    @property
    def result(self) -> Result:
        """The result of the points that are there, with a warning where some are missing."""
        layout = self._native.note("layout")
        report = recalled(self._native.report(), self._native.note("observables"))
        if layout is None:
            return Result(report)
        names, shapes = json.loads(layout)
        named = None if names is None else tuple(names)
        return Result(report, (named, tuple(map(tuple, shapes))))

    def save(self, path: Path) -> None:
        """Writes a file that :meth:`load` and ``thalweg merge`` read."""
        self._native.save(os.fspath(path))

    @classmethod
    def load(cls, path: Path) -> Partial:
        """Reads a file; it may come from a stranger."""
        return cls._of(_native.Partial.load(os.fspath(path)))

    def to_bytes(self) -> bytes:
        """The bytes of a file."""
        return self._native.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Partial:
        """The opposite of :meth:`to_bytes`."""
        return cls._of(_native.Partial.from_bytes(bytes(data)))

    def __reduce__(self) -> Any:
        return Partial.from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<Partial {self.points_there} of {self.points} points>"
