"""What a run tells of itself: whether it can be trusted, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ._estimate import Iteration
from ._histogram import Histogram, histogram


def _frozen(value: Any) -> Any:
    """The same as something that cannot be changed."""
    if isinstance(value, dict):
        return MappingProxyType({k: _frozen(v) for k, v in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return value


class Report:
    """The report of a run, read only: what :class:`Result` has beside its values."""

    __slots__ = ("_report",)
    _report: dict[str, Any]

    # ---- trust

    @property
    def status(self) -> str:
        """ "converged", "budget", "unreliable", "no_signal" or "interrupted"."""
        return self._report["status"]

    @property
    def is_good(self) -> bool:
        """Whether the result may be used as it stands: converged, or the budget spent."""
        return self.status in ("converged", "budget")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the status is "unreliable"."""
        return tuple(self._report["reasons"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """Things worth knowing."""
        return tuple(self._report["warnings"])

    @property
    def stop_reason(self) -> str:
        """What ended the run: "rel_error", "abs_error", "calls", "seconds" or "interrupted"."""
        return self._report["stop"]

    def _consistency(self, name: str) -> Any:
        found = self._report["consistency"]
        return None if found is None else found[name]

    @property
    def chi2(self) -> float | None:
        """Chi squared of the equal batches of the first output, where there are any."""
        return self._consistency("chi2")

    @property
    def dof(self) -> int | None:
        """Degrees of freedom of ``chi2``."""
        return self._consistency("dof")

    @property
    def p_value(self) -> float | None:
        """Probability of a larger ``chi2`` if all batches have the same mean."""
        return self._consistency("p_value")

    @property
    def khat(self) -> float | None:
        """Pareto shape of the weights' tail: errors are unreliable above 0.5."""
        return self._report["weights"]["khat"]

    @property
    def rel_std(self) -> float:
        """Spread of the weights, sigma/|mean|: the error of one call."""
        return self._report["weights"]["rel_std"]

    @property
    def ess_fraction(self) -> float:
        """Effective sample size of the estimate's points, divided by their number."""
        return self._report["weights"]["ess_fraction"]

    @property
    def ess(self) -> float:
        """Effective sample size of the estimate's points."""
        return self.ess_fraction * self._report["estimate"]["calls"]

    @property
    def max_share(self) -> float:
        """Share of the largest weight in the sum of all."""
        return self._report["weights"]["max_share"]

    @property
    def unweighting_efficiency(self) -> float:
        """Mean of |w| divided by its maximum."""
        return self._report["weights"]["unweighting_efficiency"]

    @property
    def cancellation(self) -> float:
        """|sum w| / sum |w|: 1 without changes of sign."""
        return self._report["weights"]["cancellation"]

    @property
    def blind_volume(self) -> float:
        """Features of a smaller share of the volume may have been missed (97 %)."""
        return self._report["blind_volume"]

    @property
    def non_finite(self) -> int:
        """Points where the integrand was not finite and counted as zero."""
        return self._report["non_finite"]

    @property
    def weights(self) -> Mapping[str, Any]:
        """All that is known of the weights f/q of the first output."""
        return _frozen(self._report["weights"])

    @property
    def exploration(self) -> Mapping[str, Any] | None:
        """What uniform points beside the estimate found."""
        return _frozen(self._report["exploration"])

    # ---- the run

    @property
    def calls(self) -> int:
        """Calls of the integrand, everything included but a few that find its shape."""
        return sum(self._report["calls"].values())

    @property
    def calls_by_phase(self) -> Mapping[str, int]:
        """Calls of "explore", "adapt", "train" and "estimate"."""
        return _frozen(self._report["calls"])

    @property
    def seconds(self) -> float:
        """Duration of the run."""
        return sum(self._report["seconds"].values())

    @property
    def seconds_by_phase(self) -> Mapping[str, float]:
        """Seconds of "explore", "adapt", "train" and "estimate"."""
        return _frozen(self._report["seconds"])

    @property
    def iterations(self) -> tuple[Iteration, ...]:
        """The steps of the run."""
        return tuple(Iteration(**step) for step in self._report["iterations"])

    @property
    def method(self) -> str:
        """The method used: "plain", "vegas" or "flow"."""
        chosen = self._report["chosen"]
        return self._report["method"] if chosen is None else chosen["method"]

    @property
    def why(self) -> str | None:
        """Why the method "auto" took it."""
        chosen = self._report["chosen"]
        return None if chosen is None else chosen["why"]

    @property
    def proposal(self) -> str:
        """What was sampled, in one line."""
        return self._report["proposal"]

    @property
    def placement(self) -> str:
        """How the points of the estimate were placed."""
        return self._report["placement"]

    @property
    def histograms(self) -> Mapping[str, Histogram]:
        """Histograms of the ``observables`` of :func:`integrate`, by name."""
        return MappingProxyType({b["name"]: histogram(b) for b in self._report["histograms"]})

    @property
    def seed(self) -> int:
        """The seed."""
        return self._report["seed"]
