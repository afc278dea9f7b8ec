//! One subgrid: values and slopes at its knots, and what lies between them.
//!
//! Interpolation in log x and then in log Q^2, with slopes from finite differences in either direction, is
//! linear in the values. It is therefore a sum over the four corners of a cell of products of the weights of
//! [`hermite`](super::hermite) times (v, dv/dlx, dv/dlq, d2v/dlx dlq), which are made once.

use super::PdfError;
use super::hermite::{find, logs, slopes, weights};
use super::parse::Block;

/// Numbers kept for each parton at each knot.
const KEPT: usize = 4;

/// A subgrid, ready for lookups.
#[derive(Debug)]
pub(super) struct Subgrid {
    /// log x
    lx: Vec<f64>,
    /// log Q^2
    lq: Vec<f64>,
    /// `[lx.len()][lq.len()][KEPT][partons]`
    table: Vec<f64>,
    partons: usize,
}

impl Subgrid {
    /// Checks the knots and makes the table.
    pub(super) fn new(block: &Block) -> Result<Self, PdfError> {
        let lx = logs(&block.x, block.line, "x", 1.0)?;
        // Squares stay far from overflow.
        let lq = logs(&block.q, block.line + 1, "Q", 1e100)?;
        let lq: Vec<f64> = lq.iter().map(|l| 2.0 * l).collect();
        let (partons, rows) = (block.ids.len(), lx.len());
        let row = lq.len() * partons;
        let mut table = vec![0.0; KEPT * block.values.len()];
        // Slopes of one sort, laid out as the values.
        let mut down = vec![0.0; block.values.len()];
        let mut cross = vec![0.0; row];
        for place in 0..row {
            slopes(&lx, &block.values[place..], row, &mut down[place..]);
        }
        let mut along = vec![0.0; row];
        for i in 0..rows {
            let values = &block.values[i * row..(i + 1) * row];
            let down = &down[i * row..(i + 1) * row];
            for place in 0..partons {
                slopes(&lq, &values[place..], partons, &mut along[place..]);
                slopes(&lq, &down[place..], partons, &mut cross[place..]);
            }
            let places =
                table[KEPT * i * row..KEPT * (i + 1) * row].chunks_exact_mut(KEPT * partons);
            for (j, kept) in places.enumerate() {
                let at = j * partons..(j + 1) * partons;
                for (kept, from) in kept
                    .chunks_exact_mut(partons)
                    .zip([values, down, &along, &cross])
                {
                    kept.copy_from_slice(&from[at.clone()]);
                }
            }
        }
        if table.iter().any(|v| !v.is_finite()) {
            return Err(PdfError::Overflow {
                line: block.line + 3,
            });
        }
        Ok(Self {
            lx,
            lq,
            table,
            partons,
        })
    }

    /// The lowest log Q^2.
    pub(super) fn low(&self) -> f64 {
        self.lq[0]
    }

    /// The first and last knot of log x.
    pub(super) fn x_range(&self) -> (f64, f64) {
        (self.lx[0], self.lx[self.lx.len() - 1])
    }

    /// Writes x f of all partons (`[partons]`) at log x and log Q^2, with the values of the border beyond it.
    pub(super) fn eval(&self, lx: f64, lq: f64, out: &mut [f64]) {
        let (i, u, h) = find(&self.lx, lx);
        let wx = weights(u.clamp(0.0, 1.0), h);
        let (j, u, h) = find(&self.lq, lq);
        let wq = weights(u.clamp(0.0, 1.0), h);
        let knot = KEPT * self.partons;
        let row = self.lq.len() * knot;
        out.fill(0.0);
        for (di, [a, b]) in [[wx[0], wx[1]], [wx[2], wx[3]]].into_iter().enumerate() {
            let first = (i + di) * row + j * knot;
            // Two corners lie side by side.
            let kept = &self.table[first..first + 2 * knot];
            let both = [
                a * wq[0],
                b * wq[0],
                a * wq[1],
                b * wq[1],
                a * wq[2],
                b * wq[2],
                a * wq[3],
                b * wq[3],
            ];
            for (w, kept) in both.into_iter().zip(kept.chunks_exact(self.partons)) {
                for (out, kept) in out.iter_mut().zip(kept) {
                    *out += w * kept;
                }
            }
        }
    }
}
