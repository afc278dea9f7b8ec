//! Histograms filled in the same pass as the integral.
//!
//! A cell of a histogram is one more output of the integrand, w where the observables lie in
//! the cell and 0 elsewhere, so its value and error are those of the integral: for independent
//! points from the sums of w and w^2, for strata from the variance within each cell, for nets
//! from the spread of the nets' sums.
//!
//! A chunk has few points and perhaps many cells, most of which stay empty: its sums are a list of those that
//! do not ([`Filled`]), so that what a chunk costs goes with its points, not with the cells.

use serde::{Deserialize, Serialize};

use super::super::{observable::Observable, report::Binned};
use super::scale;
use crate::list;
use crate::stats::Moments;

/// Sums of a whole estimate, per histogram and cell: two numbers whose meaning is up to the layout.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    #[serde(deserialize_with = "list::lists")]
    pub(crate) slots: Vec<Vec<[f64; 2]>>,
}

impl Tally {
    pub(crate) fn new(observables: &[Observable]) -> Self {
        let empty = |o: &Observable| vec![[0.0; 2]; o.cells()];
        Self {
            slots: observables.iter().map(empty).collect(),
        }
    }

    /// Whether it could be of `observables`.
    pub(crate) fn fits(&self, observables: &[Observable]) -> bool {
        let cells = observables.iter().map(Observable::cells);
        self.slots.iter().map(Vec::len).eq(cells)
    }

    /// Adds the sums of a chunk.
    pub(crate) fn add(&mut self, filled: &Filled) {
        for (slots, sums) in self.slots.iter_mut().zip(&filled.each) {
            for (cell, sums) in sums {
                let slot = &mut slots[*cell as usize];
                slot[0] += sums[0];
                slot[1] += sums[1];
            }
        }
    }

    /// The histograms, of each cell's value and error as `of` finds them, divided by 2^`exponent`.
    pub(crate) fn binned(
        &self,
        observables: &[Observable],
        exponent: i32,
        of: impl Fn([f64; 2]) -> (f64, f64),
    ) -> Vec<Binned> {
        let pairs = observables.iter().zip(&self.slots);
        pairs
            .map(|(observable, slots)| {
                let found = slots.iter().map(|slot| of(*slot));
                let found = found.map(|(v, e)| (scale(v, -exponent), scale(e, -exponent)));
                observable.binning().binned(found)
            })
            .collect()
    }
}

/// Sums of a chunk: per histogram, the cells where there are points, each once, with two numbers as in a
/// [`Tally`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Filled {
    pub(crate) each: Vec<Vec<(u32, [f64; 2])>>,
}

impl Filled {
    /// Sums of w and w^2 (`w`: `[n]`, `places`: cells, `[n]` per histogram).
    pub(crate) fn new(places: &[Vec<u32>], w: &[f64]) -> Self {
        let sums = |places: &Vec<u32>| {
            let (mut sums, at) = distinct(places);
            for (at, w) in at.into_iter().zip(w) {
                let (_, sum) = &mut sums[at as usize];
                sum[0] += w;
                sum[1] += w * w;
            }
            sums
        };
        Self {
            each: places.iter().map(sums).collect(),
        }
    }

    /// Of points in strata: per stratum, where they begin, their number and a factor, the factor times the
    /// mean of w in each cell, and its square times the variance of that mean.
    pub(crate) fn of_strata(
        places: &[Vec<u32>],
        w: &[f64],
        strata: &[(usize, usize, f64)],
    ) -> Self {
        let sums = |places: &Vec<u32>| {
            let (mut sums, at) = distinct(places);
            let mut scratch = vec![[0.0; 2]; sums.len()];
            for (first, n, factor) in strata {
                let rows = *first..first + n;
                for (at, w) in at[rows.clone()].iter().zip(&w[rows.clone()]) {
                    let sum = &mut scratch[*at as usize];
                    sum[0] += w;
                    sum[1] += w * w;
                }
                let n = *n as f64;
                for at in &at[rows] {
                    let at = *at as usize;
                    let [sum, squares] = scratch[at];
                    scratch[at] = [0.0; 2];
                    let mean = sum / n;
                    let variance = (squares - sum * mean).max(0.0) / (n * (n - 1.0));
                    sums[at].1[0] += factor * mean;
                    sums[at].1[1] += factor * factor * variance;
                }
            }
            sums
        };
        Self {
            each: places.iter().map(sums).collect(),
        }
    }
}

/// The cells that there are among `places`, with sums of zero, and for each place where its cell is among
/// them: a table of twice as many entries as there are places, in which a cell has the first free entry after
/// the one that a multiplication gives it (D. E. Knuth, The Art of Computer Programming 3, 6.4).
fn distinct(places: &[u32]) -> (Vec<(u32, [f64; 2])>, Vec<u32>) {
    const FREE: u32 = u32::MAX;
    /// 2^32 / golden ratio
    const FACTOR: u32 = 0x9e37_79b9;
    let bits = (2 * places.len()).max(2).next_power_of_two().ilog2();
    let mut table = vec![FREE; 1 << bits];
    let mut cells: Vec<(u32, [f64; 2])> = Vec::with_capacity(places.len());
    let entry = |place: &u32| {
        let mut at = (place.wrapping_mul(FACTOR) >> (u32::BITS - bits)) as usize;
        loop {
            let found = table[at];
            if found == FREE {
                #[expect(clippy::cast_possible_truncation, reason = "at most a chunk's points")]
                let new = cells.len() as u32;
                table[at] = new;
                cells.push((*place, [0.0; 2]));
                return new;
            }
            if cells[found as usize].0 == *place {
                return found;
            }
            at = (at + 1) & (table.len() - 1);
        }
    };
    let at = places.iter().map(entry).collect();
    (cells, at)
}

/// Value and error from the sums of w and w^2 over `calls` points, those outside counting as zero.
pub(crate) fn of_independent(calls: u64) -> impl Fn([f64; 2]) -> (f64, f64) {
    let n = calls.max(1) as f64;
    move |[sum, squares]| {
        let mean = sum / n;
        let variance = (squares - sum * mean).max(0.0) / (n * (n - 1.0).max(1.0));
        (mean, variance.sqrt())
    }
}

/// Histograms from one tally of sums of w per net, of `points` points each.
pub(super) fn of_nets(
    nets: &[&Tally],
    points: u64,
    observables: &[Observable],
    exponent: i32,
) -> Vec<Binned> {
    let mut all = Tally::new(observables);
    let mut sums = Vec::new();
    for (h, slots) in all.slots.iter_mut().enumerate() {
        for (s, slot) in slots.iter_mut().enumerate() {
            sums.clear();
            let of = |n: &&Tally| n.slots[h][s][0] / points.max(1) as f64;
            sums.extend(nets.iter().map(of));
            let moments = Moments::from_slice(&sums);
            *slot = [moments.mean, moments.error()];
        }
    }
    all.binned(observables, exponent, |[value, error]| (value, error))
}

#[cfg(test)]
mod tests {
    use super::distinct;

    #[test]
    fn every_place_finds_its_cell() {
        // Cells whose products begin with the same bits share an entry.
        let places: Vec<u32> = (0..1000).map(|i| (i * 1_000_003) % 4099 % 317).collect();
        for n in [0, 1, 2, 255, 1000] {
            let (cells, at) = distinct(&places[..n]);
            let found: Vec<u32> = at.iter().map(|at| cells[*at as usize].0).collect();
            assert_eq!(found, places[..n]);
            let mut names: Vec<u32> = cells.iter().map(|cell| cell.0).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), cells.len());
        }
    }
}
