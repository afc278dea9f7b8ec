//! VEGAS+ iteration by iteration, by ask and tell.

use std::ffi::c_int;
use std::mem::take;
use std::sync::Mutex;

use thalweg::integrate::{Drawn, Pass, PassConfig, PassEstimate, VegasPlus};
use thalweg::{Domain, Sampler};

use crate::callback::{correlated, shape};
use crate::handles::{SamplerHandle, SettingsHandle, VegasHandle};
use crate::memory::{Out, Room, numbers, read};
use crate::pool::within;
use crate::settings::settings;
use crate::status::{Failure, Result, Status, guard};
use crate::table::{Stored as _, hold};

/// Points that are drawn together.
const TOGETHER: u64 = 1 << 14;

/// Grid and strata, and the iteration that is going on.
pub(crate) struct ByHand {
    vegas: VegasPlus,
    iteration: Option<Iteration>,
}

struct Iteration {
    pass: Pass,
    outputs: usize,
    /// points whose values are being told
    drawn: Option<Drawn>,
    /// of these, the number handed out
    asked: usize,
    /// and their values so far
    values: Vec<f64>,
}

fn out_of_turn(text: &str) -> Failure {
    Failure::new(Status::OutOfTurn, text)
}

impl ByHand {
    fn iteration(&mut self) -> Result<&mut Iteration> {
        let none = || out_of_turn("no iteration was begun");
        self.iteration.as_mut().ok_or_else(none)
    }

    fn begin(&mut self, config: &PassConfig) -> Result<u64> {
        if self.iteration.is_some() {
            return Err(out_of_turn("an iteration goes on"));
        }
        let pass = self.vegas.plan(config)?;
        let calls = pass.calls();
        self.iteration = Some(Iteration {
            pass,
            outputs: config.outputs,
            drawn: None,
            asked: 0,
            values: Vec::new(),
        });
        Ok(calls)
    }

    fn tell(&mut self, values: &[f64]) -> Result {
        let iteration = self.iteration()?;
        let done = iteration.tell(values);
        if done
            .as_ref()
            .is_err_and(|e| e.status() == Status::NonFinite)
        {
            // Its sums lack these points for good.
            self.iteration = None;
        }
        done
    }

    fn end(&mut self) -> Result<PassEstimate> {
        self.iteration()?.check_complete()?;
        let none = || out_of_turn("no iteration was begun");
        let Iteration { pass, .. } = self.iteration.take().ok_or_else(none)?;
        let vegas = &mut self.vegas;
        let left = || out_of_turn("points of the iteration are left");
        within(|| vegas.finish(pass))?.ok_or_else(left)
    }
}

impl Iteration {
    /// Hands out at most `most` points: the range of them among those drawn.
    fn ask(&mut self, most: usize) -> Result<(usize, usize)> {
        if self.values.len() < self.asked * self.outputs {
            let text = "points were asked for whose values were not told";
            return Err(out_of_turn(text));
        }
        if self.drawn.is_none() {
            let pass = &mut self.pass;
            self.drawn = within(|| pass.draw(TOGETHER))?;
        }
        let all = self.drawn.as_ref().map_or(0, Drawn::len);
        let first = self.asked;
        self.asked = first.saturating_add(most).min(all);
        Ok((first, self.asked))
    }

    fn tell(&mut self, values: &[f64]) -> Result {
        let expected = self.asked * self.outputs - self.values.len();
        if expected == 0 {
            return Err(out_of_turn("no points wait for values"));
        }
        if values.len() != expected {
            let text = format!("{} values were told; {expected} are needed", values.len());
            return Err(Failure::argument(text));
        }
        self.values.extend_from_slice(values);
        let Some(drawn) = self.drawn.take_if(|d| d.len() == self.asked) else {
            return Ok(());
        };
        self.asked = 0;
        let values = take(&mut self.values);
        let pass = &mut self.pass;
        Ok(within(|| pass.take(&drawn, &values))??)
    }

    fn check_complete(&self) -> Result {
        if self.drawn.is_some() || self.pass.estimate().is_none() {
            return Err(out_of_turn("points of the iteration are left"));
        }
        Ok(())
    }
}

