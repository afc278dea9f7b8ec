//! From a latent point to a weight: the one place where the integrand is called.
//!
//! z -> x (map) -> y (domain) -> f, w = f(y) |dy/dx| |dx/dz| s. The scale s is a power of two
//! chosen from the exploring points, so that sums of squares neither overflow nor vanish;
//! f -> 2^k f then changes nothing but the exponent of the result.

use std::f64::consts::LN_2;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::{
    caller::{Caller, FEW},
    checkpoint::Keeper,
    logarithm::Shift,
    observable::Observable,
    settings::NonFinite,
    watch::Stopping,
};
use crate::error::{Error, Result};
use crate::integrand::{Domain, Integrand, IntegrandError, Points};
use crate::kernel::exp::exponentials;
use crate::map::Map;
use crate::rng::{Purpose, Streams};

/// Points per chunk: the unit of work of a thread and of every sum. Small enough that a few
/// thousand calls of a dear integrand occupy many threads.
pub(crate) const CHUNK: u64 = 256;

/// A run of consecutive points of one sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) purpose: Purpose,
    pub(crate) iteration: u64,
    /// index of the first point in its sequence
    pub(crate) first: u64,
    pub(crate) n: usize,
}

/// Evaluated points.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evaluated {
    /// `[n * dim]`: latent points
    pub(crate) z: Vec<f64>,
    /// `[n * dim]`: points in the unit cube
    pub(crate) x: Vec<f64>,
    /// `[n]`: log|dx/dz|, so log q(x) = -`log_jac`, which defines it for a mixture
    pub(crate) log_jac: Vec<f64>,
    /// `[n * outputs]`: s f |dy/dx|; empty until the integrand was called
    pub(crate) f: Vec<f64>,
    /// `[n]`, or empty for none: a control variate, of mean 0, for the weights of the first output
    pub(crate) control: Vec<f64>,
    /// slots of each observable (`[n]`), or empty where nobody has asked yet
    pub(crate) places: Vec<Vec<u32>>,
    /// points that counted as zero because a value was NaN, or infinite
    pub(crate) not_finite: [u64; 2],
}

/// Values of a chunk (`[n * outputs]`), and how many points counted as zero because of a NaN or an infinity.
type Values = (Vec<f64>, [u64; 2]);

impl Evaluated {
    /// Weights of output `o` (`[n]`).
    pub(crate) fn weights(&self, o: usize) -> Vec<f64> {
        self.columns().swap_remove(o)
    }

    /// Weights of all outputs: `[n]` each.
    pub(crate) fn columns(&self) -> Vec<Vec<f64>> {
        let outputs = self.f.len() / self.log_jac.len();
        let mut jacobians = self.log_jac.clone();
        exponentials(&mut jacobians);
        let column = |o| {
            let f = self.f.iter().skip(o).step_by(outputs);
            f.zip(&jacobians).map(|(f, j)| f * j).collect()
        };
        (0..outputs).map(column).collect()
    }

    /// Adds the control variate to the weights of the first output, of `columns` ([`Self::columns`]).
    pub(crate) fn add_control(&self, columns: &mut [Vec<f64>]) {
        for (w, c) in columns[0].iter_mut().zip(&self.control) {
            *w += c;
        }
    }

    /// log|f| of the first output (`[n]`), minus infinity for zeros.
    pub(crate) fn log_abs_f(&self) -> Vec<f64> {
        let outputs = self.f.len() / self.log_jac.len();
        self.f
            .iter()
            .step_by(outputs)
            .map(|f| f.abs().ln())
            .collect()
    }
}

