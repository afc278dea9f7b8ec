//! Parenthesis notation: `0.96366(48)` for a value and the error of its last digits.
//!
//! The error has two significant digits, and the value ends where the error ends (the concise form
//! of the Guide to the Expression of Uncertainty in Measurement, JCGM 100:2008, 7.2.2). An error of
//! one or more shows its own point, `1532.3(1.1)`. Exponents appear when the larger of |value| and
//! error is at least 1e6 or below 1e-4, `1.936964(13)e-10`.
//!
//! Weakness: an error below 1e-15 of the value cannot be aligned with digits that an `f64` holds;
//! both are then written out, `0.1(1.0e-18)`.

use std::ops::Range;

/// Most significant digits of a value that an `f64` can back.
const MOST_DIGITS: i32 = 17;
/// Sizes that are written without an exponent.
const USUAL: Range<f64> = 1e-4..1e6;

/// Writes `value` with the two-digit `error` (its absolute value) of its last digits in parentheses.
pub fn parenthesis(value: f64, error: f64) -> String {
    let error = error.abs();
    if !value.is_finite() || !error.is_finite() {
        return format!("{}({})", plain(value), plain(error));
    }
    if error == 0.0 {
        let text = plain(value);
        return match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{mantissa}(0)e{exponent}"),
            None => text + "(0)",
        };
    }
    // Two digits, so that 0.0996 is known to be 1.0e-1 before decimals are counted.
    let (error_digits, error_exponent) = scientific(error, 1);
    if value != 0.0 && exponent_of(value) - error_exponent + 2 > MOST_DIGITS {
        return format!("{}({error_digits}e{error_exponent})", plain(value));
    }
    if USUAL.contains(&value.abs().max(error)) {
        let value = unsigned_zero(fixed(value, error_exponent));
        return format!("{value}({})", last_digits(&error_digits, error_exponent));
    }
    let (mantissa, exponent) = mantissa(value, error, error_exponent);
    let error = last_digits(&error_digits, error_exponent - exponent);
    format!("{}({error})e{exponent}", unsigned_zero(mantissa))
}

/// Shortest text that reads back as the same number, with an exponent for unusual sizes.
fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || USUAL.contains(&value.abs()) {
        unsigned_zero(value.to_string())
    } else {
        format!("{value:e}")
    }
}

/// Correctly rounded mantissa of so many decimals, and the power of ten.
fn scientific(value: f64, decimals: usize) -> (String, i32) {
    split(&format!("{value:.decimals$e}"))
}

/// Power of ten of the leading digit of `value`, unrounded.
fn exponent_of(value: f64) -> i32 {
    split(&format!("{value:e}")).1
}

/// Mantissa and exponent of a number in scientific notation.
fn split(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').expect("written with an exponent");
    (
        mantissa.to_owned(),
        exponent.parse().expect("written as an integer"),
    )
}

/// The value without exponent, down to the second digit of the error.
fn fixed(value: f64, error_exponent: i32) -> String {
    if error_exponent > 1 {
        let step = 10_f64.powi(error_exponent - 1);
        return format!("{:.0}", (value / step).round() * step);
    }
    let decimals = usize::try_from(1 - error_exponent).expect("the exponent is at most 1");
    format!("{value:.decimals$}")
}

/// The value down to the second digit of the error as a mantissa, and its power of ten.
fn mantissa(value: f64, error: f64, error_exponent: i32) -> (String, i32) {
    let exponent = exponent_of(value);
    if value.abs() < error {
        let (digits, _) = split(&format!("{value:e}"));
        let digits: f64 = digits.parse().expect("written as a number");
        // The value is the smaller one, so this power can at most vanish.
        let scaled = digits * 10_f64.powi((exponent - error_exponent).min(0));
        return (format!("{scaled:.1}"), error_exponent);
    }
    let decimals = |exponent: i32| usize::try_from(exponent - error_exponent + 1).unwrap_or(0);
    let (text, rounded) = scientific(value, decimals(exponent));
    // 9.99 may have become 10, which has a decimal more in its new unit.
    if rounded == exponent {
        (text, exponent)
    } else {
        scientific(value, decimals(rounded))
    }
}

/// The two digits `d.d` of the error times ten to the `power`: `0.48 -> 48`, `1.1`, `67`, `670`.
fn last_digits(digits: &str, power: i32) -> String {
    match usize::try_from(power) {
        Ok(0) => digits.to_owned(),
        Ok(power) => digits.replace('.', "") + &"0".repeat(power - 1),
        Err(_) => digits.replace('.', ""),
    }
}

