//! What a run leaves behind so that another process can go on from it, to the same bits.
//!
//! A run is a function of its settings and of the values of the integrand. While the proposal is being
//! made all values are remembered; whoever resumes does everything again but calls the integrand only
//! where nothing is remembered. The estimate is kept as the sums of its last finished step, and the
//! values of the step that was under way.
//! Values are found by the points: 128 bits from the coordinates of a chunk.
//! Known weaknesses: training is repeated on resumption; and of values beyond [`MOST`] and of chunks
//! beyond [`MOST_CHUNKS`] none is remembered, so that they are computed again.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    estimate::Progress,
    observable::Observable,
    report::Iteration,
    settings::{CostClass, Settings},
};
use crate::error::{Error, Result};
use crate::integrand::{Integrand, Points};
use crate::map::Map;
use crate::rng::mix;

/// Most values that are remembered of the making of a proposal, and of a step of the estimate.
const MOST: usize = 1 << 25;
/// Most chunks that their values belong to: each takes room of its own.
const MOST_CHUNKS: usize = 1 << 17;
/// Points that tell whether the integrand is the same.
const PROBE: usize = 4;

/// Where the state of a run goes, from time to time.
pub trait CheckpointStore: Send {
    /// Whether it is time for another one.
    fn due(&mut self) -> bool;

    /// Keeps `checkpoint`, at once or while the run goes on. An error becomes a warning of the report
    /// unless a later state is kept: the run goes on.
    ///
    /// # Errors
    /// What went wrong with this state or an earlier one.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()>;

    /// Waits until the last state is kept; called at the end of a run.
    ///
    /// # Errors
    /// What went wrong with it.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
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

/// Reads values of chunks; they may come from a stranger.
fn memory<'de, D: Deserializer<'de>>(from: D) -> Result<Memory, D::Error> {
    struct Chunks;
    impl<'de> Visitor<'de> for Chunks {
        type Value = Memory;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "values of at most {MOST_CHUNKS} chunks")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Memory, A::Error> {
            let length = map.size_hint().unwrap_or(0);
            if length > MOST_CHUNKS {
                return Err(A::Error::invalid_length(length, &self));
            }
            let mut memory = Memory::new();
            while let Some((key, values)) = map.next_entry::<_, Vec<f64>>()? {
                if values.is_empty() {
                    return Err(A::Error::invalid_length(0, &"one value or more"));
                }
                memory.insert(key, values);
            }
            Ok(memory)
        }
    }
    from.deserialize_map(Chunks)
}

/// Values of chunks of points with their keys, on their way to another process.
pub(crate) type Noted = Vec<((u64, u64), Vec<f64>)>;

/// The estimate after a finished step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) progress: Progress,
    /// what they are sums of
    pub(crate) proposal: u64,
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
    pub(crate) cost: Option<CostClass>,
    /// the first points in the user's units (`[n * dim]`), and the values there
    probe: (Vec<f64>, Vec<f64>),
    #[serde(deserialize_with = "memory")]
    prepared: Memory,
    #[serde(deserialize_with = "memory")]
    estimate: Memory,
    pub(crate) saved: Option<Saved>,
}

