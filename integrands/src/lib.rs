//! Integrands with known answers, to test and demonstrate Monte Carlo integrators.
//!
//! A [`Family`] is a named recipe with a formula, a citation and parameters; with a dimension and
//! settings it makes a [`Problem`]: a function on a box together with its exact integral.
//!
//! ```
//! let camel = thalweg_integrands::problem("camel", Some(2), &[("width", 0.1)])?;
//! assert_eq!(camel.domain, vec![(0.0, 1.0); 2]);
//! assert!(camel.eval(&[1.0 / 3.0, 1.0 / 3.0]) > camel.eval(&[0.5, 0.5]));
//!
//! // The midpoint rule against the exact value.
//! let n = 50;
//! let centre = |i: usize| (i as f64 + 0.5) / n as f64;
//! let sum: f64 = (0..n * n).map(|i| camel.eval(&[centre(i / n), centre(i % n)])).sum();
//! let estimate = sum / (n * n) as f64;
//! assert!((estimate - camel.exact.unwrap()).abs() < 1e-6);
//! # Ok::<(), thalweg_integrands::BuildError>(())
//! ```
//!
//! [`families`] lists what there is: the i-flow benchmark set, the six Genz families, and cross
//! sections, decay widths and loop integrals of particle physics, and an option of finance.
//!
//! The exact values hold for every setting of the parameters, in closed form wherever there is
//! one. They are correct to ten digits or more; the tests check each against published digits and
//! against an independent quadrature.

mod annulus;
mod asian;
mod camel;
mod circles;
mod ee_mumu;
mod ee_qqg;
mod error;
mod family;
mod gaussian;
mod genz;
mod gg_gg;
mod phase_space;
mod poly;
mod problem;
mod random;
mod scalar_box;
mod settings;
mod special;
mod top_decay;
mod triangle;
mod units;

#[cfg(test)]
mod check;
#[cfg(test)]
mod tests;

pub use error::BuildError;
pub use family::{Dims, Family, Parameter};
pub use problem::Problem;

/// Every family, in the order in which a list shows them.
static FAMILIES: [Family; 19] = [
    gaussian::FAMILY,
    camel::FAMILY,
    circles::FAMILY,
    annulus::FAMILY,
    scalar_box::FAMILY,
    poly::FAMILY,
    genz::oscillatory::FAMILY,
    genz::product_peak::FAMILY,
    genz::corner_peak::FAMILY,
    genz::gaussian::FAMILY,
    genz::continuous::FAMILY,
    genz::discontinuous::FAMILY,
    ee_mumu::FAMILY,
    ee_qqg::FAMILY,
    gg_gg::FAMILY,
    top_decay::FAMILY,
    phase_space::FAMILY,
    triangle::FAMILY,
    asian::FAMILY,
];

/// Every family there is.
pub fn families() -> &'static [Family] {
    &FAMILIES
}

/// The family of that name, `None` if there is none.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// Builds a problem of the family `name`; short for [`family`] and [`Family::problem`].
///
/// A `dim` of `None` takes the family's default; a parameter not in `settings` keeps its default.
///
/// # Errors
///
/// [`BuildError::UnknownName`] if there is no such family, else as [`Family::problem`].
pub fn problem(
    name: &str,
    dim: Option<usize>,
    settings: &[(&str, f64)],
) -> Result<Problem, BuildError> {
    let family = family(name).ok_or_else(|| BuildError::UnknownName {
        name: name.to_owned(),
        known: FAMILIES.iter().map(|family| family.name).collect(),
    })?;
    let settings: Vec<_> = settings
        .iter()
        .map(|&(parameter, value)| (parameter.to_owned(), value))
        .collect();
    family.problem(dim, &settings)
}
