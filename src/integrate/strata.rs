//! Strata: equal cells of the latent cube, with more points where the weights vary more.
//!
//! With M cells of volume 1/M, `n_h` points in cell h, their mean `m_h` and variance `s_h^2`:
//!
//! ```text
//! value = 1/M sum_h m_h        variance = 1/M^2 sum_h s_h^2 / n_h
//! n_h proportional to s_h^beta, at least 2
//! ```
//!
//! G. P. Lepage, arXiv:2009.05112, section III (VEGAS+; beta = 3/4 because the spreads are noisy,
//! beta = 1 would be best for known ones, beta = 0 is the classic proportional allocation). The
//! allocation comes from earlier points only, so that each pass is unbiased.
//! Known weakness: in many dimensions two cells an axis are already too many.

use crate::rng::{Purpose, Streams};

/// Most cells: 12 bytes each while points are allocated.
pub(crate) const MAX_CELLS: u64 = 1 << 21;
/// Part of the points that each cell gets two of; the rest goes where the spread is.
const BASE: f64 = 0.75;
/// Most points of a cell that are evaluated together.
pub(crate) const VISIT: u32 = 1024;

/// Cells and the spread of the weights within each.
#[derive(Clone, Debug)]
pub(crate) struct Strata {
    /// `[dim]`: cells per axis
    per_axis: Vec<u32>,
    /// `[cells]`, the last axis fastest: standard deviation of the weights
    spread: Vec<f32>,
}

/// Some points of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Visit {
    pub(crate) cell: usize,
    pub(crate) points: u32,
    /// points of the cell over all its visits
    pub(crate) of: u32,
}

impl Strata {
    /// Cells for `calls` points in `dim` dimensions, all alike.
    pub(crate) fn new(dim: usize, calls: u64) -> Self {
        Self::of_shape(shape(dim, calls as f64 * BASE / 2.0))
    }

    /// Cells, `per_axis` (`[dim]`, at least 1 each) along the axes, all alike.
    pub(crate) fn of_shape(per_axis: Vec<u32>) -> Self {
        let cells = per_axis.iter().map(|n| *n as usize).product();
        Self {
            per_axis,
            spread: vec![1.0; cells],
        }
    }

    /// Cells along each axis, `[dim]`.
    pub(crate) fn per_axis(&self) -> &[u32] {
        &self.per_axis
    }

    /// The spreads that points are allocated by, `[cells]`.
    pub(crate) fn spread(&self) -> &[f32] {
        &self.spread
    }

    /// Cells for another number of points: each takes the spread seen around its middle.
    pub(crate) fn reshaped(&self, calls: u64) -> Self {
        self.reshaped_to(shape(self.dim(), calls as f64 * BASE / 2.0))
    }

    /// As [`Self::reshaped`], with `per_axis` (`[dim]`) cells along the axes.
    pub(crate) fn reshaped_to(&self, per_axis: Vec<u32>) -> Self {
        if per_axis == self.per_axis {
            return self.clone();
        }
        let mut new = Self::of_shape(per_axis);
        let mut middle = vec![0.5; self.dim()];
        let mut odometer = Odometer::at(&new.per_axis, 0);
        for spread in &mut new.spread {
            for ((m, c), n) in middle.iter_mut().zip(&odometer.cell).zip(&new.per_axis) {
                *m = (f64::from(*c) + 0.5) / f64::from(*n);
            }
            *spread = self.spread[self.cell_at(&middle)];
            odometer.advance(&new.per_axis);
        }
        new
    }

    pub(crate) fn dim(&self) -> usize {
        self.per_axis.len()
    }

    /// Whether neighbouring cells come one after the other: one axis has them all.
    pub(crate) fn is_line(&self) -> bool {
        self.per_axis.iter().filter(|n| **n > 1).count() == 1
    }

    pub(crate) fn cells(&self) -> usize {
        self.spread.len()
    }

