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
                streams.fill_points(Purpose::Sample, 0, first, dim, &mut z);
                let batch = self.forward(&z);
                (batch.points, batch.log_density)
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

    /// The points that latent points `z` (`[n * dim]`, in the open unit cube) are mapped to, with the logs of
    /// their densities; what [`Sampler::draw`] does with uniform z.
    pub fn forward(&self, z: &[f64]) -> Batch {
        let dim = self.dim();
        let (mut points, mut log_density) = (z.to_vec(), vec![0.0; z.len() / dim]);
        self.map.forward(z, &mut points, &mut log_density);
        self.finish(&mut points, &mut log_density);
        Batch {
            dim,
            points,
            log_density,
        }
    }

    /// From points of the unit cube and log|dx/dz| to those of the domain and the logs of their densities.
    fn finish(&self, x: &mut [f64], log_jac: &mut [f64]) {
        let mut log_jacobian = vec![0.0; log_jac.len()];
        self.domain.map_with_log(x, &mut log_jacobian);
        for (l, j) in log_jac.iter_mut().zip(log_jacobian) {
            *l = -*l - j;
        }
    }

    /// The latent points (`[n * dim]`, in the open unit cube) of `points` (`[n * dim]`), and the logs of the
    /// densities of `points` with respect to dy: the opposite of [`Sampler::forward`]. Outside of the domain
    /// the density is zero, and z that of a point on its border.
    ///
    /// ```
    /// use thalweg::map::Identity;
    /// use thalweg::{Domain, Sampler};
    ///
    /// let domain = Domain::new(&[(-1.0, 1.0), (0.0, 4.0)])?;
    /// let sampler = Sampler::new(Box::new(Identity::new(2)), domain)?;
    /// let (z, log_density) = sampler.inverse(&[0.0, 1.0]);
    /// assert_eq!((z, log_density), (vec![0.5, 0.25], vec![-(8.0_f64.ln())]));
    /// assert_eq!(sampler.forward(&[0.5, 0.25]).points, [0.0, 1.0]);
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    pub fn inverse(&self, points: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let dim = self.dim();
        let mut x = points.to_vec();
        self.domain.to_unit(&mut x);
        for x in &mut x {
            *x = inside(*x);
        }
        let (mut z, mut log_density) = (x.clone(), vec![0.0; points.len() / dim]);
        self.map.inverse(&x, &mut z, &mut log_density);
        self.finish(&mut x, &mut log_density);
        for (log_density, point) in log_density.iter_mut().zip(points.chunks_exact(dim)) {
            if !self.domain.contains(point) {
                *log_density = f64::NEG_INFINITY;
            }
        }
        (z, log_density)
    }

    /// log of the density (with respect to dy) at `points` (`[n * dim]`); minus infinity outside
    /// the domain.
    pub fn log_density(&self, points: &[f64]) -> Vec<f64> {
        self.inverse(points).1
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
