//! Samplers made from samples alone: density estimation and generation.

use super::Sampler;
use crate::error::{Error, Result};
use crate::flow::{Architecture, Flow};
use crate::integrand::Domain;
use crate::map::inside;
use crate::train::{FitConfig, FitReport, fit_scaled};

impl Sampler {
    /// A sampler whose flow is trained by maximum likelihood on `samples` (`[n * dim]`) of a density on
    /// `domain`: draws are like them, and [`Sampler::log_density`] estimates their density.
    ///
    /// On the reals a domain [of normal quantiles](Domain::with_normal) fits the families of
    /// [`Family`](crate::flow::Family); scale and shift of the data are found by their diagonal layers.
    ///
    /// ```
    /// use thalweg::flow::Family;
    /// use thalweg::train::FitConfig;
    /// use thalweg::{Domain, Sampler};
    ///
    /// // x uniform, y = x + a little
    /// let golden = |k: i32| (0.618034 * f64::from(k), 0.754878 * f64::from(k));
    /// let pairs = (1..2000).map(golden).map(|(u, v)| (u.fract(), v.fract()));
    /// let samples: Vec<f64> = pairs.flat_map(|(u, v)| [u, u + 0.1 * v]).collect();
    /// let domain = Domain::new(&[(0.0, 1.0), (0.0, 1.1)])?;
    /// let stack = Family::SplineMaf.stack(2);
    /// let config = FitConfig { epochs: 10.0, ..FitConfig::default() };
    /// let (sampler, report) = Sampler::of_samples(&samples, domain, stack.into(), &config, 1)?;
    /// // The true density is 10: ln 10 = 2.3.
    /// assert!(report.log_likelihood > 1.0);
    /// let drawn = sampler.draw(100, 2, 0);
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](crate::train::fit) and [`Flow::of`]; [`Error::InvalidSetting`] for a sample outside of the domain.
    pub fn of_samples(
        samples: &[f64],
        domain: Domain,
        architecture: Architecture,
        config: &FitConfig,
        seed: u64,
    ) -> Result<(Self, FitReport)> {
        let dim = domain.dim();
        let mut flow = Flow::of(dim, architecture, seed)?;
        if let Some(outside) = samples.chunks_exact(dim).find(|y| !domain.contains(y)) {
            return Err(Error::InvalidSetting {
                name: "the first coordinate of a sample",
                value: outside[0],
                allowed: "of a point of the domain",
            });
        }
        let mut x = samples[..samples.len() / dim * dim].to_vec();
        domain.to_unit(&mut x);
        for x in &mut x {
            *x = inside(*x);
        }
        flow.start_from(&x);
        let (mut points, mut log_jacobian) = (x.clone(), vec![0.0; x.len() / dim]);
        domain.map_with_log(&mut points, &mut log_jacobian);
        let report = fit_scaled(&mut flow, &x, &log_jacobian, config, seed)?;
        let sampler = Self::new(Box::new(flow), domain)?;
        Ok((sampler, report))
    }
}
