//! One pass over all cells: points out, values in.

use std::sync::Arc;

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use super::{Drawn, PassConfig, PassEstimate, sums::Sums};
use crate::error::{Error, Result};
use crate::integrand::Domain;
use crate::integrate::{
    estimate::shares,
    evaluator::CHUNK,
    strata::{Chunk, Chunks, Place, Strata},
};
use crate::kernel::exp::exponentials;
use crate::map::{Grid, GridTraining, Map as _};
use crate::rng::{Purpose, Streams, mix};

/// Most bytes of points that are kept for the refinement; of more points a random part is.
const KEEP: u64 = 64 << 20;

/// The points of one iteration: [`Pass::draw`] hands them out, [`Pass::take`] takes their values.
#[derive(Clone, Debug)]
pub struct Pass {
    domain: Domain,
    grid: Grid,
    strata: Strata,
    config: PassConfig,
    /// `[cells]`: points of each
    counts: Vec<u32>,
    streams: Streams,
    iteration: u64,
    calls: u64,
    /// where the next points come from
    place: Place,
    /// points whose values are known
    taken: u64,
    sums: Sums,
    /// `[cells]`: variance of the weights of the first output
    variances: Vec<f64>,
    training: GridTraining,
    /// one point in so many is kept for the refinement
    thinning: u64,
}

/// What a chunk adds.
struct Part {
    sums: Sums,
    /// per visit: its part of the variance of its cell
    variances: Vec<f64>,
    training: Option<GridTraining>,
}

impl Pass {
    pub(super) fn new(
        (domain, grid, strata): (Domain, Grid, Strata),
        config: &PassConfig,
        (seed, iteration): (u64, u64),
    ) -> Self {
        let mut counts = strata.allocate(config.calls, config.beta);
        for count in &mut counts {
            *count = (*count).min(config.max_per_cell);
        }
        let calls: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        let bytes = GridTraining::bytes_per_point(domain.dim()) as u64;
        Self {
            training: GridTraining::new(&grid).by_points(),
            variances: vec![0.0; strata.cells()],
            sums: Sums::new(config.outputs),
            streams: Streams::new(seed),
            place: Place::default(),
            config: config.clone(),
            thinning: (calls * bytes).div_ceil(KEEP).max(1),
            iteration,
            domain,
            grid,
            strata,
            counts,
            calls,
            taken: 0,
        }
    }

    /// Calls of the whole pass.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Fewest and most points of a cell.
    pub fn calls_per_cell(&self) -> (u32, u32) {
        let fewest = self.counts.iter().copied().min();
        let most = self.counts.iter().copied().max();
        (fewest.unwrap_or(0), most.unwrap_or(0))
    }

    /// The next points, `points` or a few more; `None` after the last.
    pub fn draw(&mut self, points: u64) -> Option<Drawn> {
        let mut chunks = Vec::new();
        let mut later = Chunks::from_place(&self.counts, self.place, CHUNK);
        let mut n = 0;
        while n < points.max(1) {
            let Some(chunk) = later.next() else {
                break;
            };
            n += chunk.points;
            chunks.push(chunk);
        }
        self.place = later.place();
        let first = chunks.first()?.first;
        let at = (Purpose::Adapt, self.iteration);
        let each = |chunk: &Chunk| {
            let z = self
                .strata
                .fill(self.streams, at, chunk.first, &chunk.visits);
            let mut y = vec![0.0; z.len()];
            let mut jacobian = vec![0.0; chunk.len()];
            self.grid.forward(&z, &mut y, &mut jacobian);
            exponentials(&mut jacobian);
            self.domain.map(&mut y, &mut jacobian);
            (z, y, jacobian)
        };
        let parts: Vec<_> = chunks.par_iter().map(each).collect();
        let (mut latent, mut points, mut jacobian) = (Vec::new(), Vec::new(), Vec::new());
        for (z, y, j) in parts {
            latent.extend(z);
            points.extend(y);
            jacobian.extend(j);
        }
        Some(Drawn {
            chunks,
            first,
            dim: self.domain.dim(),
            latent,
            points: Arc::new(points),
            jacobian,
            cells: self.strata.cells(),
        })
    }

