//! Numbers of the interface, as its versions 1.0 and 1.1 have them.
//!
//! The Unified Matrix Element Interface of MadGraph 7 (`umami.h`). Status codes from 5 on differ
//! between the versions, so that none is interpreted.

use std::ffi::c_int;

/// Kinds of what a library tells of itself.
pub(super) mod meta {
    use super::c_int;

    pub(crate) const DEVICE: c_int = 0;
    pub(crate) const PARTICLE_COUNT: c_int = 1;
    pub(crate) const MASSES: c_int = 5;
    pub(crate) const ABI_MAJOR: c_int = 6;
    pub(crate) const ABI_MINOR: c_int = 7;
}

/// The device that is the processor itself.
pub(super) const CPU: c_int = 0;

/// The version of the interface that is spoken here.
pub(super) const ABI_MAJOR: c_int = 1;

/// Names of the inputs, in the order of their numbers.
pub(super) const INPUTS: [&str; 10] = [
    "MOMENTA",
    "ALPHA_S",
    "FLAVOR_INDEX",
    "RANDOM_COLOR",
    "RANDOM_HELICITY",
    "RANDOM_DIAGRAM",
    "HELICITY_INDEX",
    "DIAGRAM_INDEX",
    "CHANNEL_INDEX",
    "G_STRONG",
];

pub(super) const MOMENTA: usize = 0;
pub(super) const ALPHA_S: usize = 1;
pub(super) const FLAVOR_INDEX: usize = 2;
pub(super) const G_STRONG: usize = 9;

/// The output that is the squared matrix element.
pub(super) const MATRIX_ELEMENT: c_int = 0;
