//! Looking for peaks of |f| before a flow is trained.
//!
//! The best uniform points that are not close to each other are climbed from (`climb`); ends
//! that are the same peak are one, and those whose volume f prod s is negligible do not count.
//! What is found becomes a `mixture`.
//!
//! Weaknesses: what no uniform point has a slope towards is not found, and peaks that are found
//! but do not matter cost calls as well.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};

use super::{
    climb::{CALLS, Climb, Function, PROBES},
    curvature,
    explore::Explored,
    report::Phase,
    run::Run,
    watch::Stopping as _,
};
use crate::error::{Error, Result};
use crate::map::Normal;
use crate::team::Fault;

/// Most searches.
const MOST_STARTS: usize = 12;
/// Distance of two starts, in units of sqrt(dim).
const APART: f64 = 0.1;
/// Fall of log|f| to second order within which two ends belong to one peak.
const WITHIN: f64 = 12.0;
/// Ratio of widths up to which they may be those of one peak.
const WIDER: f64 = 3.0;
/// Difference of log volume to the largest peak from which on a peak does not matter.
const NEGLIGIBLE: f64 = 12.0;
/// A maximum of |f|.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Peak {
    /// `[dim]`
    pub(crate) x: Vec<f64>,
    /// log|f| there
    pub(crate) log_f: f64,
    /// `[dim]`: standard deviations of the normal densities that fall alike
    pub(crate) widths: Vec<f64>,
    /// `[dim * dim]`: factor of the curvature in units of the widths, for the largest peak
    pub(crate) curvature: Option<Vec<f64>>,
}

impl Peak {
    /// log of f times the widths: the integral in Laplace's approximation, up to a factor.
    pub(crate) fn log_volume(&self) -> f64 {
        self.log_f + self.widths.iter().map(|w| w.ln()).sum::<f64>()
    }

    /// The normal density of `scale` times its widths.
    pub(crate) fn normal(&self, scale: f64) -> Normal {
        Normal {
            log_share: self.log_volume(),
            centre: self.x.clone(),
            widths: self.widths.iter().map(|w| (scale * w).min(1.0)).collect(),
        }
    }

    /// Whether two searches have ended at the same place.
    fn is(&self, other: &Self) -> bool {
        let at = self.x.iter().zip(&other.x);
        let mut axes = at.zip(self.widths.iter().zip(&other.widths));
        axes.all(|((a, b), (v, w))| (a - b).abs() < v.max(*w))
    }
}

/// Searches from the best of the uniform points; with at most an eighth of the calls left.
pub(crate) fn find(run: &mut Run<'_>, explored: &Explored) -> Result<Vec<Peak>> {
    let dim = run.evaluator.dim();
    let most = (4 + dim / 2).min(MOST_STARTS);
    let starts = starts(&explored.x, &explored.log_f, (dim, most));
    search(run, &starts)
}

/// Climbs from `starts`, with at most an eighth of the calls left.
pub(crate) fn search(run: &mut Run<'_>, starts: &[Vec<f64>]) -> Result<Vec<Peak>> {
    let dim = run.evaluator.dim();
    let axes = dim as u64;
    let each = run.calls_left() / 8 / starts.len().max(1) as u64;
    let calls = (CALLS * (axes + 1) + PROBES * axes).min(each);
    if calls < 4 * (axes + 1) {
        return Ok(Vec::new());
    }
    let this = &*run;
    let function = Function {
        log_f: &|x| this.evaluator.log_abs(x),
        stop: &|| this.watch.must_stop().is_some(),
    };
    let mine: Vec<usize> = this.watch.crew().share_of(starts.len()).collect();
    let mine: Vec<Vec<f64>> = mine.into_iter().map(|i| starts[i].clone()).collect();
    let ends = climb(function, &mine, calls).into_iter();
    let ends = ends.map(|(peak, calls)| (peak.map_err(Fault::from), calls));
    let ends = this.exchange(ends.collect())?;
    let mut peaks = Vec::new();
    for (peak, calls) in ends {
        run.calls.explore += calls;
        match peak.map_err(Error::from) {
            // The run ends; there is no time for this peak.
            Err(Error::Stopped) => run.give_up(),
            peak => peaks.extend(peak?),
        }
    }
    run.book(Phase::Explore);
    if run.stopped.is_none() {
        run.stopped = run.must_stop();
    }
    let mut peaks = distinct(peaks);
    let more = curvature::calls(dim);
    if let Some(peak) = peaks.first_mut()
        && more > 0
        && run.stopped.is_none()
        && run.calls_left() / 8 > more
    {
        let this = &*run;
        let function = Function {
            log_f: &|x| this.evaluator.log_abs(x),
            stop: &|| this.watch.must_stop().is_some(),
        };
        let crew = this.watch.crew();
        let measured = crew.of_first(|| curvature::measure(function, peak));
        run.ask_all();
        run.stopped = run.must_stop();
        match measured {
            Err(Error::Stopped) => run.give_up(),
            measured => {
                let (factor, made) = measured?;
                peak.curvature = factor;
                run.calls.explore += made;
            }
        }
        run.book(Phase::Explore);
    }
    Ok(apart(peaks))
}

/// Climbs from every start with at most `calls` calls each: what was found, and the calls made.
fn climb(
    function: Function<'_>,
    starts: &[Vec<f64>],
    calls: u64,
) -> Vec<(Result<Option<Peak>>, u64)> {
    let climb = |start: &Vec<f64>| Climb::new(function, start.len(), calls).from(start);
    starts.par_iter().map(climb).collect()
}

