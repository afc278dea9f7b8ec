//! Two beams with their densities.

use std::sync::Arc;

use super::{Grid, PdfError};

/// Densities f(x1) f(x2) of pairs of partons from two beams.
///
/// A beam is a proton, 2212, with the partons of the grid, or an antiproton, -2212, with partons and
/// antipartons exchanged; the sign is all that is looked at.
#[derive(Clone, Debug)]
pub struct Luminosity {
    grid: Arc<Grid>,
    /// places in the list of the grid's partons, for each pair
    places: Vec<[usize; 2]>,
}

impl Luminosity {
    /// For `pairs` of partons, the first of each from the first of the `beams`.
    ///
    /// # Errors
    /// [`PdfError::Unknown`].
    pub fn new(grid: Arc<Grid>, beams: [i32; 2], pairs: &[[i32; 2]]) -> Result<Self, PdfError> {
        let place = |beam: i32, id: i32| {
            let own_antiparton = matches!(id, 0 | 21 | 22 | 23);
            let id = if beam < 0 && !own_antiparton { -id } else { id };
            grid.place(id)
        };
        let places = pairs
            .iter()
            .map(|pair| Ok([place(beams[0], pair[0])?, place(beams[1], pair[1])?]))
            .collect::<Result<_, PdfError>>()?;
        Ok(Self { grid, places })
    }

    /// The densities.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Writes f(x1, Q^2) f(x2, Q^2) of each pair into `values`, without the factors x.
    ///
    /// # Errors
    /// [`PdfError::Outside`].
    ///
    /// # Panics
    /// If `values` has another length than the list of pairs.
    pub fn eval(&self, x: [f64; 2], q2: f64, values: &mut [f64]) -> Result<(), PdfError> {
        /// Partons without a list in memory of its own.
        const FEW: usize = 16;
        assert_eq!(values.len(), self.places.len(), "one place for each pair");
        let partons = self.grid.ids().len();
        let (mut few, mut many) = ([0.0; 2 * FEW], Vec::new());
        let both = if partons <= FEW {
            &mut few[..2 * partons]
        } else {
            many.resize(2 * partons, 0.0);
            &mut many[..]
        };
        let (one, two) = both.split_at_mut(partons);
        self.grid.eval(x[0], q2, one)?;
        self.grid.eval(x[1], q2, two)?;
        let factor = 1.0 / (x[0] * x[1]);
        for (value, [i, j]) in values.iter_mut().zip(&self.places) {
            *value = one[*i] * two[*j] * factor;
        }
        Ok(())
    }
}
