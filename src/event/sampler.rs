//! A frozen proposal with its domain: what is drawn from after a run.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;

use crate::error::{Error, Result};
use crate::integrand::{Domain, Integrand};
use crate::integrate::{
    NonFinite, Outcome,
    evaluator::{Block, CHUNK, Evaluated, Evaluator},
};
use crate::map::{Map, inside};
use crate::rng::{Purpose, Streams};
use crate::stats::Estimate;

/// A frozen proposal that can be drawn from, asked for its density, and saved.
///
/// Draws are independent. Draw number i of a seed is the same however many are drawn at once.
#[derive(Debug)]
pub struct Sampler {
    map: Box<dyn Map>,
    domain: Domain,
    estimate: Option<Estimate>,
    metadata: BTreeMap<String, String>,
}

/// Points with their density.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// coordinates of a point
    pub dim: usize,
    /// `[n * dim]`, row-major, in the user's domain
    pub points: Vec<f64>,
    /// `[n]`: log of the density with respect to dy
    pub log_density: Vec<f64>,
}

/// Points with the weights of an integrand.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// coordinates of a point
    pub dim: usize,
    /// `[n * dim]`, row-major, in the user's domain
    pub points: Vec<f64>,
    /// `[n]`: w = f(y)/q(y), whose mean is the integral; for unweighted events 1, or more
    /// where the weight exceeded the maximum, with the sign of f
    pub weights: Vec<f64>,
}

impl Sampler {
    /// A sampler of `map` on `domain`.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] if they disagree.
    pub fn new(map: Box<dyn Map>, domain: Domain) -> Result<Self> {
        if map.dim() != domain.dim() {
            let (found, expected) = (domain.dim(), map.dim());
            return Err(Error::DimensionMismatch {
                what: "the domain",
                found,
                expected,
            });
        }
        Ok(Self {
            map,
            domain,
            estimate: None,
            metadata: BTreeMap::new(),
        })
    }

    /// The sampler that a run has ended with; it remembers the run's estimate.
    pub fn from_outcome(outcome: Outcome) -> Self {
        let Outcome {
            report,
            map,
            domain,
        } = outcome;
        Self {
            map,
            domain,
            estimate: Some(report.estimate),
            metadata: BTreeMap::new(),
        }
    }

    /// Coordinates of a point.
    pub fn dim(&self) -> usize {
        self.map.dim()
    }

    /// The map of the unit cube.
    pub fn map(&self) -> &dyn Map {
        self.map.as_ref()
    }

    /// Gives the map away.
    pub fn into_map(self) -> Box<dyn Map> {
        self.map
    }

    /// The domain of the points.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The estimate of the run that made the sampler.
    pub fn estimate(&self) -> Option<Estimate> {
        self.estimate
    }

    /// Attaches an estimate.
    #[must_use]
    pub fn with_estimate(mut self, estimate: Option<Estimate>) -> Self {
        self.estimate = estimate;
        self
    }

