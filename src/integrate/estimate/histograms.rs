//! Histograms filled in the same pass as the integral.
//!
//! A bin of a histogram is one more output of the integrand, w where the observable lies in
//! the bin and 0 elsewhere, so its value and error are those of the integral: for independent
//! points from the sums of w and w^2, for strata from the variance within each cell, for nets
//! from the spread of the nets' sums.

use serde::{Deserialize, Serialize};

use super::super::{observable::Observable, report::Binned};
use super::scale;
use crate::list;
use crate::stats::Moments;

/// Sums of a chunk or of a whole estimate, per histogram and slot (underflow, bins, overflow):
/// two numbers whose meaning is up to the layout.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    #[serde(deserialize_with = "list::lists")]
    pub(crate) slots: Vec<Vec<[f64; 2]>>,
}

impl Tally {
    pub(crate) fn new(observables: &[Observable]) -> Self {
        Self {
            slots: observables
                .iter()
                .map(|o| vec![[0.0; 2]; o.bins() + 2])
                .collect(),
        }
    }

    /// Whether it could be of `observables`.
    pub(crate) fn fits(&self, observables: &[Observable]) -> bool {
        let bins = observables.iter().map(|o| o.bins() + 2);
        self.slots.iter().map(Vec::len).eq(bins)
    }

    pub(crate) fn merge_from(&mut self, other: &Self) {
        let pairs = self.slots.iter_mut().flatten();
        for (mine, theirs) in pairs.zip(other.slots.iter().flatten()) {
            mine[0] += theirs[0];
            mine[1] += theirs[1];
        }
    }

    /// Adds w and w^2 (`w`: `[n]`, `places`: slots, `[n]` per histogram).
    pub(crate) fn add(&mut self, places: &[Vec<u32>], w: &[f64]) {
        for (slots, places) in self.slots.iter_mut().zip(places) {
            for (place, w) in places.iter().zip(w) {
                let slot = &mut slots[*place as usize];
                slot[0] += w;
                slot[1] += w * w;
            }
        }
    }

    /// Takes the sums of some points of one cell: adds `factor` times the mean of w in each slot
    /// and `factor`^2 times the variance of that mean. `scratch` is empty between calls.
    pub(crate) fn add_cell(
        &mut self,
        places: &[Vec<u32>],
        (first, w): (usize, &[f64]),
        factor: f64,
        scratch: &mut Self,
    ) {
        let n = w.len() as f64;
        let histograms = self.slots.iter_mut().zip(&mut scratch.slots);
        for ((slots, sums), places) in histograms.zip(places) {
            let places = &places[first..first + w.len()];
            for (place, w) in places.iter().zip(w) {
                let sum = &mut sums[*place as usize];
                sum[0] += w;
                sum[1] += w * w;
            }
            for place in places {
                let place = *place as usize;
                let [sum, squares] = sums[place];
                sums[place] = [0.0; 2];
                let mean = sum / n;
                let variance = (squares - sum * mean).max(0.0) / (n * (n - 1.0));
                slots[place][0] += factor * mean;
                slots[place][1] += factor * factor * variance;
            }
        }
    }

    /// The histograms, of each slot's value and error as `of` finds them, divided by 2^`exponent`.
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
                let (values, errors): (Vec<f64>, Vec<f64>) = found
                    .map(|(v, e)| (scale(v, -exponent), scale(e, -exponent)))
                    .unzip();
                observable.binned(&values, &errors)
            })
            .collect()
    }
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
    nets: &[Tally],
    points: u64,
    observables: &[Observable],
    exponent: i32,
) -> Vec<Binned> {
    let mut all = Tally::new(observables);
    for (h, slots) in all.slots.iter_mut().enumerate() {
        for (s, slot) in slots.iter_mut().enumerate() {
            let sums: Vec<f64> = nets
                .iter()
                .map(|n| n.slots[h][s][0] / points.max(1) as f64)
                .collect();
            let moments = Moments::from_slice(&sums);
            *slot = [moments.mean, moments.error()];
        }
    }
    all.binned(observables, exponent, |[value, error]| (value, error))
}
