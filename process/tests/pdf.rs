//! Parton densities from made-up files: what interpolation must give, and what is refused.

use std::fmt::Write as _;

use thalweg_process::pdf::{AlphaS, Grid, Info, Outside, PdfError};

/// Knots in x of which none is evenly spaced.
const X: [f64; 7] = [1e-5, 1e-4, 3e-3, 0.02, 0.1, 0.6, 1.0];
/// Knots in Q of two subgrids that meet at 4.5.
const Q: [&[f64]; 2] = [&[1.3, 2.0, 4.5], &[4.5, 10.0, 90.0, 3000.0, 1e5]];

/// A file with the densities f(parton, log x, log Q^2) of three partons.
fn file(f: impl Fn(usize, usize, f64, f64) -> f64) -> String {
    let mut text = String::from("PdfType: central\nFormat: lhagrid1\n---\n");
    for (s, q) in Q.iter().enumerate() {
        let list = |text: &mut String, knots: &[f64]| {
            for knot in knots {
                write!(text, " {knot:e}").expect("memory");
            }
            *text += "\n";
        };
        list(&mut text, &X);
        list(&mut text, q);
        text += " -2 21 2\n";
        for x in X {
            for q in *q {
                for parton in 0..3 {
                    let v = f(s, parton, x.ln(), 2.0 * q.ln());
                    write!(text, " {v:e}").expect("memory");
                }
                text += "\n";
            }
        }
        text += "---\n";
    }
    text
}

/// Points within the grid.
fn points() -> impl Iterator<Item = (f64, f64)> {
    (0..400).map(|i| {
        // Two irrational steps fill the square evenly.
        let (a, b) = (f64::from(i) * 0.618034 % 1.0, f64::from(i) * 0.754878 % 1.0);
        let lq = 2.0 * (1.3_f64.ln() + b * (1e5_f64 / 1.3).ln());
        ((a * 1e-5_f64.ln()).exp(), lq.exp())
    })
}

fn wavy(s: usize, parton: usize, lx: f64, lq: f64) -> f64 {
    (lx * 0.7 + parton as f64).sin() * (lq * 0.3).cos() + s as f64
}

/// Interpolation in one direction after the other, straight from the values.
mod direct {
    use super::{Q, X, wavy};

    fn slope(t: &[f64], y: &[f64], i: usize) -> f64 {
        let chord = |i: usize| (y[i + 1] - y[i]) / (t[i + 1] - t[i]);
        match i {
            0 => chord(0),
            _ if i == t.len() - 1 => chord(i - 1),
            _ => f64::midpoint(chord(i - 1), chord(i)),
        }
    }

    fn cubic(t: &[f64], y: &[f64], at: f64) -> f64 {
        let i = (0..t.len() - 2)
            .find(|i| at < t[i + 1])
            .unwrap_or(t.len() - 2);
        let h = t[i + 1] - t[i];
        let u = (at - t[i]) / h;
        let (m0, m1) = (slope(t, y, i) * h, slope(t, y, i + 1) * h);
        let (a, b) = (y[i], y[i + 1]);
        // Newton's form for two double knots.
        a + u * (m0 + u * ((b - a - m0) + (u - 1.0) * (m0 + m1 - 2.0 * (b - a))))
    }

    pub(super) fn xf(parton: usize, lx: f64, lq: f64) -> f64 {
        let s = usize::from(lq >= 2.0 * 4.5_f64.ln());
        let t: Vec<f64> = X.iter().map(|x| x.ln()).collect();
        let q: Vec<f64> = Q[s].iter().map(|q| 2.0 * q.ln()).collect();
        let along: Vec<f64> = q
            .iter()
            .map(|q| {
                let y: Vec<f64> = t.iter().map(|t| wavy(s, parton, *t, *q)).collect();
                cubic(&t, &y, lx)
            })
            .collect();
        cubic(&q, &along, lq)
    }
}

#[test]
fn the_table_is_interpolation_in_one_direction_after_the_other() {
    let grid = Grid::from_bytes(file(wavy).as_bytes()).unwrap();
    let mut xf = [0.0; 3];
    for (x, q2) in points() {
        grid.eval(x, q2, &mut xf).unwrap();
        for (parton, xf) in xf.iter().enumerate() {
            let direct = direct::xf(parton, x.ln(), q2.ln());
            assert!((xf - direct).abs() < 1e-12, "{xf} {direct} at {x} {q2}");
        }
    }
}

#[test]
fn what_is_bilinear_in_the_logarithms_is_exact() {
    let f = |parton: usize, lx: f64, lq: f64| (1.0 + lx) * (2.0 - lq) + parton as f64;
    let grid = Grid::from_bytes(file(|_, p, lx, lq| f(p, lx, lq)).as_bytes()).unwrap();
    for (x, q2) in points() {
        for (parton, id) in [-2, 21, 2].into_iter().enumerate() {
            let (xf, exact) = (grid.xf(id, x, q2).unwrap(), f(parton, x.ln(), q2.ln()));
            assert!((xf - exact).abs() < 1e-11, "{xf} {exact} at {x} {q2}");
        }
    }
}

