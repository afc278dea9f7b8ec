//! From a number to its place on an axis, and the numbers written beside that axis.

use crate::number::significant;

/// An axis from its low end to its high end, which lies above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    Linear(f64, f64),
    /// both ends are above zero
    Log(f64, f64),
}

impl Scale {
    /// A linear axis with room for all finite `values`, if there are any.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (low, high) = ends(values.into_iter().filter(|v| v.is_finite()))?;
        // Equal values still need an axis, and one that floating point can divide.
        let least = (low.abs().max(high.abs()) * 1e-9).max(f64::MIN_POSITIVE * 1e9);
        let margin = if high - low > least {
            0.06 * (high - low)
        } else if low == 0.0 && high == 0.0 {
            1.0
        } else {
            least.max(1e-3 * high.abs().max(low.abs()))
        };
        let (low, high) = (low - margin, high + margin);
        (high - low).is_finite().then_some(Self::Linear(low, high))
    }

    /// A logarithmic axis with room for all finite `values` above zero, if there are any.
    pub(super) fn log(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let positive = |v: &f64| v.is_finite() && *v > f64::MIN_POSITIVE * 1e9 && *v < 1e300;
        let (low, high) = ends(values.into_iter().filter(positive))?;
        let room = (high / low).powf(0.04).max(1.25);
        Some(Self::Log(low / room, high * room))
    }

    /// 0 at the low end, 1 at the high end; below 0 for what a logarithm does not know.
    pub(super) fn at(self, value: f64) -> f64 {
        match self {
            Self::Linear(low, high) => (value - low) / (high - low),
            Self::Log(..) if value <= 0.0 => -1.0,
            Self::Log(low, high) => (value / low).ln() / (high / low).ln(),
        }
    }

    /// Numbers to write, about `most` of them, with their text.
    pub(super) fn ticks(self, most: usize) -> Vec<(f64, String)> {
        match self {
            Self::Linear(low, high) => linear_ticks(low, high, most),
            Self::Log(low, high) => log_ticks(low, high, most),
        }
    }
}

/// Smallest and largest.
fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, v| {
        let (low, high) = ends.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let raw = (high - low) / most as f64;
    let power = 10_f64.powi(exponent(raw));
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|step| *step >= raw * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil();
    (0..=2 * most)
        .map(|k| (first + k as f64) * step)
        .take_while(|v| *v <= high + 1e-9 * step)
        .map(|v| {
            if v.abs() < 1e-6 * step {
                return (0.0, "0".to_owned());
            }
            let digits = exponent(v.abs()) - exponent(step) + 1;
            let digits = usize::try_from(digits).unwrap_or(1).clamp(1, 17);
            (v, significant(v, digits))
        })
        .collect()
}

fn log_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let within = |v: f64| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9);
    let decades: Vec<i32> = (exponent(low)..=exponent(high) + 1)
        .filter(|e| within(10_f64.powi(*e)))
        .collect();
    if decades.len() > 2 {
        let stride = decades.len().div_ceil(most);
        let shown = decades.iter().filter(|e| **e % to_i32(stride) == 0);
        return shown.map(|e| (10_f64.powi(*e), power_of_ten(*e))).collect();
    }
    let finer: Vec<(f64, String)> = (exponent(low)..=exponent(high))
        .flat_map(|e| [1, 2, 5].map(|m| (m, e)))
        .map(|(m, e)| (f64::from(m) * 10_f64.powi(e), few_digits(m, e)))
        .filter(|(v, _)| within(*v))
        .collect();
    if finer.len() > 2 {
        finer
    } else {
        linear_ticks(low, high, most)
    }
}

fn to_i32(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// `mantissa` times ten to the `exponent`.
fn few_digits(mantissa: i32, exponent: i32) -> String {
    match exponent {
        0..4 => (f64::from(mantissa) * 10_f64.powi(exponent)).to_string(),
        -3..0 => significant(f64::from(mantissa) * 10_f64.powi(exponent), 1),
        e if mantissa == 1 => power_of_ten(e),
        e => format!("{mantissa}·{}", power_of_ten(e)),
    }
}

/// `10⁻³`; ordinary sizes are written out.
pub(super) fn power_of_ten(exponent: i32) -> String {
    if (-2..=3).contains(&exponent) {
        return 10_f64.powi(exponent).to_string();
    }
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    let digits: String = exponent.to_string().chars().map(raised).collect();
    format!("10{digits}")
}

/// Power of ten of the leading digit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the logarithm of an f64 has three digits"
)]
fn exponent(value: f64) -> i32 {
    (value.log10() + 1e-9).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::Scale;

    fn texts(scale: Scale) -> Vec<String> {
        scale.ticks(6).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn linear_marks_are_round_and_distinct() {
        assert_eq!(
            texts(Scale::Linear(0.98, 0.9825)),
            ["0.9800", "0.9805", "0.9810", "0.9815", "0.9820", "0.9825"]
        );
        assert_eq!(
            texts(Scale::Linear(-1.0, 1.0)),
            ["-1.0", "-0.5", "0", "0.5", "1.0"]
        );
    }

    #[test]
    fn logarithmic_marks_follow_the_length() {
        assert_eq!(
            texts(Scale::Log(20.0, 3e6)),
            ["100", "1000", "10⁴", "10⁵", "10⁶"]
        );
        assert_eq!(
            texts(Scale::Log(900.0, 3e4)),
            ["1000", "2000", "5000", "10⁴", "2·10⁴"]
        );
        assert_eq!(texts(Scale::Log(2.1e-3, 2.9e-3)).len(), 4);
    }

    #[test]
    fn anything_finite_has_an_axis() {
        assert_eq!(Scale::linear([f64::NAN]), None);
        assert_eq!(Scale::log([0.0, -1.0]), None);
        for value in [0.0, 1.0, -1e300, 1e-300, 12345.678] {
            let scale = Scale::linear([value]).unwrap();
            assert!((scale.at(value) - 0.5).abs() < 0.1, "{value}: {scale:?}");
            assert!(scale.ticks(6).len() >= 2, "{value}: {scale:?}");
        }
    }
}