/// An integrand with its domain, its policy and its counters.
pub(crate) struct Evaluator<'a> {
    caller: Caller<'a>,
    domain: Domain,
    policy: NonFinite,
    streams: Streams,
    observables: &'a [Observable],
    /// exponent of the scale, per output
    pub(crate) exponents: Vec<i32>,
    /// 2^exponent in two factors, see [`scale`]
    factors: Vec<(f64, f64)>,
    /// what is made of the integrand's values, where they are ln f
    shift: Option<Shift>,
    calls: AtomicU64,
    non_finite: AtomicU64,
    /// both of the other processes of the run
    elsewhere: [AtomicU64; 2],
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        integrand: &'a dyn Integrand,
        domain: Option<&Domain>,
        policy: NonFinite,
        observables: &'a [Observable],
        seed: u64,
    ) -> Result<Self> {
        let dim = integrand.dim();
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        if integrand.outputs() == 0 {
            return Err(Error::ZeroOutputs);
        }
        let domain = domain.cloned().unwrap_or_else(|| Domain::unit(dim));
        if domain.dim() != dim {
            let found = domain.dim();
            return Err(Error::DimensionMismatch {
                what: "the domain",
                found,
                expected: dim,
            });
        }
        let domain = domain.with_declared(&integrand.discrete())?;
        Ok(Self {
            caller: Caller::new(integrand),
            domain,
            policy,
            streams: Streams::new(seed),
            observables,
            exponents: vec![0; integrand.outputs()],
            factors: vec![(1.0, 1.0); integrand.outputs()],
            shift: None,
            calls: AtomicU64::new(0),
            non_finite: AtomicU64::new(0),
            elsewhere: [AtomicU64::new(0), AtomicU64::new(0)],
        })
    }

    /// The same, watched: slow chunks end where the run has to stop, and values are remembered.
    pub(crate) fn watched(
        self,
        stopping: &'a dyn Stopping,
        keeper: Option<&'a Keeper<'a>>,
    ) -> Self {
        Self {
            caller: self.caller.watched(stopping, keeper),
            ..self
        }
    }

    /// The same of an integrand whose one value is ln f.
    pub(crate) fn of_log(self, shift: Shift) -> Self {
        Self {
            shift: Some(shift),
            ..self
        }
    }

    pub(crate) fn dim(&self) -> usize {
        self.caller.integrand().dim()
    }

    /// Points that the integrand wants to be called with, one call at a time.
    pub(crate) fn batch(&self) -> Option<u64> {
        self.caller.integrand().batch().map(|n| n as u64)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.caller.integrand().outputs()
    }

    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Takes on the probabilities (`[K]`) of a discrete axis; points of the unit cube are others from now on.
    pub(crate) fn learn(&mut self, axis: usize, probabilities: &[f64]) -> Result<()> {
        self.domain = self
            .domain
            .clone()
            .with_probabilities(axis, probabilities)?;
        Ok(())
    }

    pub(crate) fn streams(&self) -> Streams {
        self.streams
    }

    /// Sets the exponent of an output's scale.
    pub(crate) fn set_exponent(&mut self, output: usize, exponent: i32) {
        self.exponents[output] = exponent;
        self.factors[output] = halves(exponent);
    }

    pub(crate) fn observables(&self) -> &'a [Observable] {
        self.observables
    }

    /// Slots of all observables at evaluated points: `[n]` each.
    pub(crate) fn places(&self, e: &Evaluated) -> Result<Vec<Vec<u32>>> {
        if self.observables.is_empty() || !e.places.is_empty() {
            return Ok(e.places.clone());
        }
        self.places_at(&[&e.x])
    }

    /// Finds the slots of all observables at the points of all chunks at once, for those whose calls are
    /// dear by themselves.
    pub(crate) fn place(&self, chunks: &mut [Result<Evaluated>]) {
        let x: Vec<&[f64]> = chunks.iter().flatten().map(|e| &e.x[..]).collect();
        if self.observables.is_empty() || x.is_empty() {
            return;
        }
        let all = match self.places_at(&x) {
            Ok(all) => all,
            Err(error) => {
                // The first chunk tells; nobody looks at the others.
                chunks[0] = Err(error);
                return;
            }
        };
        let mut first = 0;
        for e in chunks.iter_mut().flatten() {
            let rows = first..first + e.log_jac.len();
            first = rows.end;
            e.places = all.iter().map(|one| one[rows.clone()].to_vec()).collect();
        }
    }

    /// Slots of all observables at chunks of points of the unit cube (`[n * dim]`).
    fn places_at(&self, chunks: &[&[f64]]) -> Result<Vec<Vec<u32>>> {
        let mut y = joined(chunks);
        let n = y.len() / self.dim();
        self.domain.map(&mut y, &mut vec![1.0; n]);
        let y = Arc::new(y);
        let points = Points::of_shared(&y, 0..n, self.dim());
        let places = |o: &Observable| o.places(&points);
        self.observables.iter().map(places).collect()
    }

    /// Takes a value of the first output back to the user's units.
    pub(crate) fn unscale(&self, value: f64) -> f64 {
        scale(value, -self.exponents[0])
    }

    /// Who calls the integrand.
    pub(crate) fn caller(&self) -> &Caller<'a> {
        &self.caller
    }

    /// Seconds of a call: the fastest ones so far or, where all values were known, at the first of the
    /// points `x` of the unit cube (`[n * dim]`), whose calls do not count.
    pub(crate) fn seconds_per_call(&self, x: &[f64]) -> Result<f64> {
        let dim = self.dim();
        let mut y = x[..(FEW * dim).min(x.len())].to_vec();
        let n = y.len() / dim;
        self.domain.map(&mut y, &mut vec![1.0; n]);
        self.caller.seconds(&Points::new(&y, dim))
    }

    /// Calls, and points that were not finite, of this process.
    pub(crate) fn own_counts(&self) -> [u64; 2] {
        [&self.calls, &self.non_finite].map(|count| count.load(Ordering::Relaxed))
    }

    /// The same of all other processes of the run.
    pub(crate) fn set_elsewhere(&self, counts: [u64; 2]) {
        for (mine, count) in self.elsewhere.iter().zip(counts) {
            mine.store(count, Ordering::Relaxed);
        }
    }

    /// Takes over counts of an earlier process.
    pub(crate) fn set_counts(&self, calls: u64, non_finite: u64) {
        self.calls.store(calls, Ordering::Relaxed);
        self.non_finite.store(non_finite, Ordering::Relaxed);
    }

    /// Calls of the integrand so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed) + self.elsewhere[0].load(Ordering::Relaxed)
    }

    /// Points with a value that was not finite and counted as zero.
    pub(crate) fn non_finite(&self) -> u64 {
        self.non_finite.load(Ordering::Relaxed) + self.elsewhere[1].load(Ordering::Relaxed)
    }

    /// Draws blocks of points through `map` and calls the integrand there.
    pub(crate) fn evaluate(&self, map: &dyn Map, blocks: &[Block]) -> Vec<Result<Evaluated>> {
        let draw = |block: &Block| self.draw(map, self.latent(*block));
        self.fill(blocks.iter().map(draw).collect())
    }

    /// The latent points of a block (`[n * dim]`).
    pub(crate) fn latent(&self, block: Block) -> Vec<f64> {
        let dim = self.dim();
        let mut z = vec![0.0; block.n * dim];
        self.streams
            .fill_points(block.purpose, block.iteration, block.first, dim, &mut z);
        z
    }

    /// Takes the latent points `z` (`[n * dim]`) through `map`.
    pub(crate) fn draw(&self, map: &dyn Map, z: Vec<f64>) -> Evaluated {
        let mut x = vec![0.0; z.len()];
        let mut log_jac = vec![0.0; z.len() / self.dim()];
        map.forward(&z, &mut x, &mut log_jac);
        Evaluated {
            z,
            x,
            log_jac,
            f: Vec::new(),
            control: Vec::new(),
            places: Vec::new(),
            not_finite: [0; 2],
        }
    }

    /// Calls the integrand at the points of some chunks, together.
    pub(crate) fn fill(&self, chunks: Vec<Evaluated>) -> Vec<Result<Evaluated>> {
        let x: Vec<&[f64]> = chunks.iter().map(|e| &e.x[..]).collect();
        let f = match self.call(&x, |values, at| self.weigh(values, &self.factors, at)) {
            Ok(f) => f,
            // The first chunk tells; nobody looks at the others.
            Err(error) => return vec![Err(error)],
        };
        let whole = |(chunk, f): (Evaluated, Result<Values>)| {
            f.map(|(f, not_finite)| Evaluated {
                f,
                not_finite,
                ..chunk
            })
        };
        chunks.into_iter().zip(f).map(whole).collect()
    }

    /// log|s f |dy/dx|| of the first output at a point `x` (`[dim]`), however large it is.
    pub(crate) fn log_abs(&self, x: &[f64]) -> Result<f64> {
        let f = if self.shift.is_some() {
            self.call(&[x], |values, at| self.log(values, at))
        } else {
            let ones = vec![(1.0, 1.0); self.outputs()];
            self.call(&[x], |values, at| self.weigh(values, &ones, at))
        };
        let (f, _) = f?.into_iter().next().unwrap_or(Err(Error::Stopped))?;
        Ok(match self.shift {
            Some(_) => self.in_scale(f[0]),
            None => f[0].abs().ln() + self.log_scale(),
        })
    }

    /// ln(f |dy/dx|) in the scale of the values, where f is given by its logarithm.
    pub(crate) fn in_scale(&self, log: f64) -> f64 {
        self.shift.map_or(log, |shift| shift.log(log)) + self.log_scale()
    }

    /// ln s of the first output.
    fn log_scale(&self) -> f64 {
        f64::from(self.exponents[0]) * LN_2
    }

    /// What `weigh` makes (`[n * outputs]`) of the values at each of some chunks of points (`[n * dim]`) of
    /// the unit cube, given |dy/dx|, or its logarithm for ln f, and the point;
    /// [`Error::Stopped`] for a chunk that was not reached.
    fn call(
        &self,
        chunks: &[&[f64]],
        weigh: impl Fn(&mut [f64], (f64, &[f64])) -> Result<Option<f64>>,
    ) -> Result<Vec<Result<Values>>> {
        let (dim, outputs) = (self.dim(), self.outputs());
        let mut y = joined(chunks);
        let n = y.len() / dim;
        let mut jacobian = vec![1.0; n];
        if self.shift.is_some() {
            self.domain.map_with_log(&mut y, &mut jacobian);
        } else {
            self.domain.map(&mut y, &mut jacobian);
        }
        let mut f = vec![0.0; n * outputs];
        let y = Arc::new(y);
        let done = self.caller.fill(chunks, &y, &mut f)?;
        let mut first = 0;
        let each = |x: &&[f64]| {
            let rows = first..first + x.len() / dim;
            first = rows.end;
            if rows.end > done {
                return Err(Error::Stopped);
            }
            self.calls.fetch_add(rows.len() as u64, Ordering::Relaxed);
            let mut f = f[rows.start * outputs..rows.end * outputs].to_vec();
            let points = Points::new(&y[rows.start * dim..rows.end * dim], dim);
            let values = f.chunks_exact_mut(outputs);
            let mut not_finite = [0; 2];
            for ((values, jacobian), point) in values.zip(&jacobian[rows]).zip(points) {
                if let Some(fault) = weigh(values, (*jacobian, point))? {
                    not_finite[usize::from(!fault.is_nan())] += 1;
                }
            }
            Ok((f, not_finite))
        };
        Ok(chunks.iter().map(each).collect())
    }

    /// Turns the values at one point into s f |dy/dx|, by the policy where they are not finite; returns
    /// the one because of which they count as zero.
    fn weigh(
        &self,
        values: &mut [f64],
        factors: &[(f64, f64)],
        (jacobian, point): (f64, &[f64]),
    ) -> Result<Option<f64>> {
        if let Some(shift) = self.shift {
            let fault = self.log(values, (jacobian, point))?;
            let log_f = values[0];
            let Some(value) = shift.value(log_f, self.log_scale()) else {
                return Err(shift.exceeded(log_f, point));
            };
            let (half, other) = factors[0];
            values[0] = value * half * other;
            return Ok(fault);
        }
        for (output, (half, other)) in factors.iter().enumerate() {
            let value = values[output];
            // Zero stays zero, whatever the Jacobian at the end of an infinite range.
            let weighed = if value == 0.0 {
                0.0
            } else {
                value * half * other * jacobian
            };
            if !weighed.is_finite() {
                if self.policy == NonFinite::Fail {
                    return Err(
                        IntegrandError::of_weight((value, output), (jacobian, point)).into(),
                    );
                }
                self.non_finite.fetch_add(1, Ordering::Relaxed);
                values.fill(0.0);
                return Ok(Some(weighed));
            }
            values[output] = weighed;
        }
        Ok(None)
    }
}

