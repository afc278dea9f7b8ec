//! Steps of a loop that the caller writes: points drawn, values found elsewhere, one step on them.
//!
//! ```
//! use thalweg::train::{TrainConfig, Trainer};
//! use thalweg::{Flow, FlowConfig};
//!
//! let config = TrainConfig { minibatch: 256, ..TrainConfig::default() };
//! let mut trainer = Trainer::new(Flow::new(2, &FlowConfig::default(), 1)?, &config, 1)?;
//! for step in 0..20 {
//!     trainer.set_learning_rate(if step < 10 { 1e-2 } else { 1e-3 })?;
//!     let (x, log_q) = trainer.draw();
//!     // f = exp(-8 (x0 - x1)^2)
//!     let log_f: Vec<f64> = x.chunks(2).map(|x| -8.0 * (x[0] - x[1]).powi(2)).collect();
//!     assert!(trainer.step_on(&x, &log_f, &log_q).is_finite());
//! }
//! let flow = trainer.into_flow();
//! # Ok::<(), thalweg::Error>(())
//! ```
//!
//! Every point is used once. Known weakness: without tempering a flow can miss peaks that its first
//! points do not hit; [`Trainer::train`] is for integrands whose calls are dear.

use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};

use super::trainer::Trainer;
use crate::error::{Result, check};
use crate::kernel::TILE;
use crate::map::Map as _;
use crate::rng::Purpose;

impl Trainer {
    /// Draws a minibatch of fresh points from the flow as it is: x (`[n * dim]`) of the unit cube and the
    /// logs of their densities (`[n]`).
    pub fn draw(&mut self) -> (Vec<f64>, Vec<f64>) {
        let draw = self.next_draw();
        let (flow, streams) = (&self.flow, self.streams);
        let (dim, n) = (flow.dim(), self.config.minibatch);
        let (mut z, mut x) = (vec![0.0; n * dim], vec![0.0; n * dim]);
        let mut log_q = vec![0.0; n];
        streams.fill_points(Purpose::Online, draw, 0, dim, &mut z);
        let tiles = z.par_chunks(TILE * dim).zip(x.par_chunks_mut(TILE * dim));
        tiles
            .zip(log_q.par_chunks_mut(TILE))
            .for_each(|((z, x), log_q)| {
                flow.forward(z, x, log_q);
                for l in log_q {
                    *l = -*l;
                }
            });
        (x, log_q)
    }

    /// One step on given points, without replay, tempering or averaging: `x`
    /// (`[n * dim]`), log|f| and log of the density they were drawn from (both `[n]`), with n
    /// the size of a minibatch. Forgets the stored points; returns the loss, NaN if f was zero
    /// everywhere.
    ///
    /// # Panics
    /// If there are not as many points as a minibatch has.
    pub fn step_on(&mut self, x: &[f64], log_f: &[f64], log_q: &[f64]) -> f64 {
        assert_eq!(log_f.len(), self.config.minibatch, "points of a step");
        self.replay.clear();
        self.replay.push(x, log_f, log_q);
        if !self.replay.prepare(1.0) {
            return f64::NAN;
        }
        for (i, index) in self.batch.iter_mut().enumerate() {
            *index = i;
        }
        let loss = self.gradient(1.0);
        self.descend();
        loss
    }

    /// The largest learning rate of a cycle, and that of each step by hand.
    pub fn learning_rate(&self) -> f64 {
        self.config.adam.learning_rate
    }

    /// Sets the learning rate from the next step on; what the optimiser remembers stays.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) unless it is positive and finite.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        check(
            rate > 0.0 && rate.is_finite(),
            "learning_rate",
            rate,
            "positive",
        )?;
        self.config.adam.learning_rate = rate;
        self.adam.set_learning_rate(rate);
        Ok(())
    }
}
