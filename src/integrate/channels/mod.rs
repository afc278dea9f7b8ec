//! Several channels, each with a map of its own: for peaks in different variables, and for inputs that are
//! numbers of a list.
//!
//! With the density `q_c` of channel c, which its map and a VEGAS grid before it make, and the
//! channels' shares `alpha_c`, a point of channel c has the weight
//!
//! ```text
//! mixture:  w = f(x)/sum_k alpha_k q_k(x)        of  int f
//! sum:      w = f(c, x)/(alpha_c q_c(x))         of  sum_c int f(c, .)
//! ```
//!
//! Shares follow R. Kleiss and R. Pittau, "Weight optimization in multichannel Monte Carlo"
//! (hep-ph/9405257): the variance is stationary where `W_c = int q_c w^2` is the same for all channels, and
//! `alpha_c` is multiplied by `W_c^(1/2)`; for a sum this is the optimum in one step. Each grid is refined by
//! the weights of its channel's own points. Everything is frozen before the estimate, for which the channel
//! is one more coordinate of the unit cube: coordinate 0 is in [0, 1), divided by the shares.
//! Shapes: points of the channels are `[n * (1 + dim)]`, the integrand's in a mixture `[n * dim]`, in a sum
//! `[n * (1 + dim)]`, with the number of the channel first.
//! Known weaknesses: a mixture asks every channel for its density at every point; there are no flows yet, no
//! observables, and nothing is saved.

mod adapt;
mod place;

pub use adapt::ChannelsConfig;
use place::Channel;

use std::fmt::{self, Debug, Formatter};
use std::mem::take;
use std::result::Result as StdResult;
use std::time::Instant;

use super::{
    Control, Integrator, Method, Observer, PerPhase, Placement, Progress, Report, Settings, Silent,
    StopReason, evaluator::Evaluator, pool, run::Run, watch::Watch,
};
use crate::error::{Error, Result};
use crate::integrand::{Domain, Integrand, IntegrandError, Points};
use crate::map::{Grid, Identity, Map};
use crate::sobol::MAX_DIM;

/// What the channels are channels of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mixture,
    Sum,
}

/// An integrand, the maps that fit its peaks, and what is learned of both.
///
/// ```
/// use thalweg::{MultiChannel, Settings, Stop, from_fn};
///
/// // A sum over an index: 0 with f = x, 1 with f = 10 x.
/// let f = from_fn(2, |y| if y[0] < 0.5 { y[1] } else { 10.0 * y[1] });
/// let mut channels = MultiChannel::indexed(&f, 2)?;
/// let settings = Settings { stop: Stop::rel_error(1e-3), ..Settings::default() };
/// let report = channels.integrate(&settings)?;
/// assert!(report.estimate.pull(5.5).abs() < 5.0);
/// # Ok::<(), thalweg::Error>(())
/// ```
pub struct MultiChannel<'a> {
    integrand: &'a dyn Integrand,
    domain: Domain,
    kind: Kind,
    channels: Vec<Channel>,
    config: ChannelsConfig,
}

impl Debug for MultiChannel<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiChannel")
            .field("kind", &self.kind)
            .field("domain", &self.domain)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

impl<'a> MultiChannel<'a> {
    /// One function with several maps of the unit cube, each of which flattens some of its peaks.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`] without maps, [`Error::DimensionMismatch`] where dimensions disagree.
    pub fn mixture(integrand: &'a dyn Integrand, maps: Vec<Box<dyn Map>>) -> Result<Self> {
        Self::new(integrand, Kind::Mixture, maps)
    }

    /// A sum of functions, each with a map: coordinate 0 of the integrand is the number of the function,
    /// 0, 1, and so on, and the maps are of the others.
    ///
    /// # Errors
    /// As [`MultiChannel::mixture`].
    pub fn sum(integrand: &'a dyn Integrand, maps: Vec<Box<dyn Map>>) -> Result<Self> {
        Self::new(integrand, Kind::Sum, maps)
    }

    /// A sum over an index, coordinate 0 of the integrand, from 0 to `count` - 1: helicities, flavours.
    ///
    /// # Errors
    /// As [`MultiChannel::mixture`], also for an integrand that has no other coordinate.
    pub fn indexed(integrand: &'a dyn Integrand, count: usize) -> Result<Self> {
        let dim = integrand.dim().saturating_sub(1);
        let maps = (0..count).map(|_| -> Box<dyn Map> { Box::new(Identity::new(dim)) });
        Self::new(integrand, Kind::Sum, maps.collect())
    }

    fn new(integrand: &'a dyn Integrand, kind: Kind, maps: Vec<Box<dyn Map>>) -> Result<Self> {
        let expected = match kind {
            Kind::Mixture => integrand.dim(),
            Kind::Sum => integrand.dim().saturating_sub(1),
        };
        if maps.is_empty() || expected == 0 {
            return Err(Error::ZeroDimension);
        }
        let domain = declared(integrand, kind, Domain::unit(expected))?;
        let share = 1.0 / maps.len() as f64;
        let mut channels = Vec::with_capacity(maps.len());
        for map in maps {
            let found = map.dim();
            if found != expected {
                let what = "the map of a channel";
                return Err(Error::DimensionMismatch {
                    what,
                    found,
                    expected,
                });
            }
            let grid = Grid::uniform(expected, 1)?;
            channels.push(Channel { map, grid, share });
        }
        Ok(Self {
            integrand,
            domain,
            kind,
            channels,
            config: ChannelsConfig::default(),
        })
    }

