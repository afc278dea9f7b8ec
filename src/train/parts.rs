//! The parts of a step: gradients of some of its points, folded in a fixed order.
//!
//! A step is divided into parts by its number of points alone, so that the number of threads
//! does not change a bit. There are only as many workspaces as threads; parts go through
//! them in waves, and each wave is added to a tree of sums before the next begins. Where several processes
//! share a run, each has some consecutive parts, and tells the others the nodes that come of them.

use std::mem;
use std::ops::Range;

use rayon::current_num_threads;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use super::tree::{Node, Tree, nodes};
use crate::flow::{
    Flow, FlowGradient, SummedGradient, WorkingParameters, read_numbers, write_numbers,
};
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
    /// memory for sums
    spare: Vec<SummedGradient>,
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
            spare: Vec::new(),
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
        let (points, size, values) = (self.points, self.size, &self.values);
        let mine = self.parts_of(self.crew.rank());
        let at_a_time = current_num_threads().clamp(1, mine.len().max(1));
        // Out of the way if `body` panics: what it left behind must not enter another step.
        let mut workspaces = mem::take(&mut self.workspaces);
        workspaces.resize_with(workspaces.len().max(at_a_time), || FlowGradient::new(flow));
        let mut memory = Memory {
            flow,
            spare: mem::take(&mut self.spare),
        };
        let mut tree = Tree::new();
        for wave in mine.clone().step_by(at_a_time) {
            let many = at_a_time.min(mine.end - wave);
            let workspaces = &mut workspaces[..many];
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
            for (part, (workspace, sums)) in (wave..).zip(workspaces.iter_mut().zip(sums)) {
                let mut gradient = memory.take();
                workspace.move_to(&mut gradient);
                let parts = part..part + 1;
                let node = Node {
                    parts,
                    gradient,
                    sums,
                };
                tree.push(node, &mut memory.spare);
            }
        }
        if !self.crew.is_alone() {
            tree = self.exchange(tree, &mut memory);
        }
        let mut total = [0.0; N];
        if let Some(root) = tree.root(&mut memory.spare) {
            root.gradient.copy_to(&mut self.gradient);
            total = root.sums;
            memory.spare.push(root.gradient);
        }
        self.workspaces = workspaces;
        self.spare = memory.spare;
        total
    }

    /// The parts of a rank.
    fn parts_of(&self, rank: usize) -> Range<usize> {
        let (parts, ranks) = (self.points.div_ceil(self.size), self.crew.size());
        parts * rank / ranks..parts * (rank + 1) / ranks
    }

    /// The nodes of all ranks, of those of each. Where the others do not answer, the run ends at its next
    /// exchange.
    fn exchange<const N: usize>(&mut self, mine: Tree<N>, memory: &mut Memory<'_>) -> Tree<N> {
        let sums = N * size_of::<f64>();
        let length = sums + SummedGradient::bytes(memory.flow);
        // As long in each step, so that nothing is set to zero before it is overwritten.
        self.message.resize(mine.nodes.len() * length, 0);
        for (node, letter) in mine.nodes.iter().zip(self.message.chunks_exact_mut(length)) {
            let (first, gradient) = letter.split_at_mut(sums);
            write_numbers(&node.sums, f64::to_le_bytes, first.as_chunks_mut().0);
            node.gradient.write(gradient);
        }
        let count = |rank| nodes(self.parts_of(rank)).count();
        let lengths = (0..self.crew.size()).map(|rank| count(rank) * length);
        let lengths = lengths.collect();
        let told = (self.crew).gather_known(&mut self.message, lengths, &mut self.letters);
        // Without the word.
        self.message.pop();
        if told.is_err() {
            return mine;
        }
        let mut all = Tree::new();
        let mut mine = mine.nodes;
        for (rank, letter) in self.letters.iter().enumerate() {
            if rank == self.crew.rank() {
                for node in mine.drain(..) {
                    all.push(node, &mut memory.spare);
                }
                continue;
            }
            for (parts, letter) in nodes(self.parts_of(rank)).zip(letter.chunks_exact(length)) {
                let (first, bytes) = letter.split_at(sums);
                let mut sums = [0.0; N];
                read_numbers(&mut sums, f64::from_le_bytes, first.as_chunks().0);
                let mut gradient = memory.take();
                gradient.read(bytes);
                let node = Node {
                    parts,
                    gradient,
                    sums,
                };
                all.push(node, &mut memory.spare);
            }
        }
        all
    }
}

/// Memory for the sums of a step.
struct Memory<'a> {
    flow: &'a Flow,
    spare: Vec<SummedGradient>,
}

impl Memory<'_> {
    fn take(&mut self) -> SummedGradient {
        let spare = self.spare.pop();
        spare.unwrap_or_else(|| SummedGradient::new(self.flow))
    }
}