impl Evaluator<'_> {
    /// Turns ln f at one point into ln(f |dy/dx|), by the policy where f is not finite.
    fn log(&self, values: &mut [f64], (log_jacobian, point): (f64, &[f64])) -> Result<Option<f64>> {
        let log_f = values[0];
        if log_f.is_nan() || log_f == f64::INFINITY {
            if self.policy == NonFinite::Fail {
                let jacobian = log_jacobian.exp();
                return Err(IntegrandError::of_weight((log_f, 0), (jacobian, point)).into());
            }
            self.non_finite.fetch_add(1, Ordering::Relaxed);
            values[0] = f64::NEG_INFINITY;
            return Ok(Some(log_f));
        }
        values[0] = log_f + log_jacobian;
        Ok(None)
    }
}

/// All of `chunks`, one after the other. In pieces of 1 kB: larger copies are left to a string instruction by
/// the C library of Linux, which on some processors is four times as slow as a loop.
fn joined(chunks: &[&[f64]]) -> Vec<f64> {
    let mut all = Vec::with_capacity(chunks.iter().map(|c| c.len()).sum());
    for piece in chunks.iter().flat_map(|c| c.chunks(128)) {
        all.extend_from_slice(piece);
    }
    all
}

/// value * 2^exponent without an intermediate overflow.
pub(crate) fn scale(value: f64, exponent: i32) -> f64 {
    let (half, other) = halves(exponent);
    value * half * other
}

/// 2^exponent in two factors.
fn halves(exponent: i32) -> (f64, f64) {
    let half = exponent / 2;
    (2.0_f64.powi(half), 2.0_f64.powi(exponent - half))
}
