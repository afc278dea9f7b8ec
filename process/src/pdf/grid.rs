//! A member of a set: subgrids side by side in Q.

use std::path::Path;

use super::PdfError;
use super::lines::read;
use super::parse::{Block, Blocks};
use super::subgrid::Subgrid;

/// Slots for the partons -6 to 6; the gluon is 0 among them.
const QUARKS: usize = 13;

/// What is said of densities beyond the knots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outside {
    /// those at the border, in x and in Q each
    #[default]
    Border,
    /// an error
    Refuse,
}

/// The densities x f(x, Q) of one member.
///
/// Between knots: cubic Hermite interpolation in log x at the knots of Q, then in log Q^2, with the
/// mean of the two adjacent finite differences as slope at a knot, and the only one at the border of a subgrid
/// (arXiv:1412.7420, section 3). Nothing of one subgrid enters another; where two meet the upper one
/// holds. Values are those of the interpolation, also where it is slightly negative.
///
/// x must be above 0 and at most 1. Beyond the knots [`Outside`] decides; LHAPDF by default continues them,
/// at low Q by an anomalous dimension.
#[derive(Debug)]
pub struct Grid {
    ids: Vec<i32>,
    /// which of `ids` the gluon (0) and the quarks (from -6) are
    slots: [Option<usize>; QUARKS],
    subgrids: Vec<Subgrid>,
    /// of log x in all subgrids
    lx: (f64, f64),
    /// of log Q^2
    lq: (f64, f64),
    outside: Outside,
}

impl Grid {
    /// Reads a `.dat` file.
    ///
    /// # Errors
    /// See [`PdfError`].
    pub fn load(path: &Path) -> Result<Self, PdfError> {
        Self::from_bytes(&read(path)?)
    }