    /// The cell that holds `z` (`[dim]`).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "z lies in (0, 1)"
    )]
    fn cell_at(&self, z: &[f64]) -> usize {
        self.per_axis.iter().zip(z).fold(0, |cell, (n, z)| {
            let at = (z * f64::from(*n)) as u32;
            cell * *n as usize + at.min(n - 1) as usize
        })
    }

    /// Sets the spread of a cell.
    #[expect(clippy::cast_possible_truncation, reason = "three digits suffice")]
    pub(crate) fn set_spread(&mut self, cell: usize, spread: f64) {
        self.spread[cell] = spread.min(f64::from(f32::MAX)) as f32;
    }

    /// Numbers of points, `[cells]`: `max(2, c spread^beta)` with c such that they make `calls`,
    /// or 2 each where that is more already.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of points, positive and at most calls"
    )]
    pub(crate) fn allocate(&self, calls: u64, beta: f64) -> Vec<u32> {
        let largest = self.spread.iter().fold(0.0, |a: f32, b| a.max(*b));
        let wish = |spread: &f32| {
            if largest > 0.0 {
                f64::from(*spread / largest).powf(beta)
            } else {
                1.0
            }
        };
        let wishes: Vec<f32> = self.spread.iter().map(|s| wish(s) as f32).collect();
        let total = |c: f64| -> f64 { wishes.iter().map(|w| (c * f64::from(*w)).max(2.0)).sum() };
        let (mut low, mut high) = (0.0, calls as f64);
        while total(high) < calls as f64 && high < 1e18 {
            high *= 2.0;
        }
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if total(middle) > calls as f64 {
                high = middle;
            } else {
                low = middle;
            }
        }
        // What rounding down leaves is carried to the next cell.
        let mut carry = 0.0;
        wishes
            .iter()
            .map(|w| {
                let wanted = (low * f64::from(*w)).max(2.0) + carry;
                let points = (wanted + 1e-6).floor().max(2.0);
                carry = wanted - points;
                points as u32
            })
            .collect()
    }

    /// Points of `visits` (`[n * dim]`) from `first` on of the sequence of a generator: each
    /// uniform in its cell.
    pub(crate) fn fill(
        &self,
        streams: Streams,
        (purpose, iteration): (Purpose, u64),
        first: u64,
        visits: &[Visit],
    ) -> Vec<f64> {
        let dim = self.dim();
        let points: usize = visits.iter().map(|v| v.points as usize).sum();
        let mut z = vec![0.0; points * dim];
        streams.fill_points(purpose, iteration, first, dim, &mut z);
        let sides: Vec<f64> = self.per_axis.iter().map(|n| 1.0 / f64::from(*n)).collect();
        let mut odometer = Odometer::at(&self.per_axis, visits.first().map_or(0, |v| v.cell));
        let mut cell = odometer.index;
        let mut corner = vec![0.0; dim];
        let mut rest = z.as_mut_slice();
        for visit in visits {
            while cell < visit.cell {
                odometer.advance(&self.per_axis);
                cell += 1;
            }
            for ((corner, c), side) in corner.iter_mut().zip(&odometer.cell).zip(&sides) {
                *corner = f64::from(*c) * side;
            }
            let (here, later) = rest.split_at_mut(visit.points as usize * dim);
            for z in here.chunks_exact_mut(dim) {
                for ((z, corner), side) in z.iter_mut().zip(&corner).zip(&sides) {
                    *z = corner + *z * side;
                }
            }
            rest = later;
        }
        z
    }
}

/// The indices of a cell along the axes, counted up.
struct Odometer {
    cell: Vec<u32>,
    index: usize,
}

impl Odometer {
    fn at(per_axis: &[u32], index: usize) -> Self {
        let mut left = index;
        let mut cell = vec![0; per_axis.len()];
        for (c, n) in cell.iter_mut().zip(per_axis).rev() {
            let n = *n as usize;
            *c = u32::try_from(left % n).unwrap_or(0);
            left /= n;
        }
        Self { cell, index }
    }

    fn advance(&mut self, per_axis: &[u32]) {
        for (c, n) in self.cell.iter_mut().zip(per_axis).rev() {
            *c += 1;
            if *c < *n {
                break;
            }
            *c = 0;
        }
    }
}

/// Cells per axis, `most` in all: the same number on each, and one more on the first axes as long as
/// there are no more.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a root of a number of cells"
)]
pub(crate) fn shape(dim: usize, most: f64) -> Vec<u32> {
    let most = most.min(MAX_CELLS as f64).max(1.0);
    let even = (most.powf(1.0 / dim as f64) + 1e-9).floor();
    let mut per_axis = vec![even as u32; dim];
    let mut cells = even.powf(dim as f64);
    for n in &mut per_axis {
        cells *= (even + 1.0) / even;
        if cells > most {
            break;
        }
        *n += 1;
    }
    per_axis
}

/// Where a chunk begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    cell: usize,
    /// points of the cell that were handed out already
    done: u32,
    first: u64,
}

/// Divides the cells among chunks of about `size` points.
pub(crate) struct Chunks<'a> {
    counts: &'a [u32],
    place: Place,
    size: u32,
}

/// Consecutive visits, and the index of their first point.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) first: u64,
    pub(crate) points: u64,
    pub(crate) visits: Vec<Visit>,
}