#[test]
fn a_threshold_belongs_to_the_upper_subgrid() {
    let grid = Grid::from_bytes(file(|s, _, _, _| s as f64).as_bytes()).unwrap();
    let at = |q: f64| grid.xf(2, 0.3, q * q).unwrap();
    let bits = [at(4.4999), at(4.5), at(4.6)].map(f64::to_bits);
    assert_eq!(bits, [0.0_f64, 1.0, 1.0].map(f64::to_bits));
}

#[test]
fn beyond_the_knots_the_border_holds_or_nothing() {
    let grid = Grid::from_bytes(file(wavy).as_bytes()).unwrap();
    let at = |x: f64, q2: f64| grid.xf(2, x, q2).unwrap();
    let (low, high) = grid.q2_range();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(at(1e-9, 50.0), at(1e-5, 50.0));
    close(at(0.2, 0.01), at(0.2, low));
    close(at(0.2, 1e15), at(0.2, high));
    let strict = Grid::from_bytes(file(wavy).as_bytes()).unwrap();
    let strict = strict.with_outside(Outside::Refuse);
    assert!(strict.xf(2, 1e-5, low).is_ok() && strict.xf(2, 1.0, high).is_ok());
    for (x, q2) in [(1e-6, 50.0), (0.2, 1.0), (0.2, 1e11)] {
        let refused = strict.xf(2, x, q2);
        assert!(matches!(refused, Err(PdfError::Outside { .. })), "{x} {q2}");
    }
    for (x, q2) in [
        (0.0, 9.0),
        (1.1, 9.0),
        (f64::NAN, 9.0),
        (0.1, 0.0),
        (0.1, f64::NAN),
    ] {
        let refused = grid.xf(2, x, q2);
        assert!(matches!(refused, Err(PdfError::Outside { .. })), "{x} {q2}");
    }
}

#[test]
fn partons_are_found_by_their_numbers() {
    let grid = Grid::from_bytes(file(|_, p, _, _| p as f64).as_bytes()).unwrap();
    let at = |id| grid.xf(id, 0.3, 50.0).ok();
    assert_eq!([-2, 21, 0, 2].map(at), [0.0, 1.0, 1.0, 2.0].map(Some));
    assert!(matches!(
        grid.place(5),
        Err(PdfError::Unknown { id: 5, .. })
    ));
    assert!(matches!(
        grid.place(i32::MIN),
        Err(PdfError::Unknown { .. })
    ));
}

/// Reads a text.
fn read(text: &str) -> Result<(), PdfError> {
    Grid::from_bytes(text.as_bytes()).map(drop)
}

/// The error for a file in which `from` has become `to`.
fn fault(from: &str, to: &str) -> String {
    let good = file(wavy);
    assert!(good.contains(from), "{from:?} is not in the file");
    let bad = good.replacen(from, to, 1);
    read(&bad).expect_err(to).to_string()
}

#[test]
fn errors_name_line_and_fault() {
    let first = " 1e-5 1e-4 3e-3";
    let table = [
        (
            fault("lhagrid1", "lhagrid2"),
            "line 2: the format is \"lhagrid2\", not lhagrid1",
        ),
        (
            fault("Format: ", "Formal: "),
            "line 3: the format is \"\", not lhagrid1",
        ),
        (
            fault(first, " 1e-5 1e-5 3e-3"),
            "line 4: knot 1 of x, 0.00001, is not above 0.00001",
        ),
        (fault(first, " -1 1e-4 3e-3"), "line 4: -1 is no knot of x"),
        (
            fault(first, " 1e-5 1e-4 x"),
            "line 4: \"x\" is no finite number",
        ),
        (
            fault(first, " 1e-5 1e-4 NaN"),
            "line 4: \"NaN\" is no finite number",
        ),
        (
            fault(" 1.3e0 2e0", " 2e0 1.3e0"),
            "line 5: knot 1 of Q, 1.3, is not above 2",
        ),
        (fault(" 1.3e0 2e0", " 1e0 1.3e0 2e0"), "densities"),
        (
            fault(" -2 21 2\n", " -2 2 2\n"),
            "line 6: parton 2 is listed twice",
        ),
        (
            fault(" -2 21 2\n", " 0 21 2\n"),
            "line 6: parton 21 is listed twice",
        ),
        (
            fault(" -2 21 2\n", " -2 g 2\n"),
            "line 6: \"g\" is no number of a particle",
        ),
        (
            fault(" -2 21 2\n", " -2 21 2 3\n"),
            "line 7: 3 densities; 4 should be there",
        ),
        (
            fault(" -2 21 2\n", " 21 -2 2\n"),
            "line 31: parton -2 begins another list",
        ),
        (
            fault(" 4.5e0 1e1", " 4.6e0 1e1"),
            "line 30: this subgrid begins at Q = 4.6",
        ),
    ];
    for (found, wanted) in table {
        assert!(found.contains(wanted), "{found:?} does not say {wanted:?}");
    }
    let more = file(wavy);
    let more = more.strip_suffix("---\n").unwrap().to_owned() + " 1 2 3\n---\n";
    let error = read(&more).unwrap_err().to_string();
    assert!(
        error.contains("line 67: 36 lines of densities or more"),
        "{error}"
    );
    let large = file(|_, _, lx, _| if lx < -10.0 { 1e308 } else { -1e308 });
    let error = Grid::from_bytes(large.as_bytes()).unwrap_err();
    assert!(matches!(error, PdfError::Overflow { line: 7 }), "{error}");
    let error = Grid::from_bytes(b"Format: lhagrid1\n---\n\xff\n").unwrap_err();
    assert!(matches!(error, PdfError::NotText { line: 3 }), "{error}");
    let ended = |text: &str| Grid::from_bytes(text.as_bytes()).unwrap_err().to_string();
    assert!(ended("").contains("ends at line 1, where the end of the header"));
    assert!(ended("Format: lhagrid1\n---\n").contains("ends at line 3, where knots in x"));
    // Sizes that no file has take no memory.
    let many = "1 ".repeat(30_000);
    let huge = format!("Format: lhagrid1\n---\n{many}\n{many}\n1 2\n");
    assert!(ended(&huge).contains("line 6: 0 bytes; 30000 x 30000 knots of 2 partons"));
}

