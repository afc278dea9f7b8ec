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
/// Partons that are summed together; the last group of a list is filled up with zeros.
const LANES: usize = 4;

/// The same number for each parton of a group.
type Lanes = [f64; LANES];

/// A subgrid, ready for lookups.
#[derive(Debug)]
pub(super) struct Subgrid {
    /// log x
    lx: Vec<f64>,
    /// log Q^2
    lq: Vec<f64>,
    /// `[lx.len()][lq.len()][groups][KEPT]`
    table: Vec<Lanes>,
    /// of partons
    groups: usize,
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
        let groups = partons.div_ceil(LANES);
        let knot = KEPT * groups;
        let mut table = vec![[0.0; LANES]; rows * lq.len() * knot];
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
            let places = table.chunks_exact_mut(knot).skip(i * lq.len());
            for (j, kept) in places.take(lq.len()).enumerate() {
                for (sort, from) in [values, down, &along, &cross].into_iter().enumerate() {
                    for (parton, value) in from[j * partons..(j + 1) * partons].iter().enumerate() {
                        kept[parton / LANES * KEPT + sort][parton % LANES] = *value;
                    }
                }
            }
        }
        if table.iter().flatten().any(|v| !v.is_finite()) {
            return Err(PdfError::Overflow {
                line: block.line + 3,
            });
        }
        Ok(Self {
            lx,
            lq,
            table,
            groups,
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
        let knot = KEPT * self.groups;
        let row = self.lq.len() * knot;
        let corner = |di: usize, dj: usize| {
            let kept = &self.table[(i + di) * row + (j + dj) * knot..][..knot];
            let (wx, wq) = (&wx[2 * di..], &wq[2 * dj..]);
            (
                kept,
                [wx[0] * wq[0], wx[1] * wq[0], wx[0] * wq[1], wx[1] * wq[1]],
            )
        };
        let corners = [corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)];
        for (group, out) in out.chunks_mut(LANES).enumerate() {
            let mut sum = [0.0; LANES];
            for (kept, w) in &corners {
                let kept = &kept[group * KEPT..(group + 1) * KEPT];
                for (kept, w) in kept.iter().zip(w) {
                    for (sum, kept) in sum.iter_mut().zip(kept) {
                        *sum += w * kept;
                    }
                }
            }
            out.copy_from_slice(&sum[..out.len()]);
        }
    }
}
