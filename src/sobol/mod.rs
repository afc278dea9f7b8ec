//! Sobol points with Owen scrambling.
//!
//! Coordinate j of point i is the number whose binary digits are the xor of the direction
//! numbers `V_j,k` over the bits k of the Gray code i ^ (i >> 1) (I. M. Sobol' 1967; Antonov,
//! Saleev 1979; numbers of Joe and Kuo 2008, see `directions`), scrambled at random so that
//! every point is uniform (`scramble`). Of 2^m points from a multiple of 2^m on, each interval
//! [k 2^-m, (k + 1) 2^-m) of each axis holds one, and the first two axes make a (0, m, 2)-net.
//! For smooth f the error of the mean falls almost as n^(-3/2) (A. B. Owen 1997).
//! Shapes: points are row-major, `[n * dim]`.
//!
//! Known weaknesses: only powers of two (and starts at their multiples) give the full gain, and
//! pairs of high dimensions need many points before they fill the square evenly.

mod directions;
mod scramble;
#[cfg(test)]
mod tests;

use std::fmt;

use self::directions::BITS;
pub(crate) use self::directions::MAX_DIM;
use self::scramble::{Fill, Scramble, WIDE};
use crate::error::{Error, Result, check};
use crate::kernel::{Level, dispatch::run_at};

/// Coordinates whose states are kept ready, about.
const BLOCK: usize = 2048;

/// Points of a run share their scrambling: as many as have different indices of 32 bits.
const RUN: u64 = 1 << BITS;

/// Evenly spread points in the unit cube.
///
/// Coordinates are odd multiples of 2^-53, strictly inside (0, 1). The first 32 binary digits
/// are those of the scrambled sequence; the rest are random, which makes a point uniform within
/// its cell of 2^-32. Different seeds give independent randomisations: the mean of f over the
/// points is unbiased, and its spread over seeds tells the error (that over the points of one
/// seed does not). After 2^32 points the sequence goes on with another scrambling.
///
/// ```
/// use thalweg::Sobol;
///
/// // 1024 points in three dimensions, in one go and in two.
/// let sobol = Sobol::new(3, 7)?;
/// let mut z = vec![0.0; 1024 * 3];
/// sobol.fill(0, &mut z);
/// let mut later = vec![0.0; 24 * 3];
/// sobol.fill(1000, &mut later);
/// assert_eq!(later, z[1000 * 3..]);
///
/// // int 8 xyz = 1; plain Monte Carlo would be off by 0.04.
/// let mean = z.chunks(3).map(|z| 8.0 * z[0] * z[1] * z[2]).sum::<f64>() / 1024.0;
/// assert!((mean - 1.0).abs() < 2e-3);
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Clone)]
pub struct Sobol {
    shape: Shape,
    seed: u64,
    /// of the first run; `None` for the sequence as it is
    scramble: Option<Scramble>,
}

/// The sequence before scrambling. Numbers are kept with reversed digits.
#[derive(Clone)]
struct Shape {
    dim: usize,
    /// points of a block: a power of two, at least 16
    block: u32,
    /// coordinates after which dimensions and vectors of [`WIDE`] coincide again
    period: usize,
    /// `[BITS * dim]`
    directions: Vec<u32>,
    /// `[block * dim]`: states of the points of the first block
    within: Vec<u32>,
    /// `[period]`
    zeros: Vec<u32>,
}

impl Sobol {
    /// The sequence in `dim` dimensions, scrambled by `seed`.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for more than 4096 dimensions.
    pub fn new(dim: usize, seed: u64) -> Result<Self> {
        let mut sobol = Self::unscrambled(dim)?;
        sobol.seed = seed;
        sobol.scramble = Some(Scramble::new(&sobol.shape, seed, 0));
        Ok(sobol)
    }

    /// The sequence itself, each coordinate raised by 2^-53, so that point 0 is not 0. After 2^32
    /// points it starts again. Its means are biased: it is for comparisons.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for more than 4096 dimensions.
    pub fn unscrambled(dim: usize) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        check(
            dim <= MAX_DIM,
            "dim of Sobol points",
            dim as f64,
            "1 to 4096",
        )?;
        Ok(Self {
            shape: Shape::new(dim),
            seed: 0,
            scramble: None,
        })
    }

    /// Number of coordinates.
    pub fn dim(&self) -> usize {
        self.shape.dim
    }

    /// Fills `z` (`[n * dim]`) with the points `first..first + n`.
    ///
    /// Any division of the points among calls gives the same numbers. Where the length of `z`
    /// is no multiple of the dimension, the last point is cut off.
    pub fn fill(&self, first: u64, z: &mut [f64]) {
        self.fill_at(Level::active(), first, z);
    }

    fn fill_at(&self, level: Level, first: u64, mut z: &mut [f64]) {
        let mut point = first;
        while !z.is_empty() {
            let left = RUN - point % RUN;
            let n = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .saturating_mul(self.shape.dim)
                .min(z.len());
            let (now, later) = z.split_at_mut(n);
            let run = point / RUN;
            let other = (run > 0 && self.scramble.is_some())
                .then(|| Scramble::new(&self.shape, self.seed, run));
            run_at(
                level,
                Fill {
                    shape: &self.shape,
                    scramble: other.as_ref().or(self.scramble.as_ref()),
                    first: (point & (RUN - 1)) as u32,
                    z: now,
                },
            );
            z = later;
            point = point.wrapping_add(left);
        }
    }
}

impl fmt::Debug for Sobol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sobol")
            .field("dim", &self.shape.dim)
            .field("seed", &self.scramble.as_ref().map(|_| self.seed))
            .finish_non_exhaustive()
    }
}

impl Shape {
    fn new(dim: usize) -> Self {
        let directions = directions::reversed(dim);
        let block = 1_u32 << (BLOCK / dim).max(WIDE).ilog2();
        // dim / gcd(dim, WIDE) vectors; WIDE is a power of two.
        let period =
            dim << (WIDE.trailing_zeros() - dim.trailing_zeros().min(WIDE.trailing_zeros()));
        let mut shape = Self {
            dim,
            block,
            period,
            directions,
            within: Vec::new(),
            zeros: vec![0; period],
        };
        let mut state = vec![0; dim];
        for point in 0..block {
            if point > 0 {
                for (state, v) in state
                    .iter_mut()
                    .zip(shape.direction(point.trailing_zeros() as usize))
                {
                    *state ^= v;
                }
            }
            shape.within.extend_from_slice(&state);
        }
        shape
    }

    /// The direction numbers of bit `bit` of the Gray code, `[dim]`.
    fn direction(&self, bit: usize) -> &[u32] {
        &self.directions[bit * self.dim..][..self.dim]
    }

    /// The state of `point`, repeated to a period, `[period]`.
    fn state(&self, point: u32) -> Vec<u32> {
        let gray = point ^ point >> 1;
        let mut state = vec![0; self.dim];
        for bit in (0..BITS).filter(|bit| gray >> bit & 1 == 1) {
            for (state, v) in state.iter_mut().zip(self.direction(bit)) {
                *state ^= v;
            }
        }
        state.repeat(self.period / self.dim)
    }
}
