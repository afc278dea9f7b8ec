//! What a family builds a problem from: the dimension and a value for each of its parameters.

use crate::{BuildError, Family, Problem};

/// The largest whole number up to which a double holds every whole number.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// The values of all parameters of a family, with range checks on the way out.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The dimension to build, for families with a free one.
    pub(crate) dim: usize,
    family: &'static str,
    values: Vec<(&'static str, f64)>,
}

impl Settings {
    /// The defaults of `family` with `changes` on top.
    pub(crate) fn new(
        family: &Family,
        dim: usize,
        changes: &[(String, f64)],
    ) -> Result<Self, BuildError> {
        let mut values: Vec<_> = family
            .parameters
            .iter()
            .map(|parameter| (parameter.name, parameter.default))
            .collect();
        for (name, value) in changes {
            match values.iter_mut().find(|(known, _)| known == name) {
                Some(entry) => entry.1 = *value,
                None => {
                    return Err(BuildError::UnknownParameter {
                        family: family.name,
                        parameter: name.clone(),
                        known: family
                            .parameters
                            .iter()
                            .map(|parameter| parameter.name)
                            .collect(),
                    });
                }
            }
        }
        Ok(Self {
            dim,
            family: family.name,
            values,
        })
    }

    /// The problem on `domain` with the name of the family and these settings.
    pub(crate) fn problem(
        &self,
        domain: Vec<(f64, f64)>,
        function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Problem {
        let mut problem = Problem::new(self.family, domain, function);
        let values = self.values.iter();
        problem.parameters = values
            .map(|&(name, value)| (name.to_owned(), value))
            .collect();
        problem
    }

    /// A parameter that has to fulfil `accepts`, which `allowed` says in words.
    pub(crate) fn checked(
        &self,
        name: &str,
        allowed: &'static str,
        accepts: impl Fn(f64) -> bool,
    ) -> Result<f64, BuildError> {
        let &(parameter, value) = self
            .values
            .iter()
            .find(|(known, _)| *known == name)
            .expect("a family asks for its own parameters only");
        if value.is_finite() && accepts(value) {
            Ok(value)
        } else {
            Err(BuildError::ParameterOutOfRange {
                family: self.family,
                parameter,
                value,
                allowed,
            })
        }
    }

    /// A parameter that has to be finite and positive.
    pub(crate) fn positive(&self, name: &str) -> Result<f64, BuildError> {
        self.checked(name, "a finite number above 0", |value| value > 0.0)
    }

    /// A parameter that has to be a whole number not below 0 and fulfil `accepts`.
    pub(crate) fn whole(
        &self,
        name: &str,
        allowed: &'static str,
        accepts: impl Fn(f64) -> bool,
    ) -> Result<u64, BuildError> {
        let value = self.checked(name, allowed, |value| {
            (0.0..=LARGEST_WHOLE).contains(&value) && value.fract() == 0.0 && accepts(value)
        })?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 2^53 by the check above"
        )]
        Ok(value as u64)
    }
}
