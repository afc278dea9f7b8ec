//! The parts of a step: gradients of some of its points, folded in a fixed order.
//!
//! A step is divided into parts by its number of points alone, so that the number of threads
//! does not change a bit. There are only as many workspaces as threads; parts go through
//! them in waves, and each wave is folded before the next begins.

use std::mem;
use std::ops::Range;

use rayon::current_num_threads;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use crate::flow::{Flow, FlowGradient, WorkingParameters};
use crate::kernel::TILE;

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
        }
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
        let at_a_time = current_num_threads().clamp(1, parts);
        // Out of the way if `body` panics: what it left behind must not enter another step.
        let mut all = mem::take(&mut self.workspaces);
        all.resize_with(all.len().max(at_a_time), || FlowGradient::new(flow));
        let mut total = [0.0; N];
        for wave in (0..parts).step_by(at_a_time) {
            let many = at_a_time.min(parts - wave);
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
                workspace.drain_into(&mut self.gradient);
                for (total, sum) in total.iter_mut().zip(sums) {
                    *total += sum;
                }
            }
        }
        self.workspaces = all;
        total
    }
}
