//! What a run leaves behind so that another process can go on from it, to the same bits.
//!
//! A run is a function of its settings and of the values of the integrand. While the proposal is being
//! made all values are remembered; whoever resumes does everything again but calls the integrand only
//! where nothing is remembered. The estimate is kept as the sums of its last finished step, and the
//! values of the step that was under way.
//! Values are found by the points: 128 bits from the coordinates of a chunk.
//! Known weaknesses: training is repeated on resumption; and of values beyond [`MOST`] none is
//! remembered, so that they are computed again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    estimate::Progress,
    report::Iteration,
    settings::{CostClass, Settings},
};
use crate::error::{Error, Result};
use crate::integrand::{Integrand, Points};
use crate::map::Map;
use crate::rng::mix;

/// Most values that are remembered of the making of a proposal, and of a step of the estimate.
const MOST: usize = 1 << 25;
/// Points that tell whether the integrand is the same.
const PROBE: usize = 4;

/// Where the state of a run goes, from time to time.
pub trait CheckpointStore: Send {
    /// Whether it is time for another one.
    fn due(&mut self) -> bool;

    /// Keeps `checkpoint`. An error becomes a warning of the report: the run goes on.
    ///
    /// # Errors
    /// What went wrong.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()>;
}

/// Keeping a run, and going on with one.
pub struct Checkpoints<'a> {
    /// where states go
    pub store: &'a mut dyn CheckpointStore,
    /// the state to go on from
    pub from: Option<Checkpoint>,
}

impl fmt::Debug for Checkpoints<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints")
            .field("from", &self.from.is_some())
            .finish_non_exhaustive()
    }
}

/// Values of chunks of points, by their keys.
type Memory = BTreeMap<(u64, u64), Vec<f64>>;

/// The estimate after a finished step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) progress: Progress,
    /// of the estimate
    pub(crate) calls: u64,
    pub(crate) iterations: Vec<Iteration>,
    /// of the integrand, in all
    pub(crate) all_calls: u64,
    pub(crate) non_finite: u64,
}

/// The state of a run. Opaque: it is only good for going on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// of the settings, the shape of the integrand and what was brought along
    pub(crate) fingerprint: u64,
    /// version of the library
    pub(crate) library: String,
    pub(crate) elapsed: f64,
    pub(crate) cost: Option<CostClass>,
    /// the first points in the user's units (`[n * dim]`), and the values there
    probe: (Vec<f64>, Vec<f64>),
    prepared: Memory,
    estimate: Memory,
    pub(crate) saved: Option<Saved>,
}

impl Checkpoint {
    fn new(fingerprint: u64) -> Self {
        Self {
            fingerprint,
            library: env!("CARGO_PKG_VERSION").to_owned(),
            elapsed: 0.0,
            cost: None,
            probe: (Vec::new(), Vec::new()),
            prepared: Memory::new(),
            estimate: Memory::new(),
            saved: None,
        }
    }
}

/// Remembers values and sums, and hands them to the store when it is time.
pub(crate) struct Keeper<'k> {
    store: Mutex<&'k mut dyn CheckpointStore>,
    now: Mutex<Checkpoint>,
    /// what an earlier process has left
    known: Memory,
    resumed: Option<Saved>,
    estimating: AtomicBool,
    fault: Mutex<Option<String>>,
    start: Instant,
    /// seconds before `start`
    earlier: f64,
}

impl<'k> Keeper<'k> {
    /// Of a run with that fingerprint.
    ///
    /// # Errors
    /// [`Error::OtherRun`] for a state of another run or version.
    pub(crate) fn new(checkpoints: Checkpoints<'k>, fingerprint: u64) -> Result<Self> {
        let Checkpoints { store, from } = checkpoints;
        let now = Checkpoint::new(fingerprint);
        let now = match from {
            Some(from) if from.library != now.library => {
                return Err(Error::OtherRun {
                    what: format!(
                        "version {} of the library, not {}",
                        from.library, now.library
                    ),
                });
            }
            Some(from) if from.fingerprint != fingerprint => {
                return Err(Error::OtherRun {
                    what: "other settings, another range, dimension or model".to_owned(),
                });
            }
            Some(from) => from,
            None => now,
        };
        let mut known = now.prepared.clone();
        known.extend(now.estimate.clone());
        Ok(Self {
            store: Mutex::new(store),
            resumed: now.saved.clone(),
            earlier: now.elapsed,
            now: Mutex::new(now),
            known,
            estimating: AtomicBool::new(false),
            fault: Mutex::new(None),
            start: Instant::now(),
        })
    }

    fn now(&self) -> MutexGuard<'_, Checkpoint> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds and cost of a call, as an earlier process had them.
    pub(crate) fn earlier(&self) -> (f64, Option<CostClass>) {
        let now = self.now();
        (now.elapsed, now.cost)
    }

