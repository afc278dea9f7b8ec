//! The native module of the Python package thalweg.
//!
//! A thin layer: arrays in and out, settings and reports as plain dicts. What users see, with its
//! documentation, is Python code in `thalweg/`; names here may change.

mod bridge;
mod channel;
mod errors;
mod integrand;
mod integrate;
mod map;
mod native;
mod observer;
mod partial;
mod pool;
mod sampler;
mod statistics;
mod team;
mod trainer;
mod vegas_plus;

use pyo3::pymodule;

/// The library behind the package thalweg.
#[pymodule]
mod _native {
    use pyo3::prelude::{Bound, PyModule, PyModuleMethods as _, PyResult};

    #[pymodule_export]
    use super::integrate::{default_settings, run};
    #[pymodule_export]
    use super::map::Map;
    #[pymodule_export]
    use super::native::Pointer;
    #[pymodule_export]
    use super::partial::Partial;
    #[pymodule_export]
    use super::sampler::{Sampler, default_fit};
    #[pymodule_export]
    use super::statistics::{normal_score, p_value_chi2, parenthesis, weight_statistics};
    #[pymodule_export]
    use super::trainer::Trainer;
    #[pymodule_export]
    use super::vegas_plus::{Drawn, Pass, VegasPlus};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