/// Begins with a uniform grid on the ranges of the settings, or on the unit cube of `dim` axes where they
/// have none, and with their seed; nothing else of them counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_new(
    settings: SettingsHandle,
    dim: usize,
    vegas: *mut VegasHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(vegas, VegasHandle::default(), "vegas") }?;
        shape(dim, 1)?;
        let settings = self::settings(settings)?;
        let domain = settings.domain.unwrap_or_else(|| Domain::unit(dim));
        if domain.dim() != dim {
            let text = format!("dim is {dim}; the settings have {} ranges", domain.dim());
            return Err(Failure::argument(text));
        }
        let made = ByHand {
            vegas: VegasPlus::new(domain, settings.seed)?,
            iteration: None,
        };
        let id = Mutex::new(made).insert()?;
        // SAFETY: as above.
        unsafe { out.set(VegasHandle { id }) };
        Ok(())
    })
}

/// Begins an iteration of about `calls` points with `outputs` values each; grid and strata follow it where
/// `adapt` is not 0. `planned`, which may be null, is the number of its points.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_begin(
    vegas: VegasHandle,
    outputs: usize,
    calls: u64,
    adapt: c_int,
    planned: *mut u64,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let planned = unsafe { Out::optional(planned, 0, "planned") }?;
        shape(1, outputs)?;
        correlated(outputs)?;
        let vegas = <Mutex<ByHand>>::get(vegas.id)?;
        let calls = hold(&vegas)?.begin(&PassConfig {
            calls,
            outputs,
            adapt: adapt != 0,
            ..PassConfig::default()
        })?;
        // SAFETY: as above.
        unsafe { planned.set(calls) };
        Ok(())
    })
}

/// Asks for the next points of the iteration, at most `most`: `points[most * dim]`, their weights
/// `weights[most]`, which may be null, and their number `n`, 0 after the last. The sum of weight times f
/// over an iteration is its estimate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_ask(
    vegas: VegasHandle,
    most: usize,
    points: *mut f64,
    weights: *mut f64,
    n: *mut usize,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for all of them.
        let out = unsafe { Out::new(n, 0, "n") }?;
        let vegas = <Mutex<ByHand>>::get(vegas.id)?;
        let mut vegas = hold(&vegas)?;
        if most == 0 {
            return Err(Failure::argument("most is 0; it must be at least 1"));
        }
        let dim = vegas.vegas.domain().dim();
        let points = Room::new(points, numbers(most, dim)?, "points")?;
        let weights = Room::optional(weights, most, "weights")?;
        let iteration = vegas.iteration()?;
        let (first, end) = iteration.ask(most)?;
        if let Some(drawn) = &iteration.drawn {
            // SAFETY: as above.
            unsafe {
                points.write(0, &drawn.points()[first * dim..end * dim]);
                weights.write(0, &drawn.weights()[first..end]);
                out.set(end - first);
            }
        }
        Ok(())
    })
}

/// Tells the values, `values[count]`, of the points asked for last: `count` is their number times the
/// outputs. A value that is not finite ends the iteration, and nothing adapts to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_tell(
    vegas: VegasHandle,
    count: usize,
    values: *const f64,
) -> Status {
    guard(|| {
        let vegas = <Mutex<ByHand>>::get(vegas.id)?;
        let mut vegas = hold(&vegas)?;
        // SAFETY: the caller vouches for it.
        let values = unsafe { read(values, numbers(count, 1)?, "values") }?;
        vegas.tell(values)
    })
}

/// Ends an iteration all of whose values were told: `values[outputs]` are its integrals, unbiased by
/// themselves, `covariance[outputs * outputs]`, which may be null, their covariance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_end(
    vegas: VegasHandle,
    outputs: usize,
    values: *mut f64,
    covariance: *mut f64,
) -> Status {
    guard(|| {
        let vegas = <Mutex<ByHand>>::get(vegas.id)?;
        let mut vegas = hold(&vegas)?;
        let n = vegas.iteration()?.outputs;
        if outputs != n {
            let text = format!("outputs is {outputs}; the iteration has {n}");
            return Err(Failure::argument(text));
        }
        let room = Room::new(values, n, "values")?;
        let all = Room::optional(covariance, numbers(n, n)?, "covariance")?;
        let found = vegas.end()?;
        // SAFETY: the caller vouches for both.
        unsafe {
            room.write(0, &found.values);
            all.write(0, &found.covariance);
        }
        Ok(())
    })
}

/// A sampler of the grid as it is now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_vegas_sampler(
    vegas: VegasHandle,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(sampler, SamplerHandle::default(), "sampler") }?;
        let vegas = <Mutex<ByHand>>::get(vegas.id)?;
        let vegas = hold(&vegas)?;
        let (grid, domain) = (vegas.vegas.grid().clone(), vegas.vegas.domain().clone());
        let id = Sampler::new(Box::new(grid), domain)?.insert()?;
        // SAFETY: as above.
        unsafe { out.set(SamplerHandle { id }) };
        Ok(())
    })
}
