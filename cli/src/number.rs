//! Numbers as people read them.

/// `value` to so many significant digits, without an exponent where that stays short.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = digits.saturating_sub(1);
    let scientific = format!("{value:.decimals$e}");
    let exponent: Option<i32> = scientific.split_once('e').and_then(|(_, e)| e.parse().ok());
    match exponent {
        Some(e) if (-4..6).contains(&e) => {
            let after_point = i32::try_from(decimals).unwrap_or(0) - e;
            format!("{value:.*}", usize::try_from(after_point).unwrap_or(0))
        }
        _ => scientific,
    }
}

/// A share in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 3))
}

/// A time with its unit.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.0995 => format!("{} ms", significant(1e3 * s, 2)),
        s if s < 0.9995 => format!("{:.0} ms", 1e3 * s),
        s if s < 120.0 => format!("{} s", significant(s, 3)),
        s => format!("{s:.0} s"),
    }
}

/// A size of a file.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1000.0 => format!("{bytes} bytes"),
        b if b < 1e6 => format!("{} kB", significant(b / 1e3, 3)),
        b => format!("{} MB", significant(b / 1e6, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, percent, seconds, significant};

    #[test]
    fn digits_are_counted_from_the_first() {
        let table = [
            (0.9636569684123, 10, "0.9636569684"),
            (2012.8839, 3, "2013"),
            (99.96, 3, "100"),
            (-1.0, 3, "-1.00"),
            (1.9369e-10, 3, "1.94e-10"),
            (1.5e7, 2, "1.5e7"),
            (0.0, 5, "0"),
            (f64::INFINITY, 5, "inf"),
        ];
        for (value, digits, text) in table {
            assert_eq!(significant(value, digits), text);
        }
    }

    #[test]
    fn units_fit() {
        assert_eq!(
            [seconds(0.0123), seconds(1.5), seconds(300.2)],
            ["12 ms", "1.50 s", "300 s"]
        );
        assert_eq!(
            [bytes(24), bytes(45_200), bytes(3_000_000)],
            ["24 bytes", "45.2 kB", "3.00 MB"]
        );
        assert_eq!(percent(0.1234), "12.3 %");
    }
}