/// Removes the sign of a number that was rounded to zero.
fn unsigned_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(size) if size.chars().all(|c| c == '0' || c == '.') => size.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::parenthesis;

    #[track_caller]
    fn check(table: &[(f64, f64, &str)]) {
        for &(value, error, text) in table {
            assert_eq!(parenthesis(value, error), text, "{value:e} {error:e}");
        }
    }

    #[test]
    fn errors_below_one_show_two_digits() {
        check(&[
            (0.96366, 0.00048, "0.96366(48)"),
            (-0.96366, -0.00048, "-0.96366(48)"),
            (1.0, 0.0123, "1.000(12)"),
            (123456.789, 0.0123, "123456.789(12)"),
            (0.00012, 0.00001, "0.000120(10)"),
        ]);
    }

    #[test]
    fn errors_from_one_show_their_point_or_zeros() {
        check(&[
            (1532.3, 1.1, "1532.3(1.1)"),
            (12345.0, 67.0, "12345(67)"),
            (12344.0, 670.0, "12340(670)"),
            (-12344.0, 6700.0, "-12300(6700)"),
        ]);
    }

    #[test]
    fn rounding_up_adds_a_digit() {
        check(&[
            (0.5, 0.0996, "0.50(10)"),
            (1.0, 0.996, "1.0(1.0)"),
            (50.0, 9.96, "50(10)"),
            (9.9996e6, 1e5, "1.000(10)e7"),
            (9.6e-10, 1.2e-11, "9.60(12)e-10"),
            (9.97e-8, 9.96e-8, "1.0(1.0)e-7"),
        ]);
    }

    #[test]
    fn exponents_for_unusual_sizes() {
        check(&[
            (1.936964e-10, 1.3e-15, "1.936964(13)e-10"),
            (-5e-5, 2e-5, "-5.0(2.0)e-5"),
            (1e6, 10.0, "1.000000(10)e6"),
            (2e300, 1e298, "2.000(10)e300"),
            (5e-324, 5e-324, "4.9(4.9)e-324"),
        ]);
    }

    #[test]
    fn errors_may_exceed_the_value() {
        check(&[
            (0.0, 0.25, "0.00(25)"),
            (-0.00001, 0.3, "0.00(30)"),
            (3.0, 250.0, "0(250)"),
            (-1e-9, 3e-7, "0.0(3.0)e-7"),
            (1e-300, 1e8, "0.0(1.0)e8"),
            (-6e7, 1.23e8, "-0.6(1.2)e8"),
        ]);
    }

    #[test]
    fn errors_below_the_precision_are_written_out() {
        check(&[
            (0.1, 1e-18, "0.1(1.0e-18)"),
            (-1e20, 1.0, "-1e20(1.0e0)"),
            (1.0, 1e-300, "1(1.0e-300)"),
        ]);
    }

    #[test]
    fn zeros_and_non_finite_numbers() {
        check(&[
            (1.5, 0.0, "1.5(0)"),
            (-0.0, 0.0, "0(0)"),
            (1.5e10, 0.0, "1.5(0)e10"),
            (f64::NAN, 0.1, "NaN(0.1)"),
            (1.5, f64::INFINITY, "1.5(inf)"),
            (f64::NEG_INFINITY, f64::NAN, "-inf(NaN)"),
        ]);
    }

    /// Value and error as a reader understands them.
    fn read(text: &str) -> Option<(f64, f64)> {
        let (value, rest) = text.split_once('(')?;
        let (error, exponent) = rest.split_once(')')?;
        let decimals: i32 = value
            .split_once('.')
            .map_or(0, |(_, d)| d.len())
            .try_into()
            .ok()?;
        let power: i32 = exponent.trim_start_matches('e').parse().unwrap_or(0);
        let error = if error.contains('.') {
            format!("{error}{exponent}")
        } else {
            format!("{error}e{}", power - decimals)
        };
        Some((
            format!("{value}{exponent}").parse().ok()?,
            error.parse().ok()?,
        ))
    }

    proptest! {
        #[test]
        fn reads_back_within_rounding(
            value in -10.0..10.0_f64,
            error in 1.0..10.0_f64,
            power in -280..280_i32,
            below in -5..22_i32,
        ) {
            let (value, error) = (value * 10_f64.powi(power), error * 10_f64.powi(power - below));
            let (v, e) = read(&parenthesis(value, error)).expect("two numbers");
            prop_assert!((v - value).abs() <= 0.051 * error + 4e-16 * value.abs());
            prop_assert!((e - error).abs() <= 0.051 * error);
        }
    }
}