    /// Takes the box of the maps' coordinates, in place of the unit cube.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`].
    pub fn on(mut self, domain: Domain) -> Result<Self> {
        let (found, expected) = (domain.dim(), self.domain.dim());
        if found != expected {
            return Err(Error::DimensionMismatch {
                what: "the domain",
                found,
                expected,
            });
        }
        self.domain = declared(self.integrand, self.kind, domain)?;
        Ok(self)
    }

    /// Says how shares and grids are adapted.
    #[must_use]
    pub fn with_config(mut self, config: ChannelsConfig) -> Self {
        self.config = config;
        self
    }

    /// Shares of the channels' points, `[channels]`, which add up to 1.
    pub fn shares(&self) -> Vec<f64> {
        self.channels.iter().map(|c| c.share).collect()
    }

    /// The channel's grid, which stands before its map.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn grid(&self, channel: usize) -> &Grid {
        &self.channels[channel].grid
    }

    /// Adapts, freezes, and integrates.
    ///
    /// Of `settings`, method and domain are not looked at; where the placement is open, Sobol points are
    /// taken. The report's uniform points are uniform in the channels' latent cubes.
    ///
    /// # Errors
    /// As [`Integrator::integrate`].
    pub fn integrate(&mut self, settings: &Settings) -> Result<Report> {
        self.integrate_watched(settings, &mut Silent)
    }

    /// As [`MultiChannel::integrate`]; `observer` watches adapting and estimate.
    ///
    /// # Errors
    /// As [`MultiChannel::integrate`].
    pub fn integrate_watched(
        &mut self,
        settings: &Settings,
        observer: &mut dyn Observer,
    ) -> Result<Report> {
        settings.validate()?;
        let start = Instant::now();
        let pool = pool(settings.threads)?;
        let domain = match self.kind {
            Kind::Mixture => self.domain.clone(),
            Kind::Sum => self.domain.after_numbers(self.channels.len())?,
        };
        let policy = settings.non_finite;
        let evaluator = Evaluator::new(self.integrand, Some(&domain), policy, &[], settings.seed)?;
        let watch = Watch::new(&mut *observer, settings.stop.max_seconds, false);
        let mut run = Run::new(settings, evaluator, &watch, None, settings.seed);
        pool.install(|| self.adapt(&mut run))?;
        let (calls, seconds) = (run.calls, run.seconds);
        let (steps, faults) = (take(&mut run.iterations), run.evaluator.non_finite());
        let mut later = After {
            stopped: run.stopped == Some(StopReason::Interrupted),
            calls,
            max_calls: settings.stop.max_calls,
            observer,
        };
        let mut settings = Settings {
            method: Method::Plain,
            domain: None,
            ..settings.clone()
        };
        if settings.placement == Placement::Auto && self.dim() <= MAX_DIM {
            settings.placement = Placement::Sobol;
        }
        settings.stop.max_calls -= calls.total();
        if let Some(most) = &mut settings.stop.max_seconds {
            // Some time in any case, so that there is a result.
            *most = (*most - start.elapsed().as_secs_f64()).max(0.1 * *most);
        }
        let mut report = Integrator::new(settings)?.run(self, &mut later)?.report;
        report.proposal = self.describe();
        report.calls.adapt += calls.adapt;
        report.seconds.adapt += seconds.adapt;
        report.non_finite += faults;
        report.iterations.splice(0..0, steps);
        Ok(report)
    }

    /// One line that says what is sampled.
    fn describe(&self) -> String {
        let count = self.channels.len();
        let kind = match self.kind {
            Kind::Mixture => "mixture",
            Kind::Sum => "sum",
        };
        format!(
            "{kind} of {count} channels, each with a grid, d = {}",
            self.domain.dim()
        )
    }
}

/// The domain of the maps with what the integrand says of their coordinates.
fn declared(integrand: &dyn Integrand, kind: Kind, domain: Domain) -> Result<Domain> {
    let mut list = integrand.discrete();
    if kind == Kind::Sum {
        // The number of the channel stands before them.
        list.retain(|(axis, _)| *axis > 0);
        for (axis, _) in &mut list {
            *axis -= 1;
        }
    }
    domain.with_declared(&list)
}

/// Watches the estimate as what goes on after the adapting.
struct After<'o> {
    observer: &'o mut dyn Observer,
    /// calls of the adapting
    calls: PerPhase<u64>,
    /// the budget of both
    max_calls: u64,
    /// whether the adapting was ended by the observer
    stopped: bool,
}

impl Observer for After<'_> {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        let mut calls = progress.calls;
        calls.adapt += self.calls.adapt;
        self.observer.step(&Progress {
            calls,
            max_calls: self.max_calls,
            ..*progress
        })
    }

    fn interrupted(&self) -> bool {
        self.stopped || self.observer.interrupted()
    }
}

impl Integrand for MultiChannel<'_> {
    fn dim(&self) -> usize {
        1 + self.domain.dim()
    }

    fn outputs(&self) -> usize {
        self.integrand.outputs()
    }

    fn batch(&self) -> Option<usize> {
        self.integrand.batch()
    }

    fn at_once(&self) -> usize {
        self.integrand.at_once()
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> StdResult<(), IntegrandError> {
        let which: Vec<usize> = points.iter().map(|u| self.channel(u[0])).collect();
        let z: Vec<f64> = points.iter().flat_map(|u| &u[1..]).copied().collect();
        self.weigh(&which, &z, values)
    }
}
