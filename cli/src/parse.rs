//! Values of options, read with messages that say what would be right.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use thalweg::flow::Family;
use thalweg::{CostClass, Level, Method, NonFinite, Placement};

use crate::expression::Expression;

/// The largest dimension that is read: what a flow may have.
pub(crate) const MAX_DIM: usize = 4096;
/// The most threads that are started.
const MAX_THREADS: usize = 4096;
/// Most iterations of L-BFGS.
const MAX_ITERATIONS: usize = 10_000;
/// Most bins of a flow's spline.
const MAX_BINS: usize = 64;
/// Most steps of a family: of all of them, a flow has room for the layers.
const MAX_DEPTH: usize = 32;
/// Most uses of a point.
const MAX_REUSE: f64 = 1e4;
/// Above it, not every whole number is a double.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

/// A number of dimensions.
pub(crate) fn dimension(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(dim @ 1..=MAX_DIM) => Ok(dim),
        Ok(0) => Err("an integral needs at least 1 dimension".to_owned()),
        _ => Err(format!("expected a whole number from 1 to {MAX_DIM}")),
    }
}

/// A number of calls or events: `100000` or `1e5`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
pub(crate) fn count(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(n) if n.fract() == 0.0 && (1.0..=MAX_COUNT).contains(&n) => Ok(n as u64),
        _ => Err("expected a whole number above 0, such as 100000 or 1e5".to_owned()),
    }
}

/// A level of vector instructions that this machine has.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    let levels = Level::available();
    levels
        .iter()
        .find(|level| level.name() == text)
        .copied()
        .ok_or_else(|| {
            let names: Vec<&str> = levels.iter().map(|level| level.name()).collect();
            format!("this machine has {}", names.join(", "))
        })
}

/// A seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    let threads = text
        .parse()
        .ok()
        .filter(|threads| (1..=MAX_THREADS).contains(threads));
    threads.ok_or_else(|| format!("expected a whole number from 1 to {MAX_THREADS}"))
}

/// A number of iterations, or none.
pub(crate) fn iterations(text: &str) -> Result<usize, String> {
    let iterations = text.parse().ok().filter(|n| *n <= MAX_ITERATIONS);
    iterations.ok_or_else(|| format!("expected a whole number from 0 to {MAX_ITERATIONS}"))
}

/// Features of a hidden layer.
pub(crate) fn width(text: &str) -> Result<usize, String> {
    let width = text.parse().ok().filter(|n| (1..=MAX_DIM).contains(n));
    width.ok_or_else(|| format!("expected whole numbers from 1 to {MAX_DIM}, such as 64,64,64"))
}

/// Bins of a spline.
pub(crate) fn bins(text: &str) -> Result<usize, String> {
    let bins = text.parse().ok().filter(|n| (1..=MAX_BINS).contains(n));
    bins.ok_or_else(|| format!("expected a whole number from 1 to {MAX_BINS}"))
}

/// Steps of a family.
pub(crate) fn depth(text: &str) -> Result<usize, String> {
    let depth = text.parse().ok().filter(|n| (1..=MAX_DEPTH).contains(n));
    depth.ok_or_else(|| format!("expected a whole number from 1 to {MAX_DEPTH}"))
}

/// How often a point is used.
pub(crate) fn reuse(text: &str) -> Result<f64, String> {
    let reuse = text.parse().ok().filter(|r| *r > 0.0 && *r <= MAX_REUSE);
    reuse.ok_or_else(|| format!("expected a number above 0 and at most {MAX_REUSE}"))
}

/// A target or a limit.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a finite number above 0, such as 1e-3".to_owned()),
    }
}

/// A share of something, above 0 and at most all of it.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|p| *p > 0.0 && *p <= 1.0);
    share.ok_or_else(|| "expected a number above 0 and at most 1, such as 0.5".to_owned())
}

/// A number, or arithmetic of numbers such as `2*pi`.
fn constant(text: &str) -> Result<f64, String> {
    let expression = Expression::parse(text, 0).map_err(|e| e.to_string())?;
    Ok(expression.eval(&[]))
}

