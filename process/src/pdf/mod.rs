//! Parton densities from grid files in the format of LHAPDF 6, read and interpolated here.
//!
//! A member of a set is a file of text: numbers x f(x, Q) for a list of partons at knots in x and
//! Q, in one or several subgrids that follow each other in Q and meet at the thresholds of the
//! quarks. Between knots the "log-cubic" rule of A. Buckley et al., "LHAPDF6: parton density access
//! in the LHC precision era" (arXiv:1412.7420) holds; [`Grid`] says what it is. The set's `.info`
//! file has the strong coupling, as a table of its own ([`AlphaS`]).
//!
//! Written from the paper and the files. Files may come from strangers: sizes are compared with the bytes
//! that are there before memory is taken, and every number is checked.
//!
//! Densities are x f(x, Q), without unit; Q is in `GeV`. Partons have the numbers of the Particle Data
//! Group: 1 to 6 are d, u, s, c, b, t, negative ones antiquarks, 21 the gluon, 22 the photon.

mod alpha_s;
mod error;
mod grid;
mod hermite;
mod info;
mod lines;
mod luminosity;
mod parse;
mod subgrid;

pub use alpha_s::AlphaS;
pub use error::PdfError;
pub use grid::{Grid, Outside};
pub use info::Info;
pub use luminosity::Luminosity;