impl Checkpoint {
    fn new(fingerprint: u64) -> Self {
        Self {
            fingerprint,
            library: env!("CARGO_PKG_VERSION").to_owned(),
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
    /// of the frozen proposal
    proposal: AtomicU64,
    /// values remembered now, of preparing and of the estimate
    values: [AtomicUsize; 2],
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
        let values = [&now.prepared, &now.estimate]
            .map(|memory| AtomicUsize::new(memory.values().map(Vec::len).sum()));
        Ok(Self {
            store: Mutex::new(store),
            resumed: now.saved.clone(),
            now: Mutex::new(now),
            known,
            estimating: AtomicBool::new(false),
            proposal: AtomicU64::new(0),
            values,
        })
    }

    fn now(&self) -> MutexGuard<'_, Checkpoint> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cost of a call, as an earlier process has measured it.
    pub(crate) fn cost(&self) -> Option<CostClass> {
        self.now().cost
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
        if values.is_empty() {
            return;
        }
        let mut now = self.now();
        if now.probe.0.is_empty() {
            let points = (values.len() / outputs).min(PROBE);
            let (y, values) = (&y[..points * dim], &values[..points * outputs]);
            now.probe = (y.to_vec(), values.to_vec());
        }
        self.insert(&mut now, key, values);
    }

    fn insert(&self, now: &mut Checkpoint, key: (u64, u64), values: &[f64]) {
        let estimating = self.estimating.load(Ordering::Relaxed);
        let memory = if estimating {
            &mut now.estimate
        } else {
            &mut now.prepared
        };
        let count = &self.values[usize::from(estimating)];
        let few = memory.len() < MOST_CHUNKS || memory.contains_key(&key);
        if few && count.load(Ordering::Relaxed) + values.len() <= MOST {
            let before = memory.insert(key, values.to_vec());
            let grown = values.len().saturating_sub(before.map_or(0, |b| b.len()));
            count.fetch_add(grown, Ordering::Relaxed);
        }
    }

    /// The values that were remembered since the last time, which are forgotten here.
    pub(crate) fn take_noted(&self) -> Noted {
        let mut now = self.now();
        let all = [mem::take(&mut now.prepared), mem::take(&mut now.estimate)];
        for count in &self.values {
            count.store(0, Ordering::Relaxed);
        }
        all.into_iter().flatten().collect()
    }

    /// Remembers what another process has found.
    pub(crate) fn note(&self, noted: Noted) {
        let mut now = self.now();
        for (key, values) in noted {
            self.insert(&mut now, key, &values);
        }
    }

    pub(crate) fn set_cost(&self, cost: CostClass) {
        self.now().cost = Some(cost);
    }

    /// Whether there is an estimate to go on with.
    pub(crate) fn is_resumed(&self) -> bool {
        self.resumed.is_some()
    }

    /// The proposal is frozen.
    pub(crate) fn freeze(&self, proposal: u64) {
        self.proposal.store(proposal, Ordering::Relaxed);
        self.estimating.store(true, Ordering::Relaxed);
    }

    /// A new proposal is made.
    pub(crate) fn thaw(&self) {
        self.estimating.store(false, Ordering::Relaxed);
    }

    /// The frozen proposal.
    pub(crate) fn proposal(&self) -> u64 {
        self.proposal.load(Ordering::Relaxed)
    }

    /// The estimate as an earlier process left it, if its points came from the frozen proposal.
    pub(crate) fn resumed(&self) -> Option<Saved> {
        let resumed = self.resumed.as_ref();
        resumed.filter(|s| s.proposal == self.proposal()).cloned()
    }

    /// Replaces the values of a step by its sums.
    pub(crate) fn keep(&self, saved: Saved) {
        let mut now = self.now();
        now.estimate.clear();
        self.values[1].store(0, Ordering::Relaxed);
        now.saved = Some(saved);
    }

    /// Saves where it is time. One thread does; the others wait only where they have something to
    /// remember.
    pub(crate) fn save(&self) {
        let Ok(mut store) = self.store.try_lock() else {
            return;
        };
        if store.due() {
            // The store says it itself if it wants to; what counts is the last state.
            let _ = store.save(&self.now());
        }
    }

    /// Saves the last state; what went wrong with that, if anything did.
    pub(crate) fn finish(&self) -> Option<String> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        // What became of the state before this one does not matter any more.
        let _ = store.finish();
        let saved = store.save(&self.now());
        saved
            .and_then(|()| store.finish())
            .err()
            .map(|e| e.to_string())
    }
}

/// Settings, shape of the integrand and what is brought along as a number. How fast a run is must not
/// matter: threads and `max_seconds` are left out.
pub(crate) fn fingerprint(
    settings: &Settings,
    (integrand, observables): (&dyn Integrand, &[Observable]),
    (map, of_log): (Option<&dyn Map>, bool),
) -> u64 {
    let mut settings = settings.clone();
    settings.threads = None;
    settings.stop.max_seconds = None;
    let dim = integrand.dim();
    // A debug print of plain data names every field.
    let mut text = format!("{settings:?} {dim} {}", integrand.outputs()).into_bytes();
    let axes = observables.iter().map(Observable::key);
    text.extend(axes.flat_map(String::into_bytes));
    if of_log {
        text.extend(b"ln f");
    }
    if let Some(map) = map.filter(|map| map.dim() == dim) {
        text.extend(key_of_map(map).to_le_bytes());
    }
    text.iter().fold(0, |all, byte| mix(all ^ u64::from(*byte)))
}

/// A frozen proposal as a number, with the exponents of the scales and the calls that it took.
pub(crate) fn proposal_key(map: &dyn Map, (exponents, calls): (&[i32], u64)) -> u64 {
    let exponents = exponents.iter().map(|e| u64::from(e.cast_unsigned()));
    exponents.fold(mix(key_of_map(map) ^ calls), |all, e| mix(all ^ e))
}

/// A map as a number: from where it takes a few points.
fn key_of_map(map: &dyn Map) -> u64 {
    const POINTS: usize = 4;
    let dim = map.dim();
    let all = POINTS * dim;
    let z: Vec<f64> = (0..all).map(|i| (i as f64 + 0.5) / all as f64).collect();
    let (mut x, mut log_jac) = (vec![0.0; all], vec![0.0; POINTS]);
    map.forward(&z, &mut x, &mut log_jac);
    x.extend(log_jac);
    key(&x).0
}

/// Coordinates that are taken in side by side: each alone would wait for the one before it.
const LANES: usize = 8;

/// 128 bits from the coordinates `x`.
pub(crate) fn key(x: &[f64]) -> (u64, u64) {
    let mut lanes = [0_u64; LANES];
    for x in x.chunks(LANES) {
        for (lane, x) in lanes.iter_mut().zip(x) {
            *lane = mix(*lane ^ x.to_bits());
        }
    }
    lanes.iter().fold((1, x.len() as u64), |(a, b), lane| {
        (mix(a ^ lane), mix(b.rotate_left(17) ^ lane))
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