/// The highest of each group that is one peak, without those that do not matter.
pub(super) fn distinct(mut peaks: Vec<Peak>) -> Vec<Peak> {
    peaks.sort_by(|a, b| b.log_f.total_cmp(&a.log_f));
    let mut kept: Vec<Peak> = Vec::new();
    for peak in peaks {
        if !kept.iter().any(|other| other.is(&peak)) {
            kept.push(peak);
        }
    }
    let volumes = kept.iter().map(Peak::log_volume);
    let largest = volumes.fold(f64::NEG_INFINITY, f64::max);
    kept.retain(|p| p.log_volume() > largest - NEGLIGIBLE);
    kept
}

/// The peaks `found` by a search, and those of `known` that are not among them.
pub(super) fn joined(mut found: Vec<Peak>, known: Vec<Peak>) -> Vec<Peak> {
    let new = known
        .into_iter()
        .filter(|peak| !found.iter().any(|other| other.is(peak)));
    let new: Vec<Peak> = new.collect();
    found.extend(new);
    apart(distinct(found))
}

/// The first peak, and those that are not on its flanks as its curvature has them: climbs end
/// early on a ridge.
fn apart(peaks: Vec<Peak>) -> Vec<Peak> {
    let Some(first) = peaks.first().cloned() else {
        return peaks;
    };
    let on_flank = |peak: &Peak| {
        // One that is much wider is something else.
        let widths = peak.widths.iter().zip(&first.widths);
        let alike = widths.filter(|(a, b)| **a < WIDER * **b).count() == peak.x.len();
        let fall = curvature::fall(&first, &peak.x).filter(|_| alike);
        fall.is_some_and(|fall| {
            fall < WITHIN || (first.log_f - peak.log_f - fall).abs() < 0.5 * fall
        })
    };
    let others = peaks.into_iter().skip(1).filter(|p| !on_flank(p));
    [first.clone()].into_iter().chain(others).collect()
}

/// The points with the largest `log`, at most `most`, each away from all better ones.
pub(crate) fn starts(x: &[f64], log: &[f64], (dim, most): (usize, usize)) -> Vec<Vec<f64>> {
    let mut order: Vec<usize> = (0..log.len())
        .filter(|i| log[*i] > f64::NEG_INFINITY)
        .collect();
    order.sort_by(|a, b| log[*b].total_cmp(&log[*a]));
    let apart = APART * APART * dim as f64;
    let mut starts: Vec<Vec<f64>> = Vec::new();
    for i in order {
        let x = &x[i * dim..(i + 1) * dim];
        let distance =
            |y: &Vec<f64>| -> f64 { x.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum() };
        if starts.iter().all(|y| distance(y) > apart) {
            starts.push(x.to_vec());
        }
        if starts.len() == most {
            break;
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Streams};

    /// Peaks of f found from 2048 uniform points, and the calls made.
    fn peaks(dim: usize, seed: u64, log_f: impl Fn(&[f64]) -> f64 + Sync) -> (Vec<Peak>, u64) {
        let mut x = vec![0.0; 2048 * dim];
        Streams::new(seed).fill_points(Purpose::Explore, 0, 0, dim, &mut x);
        let values: Vec<f64> = x.chunks_exact(dim).map(&log_f).collect();
        let starts = starts(&x, &values, (dim, (4 + dim / 2).min(MOST_STARTS)));
        let function = Function {
            log_f: &|x| Ok(log_f(x)),
            stop: &|| false,
        };
        let axes = dim as u64;
        let ends = climb(function, &starts, CALLS * (axes + 1) + PROBES * axes);
        let calls = ends.iter().map(|e| e.1).sum();
        let found = ends.into_iter().filter_map(|e| e.0.unwrap());
        (distinct(found.collect()), calls)
    }

    fn log_gaussian(x: &[f64], centre: f64, width: f64) -> f64 {
        x.iter()
            .map(|x| -0.5 * ((x - centre) / width).powi(2))
            .sum()
    }

    /// Whether a peak is the Gaussian at `centre`: within a width, and about as wide.
    fn fits(peak: &Peak, centre: f64, width: f64) -> bool {
        let near = peak.x.iter().all(|x| (x - centre).abs() < width);
        near && peak
            .widths
            .iter()
            .all(|w| (0.6..1.7).contains(&(w / width)))
    }

    #[test]
    fn both_humps_of_a_narrow_camel_are_found() {
        for seed in 1..=5 {
            let log_f = |x: &[f64]| {
                let humps = [1.0 / 3.0, 2.0 / 3.0].map(|c| log_gaussian(x, c, 0.03).exp());
                (humps[0] + humps[1]).ln()
            };
            let (found, calls) = peaks(4, seed, log_f);
            for centre in [1.0 / 3.0, 2.0 / 3.0] {
                let hits = found.iter().filter(|p| fits(p, centre, 0.03)).count();
                assert_eq!(hits, 1, "seed {seed}: {found:?}");
            }
            assert!(calls <= 6 * (5 * CALLS + 4 * PROBES), "{calls}");
        }
    }

    #[test]
    fn a_lone_narrow_gaussian_is_found() {
        for seed in 1..=5 {
            let (found, _) = peaks(6, seed, |x| log_gaussian(x, 0.4, 0.02));
            assert!(fits(&found[0], 0.4, 0.02), "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_may_be_called_or_is() {
        let never = Function {
            log_f: &|_| Ok(0.0),
            stop: &|| true,
        };
        assert_eq!(climb(never, &[vec![0.5]], 10).remove(0).1, 0);
        let (found, calls) = peaks(2, 1, |_| f64::NEG_INFINITY);
        assert_eq!((found, calls), (Vec::new(), 0));
    }
}