    /// Reads the bytes of a `.dat` file. Memory: at most 80 times their number.
    ///
    /// # Errors
    /// See [`PdfError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PdfError> {
        let mut blocks = Blocks::new(bytes)?;
        let first = blocks.block()?;
        let slots = slots(&first)?;
        let ids = first.ids.clone();
        let lq = 2.0 * first.q[0].ln();
        let mut grid = Self {
            ids,
            slots,
            subgrids: Vec::new(),
            lx: (f64::NEG_INFINITY, f64::INFINITY),
            lq: (lq, lq),
            outside: Outside::default(),
        };
        let mut end = grid.add(&first)?;
        drop(first);
        while blocks.more() {
            let block = blocks.block()?;
            let low = block.q[0];
            // Thresholds are written with six digits or more.
            if (low / end - 1.0).abs() > 1e-6 {
                return Err(PdfError::Gap {
                    line: block.line + 1,
                    low,
                    end,
                });
            }
            end = grid.add(&block)?;
        }
        Ok(grid)
    }

    /// Adds a subgrid at the upper end, and says where it ends itself.
    fn add(&mut self, block: &Block) -> Result<f64, PdfError> {
        if block.ids != self.ids {
            let other = block.ids.iter().zip(&self.ids).find(|(a, b)| a != b);
            return Err(PdfError::Parton {
                line: block.line + 2,
                id: *other.map_or(&block.ids[0], |(id, _)| id),
                fault: "begins another list than that of the first subgrid",
            });
        }
        let subgrid = Subgrid::new(block)?;
        let (first, last) = subgrid.x_range();
        self.lx = (self.lx.0.max(first), self.lx.1.min(last));
        let high = block.q[block.q.len() - 1];
        self.lq.1 = 2.0 * high.ln();
        self.subgrids.push(subgrid);
        Ok(high)
    }

    /// Says what holds beyond the knots.
    #[must_use]
    pub fn with_outside(mut self, outside: Outside) -> Self {
        self.outside = outside;
        self
    }

    /// The partons, in the order of the file.
    pub fn ids(&self) -> &[i32] {
        &self.ids
    }

    /// Which of [`Grid::ids`] a parton is; 0 is the gluon as well.
    ///
    /// # Errors
    /// [`PdfError::Unknown`].
    pub fn place(&self, id: i32) -> Result<usize, PdfError> {
        let place = match slot(id) {
            Some(slot) => self.slots[slot],
            None => self.ids.iter().position(|other| *other == id),
        };
        place.ok_or_else(|| PdfError::Unknown {
            id,
            known: self.ids.clone(),
        })
    }

    /// The knots' range in x.
    pub fn x_range(&self) -> (f64, f64) {
        (self.lx.0.exp(), self.lx.1.exp())
    }

    /// The knots' range in Q^2, in `GeV`^2.
    pub fn q2_range(&self) -> (f64, f64) {
        (self.lq.0.exp(), self.lq.1.exp())
    }

    /// Writes x f(x, Q^2) of all partons into `xf`, in the order of [`Grid::ids`]; Q^2 in `GeV`^2.
    ///
    /// # Errors
    /// [`PdfError::Outside`].
    ///
    /// # Panics
    /// If `xf` has another length than the list of partons.
    pub fn eval(&self, x: f64, q2: f64, xf: &mut [f64]) -> Result<(), PdfError> {
        assert_eq!(xf.len(), self.ids.len(), "one place for each parton");
        let (lx, lq) = self.logs(x, q2)?;
        let above = self.subgrids[1..].partition_point(|s| s.low() <= lq);
        self.subgrids[above].eval(lx, lq, xf);
        Ok(())
    }

    /// x f(x, Q^2) of one parton.
    ///
    /// # Errors
    /// [`PdfError::Outside`] and [`PdfError::Unknown`].
    pub fn xf(&self, id: i32, x: f64, q2: f64) -> Result<f64, PdfError> {
        let place = self.place(id)?;
        let mut xf = vec![0.0; self.ids.len()];
        self.eval(x, q2, &mut xf)?;
        Ok(xf[place])
    }

    /// The logarithms of a point that densities are known for.
    fn logs(&self, x: f64, q2: f64) -> Result<(f64, f64), PdfError> {
        let outside = |axis, value, (low, high)| PdfError::Outside {
            axis,
            value,
            low,
            high,
        };
        if !(x > 0.0 && x <= 1.0) {
            return Err(outside("x", x, (0.0, 1.0)));
        }
        if !(q2 > 0.0 && q2 < f64::INFINITY) {
            return Err(outside("Q^2", q2, (0.0, f64::INFINITY)));
        }
        let (lx, lq) = (x.ln(), q2.ln());
        if self.outside == Outside::Refuse {
            // A border that a caller computes may differ from the knot in its last digits.
            const SLACK: f64 = 1e-12;
            if lx < self.lx.0 - SLACK || lx > self.lx.1 + SLACK {
                return Err(outside("x", x, self.x_range()));
            }
            if lq < self.lq.0 - SLACK || lq > self.lq.1 + SLACK {
                return Err(outside("Q^2", q2, self.q2_range()));
            }
        }
        Ok((lx, lq))
    }
}

/// The slot of a gluon or quark.
fn slot(id: i32) -> Option<usize> {
    match id {
        0 | 21 => Some(6),
        -6..=6 => usize::try_from(id + 6).ok(),
        _ => None,
    }
}

/// Where the gluon and the quarks are in a list that names each parton once.
fn slots(block: &Block) -> Result<[Option<usize>; QUARKS], PdfError> {
    // Old files call the gluon 0.
    let name = |id: i32| if id == 0 { 21 } else { id };
    let mut slots = [None; QUARKS];
    for (place, id) in block.ids.iter().enumerate() {
        let before = &block.ids[..place];
        if before.iter().any(|other| name(*other) == name(*id)) {
            return Err(PdfError::Parton {
                line: block.line + 2,
                id: *id,
                fault: "is listed twice",
            });
        }
        if let Some(slot) = slot(*id) {
            slots[slot] = Some(place);
        }
    }
    Ok(slots)
}
