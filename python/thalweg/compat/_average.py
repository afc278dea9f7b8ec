"""Averages of iterations, as vegas makes them.

Weighted (while the integrator adapts), with estimates m_i and covariance matrices C_i:

    W_i = C_i^-1,  cov = (sum W_i)^-1,  mean = cov sum W_i m_i,  chi2 = sum (m_i - mean)^T W_i (m_i - mean)

and unweighted, where iterations are alike: mean = sum m_i / n, cov = sum C_i / n^2, chi2 with the mean
covariance; dof = (n - 1) k for k outputs. Where an iteration has seen no variance of an output, it has no
say in that output. Known weakness: the weighted average is biased, because iterations that by chance
came out low have small errors, too; :func:`thalweg.integrate` has no such average.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._native import p_value_chi2

#: eigenvalues of correlation matrices below this are roundings
_SMALLEST = 1e-13


class Average(NamedTuple):
    """Mean ``(k,)``, covariance ``(k, k)``, and how well the iterations agree."""

    mean: np.ndarray
    cov: np.ndarray
    chi2: float
    dof: int

    @property
    def q(self) -> float:
        """Probability of a larger chi2."""
        return p_value_chi2(self.chi2, self.dof) if self.dof > 0 else 1.0


def _inverse(cov: np.ndarray) -> np.ndarray:
    """The inverse of a covariance matrix with positive diagonal."""
    scale = np.sqrt(np.diag(cov))
    values, vectors = np.linalg.eigh(cov / np.outer(scale, scale))
    values = np.maximum(values, _SMALLEST * values[-1])
    return (vectors / values) @ vectors.T / np.outer(scale, scale)


def _information(cov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of the part with variance, 0 elsewhere; and which part that is."""
    seen = np.diag(cov) > 0.0
    inverse = np.zeros_like(cov)
    if seen.any():
        part = np.ix_(seen, seen)
        inverse[part] = _inverse(cov[part])
    return inverse, seen


def average(means: Sequence[np.ndarray], covs: Sequence[np.ndarray], weighted: bool) -> Average:
    """The average of n >= 1 iterations."""
    n = len(means)
    centre = np.mean(means, axis=0)
    if n == 1:
        return Average(means[0], covs[0], 0.0, 0)
    if not weighted:
        pooled = np.mean(covs, axis=0)
        weight, seen = _information(pooled)
        chi2 = sum(float((m - centre) @ weight @ (m - centre)) for m in means)
        return Average(centre, pooled / n, chi2, (n - 1) * int(seen.sum()))
    weights, masks = zip(*(_information(cov) for cov in covs))
    active = np.any(masks, axis=0)
    total = np.sum(weights, axis=0)
    cov = np.zeros_like(total)
    if active.any():
        part = np.ix_(active, active)
        cov[part] = _inverse(total[part])
        pull = np.sum([w @ m for w, m in zip(weights, means)], axis=0)
        centre = np.where(active, cov @ pull, centre)
    chi2 = sum(float((m - centre) @ w @ (m - centre)) for w, m in zip(weights, means))
    dof = sum(int(mask.sum()) for mask in masks) - int(active.sum())
    return Average(centre, cov, chi2, dof)
