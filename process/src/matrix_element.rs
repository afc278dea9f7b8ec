//! What gives |M|^2.

use std::fmt::Debug;

use crate::umami::UmamiError;

/// Events whose |M|^2 is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Kinematics<'a> {
    /// momenta in the rest frame of what comes in:
    /// `momenta[event + n (particle + particles component)]`, components (E, px, py, pz), incoming first
    pub momenta: &'a [f64],
    /// strong coupling of each event (`[n]`)
    pub alpha_s: &'a [f64],
    /// number of the flavours, which all events share
    pub flavor: i32,
}

/// A squared matrix element, averaged over the spins and colours that come in and with the factor of
/// identical particles. Called from several threads.
pub trait MatrixElement: Debug + Send + Sync {
    /// Writes |M|^2 of all events into `values` (`[n]`).
    ///
    /// # Errors
    /// What the library reports.
    fn evaluate(&self, events: &Kinematics<'_>, values: &mut [f64]) -> Result<(), UmamiError>;
}
