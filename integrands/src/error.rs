//! What can be wrong with a request for a problem.

use std::{
    error::Error,
    fmt::{Display, Formatter, Result},
};

/// Why a problem could not be built.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no family of this name.
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The family has no parameter of this name.
    UnknownParameter {
        /// The family.
        family: &'static str,
        /// The name asked for.
        parameter: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The family, with these settings, exists in one dimension only.
    DimensionFixed {
        /// The family.
        family: &'static str,
        /// The dimension it has.
        fixed: usize,
        /// The dimension asked for.
        asked: usize,
    },
    /// The family does not exist in so few dimensions.
    DimensionTooSmall {
        /// The family.
        family: &'static str,
        /// The smallest dimension it has.
        least: usize,
        /// The dimension asked for.
        asked: usize,
    },
    /// The value of a parameter is not allowed.
    ParameterOutOfRange {
        /// The family.
        family: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value asked for.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
}

impl Display for BuildError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::UnknownName { name, known } => {
                write!(
                    f,
                    "unknown integrand `{name}`; there are: {}",
                    known.join(", ")
                )
            }
            Self::UnknownParameter {
                family,
                parameter,
                known,
            } if known.is_empty() => {
                write!(f, "`{family}` has no parameters, but `{parameter}` was set")
            }
            Self::UnknownParameter {
                family,
                parameter,
                known,
            } => write!(
                f,
                "`{family}` has no parameter `{parameter}`; there are: {}",
                known.join(", ")
            ),
            Self::DimensionFixed {
                family,
                fixed,
                asked,
            } => {
                write!(
                    f,
                    "`{family}` with these settings has dimension {fixed}, not {asked}"
                )
            }
            Self::DimensionTooSmall {
                family,
                least,
                asked,
            } => {
                write!(f, "`{family}` has dimension {least} or more, not {asked}")
            }
            Self::ParameterOutOfRange {
                family,
                parameter,
                value,
                allowed,
            } => write!(
                f,
                "parameter `{parameter}` of `{family}` is {value}, but has to be {allowed}"
            ),
        }
    }
}

impl Error for BuildError {}

#[cfg(test)]
mod tests {
    use crate::problem;

    #[test]
    fn messages_say_what_would_be_right() {
        let message =
            |name, dim, settings: &[_]| problem(name, dim, settings).unwrap_err().to_string();
        assert!(
            message("cammel", None, &[])
                .starts_with("unknown integrand `cammel`; there are: gaussian, camel, ")
        );
        assert_eq!(
            message("camel", None, &[("widht", 1.0)]),
            "`camel` has no parameter `widht`; there are: width"
        );
        assert_eq!(
            message("box", None, &[("mass", 1.0)]),
            "`box` has no parameters, but `mass` was set"
        );
        assert_eq!(
            message("triangle", None, &[("s", 4.0)]),
            "parameter `s` of `triangle` is 4, but has to be above 0 and below 4"
        );
        assert_eq!(
            message("phase-space", Some(8), &[("n", 3.0)]),
            "`phase-space` with these settings has dimension 5, not 8"
        );
        assert_eq!(
            message("camel", Some(0), &[]),
            "`camel` has dimension 1 or more, not 0"
        );
        assert_eq!(
            message("phase-space", None, &[("n", 3.5)]),
            "parameter `n` of `phase-space` is 3.5, but has to be a whole number from 2 to 32"
        );
    }
}
