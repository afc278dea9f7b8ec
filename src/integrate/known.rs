//! Values that an earlier process has left, for chunks of points that are called together.

use std::ops::Range;

use super::checkpoint::{Keeper, key};

/// What is known of the values of some chunks.
pub(crate) struct Known<'k> {
    keeper: &'k Keeper<'k>,
    dim: usize,
    outputs: usize,
    chunks: Vec<Chunk>,
}

struct Chunk {
    key: (u64, u64),
    /// its points among all
    points: Range<usize>,
    /// the first point whose value is not remembered
    end: usize,
}

impl<'k> Known<'k> {
    /// Looks for the values of `chunks` (`[n * dim]` each, in the unit cube) and writes them into `f`
    /// (`[n * outputs]`, of all chunks).
    pub(crate) fn recall(
        keeper: &'k Keeper<'k>,
        (chunks, dim): (&[&[f64]], usize),
        (f, outputs): (&mut [f64], usize),
    ) -> Self {
        let mut start = 0;
        let chunk = |x: &&[f64]| {
            let points = start..start + x.len() / dim;
            start = points.end;
            let key = key(x);
            let values = keeper.recall(key);
            let f = &mut f[points.start * outputs..points.end * outputs];
            let mut end = points.start;
            if values.len() <= f.len() {
                f[..values.len()].copy_from_slice(values);
                end += values.len() / outputs;
            }
            Chunk { key, points, end }
        };
        Self {
            keeper,
            dim,
            outputs,
            chunks: chunks.iter().map(chunk).collect(),
        }
    }

    /// The points without a value, in order.
    pub(crate) fn gaps(&self) -> Vec<Range<usize>> {
        let mut gaps: Vec<Range<usize>> = Vec::new();
        for chunk in self.chunks.iter().filter(|c| c.end < c.points.end) {
            match gaps.last_mut().filter(|gap| gap.end == chunk.end) {
                Some(gap) => gap.end = chunk.points.end,
                None => gaps.push(chunk.end..chunk.points.end),
            }
        }
        gaps
    }

    /// Remembers the values `f` (`[n * outputs]`) at the first `done` points `y` (`[n * dim]`, the user's
    /// units) of all chunks.
    pub(crate) fn note(&mut self, (y, f): (&[f64], &[f64]), done: usize) {
        let (dim, outputs) = (self.dim, self.outputs);
        for chunk in &mut self.chunks {
            let Range { start, end } = chunk.points;
            let end = end.min(done);
            if end > chunk.end {
                let y = &y[start * dim..chunk.points.end * dim];
                let values = finite(&f[start * outputs..end * outputs], outputs);
                self.keeper.remember(chunk.key, (y, dim), (values, outputs));
                chunk.end = end;
            }
        }
        self.keeper.save();
    }
}

/// The values (`[n * outputs]`) before the first point where one is not finite: such a one may be mended
/// before the run goes on.
fn finite(values: &[f64], outputs: usize) -> &[f64] {
    let first = values.iter().position(|v| !v.is_finite());
    &values[..first.map_or(values.len(), |at| at - at % outputs)]
}