    /// Whether the integrand has the values that the kept run has seen.
    ///
    /// # Errors
    /// [`Error::OtherRun`] if not; what the integrand reports.
    pub(crate) fn check(&self, caller: &Caller<'_>) -> Result<()> {
        let (points, values) = self.now().probe.clone();
        let integrand = caller.integrand();
        if points.len() * integrand.outputs() != values.len() * integrand.dim() {
            return Err(Error::damaged());
        }
        let mut found = vec![0.0; values.len()];
        if !values.is_empty() {
            caller.eval(&Points::new(&points, integrand.dim()), &mut found)?;
        }
        let mut pairs = found.iter().zip(&values);
        match pairs.find(|(a, b)| a.to_bits() != b.to_bits()) {
            Some((found, kept)) => Err(Error::OtherRun {
                what: format!("the integrand was {kept:e} where it is {found:e}"),
            }),
            None => Ok(()),
        }
    }

    /// The values known of a chunk: of all its points, of the first ones or of none.
    pub(crate) fn recall(&self, key: (u64, u64)) -> &[f64] {
        self.known.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Remembers the values of a chunk of points `y` (`[n * dim]`, the user's units), or of its first.
    pub(crate) fn remember(
        &self,
        key: (u64, u64),
        (y, dim): (&[f64], usize),
        (values, outputs): (&[f64], usize),
    ) {
        let mut now = self.now();
        if now.probe.0.is_empty() {
            let points = (values.len() / outputs).min(PROBE);
            let (y, values) = (&y[..points * dim], &values[..points * outputs]);
            now.probe = (y.to_vec(), values.to_vec());
        }
        let estimating = self.estimating.load(Ordering::Relaxed);
        let memory = if estimating {
            &mut now.estimate
        } else {
            &mut now.prepared
        };
        // Chunks are about equally large.
        if memory.len().saturating_mul(values.len()) < MOST {
            memory.insert(key, values.to_vec());
        }
    }

    pub(crate) fn set_cost(&self, cost: CostClass) {
        self.now().cost = Some(cost);
    }

    /// The proposal is frozen.
    pub(crate) fn freeze(&self) {
        self.estimating.store(true, Ordering::Relaxed);
    }

    /// The estimate as an earlier process left it.
    pub(crate) fn resumed(&self) -> Option<Saved> {
        self.resumed.clone()
    }

    /// Replaces the values of a step by its sums.
    pub(crate) fn keep(&self, saved: Saved) {
        let mut now = self.now();
        now.estimate.clear();
        now.saved = Some(saved);
    }

    /// Saves where it is time, or in `any` case. One thread at a time: the others go on.
    pub(crate) fn save(&self, any: bool) {
        let Ok(mut store) = self.store.try_lock() else {
            return;
        };
        if !any && !store.due() {
            return;
        }
        let mut now = self.now();
        now.elapsed = self.earlier + self.start.elapsed().as_secs_f64();
        if let Err(error) = store.save(&now) {
            let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            *fault = Some(error.to_string());
        }
    }

    /// What went wrong with saving, if anything did.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = self.fault.lock();
        fault.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Settings, shape of the integrand and what is brought along as a number. How fast a run is must not
/// matter: threads and `max_seconds` are left out.
pub(crate) fn fingerprint(
    settings: &Settings,
    integrand: &dyn Integrand,
    map: Option<&dyn Map>,
) -> u64 {
    let mut settings = settings.clone();
    settings.threads = None;
    settings.stop.max_seconds = None;
    let dim = integrand.dim();
    // A debug print of plain data names every field.
    let mut text = format!("{settings:?} {dim} {}", integrand.outputs()).into_bytes();
    if let Some(map) = map.filter(|map| map.dim() == dim) {
        let z: Vec<f64> = (0..4 * dim)
            .map(|i| (i as f64 + 0.5) / (4 * dim) as f64)
            .collect();
        let (mut x, mut log_jac) = (vec![0.0; 4 * dim], vec![0.0; 4]);
        map.forward(&z, &mut x, &mut log_jac);
        text.extend(x.iter().chain(&log_jac).flat_map(|v| v.to_le_bytes()));
    }
    text.iter().fold(0, |all, byte| mix(all ^ u64::from(*byte)))
}

/// 128 bits from the coordinates `x`.
pub(crate) fn key(x: &[f64]) -> (u64, u64) {
    x.iter().fold((1, x.len() as u64), |(a, b), x| {
        let bits = x.to_bits();
        (mix(a ^ bits), mix(b.rotate_left(17) ^ bits))
    })
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn keys_tell_points_apart() {
        let x = [0.25, 0.5, 0.75];
        assert_eq!(key(&x), key(&[0.25, 0.5, 0.75]));
        for other in [&x[..2], &[0.5, 0.25, 0.75], &[0.25, 0.5, 0.75 + 1e-16]] {
            assert_ne!(key(&x).0, key(other).0);
            assert_ne!(key(&x).1, key(other).1);
        }
    }
}
