//! The parts of a step: gradients of some of its points, folded in a fixed order.
//!
//! A step is divided into parts by its number of points alone, so that the number of threads
//! does not change a bit. There are only as many workspaces as threads; parts go through
//! them in waves, and each wave is folded before the next begins. Where several processes share a run,
//! each has some consecutive parts, and all fold them in their order.

use std::mem;
use std::ops::Range;

use rayon::current_num_threads;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use crate::flow::{Flow, FlowGradient, WorkingParameters};
use crate::kernel::TILE;
use crate::team::{Crew, Letters};

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
    /// what the others are told in a step, and what all have told
    message: Vec<u8>,
    letters: Letters,
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
            message: Vec::new(),
            letters: Letters::default(),
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
        let (rank, ranks) = (self.crew.rank(), self.crew.size());
        let mine = parts * rank / ranks..parts * (rank + 1) / ranks;
        let at_a_time = current_num_threads().clamp(1, mine.len().max(1));
        // Out of the way if `body` panics: what it left behind must not enter another step.
        let mut all = mem::take(&mut self.workspaces);
        all.resize_with(all.len().max(at_a_time), || FlowGradient::new(flow));
        let mut total = [0.0; N];
        // The first rank folds what it has, and the others go on from there.
        let folds = rank == 0;
        let length = N * size_of::<f64>() + all[0].bytes();
        if !folds {
            // As long in each step, so that nothing is set to zero before it is overwritten.
            self.message.resize(mine.len() * length, 0);
        }
        let mut letters = self.message.chunks_exact_mut(length);
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
                if folds {
                    workspace.drain_into(&mut self.gradient);
                    add(&mut total, sums);
                } else if let Some(letter) = letters.next() {
                    let (first, gradient) = letter.split_at_mut(N * size_of::<f64>());
                    write(first, &sums);
                    workspace.drain_to_bytes(gradient);
                }
            }
        }
        if !self.crew.is_alone() {
            self.exchange(&all[0], length, &mut total);
        }
        self.workspaces = all;
        total
    }

    /// Folds the parts of all ranks, each of `length` bytes in their letters: `total` and the gradient, which
    /// hold those of rank 0 there. Where the others do not answer, the run ends at its next exchange.
    fn exchange<const N: usize>(
        &mut self,
        workspace: &FlowGradient,
        length: usize,
        total: &mut [f64; N],
    ) {
        let first = self.crew.rank() == 0;
        let sums = N * size_of::<f64>();
        if first {
            self.message
                .resize(sums + size_of_val(&self.gradient[..]), 0);
            let (letter, gradient) = self.message.split_at_mut(sums);
            write(letter, total);
            write(gradient, &self.gradient);
        }
        let told = self.crew.gather(&mut self.message, &mut self.letters);
        // Without the word.
        self.message.pop();
        if told.is_err() {
            return;
        }
        let mut letters = self.letters.iter();
        if let Some(letter) = letters.next().filter(|_| !first) {
            let (letter, gradient) = letter.split_at(sums);
            read(letter, total);
            read(gradient, &mut self.gradient);
        }
        for part in letters.flat_map(|letter| letter.chunks_exact(length)) {
            let (letter, gradient) = part.split_at(sums);
            let mut of_part = [0.0; N];
            read(letter, &mut of_part);
            workspace.add_bytes(gradient, &mut self.gradient);
            add(total, of_part);
        }
    }
}

fn write(bytes: &mut [u8], numbers: &[f64]) {
    let pairs = bytes.as_chunks_mut().0.iter_mut().zip(numbers);
    pairs.for_each(|(bytes, number)| *bytes = number.to_le_bytes());
}

fn read(bytes: &[u8], numbers: &mut [f64]) {
    let pairs = numbers.iter_mut().zip(bytes.as_chunks().0);
    pairs.for_each(|(number, bytes)| *number = f64::from_le_bytes(*bytes));
}

fn add<const N: usize>(total: &mut [f64; N], sums: [f64; N]) {
    for (total, sum) in total.iter_mut().zip(sums) {
        *total += sum;
    }
}