impl Chunk {
    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.visits.iter().map(|v| v.points as usize).sum()
    }
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(counts: &'a [u32], first: u64, size: u64) -> Self {
        let place = Place {
            first,
            ..Place::default()
        };
        Self::from_place(counts, place, size)
    }

    /// From `place` on, which was that of other chunks of the same numbers.
    pub(crate) fn from_place(counts: &'a [u32], place: Place, size: u64) -> Self {
        Self {
            counts,
            place,
            size: u32::try_from(size).unwrap_or(u32::MAX),
        }
    }

    /// Where the next chunk begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;
    fn next(&mut self) -> Option<Chunk> {
        let mut visits = Vec::new();
        let mut points = 0;
        while points < self.size {
            let Some(of) = self.counts.get(self.place.cell).copied() else {
                break;
            };
            let left = of - self.place.done;
            // A variance needs two points, so one must not be left over.
            let now = if left <= VISIT + 1 { left } else { VISIT };
            visits.push(Visit {
                cell: self.place.cell,
                points: now,
                of,
            });
            points += now;
            self.place.done += now;
            if self.place.done == of {
                self.place.cell += 1;
                self.place.done = 0;
            }
        }
        let first = self.place.first;
        self.place.first += u64::from(points);
        (points > 0).then_some(Chunk {
            first,
            points: u64::from(points),
            visits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_fill_what_they_may() {
        let shape = |dim, calls: u64| shape(dim, calls as f64 * BASE / 2.0);
        assert_eq!(shape(2, 10_000), [61, 61]);
        assert_eq!(shape(1, 100), [37]);
        assert_eq!(shape(8, 10_000), [3, 3, 3, 3, 3, 3, 2, 2]);
        assert_eq!(shape(3, 1), [1, 1, 1]);
        assert_eq!(shape(100, 1000), {
            let mut axes = vec![1; 100];
            axes[..8].fill(2);
            axes
        });
        let cells: u64 = shape(2, 1 << 40).iter().map(|n| u64::from(*n)).product();
        assert!(cells <= MAX_CELLS && cells > MAX_CELLS / 2);
    }

    #[test]
    fn all_calls_are_allocated_where_the_spread_is() {
        let mut strata = Strata::new(2, 1000);
        for cell in 0..strata.cells() {
            strata.set_spread(cell, if cell < 10 { 1.0 } else { 0.0 });
        }
        let counts = strata.allocate(1000, 0.75);
        let total: u32 = counts.iter().sum();
        assert!((998..=1000).contains(&total), "{total}");
        assert!(counts[..10].iter().all(|n| *n > 20));
        assert!(counts[10..].iter().all(|n| *n == 2));
        // Fewer than two for each: two for each.
        assert!(strata.allocate(10, 0.75).iter().all(|n| *n == 2));
        let flat = Strata::new(2, 1000).allocate(1000, 0.75);
        assert!(flat.iter().all(|n| (2..=3).contains(n)));
    }

    #[test]
    fn points_lie_in_their_cells_whatever_the_chunks() {
        let strata = Strata::new(3, 3000);
        let mut counts = strata.allocate(3000, 0.75);
        counts[5] = 5000;
        let mut all = Vec::new();
        for size in [64, 100_000] {
            let mut zs = Vec::new();
            for chunk in Chunks::new(&counts, 7, size) {
                let z = strata.fill(
                    Streams::new(1),
                    (Purpose::Adapt, 2),
                    chunk.first,
                    &chunk.visits,
                );
                let mut points = z.chunks_exact(3);
                for visit in &chunk.visits {
                    assert!(visit.points >= 2);
                    for z in points.by_ref().take(visit.points as usize) {
                        assert_eq!(strata.cell_at(z), visit.cell);
                    }
                }
                zs.extend(z);
            }
            all.push(zs);
        }
        assert_eq!(all[0], all[1]);
        assert_eq!(
            all[0].len(),
            3 * counts.iter().map(|n| *n as usize).sum::<usize>()
        );
    }

    #[test]
    fn a_new_shape_keeps_the_spread_in_place() {
        let mut strata = Strata::new(2, 400);
        let hot = strata.cell_at(&[0.9, 0.1]);
        for cell in 0..strata.cells() {
            strata.set_spread(cell, if cell == hot { 3.0 } else { 0.5 });
        }
        let finer = strata.reshaped(40_000);
        assert!(finer.cells() > 50 * strata.cells());
        assert!((finer.spread[finer.cell_at(&[0.9, 0.1])] - 3.0).abs() < 1e-6);
        assert!((finer.spread[finer.cell_at(&[0.1, 0.9])] - 0.5).abs() < 1e-6);
    }
}