    /// Notes of the user's that are saved with the sampler.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The notes, to be changed.
    pub fn metadata_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.metadata
    }

    /// Draws the points `first..first + n` of a seed.
    pub fn draw(&self, n: usize, seed: u64, first: u64) -> Batch {
        let dim = self.dim();
        let streams = Streams::new(seed);
        let chunks: Vec<(Vec<f64>, Vec<f64>)> = chunks(first, n as u64)
            .into_par_iter()
            .map(|(first, n)| {
                let mut z = vec![0.0; n * dim];
                let (mut y, mut log_jac) = (z.clone(), vec![0.0; n]);
                streams.fill_points(Purpose::Sample, 0, first, dim, &mut z);
                self.map.forward(&z, &mut y, &mut log_jac);
                let mut log_jacobian = vec![0.0; n];
                self.domain.map_with_log(&mut y, &mut log_jacobian);
                let log_density = log_jac.iter().zip(&log_jacobian).map(|(l, j)| -l - j);
                (y, log_density.collect())
            })
            .collect();
        let mut batch = Batch {
            dim,
            points: Vec::new(),
            log_density: Vec::new(),
        };
        for (y, log_density) in chunks {
            batch.points.extend(y);
            batch.log_density.extend(log_density);
        }
        batch
    }

    /// log of the density (with respect to dy) at `points` (`[n * dim]`); minus infinity outside
    /// the domain.
    pub fn log_density(&self, points: &[f64]) -> Vec<f64> {
        let n = points.len() / self.dim();
        let mut x = points.to_vec();
        self.domain.to_unit(&mut x);
        for x in &mut x {
            *x = inside(*x);
        }
        let (mut z, mut log_jac) = (x.clone(), vec![0.0; n]);
        self.map.inverse(&x, &mut z, &mut log_jac);
        let mut log_jacobian = vec![0.0; n];
        self.domain.map_with_log(&mut x, &mut log_jacobian);
        let inside = points
            .chunks_exact(self.dim())
            .map(|point| self.domain.contains(point));
        log_jac
            .iter()
            .zip(&log_jacobian)
            .zip(inside)
            .map(
                |((l, j), inside)| {
                    if inside { -l - j } else { f64::NEG_INFINITY }
                },
            )
            .collect()
    }

    /// Draws the points `first..first + n` of a seed and weighs them: the same points as
    /// [`Sampler::draw`], with the first output of `integrand`.
    ///
    /// # Errors
    /// What the integrand reports, non-finite values included.
    pub fn weighted(
        &self,
        integrand: &dyn Integrand,
        n: usize,
        seed: u64,
        first: u64,
    ) -> Result<Events> {
        let evaluator = self.evaluator(integrand, seed)?;
        let chunks = self.weigh(&evaluator, Purpose::Sample, first, n as u64)?;
        let mut events = Events {
            dim: self.dim(),
            points: Vec::new(),
            weights: Vec::new(),
        };
        for (points, weights) in chunks {
            events.points.extend(points);
            events.weights.extend(weights);
        }
        Ok(events)
    }

    pub(super) fn evaluator<'a>(
        &self,
        integrand: &'a dyn Integrand,
        seed: u64,
    ) -> Result<Evaluator<'a>> {
        Evaluator::new(integrand, Some(&self.domain), NonFinite::Fail, &[], seed)
    }

    /// Points of the domain (`[n * dim]`) and weights (`[n]`) of the points `first..first + n`, in chunks.
    pub(super) fn weigh(
        &self,
        evaluator: &Evaluator<'_>,
        purpose: Purpose,
        first: u64,
        n: u64,
    ) -> Result<Vec<(Vec<f64>, Vec<f64>)>> {
        let block = |(first, n)| Block {
            purpose,
            iteration: 0,
            first,
            n,
        };
        let blocks: Vec<Block> = chunks(first, n).into_iter().map(block).collect();
        let weigh = |e: Result<Evaluated>| {
            let mut e = e?;
            let weights = e.weights(0);
            self.domain.map(&mut e.x, &mut vec![1.0; weights.len()]);
            Ok((e.x, weights))
        };
        let together = evaluator.batch().map_or(1, |n| n.div_ceil(CHUNK));
        let together = usize::try_from(together).unwrap_or(usize::MAX).max(1);
        let parts: Vec<Vec<Result<_>>> = blocks
            .par_chunks(together)
            .map(|blocks| {
                let filled = evaluator.evaluate(self.map.as_ref(), blocks);
                filled.into_iter().map(weigh).collect()
            })
            .collect();
        parts.into_iter().flatten().collect()
    }
}

/// Divides the points `first..first + n` into chunks `(first, n)`.
pub(super) fn chunks(first: u64, n: u64) -> Vec<(u64, usize)> {
    (0..n.div_ceil(CHUNK))
        .map(|c| {
            let at = c * CHUNK;
            (
                first + at,
                usize::try_from(CHUNK.min(n - at)).unwrap_or(usize::MAX),
            )
        })
        .collect()
}
