//! Cross sections: matrix elements behind the UMAMI interface, integrated over phase space.
#![deny(unsafe_code)]

pub mod momentum;
pub mod phase_space;
