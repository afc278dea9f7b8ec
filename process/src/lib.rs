//! Scattering processes as integrands of thalweg.

pub mod pdf;
