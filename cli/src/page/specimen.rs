//! What a run ended with, looked at once more: fresh points from its frozen proposal.

use rayon::ThreadPoolBuilder;
use thalweg::map::Grid;
use thalweg::{
    Domain, Error, Integrand, IntegrandError, Method, NonFinite, Outcome, Points, Sampler, Settings,
};

use crate::interrupt;
use crate::model::grid_of;
use crate::plot::Tail;

/// Fresh points, unless the whole run took fewer calls.
const MOST: u64 = 65_536;

/// The proposal of one run.
#[derive(Debug)]
pub(crate) struct Specimen {
    pub(crate) method: Method,
    pub(crate) seed: u64,
    /// the weights of fresh points, or why there are none
    pub(crate) tail: Result<Tail, String>,
    pub(crate) grid: Option<Grid>,
    pub(crate) domain: Domain,
}

impl Specimen {
    /// Draws from the proposal of `outcome`. That this fails does not make the run worthless.
    pub(crate) fn draw(outcome: Outcome, integrand: &dyn Integrand, settings: &Settings) -> Self {
        let (method, seed) = (settings.method, settings.seed);
        let n = outcome.report.calls.total().min(MOST);
        let sampler = Sampler::from_outcome(outcome);
        let tail = if interrupt::seen() {
            Err("the run was interrupted".to_owned())
        } else {
            weights(&sampler, integrand, n, settings)
                .map(|weights| Tail::new(method, &weights))
                .map_err(|e| format!("fresh points failed: {e}"))
        };
        Self {
            method,
            seed,
            tail,
            grid: grid_of(sampler.map()).cloned(),
            domain: sampler.domain().clone(),
        }
    }
}

/// Weights on as many threads as the run had.
fn weights(
    sampler: &Sampler,
    integrand: &dyn Integrand,
    n: u64,
    settings: &Settings,
) -> Result<Vec<f64>, Error> {
    let threads = settings.threads.unwrap_or(0);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Error::Threads {
        threads,
        reason: e.to_string(),
    })?;
    let lenient = Lenient { integrand };
    let integrand: &dyn Integrand = match settings.non_finite {
        NonFinite::Fail => integrand,
        NonFinite::CountAsZero { .. } => &lenient,
    };
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let events = pool.install(|| sampler.weighted(integrand, n, settings.seed, 0))?;
    Ok(events.weights)
}

/// An integrand whose values count as zero where they are not finite, as the run was told.
struct Lenient<'a> {
    integrand: &'a dyn Integrand,
}

impl Integrand for Lenient<'_> {
    fn dim(&self) -> usize {
        self.integrand.dim()
    }

    fn outputs(&self) -> usize {
        self.integrand.outputs()
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        self.integrand.eval(points, values)?;
        for value in values.iter_mut().filter(|value| !value.is_finite()) {
            *value = 0.0;
        }
        Ok(())
    }
}
