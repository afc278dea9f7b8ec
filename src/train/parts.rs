//! The parts of a step: gradients of some of its points, folded in a fixed order.
//!
//! A step is divided into parts by its number of points alone, so that the number of threads
//! does not change a bit. There are only as many workspaces as threads; parts go through
//! them in waves, and each wave is folded before the next begins. Where several processes share a run,
//! each has some consecutive parts, and all fold the parts of all.

use std::mem;
use std::ops::Range;

use rayon::current_num_threads;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use crate::flow::{Flow, FlowGradient, WorkingParameters};
use crate::kernel::TILE;
use crate::team::Crew;

/// Parts of a step, and of a long one.
const PARTS: usize = 8;
const MANY_PARTS: usize = 16;
/// Tiles from which on a step is long: a part's gradient travels between cores, which a few
/// hundred points do not pay for.
const MANY_TILES: usize = 256;

/// Divides steps of one size, and sums their gradients.
#[derive(Debug)]
pub(super) struct Parts {
    /// number of points of a step
    points: usize,
    /// points of each part but the last
    size: usize,
    values: WorkingParameters,
    /// as many as threads work at a time; kept, so that a step allocates nothing
    workspaces: Vec<FlowGradient>,
    /// `[parameters]`, summed over the points of the last step
    gradient: Vec<f64>,
    crew: Crew,
}

impl Parts {
    pub(super) fn new(flow: &Flow, points: usize) -> Self {
        let tiles = points.div_ceil(TILE);
        let parts = if tiles < MANY_TILES {
            PARTS
        } else {
            MANY_PARTS
        };
        Self {
            points,
            size: tiles.div_ceil(parts) * TILE,
            values: WorkingParameters::new(flow),
            workspaces: Vec::new(),
            gradient: vec![0.0; flow.parameters().len()],
            crew: Crew::default(),
        }
    }

    /// The same for a run that several processes share.
    pub(super) fn shared_by(self, crew: Crew) -> Self {
        Self { crew, ..self }
    }

    pub(super) fn crew(&self) -> &Crew {
        &self.crew
    }

    /// The gradient of the last step, summed over its points, and the factor that makes it a
    /// mean.
    pub(super) fn gradient(&self) -> (&[f64], f64) {
        (&self.gradient, 1.0 / self.points as f64)
    }

    /// Sums the gradient at `parameters`: `body` adds the tiles of a range of points to the
    /// workspace that it is given, and its results are summed.
    pub(super) fn run<const N: usize>(
        &mut self,
        flow: &Flow,
        parameters: &[f64],
        body: impl Fn(&mut FlowGradient, &WorkingParameters, Range<usize>) -> [f64; N] + Sync,
    ) -> [f64; N] {
        self.values.update(parameters);
        self.gradient.fill(0.0);
        let (points, size, values) = (self.points, self.size, &self.values);
        let parts = points.div_ceil(size);
        let of_rank = |rank: usize| {
            let ranks = self.crew.size();
            parts * rank / ranks..parts * (rank + 1) / ranks
        };
        let mine = of_rank(self.crew.rank());
        let at_a_time = current_num_threads().clamp(1, mine.len().max(1));
        // Out of the way if `body` panics: what it left behind must not enter another step.
        let mut all = mem::take(&mut self.workspaces);
        all.resize_with(all.len().max(at_a_time), || FlowGradient::new(flow));
        let mut total = [0.0; N];
        let mut message = Vec::new();
        for wave in mine.clone().step_by(at_a_time) {
            let many = at_a_time.min(mine.end - wave);
            let workspaces = &mut all[..many];
            let body = |part: usize, workspace: &mut FlowGradient| {
                let start = (wave + part) * size;
                body(workspace, values, start..(start + size).min(points))
            };
            let mut sums = [[0.0; N]; MANY_PARTS];
            if let [workspace] = workspaces {
                sums[0] = body(0, workspace);
            } else {
                workspaces
                    .par_iter_mut()
                    .zip(&mut sums[..many])
                    .enumerate()
                    .for_each(|(part, (workspace, sums))| *sums = body(part, workspace));
            }
            for (workspace, sums) in workspaces.iter_mut().zip(sums) {
                if self.crew.is_alone() {
                    workspace.drain_into(&mut self.gradient);
                    add(&mut total, sums);
                } else {
                    message.extend(sums.iter().flat_map(|sum| sum.to_le_bytes()));
                    workspace.drain_to_bytes(&mut message);
                }
            }
        }
        // Where the others do not answer, the run ends at its next exchange.
        if !self.crew.is_alone()
            && let Ok(messages) = self.crew.gather(message)
        {
            let length = N * size_of::<f64>() + all[0].bytes();
            for part in messages
                .iter()
                .flat_map(|message| message.chunks_exact(length))
            {
                let (sums, gradient) = part.split_at(N * size_of::<f64>());
                let mut of_part = [0.0; N];
                for (sum, bytes) in of_part.iter_mut().zip(sums.as_chunks().0) {
                    *sum = f64::from_le_bytes(*bytes);
                }
                all[0].fill_from_bytes(gradient);
                all[0].drain_into(&mut self.gradient);
                add(&mut total, of_part);
            }
        }
        self.workspaces = all;
        total
    }
}

fn add<const N: usize>(total: &mut [f64; N], sums: [f64; N]) {
    for (total, sum) in total.iter_mut().zip(sums) {
        *total += sum;
    }
}
