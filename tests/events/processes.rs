//! Processes: muon pairs, and ones with signs, variations and faults.

use std::env;
use std::path::PathBuf;
use std::process;

use thalweg::event::{Beam, Event, Generation, Process, Variation};
use thalweg::map::Identity;
use thalweg::{Domain, Integrand, IntegrandError, MaxWeight, Points, Sampler, Unweighting};

use crate::ee_mumu::EeMuMu;

pub(crate) const SIGMA: f64 = 2012.88390898;

/// e+ e- -> mu+ mu- at the pole.
pub(crate) fn muons() -> EeMuMu {
    let problem = thalweg_integrands::problem("ee-mumu", None, &[]).expect("a known problem");
    EeMuMu::new(&problem).expect("its events are known")
}

/// A uniform proposal for it.
pub(crate) fn uniform() -> Sampler {
    let problem = thalweg_integrands::problem("ee-mumu", None, &[]).expect("a known problem");
    let domain = Domain::new(&problem.domain).expect("a domain");
    Sampler::new(Box::new(Identity::new(2)), domain).expect("one dimension")
}

/// Muon pairs that are changed: negative where cos < -0.5, of two numbers, with variations.
pub(crate) struct Changed {
    pub(crate) inner: EeMuMu,
    pub(crate) signed: bool,
    pub(crate) varied: bool,
    /// what is done to an event
    pub(crate) spoil: fn(&mut Event),
}

impl Changed {
    pub(crate) fn spoilt(spoil: fn(&mut Event)) -> Self {
        Self {
            inner: muons(),
            signed: false,
            varied: false,
            spoil,
        }
    }
}

impl Integrand for Changed {
    fn dim(&self) -> usize {
        2
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        self.inner.eval(points, values)?;
        for (y, value) in points.iter().zip(values) {
            if self.signed && y[0] < -0.5 {
                *value = -*value;
            }
        }
        Ok(())
    }
}

impl Process for Changed {
    fn beams(&self) -> [Beam; 2] {
        self.inner.beams()
    }

    fn variations(&self) -> Vec<Variation> {
        let names: &[&str] = if self.varied { &["up", "a<b"] } else { &[] };
        let variation = |id: &&str| Variation {
            id: (*id).to_owned(),
            about: "MUR=2.0 & more".to_owned(),
        };
        names.iter().map(variation).collect()
    }

    fn event(&self, y: &[f64], choice: f64) -> Result<Event, IntegrandError> {
        let mut event = self.inner.event(y, choice)?;
        event.process = if choice < 0.25 { 7 } else { 9 };
        if self.varied {
            event.variations = vec![1.0 + 0.5 * y[0], 2.0];
        }
        (self.spoil)(&mut event);
        Ok(event)
    }
}

pub(crate) fn unweighted(n: u64, max_weight: MaxWeight) -> Generation {
    let unweighting = Unweighting {
        max_weight,
        trials: 5000,
        ..Unweighting::default()
    };
    Generation {
        unweighting: Some(unweighting),
        ..weighted(n)
    }
}

pub(crate) fn weighted(n: u64) -> Generation {
    Generation {
        n,
        seed: 3,
        ..Generation::default()
    }
}

/// A folder of this process's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    env::temp_dir().join(format!("thalweg-events-{}-{name}", process::id()))
}