#[test]
fn files_that_end_without_a_mark_are_read() {
    let text = file(wavy);
    let text = text.strip_suffix("---\n").unwrap();
    assert!(Grid::from_bytes(text.as_bytes()).is_ok());
    let windows = text.replace('\n', "\r\n");
    assert!(Grid::from_bytes(windows.as_bytes()).is_ok());
    let (cut, _) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(matches!(
        Grid::from_bytes(cut.as_bytes()),
        Err(PdfError::Count { .. } | PdfError::Ended { .. })
    ));
}

const INFO: &str = "SetDesc: \"a set: made up\"
SetIndex: 4711
Particle: 2212
AlphaS_Qs: [1.0, 2.0, 4.0,
 4.0, 10.0, 100.0]
AlphaS_Vals: [0.5, 0.4, 0.3, 0.31, 0.2, 0.1]
";

#[test]
fn the_strong_coupling_has_breaks_at_thresholds() {
    let info = Info::from_bytes(INFO.as_bytes()).unwrap();
    assert_eq!((info.set, info.particle), (Some(4711), Some(2212)));
    let alpha_s = info.alpha_s.unwrap();
    let at = |q: f64| alpha_s.at(q * q);
    for (q, v) in [
        (1.0, 0.5),
        (2.0, 0.4),
        (4.0, 0.31),
        (10.0, 0.2),
        (100.0, 0.1),
    ] {
        assert!((at(q) - v).abs() < 1e-15, "{} at {q}", at(q));
    }
    assert!((at(4.0 - 1e-9) - 0.3).abs() < 1e-8);
    assert_eq!(
        [at(0.1), at(1e9)].map(f64::to_bits),
        [0.5_f64, 0.1].map(f64::to_bits)
    );
    // Linear in log Q^2 between 1 and 4, where the slopes agree.
    assert!((at(2.0_f64.sqrt()) - 0.45).abs() < 1e-15);
}

#[test]
fn wrong_tables_of_the_coupling_are_refused() {
    let fault = |from: &str, to: &str| {
        assert!(INFO.contains(from));
        let bad = INFO.replacen(from, to, 1);
        Info::from_bytes(bad.as_bytes()).expect_err(to).to_string()
    };
    let table = [
        (
            fault("0.5, ", ""),
            "line 6: 5 values of alpha_s; 6 should be there",
        ),
        (fault("0.5", "-0.5"), "line 6: -0.5 is no knot of alpha_s"),
        (
            fault("4.0,\n 4.0", "4.0,\n 3.0"),
            "line 4: knot 3 of Q, 3, is not above 4",
        ),
        (
            fault("4.0,\n", "4.0, 4.0,\n"),
            "line 6: 6 values of alpha_s; 7",
        ),
        (fault("[1.0", "1.0"), "line 4, where a list in brackets"),
        (fault("0.1]", "0.1"), "line 7, where the end of a list"),
        (
            fault("AlphaS_Vals", "AlphaS_Values"),
            "AlphaS_Vals is missing",
        ),
        (fault("AlphaS_Qs", "AlphaS_Q"), "AlphaS_Qs is missing"),
        (
            fault("Particle: 2212", "SetIndex: 1"),
            "line 3: SetIndex is given a second time",
        ),
        (fault("4711", "first"), "line 2: \"first\" is no number"),
    ];
    for (found, wanted) in table {
        assert!(found.contains(wanted), "{found:?} does not say {wanted:?}");
    }
    assert!(AlphaS::new(&[], &[]).is_err());
    assert!(AlphaS::new(&[1.0, 2.0], &[0.3, f64::INFINITY]).is_err());
}
