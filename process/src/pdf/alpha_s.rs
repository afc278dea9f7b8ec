//! The strong coupling from the table of an `.info` file.

use super::PdfError;
use super::hermite::{find, logs, slopes, weights};

/// `alpha_s`(Q^2), interpolated in log Q^2 as the densities are.
///
/// Where a Q is listed twice the table falls into pieces that know nothing of each other, as at the
/// thresholds of quarks; the threshold itself belongs to the upper one. Beyond the table the value of its
/// border holds. LHAPDF does the same above the table and follows a power of Q below it.
#[derive(Clone, Debug)]
pub struct AlphaS {
    pieces: Vec<Piece>,
}

/// Knots without a break.
#[derive(Clone, Debug)]
struct Piece {
    /// log Q^2
    lq: Vec<f64>,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

impl AlphaS {
    /// The table of `values` at `q` in `GeV`, both of the same length.
    ///
    /// # Errors
    /// Tables of different lengths, knots that fall, pieces of a single knot, values that are not above 0.
    pub fn new(q: &[f64], values: &[f64]) -> Result<Self, PdfError> {
        Self::at_lines(q, values, (0, 0))
    }

    /// As [`AlphaS::new`], for a file where the tables are on these lines.
    pub(super) fn at_lines(
        q: &[f64],
        values: &[f64],
        lines: (usize, usize),
    ) -> Result<Self, PdfError> {
        if q.len() != values.len() {
            return Err(PdfError::Count {
                line: lines.1,
                what: "values of alpha_s",
                found: values.len(),
                wanted: q.len().to_string(),
            });
        }
        if let Some(value) = values.iter().find(|v| !(**v > 0.0 && v.is_finite())) {
            return Err(PdfError::Knot {
                line: lines.1,
                axis: "alpha_s",
                value: *value,
                allowed: "a finite number above 0",
            });
        }
        let mut pieces = Vec::new();
        let mut first = 0;
        while first < q.len() || pieces.is_empty() {
            #[expect(clippy::float_cmp, reason = "a break is the same number twice")]
            let same = |w: &[f64]| w[0] == w[1];
            let end = q[first..].windows(2).position(same);
            let end = end.map_or(q.len(), |i| first + i + 1);
            let lq = logs(&q[first..end], lines.0, "Q", 1e100)?;
            let lq: Vec<f64> = lq.iter().map(|l| 2.0 * l).collect();
            let values = values[first..end].to_vec();
            let mut m = vec![0.0; lq.len()];
            slopes(&lq, &values, 1, &mut m);
            if m.iter().any(|m| !m.is_finite()) {
                return Err(PdfError::Overflow { line: lines.1 });
            }
            pieces.push(Piece {
                lq,
                values,
                slopes: m,
            });
            first = end;
        }
        Ok(Self { pieces })
    }

    /// `alpha_s` at Q^2 in `GeV`^2.
    pub fn at(&self, q2: f64) -> f64 {
        let lq = q2.ln();
        let above = self.pieces[1..].partition_point(|p| p.lq[0] <= lq);
        let piece = &self.pieces[above];
        let (i, u, h) = find(&piece.lq, lq);
        let w = weights(u.clamp(0.0, 1.0), h);
        let (v, m) = (&piece.values[i..i + 2], &piece.slopes[i..i + 2]);
        w[0] * v[0] + w[1] * m[0] + w[2] * v[1] + w[3] * m[1]
    }
}
