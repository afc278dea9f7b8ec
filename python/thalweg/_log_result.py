"""The result of a run of ln f."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ._report import Report
from ._result import Result

if TYPE_CHECKING:
    from ._sampler import Sampler


class LogResult(Report):
    """ln Z of the integral Z of an f that was given by its logarithm. It cannot be changed.

    ln Z = level + ln I with the integral I of exp(ln f - level), which is ``scaled``: status, calls and
    all that speaks for or against the result are those of I.
    """

    __slots__ = ("_log", "_scaled")
    _log: dict[str, Any]
    _scaled: Result

    def __init__(self, report: dict[str, Any], sampler: Any = None) -> None:
        object.__setattr__(self, "_report", report)
        object.__setattr__(self, "_log", report["logarithm"])
        rest = {k: v for k, v in report.items() if k != "logarithm"}
        object.__setattr__(self, "_scaled", Result(rest, None, sampler))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a result cannot be changed (attribute {name!r})")

    @property
    def log_z(self) -> float:
        """ln Z, without any correction; see :attr:`bias`."""
        return self._log["log_z"]

    @property
    def error(self) -> float:
        """The one-sigma error of ln Z to first order: the relative error r of Z."""
        return self._log["error"]

    @property
    def bias(self) -> float:
        """What ln Z is off by on average, -r^2/2 to second order."""
        return -0.5 * self.error**2

    @property
    def level(self) -> float:
        """About the largest ln f (with the logarithm of the bounds' Jacobian), which was taken off."""
        return self._log["level"]

    @property
    def restarts(self) -> int:
        """Runs that were given up because ln f was far above the level."""
        return self._log["restarts"]

    @property
    def scaled(self) -> Result:
        """The integral of exp(ln f - level), with its histograms, in units of e^level."""
        return self._scaled

    @property
    def sampler(self) -> Sampler | None:
        """The frozen proposal that the estimate was drawn from."""
        return self._scaled.sampler

    def interval(self, k: float = 1.0) -> tuple[float, float]:
        """Ends of ln Z for those of Z, value -+ ``k`` errors: as asymmetric as they are."""
        low = 1.0 - k * self.error
        return (
            self.log_z + (math.log(low) if low > 0.0 else -math.inf),
            self.log_z + math.log1p(k * self.error),
        )

    def pull(self, log_z: float) -> float:
        """Distance of Z from that of an exact ln Z in errors of Z, as a standard normal number."""
        return self._scaled.pull(math.exp(log_z - self.level))

    def __repr__(self) -> str:
        return f"<LogResult {self.log_z:.6g} +- {self.error:.2g}  {self.status}, {self.calls} calls>"

    def __str__(self) -> str:
        return f"ln Z = {self.log_z:.10g} +- {self.error:.2g}\nof e^{self.level:.10g}: {self._scaled}"

    def __reduce__(self) -> Any:
        return type(self), (self._report, self.sampler)