    /// Takes the values `f` (`[n * outputs]`) at `drawn`, which are the points after those taken last.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] for too many or too few values, or points out of turn;
    /// [`Error::Integrand`] for a value that is not finite.
    pub fn take(&mut self, drawn: &Drawn, f: &[f64]) -> Result<()> {
        let mismatch = |what, found, expected| Error::DimensionMismatch {
            what,
            found,
            expected,
        };
        let outputs = self.config.outputs;
        let expected = drawn.len() * outputs;
        if f.len() != expected {
            return Err(mismatch("the list of values", f.len(), expected));
        }
        if drawn.first != self.taken || drawn.dim != self.domain.dim() {
            let index = |i: u64| usize::try_from(i).unwrap_or(usize::MAX);
            let what = "the index of the first point";
            return Err(mismatch(what, index(drawn.first), index(self.taken)));
        }
        let w = drawn.weighed(f)?;
        let mut start = 0;
        let starts: Vec<usize> = drawn
            .chunks
            .iter()
            .map(|chunk| {
                start += chunk.len();
                start - chunk.len()
            })
            .collect();
        let each = |(chunk, start): (&Chunk, &usize)| {
            let rows = *start..*start + chunk.len();
            let z = &drawn.latent[rows.start * drawn.dim..rows.end * drawn.dim];
            self.part(chunk, z, &w[rows.start * outputs..rows.end * outputs])
        };
        let parts: Vec<Part> = drawn.chunks.par_iter().zip(&starts).map(each).collect();
        for (chunk, part) in drawn.chunks.iter().zip(&parts) {
            self.sums.merge_from(&part.sums);
            for (visit, variance) in chunk.visits.iter().zip(&part.variances) {
                self.variances[visit.cell] += variance;
            }
            if let Some(training) = &part.training {
                self.training.merge(training);
            }
            self.taken += chunk.points;
        }
        Ok(())
    }

    /// What the weights `w` (`[n * outputs]`) at latent points `z` (`[n * dim]`) of a chunk add.
    fn part(&self, chunk: &Chunk, z: &[f64], w: &[f64]) -> Part {
        let outputs = self.config.outputs;
        let mut sums = Sums::new(outputs);
        let mut rest = w;
        let visits = chunk.visits.iter();
        let variances = visits
            .map(|visit| {
                let (here, later) = rest.split_at(visit.points as usize * outputs);
                rest = later;
                let factor = f64::from(visit.points) / f64::from(visit.of);
                factor * sums.add(here, factor, self.config.covariance)
            })
            .collect();
        let wanted = self.config.adapt && self.config.alpha > 0.0;
        Part {
            sums,
            variances,
            training: wanted.then(|| self.seen(chunk, z, w)),
        }
    }

    /// What the refinement keeps of a chunk.
    fn seen(&self, chunk: &Chunk, z: &[f64], w: &[f64]) -> GridTraining {
        let (dim, outputs) = (self.domain.dim(), self.config.outputs);
        let shares = shares(&chunk.visits, self.calls, self.strata.cells());
        // By a hash of the index: a regular choice could favour some cells.
        let kept = |i: &usize| mix(chunk.first + *i as u64).is_multiple_of(self.thinning);
        let kept: Vec<usize> = (0..chunk.len()).filter(kept).collect();
        let z: Vec<f64> = kept
            .iter()
            .flat_map(|i| &z[i * dim..(i + 1) * dim])
            .copied()
            .collect();
        let first: Vec<f64> = kept.iter().map(|i| w[i * outputs]).collect();
        let shares: Vec<f64> = kept.iter().map(|i| shares[*i]).collect();
        let mut training = GridTraining::new(&self.grid);
        training.add_shares(&self.grid, &z, &first, &shares);
        training
    }

    /// Values and covariance, once all values were taken.
    pub fn estimate(&self) -> Option<PassEstimate> {
        if self.taken < self.calls {
            return None;
        }
        let (volume, k) = (1.0 / self.strata.cells() as f64, self.config.outputs);
        let values = self.sums.values.iter().map(|v| v.value() * volume);
        let upper = &self.sums.covariance;
        let entry = |at: usize| {
            let (i, j) = (at / k, at % k);
            upper[i.min(j) * k + i.max(j)] * volume * volume
        };
        Some(PassEstimate {
            values: values.collect(),
            covariance: (0..k * k).map(entry).collect(),
            calls: self.calls,
        })
    }

    /// Grid and strata after the pass, where they change.
    pub(super) fn into_adapted(self) -> Option<(Grid, Strata)> {
        if !self.config.adapt {
            return None;
        }
        let grid = self.grid.refined(&self.training, self.config.alpha);
        let mut strata = self.strata;
        // Relative to the largest, because spreads are kept in single precision.
        let largest = self.variances.iter().fold(0.0, |a: f64, b| a.max(*b));
        if largest > 0.0 {
            for (cell, variance) in self.variances.iter().enumerate() {
                strata.set_spread(cell, (variance / largest).sqrt());
            }
        }
        Some((grid, strata))
    }
}
