//! Cross sections: matrix elements behind the UMAMI interface, integrated over phase space.
//!
//! A [`Scattering`] is an integrand over the unit cube in pb. It takes |M|^2 from a library
//! ([`umami`]), momenta from [`phase_space`], and both from what a process file says.
#![deny(unsafe_code)]

pub mod colors;
pub mod cuts;
pub mod drell_yan;
mod file;
pub mod load;
mod matrix_element;
pub mod momentum;
pub mod pdf;
pub mod phase_space;
mod scale;
mod scattering;
pub mod umami;
pub mod units;

pub use file::{ProcessError, ProcessFile, Reference, open};
pub use matrix_element::{Kinematics, MatrixElement};
pub use scale::Scale;
pub use scattering::{Scattering, Subprocess};