/// `low,high` with numbers, arithmetic such as `2*pi`, or `inf`.
pub(crate) fn range(text: &str) -> Result<(f64, f64), String> {
    let (low, high) = text
        .split_once(',')
        .ok_or("expected two numbers and a comma, such as 0,1 or -inf,inf")?;
    let (low, high) = (constant(low)?, constant(high)?);
    if low < high {
        Ok((low, high))
    } else {
        Err(format!(
            "the lower end {low} must be below the upper end {high}"
        ))
    }
}

/// `name=value`.
pub(crate) fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("expected NAME=VALUE, such as width=0.1")?;
    Ok((name.trim().to_owned(), constant(value)?))
}

/// `fail` or `zero:SHARE`.
pub(crate) fn non_finite(text: &str) -> Result<NonFinite, String> {
    if text == "fail" {
        return Ok(NonFinite::Fail);
    }
    let share = text
        .strip_prefix("zero:")
        .and_then(|share| share.parse().ok());
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .map(|max_share| NonFinite::CountAsZero { max_share })
        .ok_or_else(|| "expected fail, or zero:SHARE with a share from 0 to 1".to_owned())
}

/// A method by its name.
pub(crate) fn method() -> impl TypedValueParser<Value = Method> {
    let all = [Method::Auto, Method::Plain, Method::Vegas, Method::Flow];
    named(all.map(|m| (m.name(), m)))
}

/// A method that learns something.
pub(crate) fn learning_method() -> impl TypedValueParser<Value = Method> {
    named([Method::Vegas, Method::Flow].map(|m| (m.name(), m)))
}

/// A placement by its name.
pub(crate) fn placement() -> impl TypedValueParser<Value = Placement> {
    let all = [
        Placement::Auto,
        Placement::Random,
        Placement::Sobol,
        Placement::Strata,
    ];
    named(all.map(|p| (p.name(), p)))
}

/// A cost class by its name.
pub(crate) fn cost_class() -> impl TypedValueParser<Value = CostClass> {
    named([CostClass::Free, CostClass::Cheap, CostClass::Dear].map(|c| (c.name(), c)))
}

/// A family of flows by its name.
pub(crate) fn family() -> impl TypedValueParser<Value = Family> {
    PossibleValuesParser::new(Family::ALL.map(Family::name)).try_map(|name| {
        let known = Family::ALL.into_iter().find(|family| family.name() == name);
        known.ok_or("unknown name")
    })
}

fn named<T, const N: usize>(
    table: [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> + use<T, N>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(table.map(|(name, _)| name)).try_map(move |name| {
        let known = table.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| *value).ok_or("unknown name")
    })
}

#[cfg(test)]
mod tests {
    use super::{count, dimension, level, non_finite, positive, range, setting};

    #[test]
    fn counts_may_have_an_exponent() {
        assert_eq!([count("1e6"), count("250")], [Ok(1_000_000), Ok(250)]);
        for wrong in ["0", "-5", "1.5", "many", "1e300", "nan", ""] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn levels_are_those_of_the_machine() {
        assert!(level("portable").is_ok());
        assert!(level("avx1024").is_err_and(|e| e.contains("portable")));
    }

    #[test]
    fn targets_are_positive() {
        assert_eq!(positive("1e-3"), Ok(1e-3));
        for wrong in ["0", "-1e-3", "nan", "inf", "x"] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_may_be_infinite_and_settings_arithmetic() {
        assert_eq!(range("-inf,inf"), Ok((f64::NEG_INFINITY, f64::INFINITY)));
        assert_eq!(range("0, 2*3"), Ok((0.0, 6.0)));
        for wrong in ["1", "1,1", "2,1", "a,b", "0/0,1"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
        assert_eq!(setting("width=1/4"), Ok(("width".to_owned(), 0.25)));
        assert!(setting("width").is_err() && dimension("0").is_err());
        assert!(non_finite("zero:0.1").is_ok() && non_finite("zero:2").is_err());
    }
}
